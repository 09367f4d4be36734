use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower::retry::Policy;
use tower_service::Service;

use super::policy::{Kept, RetryPolicy};
use crate::body::replay::{Replay, ReplayRead};
use crate::body::{Body, BoxError};

pin_project! {
    /// The future of a [`RetryService`](super::RetryService).
    pub struct RetryFuture<S>
    where
        S: Service<Request<Body>>,
    {
        #[pin]
        state: State<S::Future>,
        again: Option<Again<S>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        // The request's body is being read.
        Read { read: ReplayRead, request: Option<Request<Body>> },
        // A try is on its way.
        Call { #[pin] future: F },
        // Until the next one.
        Wait { #[pin] sleep: Sleep },
        // It is to be made.
        Ready,
    }
}

/// What it takes to try again.
struct Again<S> {
    policy: RetryPolicy,
    /// Not ready, but while the request's body is being read.
    inner: S,
    kept: Option<Kept>,
}

impl<S> RetryFuture<S>
where
    S: Service<Request<Body>>,
{
    /// The first try is on its way; `again` if there may be others.
    pub(super) fn call(future: S::Future, again: Option<(RetryPolicy, S, Kept)>) -> Self {
        Self {
            state: State::Call { future },
            again: again.map(|(policy, inner, kept)| Again {
                policy,
                inner,
                kept: Some(kept),
            }),
        }
    }

    /// The body has to be read, so that it can be sent again.
    pub(super) fn read(policy: RetryPolicy, inner: S, mut request: Request<Body>) -> Self {
        let body = std::mem::take(request.body_mut());
        Self {
            state: State::Read {
                read: Replay::read(body),
                request: Some(request),
            },
            again: Some(Again {
                policy,
                inner,
                kept: None,
            }),
        }
    }
}

impl<S, RB> Future for RetryFuture<S>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    S::Error: 'static,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Call { future } => {
                    let mut result = ready!(future.poll(cx));
                    let wait = this.again.as_mut().and_then(|again| {
                        let kept = again.kept.as_mut()?;
                        again.policy.retry(kept, &mut result)
                    });
                    match wait {
                        Some(sleep) => State::Wait { sleep },
                        None => return Poll::Ready(result.map(|response| response.map(Body::new))),
                    }
                }
                StateProj::Wait { sleep } => {
                    ready!(sleep.poll(cx));
                    State::Ready
                }
                StateProj::Ready => {
                    let Some(again) = this.again else {
                        return Poll::Pending;
                    };
                    ready!(again.inner.poll_ready(cx))?;
                    let Some(kept) = again.kept.take() else {
                        return Poll::Pending;
                    };
                    again.kept = again.policy.has_retries().then(|| kept.clone());
                    State::Call {
                        future: again.inner.call(kept.into_request()),
                    }
                }
                StateProj::Read { read, request } => {
                    let read = ready!(Pin::new(read).poll(cx));
                    let (Some(again), Some(mut request)) = (this.again.as_mut(), request.take())
                    else {
                        return Poll::Pending;
                    };
                    *request.body_mut() = match read {
                        Ok(replay) => {
                            let body = replay.body();
                            let kept = || Kept::new(&request, replay);
                            again.kept = again.policy.has_retries().then(kept);
                            body
                        }
                        // It is too long to be kept, or has broken off.
                        Err(body) => body,
                    };
                    State::Call {
                        future: again.inner.call(request),
                    }
                }
            };
            this.state.set(next);
        }
    }
}

impl<S> fmt::Debug for RetryFuture<S>
where
    S: Service<Request<Body>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").finish_non_exhaustive()
    }
}
