use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tower::retry::budget::Budget;
use tower_layer::Layer;

use super::policy::{Settings, Shared};
use super::{RetryBudget, RetryService};

/// Tries failed calls again. See the [module](super::super) for a stack, and
/// [`RetryBudget`] for what bounds it.
///
/// ```
/// use portcullis::resilience::RetryLayer;
/// use std::time::Duration;
///
/// let layer = RetryLayer::default()
///     .max_retries(3)
///     .initial_backoff(Duration::from_millis(100))
///     .max_backoff(Duration::from_secs(2));
/// ```
#[derive(Clone)]
pub struct RetryLayer {
    shared: Arc<Shared>,
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                settings: Settings::default(),
                budget: Arc::new(RetryBudget::default()),
            }),
        }
    }
}

impl RetryLayer {
    /// A layer with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut Arc::make_mut(&mut self.shared).settings);
        self
    }

    /// How often a call is tried again at most: twice.
    #[must_use]
    pub fn max_retries(self, retries: u32) -> Self {
        self.with(|settings| settings.max_retries = retries)
    }

    /// The longest wait before the first retry: 250 ms. It doubles with each
    /// further one; how long it really is, is random from nothing to that.
    #[must_use]
    pub fn initial_backoff(self, backoff: Duration) -> Self {
        self.with(|settings| settings.initial_backoff = backoff)
    }

    /// The longest wait before any retry: 8 s.
    #[must_use]
    pub fn max_backoff(self, backoff: Duration) -> Self {
        self.with(|settings| settings.max_backoff = backoff)
    }

    /// The longest `Retry-After` that is waited for: 20 s. An answer that asks
    /// for more is given to the client.
    #[must_use]
    pub fn max_retry_after(self, longest: Duration) -> Self {
        self.with(|settings| settings.max_retry_after = longest)
    }

    /// The statuses after which a call is tried again: 429, 500, 502, 503, 504
    /// and 529.
    #[must_use]
    pub fn retryable_statuses(self, statuses: impl IntoIterator<Item = StatusCode>) -> Self {
        self.with(|settings| settings.statuses = statuses.into_iter().collect())
    }

    /// The budget of retries, which several layers may share. tower's own
    /// `TpsBudget` is one, too.
    #[must_use]
    pub fn budget(mut self, budget: Arc<dyn Budget + Send + Sync>) -> Self {
        Arc::make_mut(&mut self.shared).budget = budget;
        self
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = RetryService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl fmt::Debug for RetryLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
