use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response, request};
use pin_project_lite::pin_project;
use tower::retry::Retry;
use tower::retry::future::ResponseFuture;
use tower_service::Service;

use super::policy::{RetryPolicy, Sent};
use super::service::Unwrap;
use crate::body::replay::{Replay, ReplayRead};
use crate::body::{Body, BoxError};

pin_project! {
    /// The future of a [`RetryService`](super::RetryService).
    pub struct RetryFuture<S, RB>
    where
        S: Service<Request<Body>, Response = Response<RB>>,
        S::Error: 'static,
    {
        #[pin]
        state: State<S, RB>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, RB>
    where
        S: Service<Request<Body>, Response = Response<RB>>,
        S::Error: 'static,
    {
        // The request's body is being read.
        Read { read: ReplayRead, rest: Option<(request::Parts, RetryPolicy, S)> },
        // tower tries.
        Try { #[pin] tries: ResponseFuture<RetryPolicy, Unwrap<S>, Request<Sent>> },
    }
}

impl<S, RB> RetryFuture<S, RB>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    S::Error: 'static,
{
    pub(super) fn new(policy: RetryPolicy, inner: S, request: Request<Body>) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            state: State::Read {
                read: Replay::read(body),
                rest: Some((parts, policy, inner)),
            },
        }
    }
}

impl<S, RB> Future for RetryFuture<S, RB>
where
    S: Service<Request<Body>, Response = Response<RB>> + Clone,
    S::Error: 'static,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Read { read, rest } => {
                    let body = match ready!(Pin::new(read).poll(cx)) {
                        Ok(replay) => Sent::Again(replay),
                        Err(body) => Sent::Once(body),
                    };
                    let Some((parts, policy, inner)) = rest.take() else {
                        return Poll::Pending;
                    };
                    let request = Request::from_parts(parts, body);
                    let tries = Retry::new(policy, Unwrap(inner)).call(request);
                    this.state.set(State::Try { tries });
                }
                StateProj::Try { tries } => {
                    let response = ready!(tries.poll(cx))?;
                    return Poll::Ready(Ok(response.map(Body::new)));
                }
            }
        }
    }
}

impl<S, RB> fmt::Debug for RetryFuture<S, RB>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    S::Error: 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").finish_non_exhaustive()
    }
}
