use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::ConcurrencyLimitService;
use crate::target::Gate;

/// Limits how many calls are under way at once. See the
/// [stack](super::super) for where it stands.
///
/// ```
/// use portcullis::resilience::ConcurrencyLimitLayer;
/// use std::time::Duration;
///
/// let layer = ConcurrencyLimitLayer::new(64)
///     .max_queue(32)
///     .queue_timeout(Duration::from_secs(2));
/// ```
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitLayer {
    limits: Limits,
    gate: Arc<Gate>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_calls: usize,
    pub(super) max_queue: usize,
    pub(super) queue_timeout: Duration,
}

impl ConcurrencyLimitLayer {
    /// Up to this many calls (at least one) at once to each target.
    #[must_use]
    pub fn new(max_calls: usize) -> Self {
        let max_calls = max_calls.clamp(1, Gate::MOST);
        Self {
            limits: Limits {
                max_calls,
                max_queue: 128,
                queue_timeout: Duration::from_secs(10),
            },
            gate: Arc::default(),
        }
    }

    /// How many more may wait: 128.
    #[must_use]
    pub fn max_queue(mut self, calls: usize) -> Self {
        self.limits.max_queue = calls;
        self
    }

    /// How long one waits at most: 10 s.
    #[must_use]
    pub fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.limits.queue_timeout = timeout;
        self
    }
}

impl<S> Layer<S> for ConcurrencyLimitLayer {
    type Service = ConcurrencyLimitService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ConcurrencyLimitService {
            inner,
            limits: self.limits,
            gate: Arc::clone(&self.gate),
        }
    }
}
