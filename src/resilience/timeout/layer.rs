use std::time::Duration;

use tower_layer::Layer;

use super::TimeoutService;

/// Gives up on calls that take too long. See the
/// [stack](super::super) for where it stands.
///
/// ```
/// use portcullis::resilience::TimeoutLayer;
/// use std::time::Duration;
///
/// let layer = TimeoutLayer::default()
///     .first_byte(Duration::from_secs(20))
///     .idle(Duration::from_secs(15));
/// ```
#[derive(Clone, Debug)]
pub struct TimeoutLayer {
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) first_byte: Option<Duration>,
    pub(super) idle: Option<Duration>,
    pub(super) total: Duration,
    pub(super) stream_total: Duration,
}

impl Default for TimeoutLayer {
    fn default() -> Self {
        Self {
            limits: Limits {
                first_byte: Some(Duration::from_secs(60)),
                idle: Some(Duration::from_secs(30)),
                total: Duration::from_secs(60),
                stream_total: Duration::from_secs(600),
            },
        }
    }
}

impl TimeoutLayer {
    /// A layer with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the first byte of a streamed answer may take: 60 s.
    #[must_use]
    pub fn first_byte(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.first_byte = limit.into();
        self
    }

    /// How long a streamed answer may pause: 30 s.
    #[must_use]
    pub fn idle(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.idle = limit.into();
        self
    }

    /// How long a plain answer may take as a whole, where no target says: 60 s.
    #[must_use]
    pub fn total(mut self, limit: Duration) -> Self {
        self.limits.total = limit;
        self
    }

    /// How long a streamed answer may take as a whole, where no target says:
    /// 600 s.
    #[must_use]
    pub fn stream_total(mut self, limit: Duration) -> Self {
        self.limits.stream_total = limit;
        self
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = TimeoutService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutService {
            inner,
            limits: self.limits,
        }
    }
}
