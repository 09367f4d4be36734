//! What becomes of an answer that has begun well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::time::Instant;

use super::future::{Verdict, judge};
use crate::body::{BoxError, Observer, Watch};
use crate::target::{Failure, Permit};

/// What a stream has said about itself.
#[derive(Clone)]
pub(super) struct Said {
    flags: Arc<AtomicU8>,
    counts_rate_limits: bool,
}

const DONE: u8 = 1;
/// An error that counts.
const FAILED: u8 = 2;
/// An error that says nothing of the upstream.
const NOTHING: u8 = 4;

impl Said {
    pub(super) fn new(counts_rate_limits: bool) -> Self {
        Self {
            flags: Arc::default(),
            counts_rate_limits,
        }
    }

    fn has(&self, what: u8) -> bool {
        self.flags.load(Ordering::Relaxed) & what != 0
    }

    fn verdict(&self) -> Option<Verdict> {
        match self.flags.load(Ordering::Relaxed) {
            flags if flags & FAILED != 0 => Some(Verdict::Failed),
            flags if flags & NOTHING != 0 => Some(Verdict::Nothing),
            flags if flags & DONE != 0 => Some(Verdict::Well),
            _ => None,
        }
    }
}

impl Watch for Said {
    fn done(&mut self) {
        self.flags.fetch_or(DONE, Ordering::Relaxed);
    }

    fn error_event(&mut self, data: &str) {
        let failure = Failure::of_error_body(data.as_bytes()).unwrap_or(Failure::ErrorEvent);
        let said = match judge(Some(failure), self.counts_rate_limits) {
            Verdict::Failed => FAILED,
            Verdict::Nothing => NOTHING,
            Verdict::Well => DONE,
        };
        self.flags.fetch_or(said, Ordering::Relaxed);
    }
}

/// Tells the breaker what becomes of the body.
pub(super) struct Observed {
    permit: Option<Permit>,
    said: Said,
}

impl Observed {
    pub(super) fn new(permit: Permit, said: Said) -> Self {
        Self {
            permit: Some(permit),
            said,
        }
    }

    fn finish(&mut self, verdict: Verdict) {
        if let Some(permit) = self.permit.take() {
            verdict.tell(permit);
        }
    }

    /// What a stream has said of itself goes before how it ended: behind
    /// `[DONE]` there is nothing to lose.
    fn broken(&mut self, error: &BoxError) {
        let verdict = match error.downcast_ref::<Failure>() {
            // Who reads it has found out what is wrong with it.
            Some(failure) => judge(Some(*failure), self.said.counts_rate_limits),
            None => self.said.verdict().unwrap_or(Verdict::Failed),
        };
        self.finish(verdict);
    }
}

impl Observer for Observed {
    fn data(&mut self, _: usize) {
        if let Some(permit) = &mut self.permit
            && permit.is_probe()
            && !self.said.has(FAILED | NOTHING)
        {
            permit.began(Instant::now());
        }
    }

    fn broke_off(&mut self, error: &BoxError) {
        self.broken(error);
    }

    fn end(&mut self, error: Option<&BoxError>) {
        match error {
            Some(error) => self.broken(error),
            None => self.finish(self.said.verdict().unwrap_or(Verdict::Well)),
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        // A client that leaves says nothing about the upstream; what the
        // stream has said before does.
        if let Some(verdict) = self.said.verdict() {
            self.finish(verdict);
        }
    }
}
