use std::time::Duration;

/// When a breaker opens, and how it closes again.
///
/// ```
/// use portcullis::target::{BreakerSettings, FailureRate};
/// use std::time::Duration;
///
/// let settings = BreakerSettings::default()
///     .failure_threshold(10)
///     .failure_rate(FailureRate::new(0.5, Duration::from_secs(60)).minimum_calls(20))
///     .recovery_timeout(Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerSettings {
    pub(super) failure_threshold: u32,
    failure_rate: Option<FailureRate>,
    pub(super) recovery_timeout: Duration,
    pub(super) max_recovery_timeout: Duration,
    pub(super) jitter: f64,
    pub(super) half_open_max_requests: u32,
    pub(super) success_threshold: u32,
    pub(crate) count_rate_limits: bool,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            failure_rate: None,
            recovery_timeout: Duration::from_secs(30),
            max_recovery_timeout: Duration::from_secs(300),
            jitter: 0.1,
            half_open_max_requests: 1,
            success_threshold: 1,
            count_rate_limits: false,
        }
    }
}

impl BreakerSettings {
    /// It opens after this many failures in a row (at least one): 5.
    #[must_use]
    pub fn failure_threshold(mut self, failures: u32) -> Self {
        self.failure_threshold = failures.clamp(1, super::word::MAX_FAILURES);
        self
    }

    /// It opens when this share of the calls fails, too. Off by default.
    #[must_use]
    pub fn failure_rate(mut self, rate: FailureRate) -> Self {
        self.failure_rate = Some(rate);
        self
    }

    /// How long it stays open at first: 30 s. Each time that it opens again
    /// before a call has gone well, twice as long.
    #[must_use]
    pub fn recovery_timeout(mut self, timeout: Duration) -> Self {
        self.recovery_timeout = timeout;
        self
    }

    /// How long it stays open at most, jitter aside: 300 s, and never less
    /// than at first.
    #[must_use]
    pub fn max_recovery_timeout(mut self, timeout: Duration) -> Self {
        self.max_recovery_timeout = timeout;
        self
    }

    /// It stays open longer by a random share of the time up to this one, so
    /// that many gateways do not come back at once: 0.1.
    #[must_use]
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
        self
    }

    /// How many probes may be under way at once while it is half open (at
    /// least one, 1000 at most): 1.
    #[must_use]
    pub fn half_open_max_requests(mut self, probes: u32) -> Self {
        self.half_open_max_requests = probes.clamp(1, 1000);
        self
    }

    /// How many probes must go well for it to close (at least one, 1000 at
    /// most): 1.
    #[must_use]
    pub fn success_threshold(mut self, probes: u32) -> Self {
        self.success_threshold = probes.clamp(1, 1000);
        self
    }

    /// Whether an answer of 429 is a failure. By default it is neither a
    /// failure nor a success.
    #[must_use]
    pub fn count_rate_limits(mut self, count: bool) -> Self {
        self.count_rate_limits = count;
        self
    }

    pub(super) fn rate(&self) -> Option<&FailureRate> {
        self.failure_rate.as_ref()
    }

    /// How long to stay open, in milliseconds, having opened `trips` times
    /// before in a row. `random` is from 0 to 1.
    pub(super) fn open_for(&self, trips: u32, random: f64) -> u64 {
        let longest = self.max_recovery_timeout.max(self.recovery_timeout);
        let grown = self
            .recovery_timeout
            .saturating_mul(1_u32.checked_shl(trips).unwrap_or(u32::MAX));
        let ms = u64::try_from(grown.min(longest).as_millis()).unwrap_or(u64::MAX);
        // `as` saturates.
        let more = (ms as f64 * self.jitter * random) as u64;
        ms.saturating_add(more).max(1)
    }
}

/// A share of failures over a sliding window.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureRate {
    pub(super) ratio: f64,
    pub(super) window: Duration,
    pub(super) minimum_calls: u32,
}

impl FailureRate {
    /// A share from 0 to 1 of the calls that ended within the last `window`,
    /// which is told in tenths. It means something from 10 calls on.
    #[must_use]
    pub fn new(ratio: f64, window: Duration) -> Self {
        Self {
            ratio: if ratio.is_nan() {
                1.0
            } else {
                ratio.clamp(0.0, 1.0)
            },
            window,
            minimum_calls: 10,
        }
    }

    /// How many calls there must be in the window (at least one): 10.
    #[must_use]
    pub fn minimum_calls(mut self, calls: u32) -> Self {
        self.minimum_calls = calls.max(1);
        self
    }
}
