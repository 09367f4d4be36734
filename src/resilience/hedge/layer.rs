use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tower::retry::budget::Budget;
use tower_layer::Layer;

use super::HedgeService;
use crate::resilience::RetryBudget;
use crate::target::{LatencyWindow, Target};

/// Asks twice when the first answer takes long. It stands outside of a router,
/// which finds the second target.
///
/// ```
/// use portcullis::resilience::HedgeLayer;
/// use std::time::Duration;
///
/// let layer = HedgeLayer::new()
///     .quantile(0.99)
///     .min_delay(Duration::from_millis(500))
///     .max_extra(0.02);
/// ```
#[derive(Clone)]
pub struct HedgeLayer {
    shared: Arc<Shared>,
}

#[derive(Clone)]
pub(super) struct Shared {
    delay: Option<Duration>,
    quantile: f64,
    min_delay: Duration,
    pub(super) budget: Arc<RetryBudget>,
    /// Of calls for which no router has chosen a target.
    pub(super) latency: Arc<LatencyWindow>,
}

/// Fewer say nothing of the slowest in twenty.
const MIN_SAMPLES: usize = 20;

impl Shared {
    /// When to send the second request, after the first; `None` when that is
    /// not known.
    pub(super) fn delay(&self, first: Option<&Target>, now: Instant) -> Option<Duration> {
        if self.delay.is_some() {
            return self.delay;
        }
        let window = first.map_or(&*self.latency, |target| target.state().latency());
        if window.samples(now) < MIN_SAMPLES {
            return None;
        }
        let late = window.quantile(self.quantile, now)?;
        // Most tries have failed: that is a retry's or a router's concern.
        (late < Duration::MAX).then(|| late.max(self.min_delay))
    }

    pub(super) fn begin(&self) {
        self.budget.deposit();
    }
}

impl Default for HedgeLayer {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                delay: None,
                quantile: 0.95,
                min_delay: Duration::from_millis(100),
                budget: Arc::new(RetryBudget::new(0.1).min_retries(1)),
                latency: Arc::default(),
            }),
        }
    }
}

impl HedgeLayer {
    /// A layer with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }

    /// The part of the answers, from 0 to 1, that begin in time: 0.95. It is
    /// taken over the last 60 seconds, from 20 answers on.
    #[must_use]
    pub fn quantile(self, part: f64) -> Self {
        self.with(|shared| shared.quantile = part)
    }

    /// What is waited for at least, however fast most answers are: 100 ms.
    #[must_use]
    pub fn min_delay(self, delay: Duration) -> Self {
        self.with(|shared| shared.min_delay = delay)
    }

    /// Waits for this long always, whatever the answers have taken so far.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        self.with(|shared| shared.delay = Some(delay))
    }

    /// How many requests there may be on top of the clients' own, as a share
    /// of those: 0.1, and one in ten seconds where calls are few.
    #[must_use]
    pub fn max_extra(self, share: f64) -> Self {
        let budget = RetryBudget::new(share).min_retries(1);
        self.with(|shared| shared.budget = Arc::new(budget))
    }
}

impl<S> Layer<S> for HedgeLayer {
    type Service = HedgeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HedgeService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl fmt::Debug for HedgeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge")
            .field("delay", &self.delay)
            .field("quantile", &self.quantile)
            .field("min_delay", &self.min_delay)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
