use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::RetryFuture;
use super::policy::{RetryPolicy, Sent, Shared};
use crate::body::{Body, BoxError};

/// The service of a [`RetryLayer`](super::RetryLayer).
#[derive(Clone)]
pub struct RetryService<S> {
    pub(super) inner: S,
    pub(super) shared: Arc<Shared>,
}

impl<S, B, RB> Service<Request<B>> for RetryService<S>
where
    S: Service<Request<Body>, Response = Response<RB>> + Clone,
    S::Error: 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = RetryFuture<S, RB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that is ready is the one to call; its clone is not.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        let policy = RetryPolicy::new(&self.shared);
        RetryFuture::new(policy, inner, request.map(Body::new))
    }
}

impl<S: fmt::Debug> fmt::Debug for RetryService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryService")
            .field("inner", &self.inner)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

/// Gives the service within its body back.
#[derive(Clone, Debug)]
pub(super) struct Unwrap<S>(pub(super) S);

impl<S: Service<Request<Body>>> Service<Request<Sent>> for Unwrap<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Sent>) -> S::Future {
        self.0.call(request.map(Sent::into_body))
    }
}
