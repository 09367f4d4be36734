use std::fmt;
use std::future::Future;
use std::pin::Pin;

use http::{HeaderName, HeaderValue};

use crate::body::{ApiError, BoxError, ResponseFilter};
use crate::text::Edits;

/// A verdict that is still being reached.
pub type DeferredVerdict = Pin<Box<dyn Future<Output = Result<Verdict, BoxError>> + Send>>;

/// What becomes of a request, and of its answer.
pub struct Verdict {
    pub(super) action: Action,
    pub(super) filter: Option<Box<dyn ResponseFilter>>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) may_ask_again: bool,
}

pub(super) enum Action {
    Continue,
    Rewrite(Vec<(usize, Edits)>),
    Refuse(ApiError),
    Deferred(DeferredVerdict),
}

impl Verdict {
    fn of(action: Action) -> Self {
        Self {
            action,
            filter: None,
            headers: Vec::new(),
            may_ask_again: false,
        }
    }

    /// The request passes as it is.
    #[must_use]
    pub fn proceed() -> Self {
        Self::of(Action::Continue)
    }

    /// The request passes with these edits, each with its segment's number.
    #[must_use]
    pub fn rewrite(edits: Vec<(usize, Edits)>) -> Self {
        Self::of(if edits.is_empty() {
            Action::Continue
        } else {
            Action::Rewrite(edits)
        })
    }

    /// The request is answered with `error` and goes nowhere.
    #[must_use]
    pub fn refuse(error: ApiError) -> Self {
        Self::of(Action::Refuse(error))
    }

    /// The verdict will be reached by `future`, while the request waits.
    #[must_use]
    pub fn deferred<F>(future: F) -> Self
    where
        F: Future<Output = Result<Self, BoxError>> + Send + 'static,
    {
        Self::of(Action::Deferred(Box::pin(future)))
    }

    /// Runs `filter` over the answer.
    #[must_use]
    pub fn with_filter(mut self, filter: impl ResponseFilter + 'static) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }

    /// Sets a header of the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Keeps the request, so that the filter may have it asked once more; see
    /// [`Ending::AskAgain`](crate::body::Ending::AskAgain). Plain answers only.
    #[must_use]
    pub fn may_ask_again(mut self) -> Self {
        self.may_ask_again = true;
        self
    }

    pub(super) fn refuses(&self) -> bool {
        matches!(self.action, Action::Refuse(_))
    }

    pub(super) fn word(&self) -> &'static str {
        match &self.action {
            Action::Continue => "continue",
            Action::Rewrite(_) => "rewrite",
            Action::Refuse(_) => "refuse",
            Action::Deferred(_) => "deferred",
        }
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdict")
            .field("action", &self.word())
            .field("filter", &self.filter.is_some())
            .finish()
    }
}
