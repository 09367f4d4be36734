use std::time::Instant;

use super::{Call, Outcome};
use crate::body::{ApiError, BoxError, Observer, Usage, Watch};

/// Held by whoever opened the record: the call has ended when it is told so,
/// or when it is dropped.
pub(crate) struct CallGuard {
    pub(super) call: Call,
    bytes: u64,
    first_byte: Option<Instant>,
}

impl CallGuard {
    pub(crate) fn new(call: Call) -> Self {
        Self {
            call,
            bytes: 0,
            first_byte: None,
        }
    }

    /// The service failed, and no response came of it.
    pub(crate) fn fail(self) {
        self.call.emit(Outcome::UpstreamError, 0, None);
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.call
            .emit(Outcome::ClientGone, self.bytes, self.first_byte);
    }
}

impl Observer for CallGuard {
    fn data(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.first_byte.get_or_insert_with(Instant::now);
    }

    fn end(&mut self, error: Option<&BoxError>) {
        let ended = match error {
            None => Outcome::Finished,
            Some(_) => Outcome::UpstreamError,
        };
        self.call.emit(ended, self.bytes, self.first_byte);
    }
}

/// Notes what a stream says about the call.
pub(crate) struct CallWatch(pub(crate) Call);

impl Watch for CallWatch {
    fn first_text(&mut self) {
        let mut state = self.0.state();
        let elapsed = state.started.elapsed();
        state.record.first_text.get_or_insert(elapsed);
    }

    fn usage(&mut self, usage: Usage) {
        self.0.set_usage(usage);
    }

    fn finish_reason(&mut self, reason: &str) {
        self.0.set_finish_reason(reason);
    }

    fn done(&mut self) {
        self.0.state().done = true;
    }

    fn error_event(&mut self, _: &str) {
        self.0.fail(Outcome::UpstreamError);
    }

    fn stopped(&mut self, error: &ApiError) {
        self.0.fail(Outcome::Refused);
        self.0.refused("stream", error);
    }
}
