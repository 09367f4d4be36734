use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::RetryFuture;
use super::policy::{Kept, RetryPolicy, Shared};
use crate::body::replay::Replay;
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
    type Future = RetryFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let policy = RetryPolicy::new(&self.shared);
        let mut request = request.map(Body::new);
        let Some(replay) = Replay::of(request.body_mut()) else {
            // The service that is ready is the one to call; its clone is not.
            let next = self.inner.clone();
            let inner = std::mem::replace(&mut self.inner, next);
            return RetryFuture::read(policy, inner, request);
        };
        let kept = policy.has_retries().then(|| Kept::new(&request, replay));
        let future = self.inner.call(request);
        let again = kept.map(|kept| (policy, self.inner.clone(), kept));
        RetryFuture::call(future, again)
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
