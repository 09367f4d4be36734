use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Breaker, BreakerSettings, BreakerState};

/// Leave to make one call. Dropped without a word, the call counts as nothing:
/// the client has left.
#[must_use = "a permit that is dropped says nothing about the call"]
pub struct Permit {
    breaker: Breaker,
    settings: Arc<BreakerSettings>,
    pub(super) epoch: u16,
    /// It takes one of the few places of a half-open breaker.
    probe: bool,
}

impl Permit {
    pub(super) fn new(
        breaker: &Breaker,
        settings: &Arc<BreakerSettings>,
        epoch: u16,
        probe: bool,
    ) -> Self {
        Self {
            breaker: breaker.clone(),
            settings: Arc::clone(settings),
            epoch,
            probe,
        }
    }

    /// Whether the call is a probe of a half-open breaker.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe
    }

    /// The answer has begun. A probe has proved itself by that, or one long
    /// stream would keep everyone else waiting; should it break off later, that
    /// still counts as a failure.
    pub fn began(&mut self, now: Instant) {
        if !std::mem::take(&mut self.probe) {
            return;
        }
        let (settings, epoch) = (&self.settings, self.epoch);
        self.epoch = self.breaker.succeeded(settings, epoch, true, now);
    }

    /// The call went well, to its end.
    pub fn success(mut self, now: Instant) {
        let probe = std::mem::take(&mut self.probe);
        let _ = self
            .breaker
            .succeeded(&self.settings, self.epoch, probe, now);
    }

    /// The call went well just now. In the course of things there is nothing to
    /// be noted, and the time need not be asked.
    pub(crate) fn went_well(self) {
        if self.probe || !self.breaker.has_nothing_to_note(&self.settings) {
            self.success(Instant::now());
        }
    }

    /// The call failed.
    pub fn failure(mut self, now: Instant) {
        self.probe = false;
        self.breaker.failed(&self.settings, self.epoch, now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.released(self.epoch);
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("breaker", &self.breaker.name())
            .field("probe", &self.probe)
            .finish_non_exhaustive()
    }
}

/// A call that may not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// How long to wait before the next try.
    pub retry_after: Duration,
    /// Why.
    pub state: BreakerState,
}
