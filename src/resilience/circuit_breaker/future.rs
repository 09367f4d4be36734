use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Body as _;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::body::{Observed, Said};
use crate::body::{Body, BoxError, MediaKind};
use crate::resilience::answer::refuse;
use crate::target::{BreakerState, Failure, Permit, Refused};

pin_project! {
    /// The future of a [`CircuitBreakerService`](super::CircuitBreakerService).
    pub struct CircuitBreakerFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Call { #[pin] inner: F, permit: Option<Permit>, counts_rate_limits: bool },
        Refused { response: Option<Response<Body>> },
    }
}

/// What an answer says about the upstream.
pub(super) enum Verdict {
    /// So far, so good.
    Well,
    Failed,
    Nothing,
}

impl Verdict {
    /// The last word about a call.
    pub(super) fn tell(self, permit: Permit) {
        match self {
            Self::Well => permit.went_well(),
            Self::Failed => permit.failure(Instant::now()),
            Self::Nothing => drop(permit),
        }
    }
}

impl<F> CircuitBreakerFuture<F> {
    pub(super) fn admitted(inner: F, permit: Permit, counts_rate_limits: bool) -> Self {
        Self {
            state: State::Call {
                inner,
                permit: Some(permit),
                counts_rate_limits,
            },
        }
    }

    #[cold]
    pub(super) fn refused(name: &str, refused: Refused) -> Self {
        let why = match refused.state {
            BreakerState::ForcedOpen => "an operator has taken it out",
            _ => "too many calls have failed",
        };
        let message = format!(
            "the circuit breaker of {name} is {}: {why}",
            refused.state.as_str().replace('_', " ")
        );
        let response = refuse(
            Failure::CircuitOpen,
            StatusCode::SERVICE_UNAVAILABLE,
            "circuit_open",
            message,
            Some(refused.retry_after),
        );
        Self {
            state: State::Refused {
                response: Some(response),
            },
        }
    }
}

pub(super) fn judge(failure: Option<Failure>, counts_rate_limits: bool) -> Verdict {
    match failure {
        None => Verdict::Well,
        Some(Failure::RateLimited) if counts_rate_limits => Verdict::Failed,
        Some(Failure::RateLimited) => Verdict::Nothing,
        Some(failure) if failure.is_local() => Verdict::Nothing,
        // The upstream has said no, and said it well.
        Some(failure) if failure.is_of_request() || failure == Failure::Auth => Verdict::Well,
        Some(_) => Verdict::Failed,
    }
}

impl<F, RB, E> Future for CircuitBreakerFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
    E: 'static,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (inner, permit, counts_rate_limits) = match self.project().state.project() {
            StateProj::Call {
                inner,
                permit,
                counts_rate_limits,
            } => (inner, permit, *counts_rate_limits),
            StateProj::Refused { response } => {
                return match response.take() {
                    Some(response) => Poll::Ready(Ok(response)),
                    None => Poll::Pending,
                };
            }
        };
        let result = ready!(inner.poll(cx));
        let Some(permit) = permit.take() else {
            return Poll::Ready(result.map(|response| response.map(Body::new)));
        };
        let failure = match &result {
            Ok(response) => Failure::of_response(response),
            Err(error) => Some(Failure::of_error(error)),
        };
        let verdict = match judge(failure, counts_rate_limits) {
            // No, but not the upstream's: it was not asked.
            Verdict::Well if is_ours(&result) => Verdict::Nothing,
            verdict => verdict,
        };
        match (verdict, result) {
            (Verdict::Well, Ok(response)) => {
                let response = response.map(Body::new);
                Poll::Ready(Ok(watch(response, permit, counts_rate_limits)))
            }
            (verdict, result) => {
                verdict.tell(permit);
                Poll::Ready(result.map(|response| response.map(Body::new)))
            }
        }
    }
}

/// Whether a refusal is that of a layer within, or of the service itself.
fn is_ours<RB, E>(result: &Result<Response<RB>, E>) -> bool {
    match result {
        Ok(response) => response.extensions().get::<Failure>().is_some(),
        Err(_) => true,
    }
}

/// Goes on to look at the answer until its end.
fn watch(response: Response<Body>, permit: Permit, counts_rate_limits: bool) -> Response<Body> {
    let events = MediaKind::of(response.headers()) == MediaKind::Events;
    if response.body().is_end_stream() {
        // A stream without an event is no answer.
        match events {
            true => permit.failure(Instant::now()),
            false => permit.went_well(),
        }
        return response;
    }
    let (parts, mut body) = response.into_parts();
    let said = Said::new(counts_rate_limits);
    // What is encoded cannot be read on the way.
    let plain = !parts.headers.contains_key(http::header::CONTENT_ENCODING);
    if plain && events {
        body = body.watch_events(Box::new(said.clone()));
    }
    body.observe(Box::new(Observed::new(permit, said)));
    Response::from_parts(parts, body)
}

impl<F> fmt::Debug for CircuitBreakerFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerFuture")
            .finish_non_exhaustive()
    }
}
