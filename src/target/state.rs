use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::{Breaker, Gate, Health, LatencyWindow};

/// How a target is doing: atomics, which anyone may read at any time.
pub struct TargetState {
    in_flight: AtomicUsize,
    latency: LatencyWindow,
    breaker: Breaker,
    health: Health,
    gate: Gate,
}

impl TargetState {
    pub(super) fn new(id: &str) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            latency: LatencyWindow::default(),
            breaker: Breaker::new(id),
            health: Health::default(),
            gate: Gate::default(),
        }
    }

    /// Calls that are on their way there, until the end of their answers.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// How long its answers took to begin.
    #[must_use]
    pub fn latency(&self) -> &LatencyWindow {
        &self.latency
    }

    /// Its circuit breaker.
    #[must_use]
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// What its probe has found.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// How many calls may be under way at once, and who waits.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn is_available(&self, now: Instant) -> bool {
        self.breaker.is_available(now) && self.health.is_available()
    }

    pub(super) fn is_available_now(&self) -> bool {
        self.breaker.is_available_now() && self.health.is_available()
    }

    pub(super) fn recovers_at(&self) -> Option<Instant> {
        self.breaker.recovers_at().max(self.health.recovers_at())
    }
}

impl fmt::Debug for TargetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetState")
            .field("in_flight", &self.in_flight())
            .field("latency", &self.latency)
            .field("breaker", &self.breaker)
            .field("health", &self.health)
            .finish()
    }
}

/// A call that is on its way to a target. Dropped, it no longer is.
#[must_use = "dropped at once, it counts nothing"]
pub struct InFlight {
    state: Arc<TargetState>,
}

impl InFlight {
    pub(super) fn begin(state: Arc<TargetState>) -> Self {
        state.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { state }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.state.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InFlight")
    }
}
