use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::ConcurrencyLimitFuture;
use super::layer::Limits;
use crate::body::{Body, BoxError};
use crate::target::{Entry, Gate, Target};

/// The service of a [`ConcurrencyLimitLayer`](super::ConcurrencyLimitLayer).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitService<S> {
    pub(super) inner: S,
    pub(super) limits: Limits,
    pub(super) gate: Arc<Gate>,
}

impl<S, B, RB> Service<Request<B>> for ConcurrencyLimitService<S>
where
    S: Service<Request<Body>, Response = Response<RB>> + Clone,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = ConcurrencyLimitFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let request = request.map(Body::new);
        let target = Target::of(request.extensions());
        let gate = target.map_or(&*self.gate, |target| target.state().gate());
        let limits = self.limits;
        match gate.enter(limits.max_calls, limits.max_queue) {
            Entry::Entered(place) => {
                ConcurrencyLimitFuture::entered(place, self.inner.call(request))
            }
            Entry::Full => {
                let name = target.map_or("upstream", Target::id);
                ConcurrencyLimitFuture::refused(name)
            }
            Entry::Waits(wait) => {
                let name = target.map_or("upstream", Target::id).into();
                // The service that is ready is the one to call; its clone is
                // not.
                let next = self.inner.clone();
                let inner = std::mem::replace(&mut self.inner, next);
                ConcurrencyLimitFuture::waits(wait, limits.queue_timeout, name, inner, request)
            }
        }
    }
}
