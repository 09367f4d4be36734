//! What is tried again, and when: tower's `Policy`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Extensions, Method, Request, Response, StatusCode};
use tokio::time::Sleep;
use tower::retry::Policy;
use tower::retry::budget::Budget;

use super::retry_after::retry_after;
use crate::body::replay::Replay;
use crate::body::{Body, Head};
use crate::call::Try;
use crate::resilience::random;
use crate::target::{Failure, Target, is_kept};

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
    fn wait(&self, retry: u32, asked: Option<Duration>) -> Option<Duration> {
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

    /// Whether it may be tried again, as often as it has been.
    pub(super) fn has_retries(&self) -> bool {
        self.retries < self.shared.settings.max_retries
    }

    /// How long to wait, if what has come of a try is to be tried again.
    fn judge<RB, E: 'static>(
        &self,
        kept: &Kept,
        result: &Result<Response<RB>, E>,
    ) -> Option<Duration> {
        match result {
            Ok(response) => {
                let settings = &self.shared.settings;
                if !settings.statuses.contains(&response.status()) {
                    return None;
                }
                if kept.makes_something() && !UNDONE.contains(&response.status().as_u16()) {
                    return None;
                }
                // The answer of a layer of ours: the queue is full, say, or
                // the time is up. Another try has no better chance.
                if response.extensions().get::<Failure>().is_some() {
                    return None;
                }
                let asked = retry_after(response.headers(), SystemTime::now);
                settings.wait(self.retries, asked)
            }
            Err(error) => match Failure::of_error(error) {
                Failure::Reset if kept.makes_something() => None,
                Failure::Connect | Failure::Reset => self.shared.settings.wait(self.retries, None),
                _ => None,
            },
        }
    }
}

/// Statuses by which a server says that it has not even begun.
const UNDONE: [u16; 3] = [429, 503, OVERLOADED];

impl<RB, E: 'static> Policy<Kept, Response<RB>, E> for RetryPolicy {
    type Future = Sleep;

    fn retry(&mut self, kept: &mut Kept, result: &mut Result<Response<RB>, E>) -> Option<Sleep> {
        let wait = self.judge(kept, result)?;
        if !self.shared.budget.withdraw() {
            tracing::debug!("the budget of retries is used up");
            return None;
        }
        self.retries += 1;
        kept.retry = Some(self.retries);
        Some(tokio::time::sleep(wait))
    }

    fn clone_request(&mut self, kept: &Kept) -> Option<Kept> {
        self.has_retries().then(|| kept.clone())
    }
}

/// A request that can be sent again.
#[derive(Clone)]
pub(super) struct Kept {
    head: Head,
    marks: Marks,
    body: Replay,
    /// Which retry it is.
    retry: Option<u32>,
}

/// A request's extensions.
#[derive(Clone)]
enum Marks {
    None,
    /// What a router has put there, and nothing else: to copy the map would
    /// cost three allocations.
    Target(Target),
    All(Extensions),
}

impl Kept {
    pub(super) fn new(request: &Request<Body>, body: Replay) -> Self {
        let extensions = request.extensions();
        let marks = match (extensions.len(), Target::of(extensions)) {
            (0, _) => Marks::None,
            (1, Some(target)) => Marks::Target(target.clone()),
            _ => Marks::All(extensions.clone()),
        };
        Self {
            head: Head::of(request),
            marks,
            body,
            retry: None,
        }
    }

    /// Whether it makes something that stays, a job or a file, and made twice
    /// would stay twice. A server that is given an `Idempotency-Key` takes care
    /// of that itself.
    fn makes_something(&self) -> bool {
        matches!(*self.head.method(), Method::POST | Method::PATCH)
            && is_kept(self.head.path())
            && !self.head.has_header("idempotency-key")
    }

    pub(super) fn into_request(self) -> Request<Body> {
        let mut request = self.head.request(self.body.into_body());
        let extensions = request.extensions_mut();
        match self.marks {
            Marks::None => {}
            Marks::Target(target) => {
                extensions.insert(target);
            }
            Marks::All(all) => *extensions = all,
        }
        if self.retry.is_some() {
            let mut which = Try::of(extensions);
            which.retry = self.retry;
            extensions.insert(which);
        }
        request
    }
}
