//! What becomes of an answer that has begun well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::time::Instant;

use crate::body::{BoxError, Observer, Watch};
use crate::target::Permit;

/// What a stream has said about itself.
#[derive(Clone, Default)]
pub(super) struct Said(Arc<AtomicU8>);

const DONE: u8 = 1;
const ERROR: u8 = 2;

impl Said {
    fn has(&self, what: u8) -> bool {
        self.0.load(Ordering::Relaxed) & what != 0
    }
}

impl Watch for Said {
    fn done(&mut self) {
        self.0.fetch_or(DONE, Ordering::Relaxed);
    }

    fn error_event(&mut self) {
        self.0.fetch_or(ERROR, Ordering::Relaxed);
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

    fn finish(&mut self, failed: bool) {
        if let Some(permit) = self.permit.take() {
            match failed || self.said.has(ERROR) {
                true => permit.failure(Instant::now()),
                false => permit.went_well(),
            }
        }
    }
}

impl Observer for Observed {
    fn data(&mut self, _: usize) {
        if let Some(permit) = &mut self.permit
            && permit.is_probe()
            && !self.said.has(ERROR)
        {
            permit.began(Instant::now());
        }
    }

    fn broke_off(&mut self, _: &BoxError) {
        self.finish(true);
    }

    fn end(&mut self, error: Option<&BoxError>) {
        self.finish(error.is_some());
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        // A client that leaves says nothing about the upstream; what the
        // stream has said before does.
        if self.said.has(DONE | ERROR) {
            self.finish(false);
        }
    }
}
