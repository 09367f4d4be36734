use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_service::Service;

use crate::body::{Body, BoxError, Observer};
use crate::resilience::answer::refuse;
use crate::target::{Failure, Place, Wait};

pin_project! {
    /// The future of a
    /// [`ConcurrencyLimitService`](super::ConcurrencyLimitService).
    pub struct ConcurrencyLimitFuture<S>
    where
        S: Service<Request<Body>>,
    {
        #[pin]
        state: State<S, S::Future>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F> {
        Wait {
            wait: Wait,
            #[pin]
            timeout: Sleep,
            name: Box<str>,
            call: Option<(S, Request<Body>)>,
        },
        Call { place: Option<Place>, #[pin] inner: F },
        Refused { response: Option<Response<Body>> },
    }
}

impl<S> ConcurrencyLimitFuture<S>
where
    S: Service<Request<Body>>,
{
    pub(super) fn entered(place: Place, inner: S::Future) -> Self {
        Self {
            state: State::Call {
                place: Some(place),
                inner,
            },
        }
    }

    pub(super) fn waits(
        wait: Wait,
        timeout: Duration,
        name: Box<str>,
        inner: S,
        request: Request<Body>,
    ) -> Self {
        Self {
            state: State::Wait {
                wait,
                timeout: tokio::time::sleep(timeout),
                name,
                call: Some((inner, request)),
            },
        }
    }

    #[cold]
    pub(super) fn refused(name: &str) -> Self {
        let message = format!("{name} is busy: too many calls are waiting for it");
        Self {
            state: State::Refused {
                response: Some(busy(message)),
            },
        }
    }
}

fn busy(message: String) -> Response<Body> {
    refuse(
        Failure::Overloaded,
        StatusCode::SERVICE_UNAVAILABLE,
        "overloaded",
        message,
        Some(Duration::from_secs(1)),
    )
}

impl<S, RB> Future for ConcurrencyLimitFuture<S>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Wait {
                    wait,
                    timeout,
                    name,
                    call,
                } => {
                    if let Poll::Ready(place) = Pin::new(wait).poll(cx) {
                        let Some((mut inner, request)) = call.take() else {
                            return Poll::Pending;
                        };
                        State::Call {
                            place: Some(place),
                            inner: inner.call(request),
                        }
                    } else {
                        ready!(timeout.poll(cx));
                        let message = format!("{name} is busy: the call has waited too long");
                        State::Refused {
                            response: Some(busy(message)),
                        }
                    }
                }
                StateProj::Call { place, inner } => {
                    let mut response = ready!(inner.poll(cx))?.map(Body::new);
                    if let Some(place) = place.take()
                        && !response.body().is_end_stream()
                    {
                        response
                            .body_mut()
                            .observe(Box::new(Holds { _place: place }));
                    }
                    return Poll::Ready(Ok(response));
                }
                StateProj::Refused { response } => {
                    return match response.take() {
                        Some(response) => Poll::Ready(Ok(response)),
                        None => Poll::Pending,
                    };
                }
            };
            this.state.set(next);
        }
    }
}

/// Holds a place until the body ends, or is dropped.
struct Holds {
    _place: Place,
}

impl Observer for Holds {}

impl<S> fmt::Debug for ConcurrencyLimitFuture<S>
where
    S: Service<Request<Body>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitFuture")
            .finish_non_exhaustive()
    }
}
