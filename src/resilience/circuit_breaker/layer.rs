use std::sync::Arc;

use tower_layer::Layer;

use super::CircuitBreakerService;
use crate::target::{Breaker, BreakerSettings};

/// Refuses calls to a target that keeps failing. See
/// [`BreakerSettings`] for what it goes by.
///
/// ```
/// use portcullis::resilience::CircuitBreakerLayer;
/// use portcullis::target::BreakerSettings;
/// use std::time::Duration;
///
/// let layer = CircuitBreakerLayer::new(
///     BreakerSettings::default()
///         .failure_threshold(3)
///         .recovery_timeout(Duration::from_secs(10)),
/// );
/// ```
#[derive(Clone, Debug)]
pub struct CircuitBreakerLayer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Arc<BreakerSettings>,
    /// Of calls that go to no target.
    pub(super) breaker: Breaker,
}

impl Default for CircuitBreakerLayer {
    fn default() -> Self {
        Self::new(BreakerSettings::default())
    }
}

impl CircuitBreakerLayer {
    /// A layer with these settings.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            shared: Arc::new(Shared {
                settings: Arc::new(settings),
                breaker: Breaker::new("upstream"),
            }),
        }
    }

    /// The breaker of calls for which no router has chosen a target. Those of
    /// targets are in their [state](crate::target::TargetState::breaker).
    #[must_use]
    pub fn breaker(&self) -> &Breaker {
        &self.shared.breaker
    }
}

impl<S> Layer<S> for CircuitBreakerLayer {
    type Service = CircuitBreakerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}
