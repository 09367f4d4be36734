//! What becomes of a call when its target is not well.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a call is tried again at the same target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetryConfig {
    /// Whether calls are tried again.
    pub enabled: bool,
    /// How often a call is tried again at most.
    #[schemars(range(min = 1, max = 10))]
    pub max_retries: u32,
    /// The longest wait before the first retry, in milliseconds; the wait is random up to that,
    /// and twice as long with each further retry.
    #[schemars(range(min = 1, max = 60_000))]
    pub initial_backoff_ms: u32,
    /// The longest wait before any retry, in milliseconds.
    #[schemars(range(min = 1, max = 600_000))]
    pub max_backoff_ms: u32,
    /// The longest `Retry-After` that is waited for, in seconds; an answer that asks for more is
    /// given to the client.
    #[schemars(range(min = 0, max = 3_600))]
    pub max_retry_after_seconds: u32,
    /// The statuses after which a call is tried again.
    #[schemars(inner(range(min = 400, max = 599)), extend("uniqueItems" = true))]
    pub retryable_status_codes: Vec<u16>,
    /// How many retries all calls together may cause, in percent of the calls.
    #[schemars(range(min = 0, max = 1_000))]
    pub budget_percent: u32,
    /// How many retries there may be in ten seconds whatever the calls.
    #[schemars(range(min = 0, max = 10_000))]
    pub budget_min_retries: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            max_retries: 2,
            initial_backoff_ms: 250,
            max_backoff_ms: 8_000,
            max_retry_after_seconds: 20,
            retryable_status_codes: vec![429, 500, 502, 503, 504, 529],
            budget_percent: 10,
            budget_min_retries: 10,
        }
    }
}

/// When a target that keeps failing is not called any more, and when it is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CircuitBreakerConfig {
    /// Whether targets have breakers.
    pub enabled: bool,
    /// A breaker opens after this many failures in a row.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failure_threshold: u32,
    /// A breaker opens when too large a share of the calls fails, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_rate: Option<FailureRateConfig>,
    /// Seconds it stays open at first; each time that it opens again before a call has gone
    /// well, twice as long.
    #[schemars(range(min = 1, max = 86_400))]
    pub recovery_timeout_seconds: u32,
    /// Seconds it stays open at most.
    #[schemars(range(min = 1, max = 86_400))]
    pub max_recovery_timeout_seconds: u32,
    /// How many calls may try the target at once while it recovers.
    #[schemars(range(min = 1, max = 1_000))]
    pub half_open_max_requests: u32,
    /// How many of those must go well for it to be called again as before.
    #[schemars(range(min = 1, max = 1_000))]
    pub success_threshold: u32,
    /// Whether an answer of 429 is a failure.
    pub count_rate_limits: bool,
}

impl Default for CircuitBreakerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            failure_threshold: 5,
            failure_rate: None,
            recovery_timeout_seconds: 30,
            max_recovery_timeout_seconds: 300,
            half_open_max_requests: 1,
            success_threshold: 1,
            count_rate_limits: false,
        }
    }
}

/// A share of failures over a sliding window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FailureRateConfig {
    /// The share of the calls that opens it, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub percent: u32,
    /// The seconds over which calls are counted.
    #[schemars(range(min = 1, max = 3_600))]
    pub window_seconds: u32,
    /// How many calls there must be in that time.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub minimum_calls: u32,
}

impl Default for FailureRateConfig {
    fn default() -> Self {
        Self {
            percent: 50,
            window_seconds: 60,
            minimum_calls: 10,
        }
    }
}

/// How long the parts of a streamed answer may take. The limits of the whole are the targets' own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TimeoutsConfig {
    /// Seconds the first byte of a streamed answer may take.
    #[schemars(range(min = 1, max = 86_400))]
    pub first_byte_seconds: u32,
    /// Seconds a streamed answer may pause.
    #[schemars(range(min = 1, max = 86_400))]
    pub idle_seconds: u32,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        Self {
            first_byte_seconds: 60,
            idle_seconds: 30,
        }
    }
}

/// How many calls at once a target gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ConcurrencyConfig {
    /// Whether there is a limit.
    pub enabled: bool,
    /// How many calls may be under way at once to each target.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_calls: u32,
    /// How many more may wait.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_queue: u32,
    /// Milliseconds one waits at most.
    #[schemars(range(min = 0, max = 600_000))]
    pub queue_timeout_ms: u32,
}

impl Default for ConcurrencyConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            max_calls: 64,
            max_queue: 128,
            queue_timeout_ms: 10_000,
        }
    }
}

/// When a second target is asked because the first takes long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HedgeConfig {
    /// Whether a second target is ever asked; both calls cost money.
    pub enabled: bool,
    /// After the time within which so many percent of the answers begin.
    #[schemars(range(min = 50, max = 99))]
    pub percentile: u32,
    /// Milliseconds to wait at least.
    #[schemars(range(min = 0, max = 600_000))]
    pub min_delay_ms: u32,
    /// How many calls this may add, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub max_extra_percent: u32,
}

impl Default for HedgeConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            percentile: 95,
            min_delay_ms: 100,
            max_extra_percent: 10,
        }
    }
}
