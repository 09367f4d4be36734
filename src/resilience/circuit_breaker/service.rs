use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::Instant;
use tower_service::Service;

use super::CircuitBreakerFuture;
use super::layer::Shared;
use crate::body::{Body, BoxError};
use crate::target::{LastResort, Target};

/// The service of a [`CircuitBreakerLayer`](super::CircuitBreakerLayer).
#[derive(Clone, Debug)]
pub struct CircuitBreakerService<S> {
    pub(super) inner: S,
    pub(super) shared: Arc<Shared>,
}

impl<S, B, RB> Service<Request<B>> for CircuitBreakerService<S>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    S::Error: 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = CircuitBreakerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let breaker = match Target::of(request.extensions()) {
            Some(target) => target.state().breaker(),
            None => &self.shared.breaker,
        };
        let settings = &self.shared.settings;
        let admitted = match request.extensions().get::<LastResort>() {
            Some(LastResort) => breaker.admit_early(settings, Instant::now()),
            None => breaker.admit_now(settings),
        };
        match admitted {
            Ok(permit) => {
                let counts_rate_limits = settings.count_rate_limits;
                let inner = self.inner.call(request.map(Body::new));
                CircuitBreakerFuture::admitted(inner, permit, counts_rate_limits)
            }
            Err(refused) => CircuitBreakerFuture::refused(breaker.name(), refused),
        }
    }
}
