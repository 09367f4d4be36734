use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::TimeoutFuture;
use super::layer::Limits;
use crate::body::{Body, BoxError, Upload};
use crate::call::Call;
use crate::target::Target;

/// The service of a [`TimeoutLayer`](super::TimeoutLayer).
#[derive(Clone, Debug)]
pub struct TimeoutService<S> {
    pub(super) inner: S,
    pub(super) limits: Limits,
}

impl<S, B, RB> Service<Request<B>> for TimeoutService<S>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let request = request.map(Body::new);
        let mut limits = self.limits;
        if let Some(target) = Target::of(request.extensions()) {
            let settings = target.settings();
            limits.total = settings.timeout;
            limits.stream_total = settings.stream_timeout.unwrap_or(settings.timeout);
        }
        let document = request.body().as_document();
        let streams = document.map(|document| document.field("stream") == Some("true"));
        let call = Call::of(request.extensions()).cloned();
        let (parts, body) = request.into_parts();
        let (body, upload) = Upload::watch(body);
        let inner = self.inner.call(Request::from_parts(parts, body));
        TimeoutFuture::new(inner, limits, streams, upload, call)
    }
}
