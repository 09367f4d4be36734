//! What is tried again, and when: tower's `Policy`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Method, Request, Response, StatusCode};
use tokio::time::Sleep;
use tower::retry::Policy;
use tower::retry::budget::Budget;

use super::retry_after::retry_after;
use crate::body::Body;
use crate::body::replay::Replay;
use crate::call::Try;
use crate::resilience::random;
use crate::target::{Failure, is_kept};

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) max_retries: u32,
    pub(super) initial_backoff: Duration,
    pub(super) max_backoff: Duration,
    pub(super) max_retry_after: Duration,
    pub(super) statuses: Vec<StatusCode>,
}

/// Overloaded: no registered status, but what several providers answer.
const OVERLOADED: u16 = 529;

impl Default for Settings {
    fn default() -> Self {
        let statuses = [429, 500, 502, 503, 504, OVERLOADED];
        Self {
            max_retries: 2,
            initial_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(8),
            max_retry_after: Duration::from_secs(20),
            statuses: statuses
                .into_iter()
                .filter_map(|status| StatusCode::from_u16(status).ok())
                .collect(),
        }
    }
}

impl Settings {
    /// The longest wait before the retry of this number, from 0.
    pub(super) fn ceiling(&self, retry: u32) -> Duration {
        let grown = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
        self.initial_backoff
            .saturating_mul(grown)
            .min(self.max_backoff)
    }

    /// How long to wait, if it is to be tried again.
    fn wait(
        &self,
        retry: u32,
        status: Option<StatusCode>,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if status.is_some_and(|status| !self.statuses.contains(&status)) {
            return None;
        }
        match asked {
            Some(asked) if asked > self.max_retry_after => None,
            // A little later, for others have been told the same.
            Some(asked) => Some(asked.saturating_add(self.ceiling(0).mul_f64(random()))),
            None => Some(self.ceiling(retry).mul_f64(random())),
        }
    }
}

/// What all calls share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) budget: Arc<dyn Budget + Send + Sync>,
}

/// One call's way through its tries.
#[derive(Clone)]
pub(super) struct RetryPolicy {
    shared: Arc<Shared>,
    retries: u32,
}

impl RetryPolicy {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        shared.budget.deposit();
        Self {
            shared: Arc::clone(shared),
            retries: 0,
        }
    }

    /// How long to wait, if what has come of a try is to be tried again.
    /// `once`: what has been done is not to be done again.
    fn judge<RB, E: 'static>(
        &self,
        result: &Result<Response<RB>, E>,
        once: bool,
    ) -> Option<Duration> {
        match result {
            Ok(response) if once && !UNDONE.contains(&response.status().as_u16()) => None,
            Err(error) if once && Failure::of_error(error) != Failure::Connect => None,
            Ok(response) => {
                // The answer of a layer of ours: the queue is full, say, or
                // the time is up. Another try has no better chance.
                if response.extensions().get::<Failure>().is_some() {
                    return None;
                }
                let asked = retry_after(response.headers(), SystemTime::now);
                self.shared
                    .settings
                    .wait(self.retries, Some(response.status()), asked)
            }
            Err(error) => match Failure::of_error(error) {
                Failure::Connect | Failure::Reset => {
                    self.shared.settings.wait(self.retries, None, None)
                }
                _ => None,
            },
        }
    }
}

/// Statuses by which a server says that it has not even begun.
const UNDONE: [u16; 3] = [429, 503, OVERLOADED];

/// Whether a request makes something that stays, a job or a file, and made
/// twice would stay twice. A server that is given an `Idempotency-Key` takes
/// care of that itself.
fn makes_something<B>(request: &Request<B>) -> bool {
    matches!(*request.method(), Method::POST | Method::PATCH)
        && is_kept(request.uri().path())
        && !request.headers().contains_key("idempotency-key")
}

impl<RB, E: 'static> Policy<Request<Sent>, Response<RB>, E> for RetryPolicy {
    type Future = Sleep;

    fn retry(
        &mut self,
        request: &mut Request<Sent>,
        result: &mut Result<Response<RB>, E>,
    ) -> Option<Sleep> {
        let wait = self.judge(result, makes_something(request))?;
        if !self.shared.budget.withdraw() {
            tracing::debug!("the budget of retries is used up");
            return None;
        }
        self.retries += 1;
        let mut which = Try::of(request.extensions());
        which.retry = Some(self.retries);
        request.extensions_mut().insert(which);
        Some(tokio::time::sleep(wait))
    }

    fn clone_request(&mut self, request: &Request<Sent>) -> Option<Request<Sent>> {
        if self.retries >= self.shared.settings.max_retries {
            return None;
        }
        let Sent::Again(replay) = request.body() else {
            return None;
        };
        let mut again = Request::new(Sent::Again(replay.clone()));
        again.method_mut().clone_from(request.method());
        again.uri_mut().clone_from(request.uri());
        *again.version_mut() = request.version();
        again.headers_mut().clone_from(request.headers());
        again.extensions_mut().clone_from(request.extensions());
        Some(again)
    }
}

/// A body on its way.
pub(super) enum Sent {
    /// It can be sent again.
    Again(Replay),
    /// It is too long for that, or has broken off.
    Once(Body),
}

impl Sent {
    pub(super) fn into_body(self) -> Body {
        match self {
            Self::Again(replay) => replay.body(),
            Self::Once(body) => body,
        }
    }
}
