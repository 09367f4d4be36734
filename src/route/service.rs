use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::layer::Shared;
use super::{RouteFuture, Strategy};
use crate::body::{Body, BoxError};

/// The service of a [`RouteLayer`](super::RouteLayer).
pub struct RouteService<Svc, S> {
    pub(super) inner: Svc,
    pub(super) shared: Arc<Shared<S>>,
}

impl<Svc, S, B, RB> Service<Request<B>> for RouteService<Svc, S>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Clone + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Svc::Error;
    type Future = RouteFuture<Svc, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Svc::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        RouteFuture::begin(&self.shared, &mut self.inner, request.map(Body::new))
    }
}

impl<Svc: Clone, S> Clone for RouteService<Svc, S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<Svc: fmt::Debug, S: Strategy> fmt::Debug for RouteService<Svc, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteService")
            .field("strategy", &self.shared.name)
            .field("targets", &self.shared.table.targets())
            .field("inner", &self.inner)
            .finish()
    }
}
