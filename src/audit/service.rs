use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use tower_service::Service;

use super::AuditFuture;
use crate::body::{Body, BoxError};
use crate::call::{Call, CallGuard, CallReader};

/// The service of an [`AuditLayer`](super::AuditLayer).
#[derive(Clone)]
pub struct AuditService<S> {
    pub(super) inner: S,
    pub(super) sink: Arc<dyn CallReader>,
    pub(super) include_text: bool,
}

impl<S, B, RB> Service<Request<B>> for AuditService<S>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = AuditFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        let (call, guard) = match Call::of(request.extensions()) {
            // Someone further out has opened the record, and will close it.
            Some(call) => (call.clone(), None),
            None => {
                let call = Call::new(&request);
                request.extensions_mut().insert(call.clone());
                (call.clone(), Some(CallGuard::new(call)))
            }
        };
        call.add_reader(Arc::clone(&self.sink));
        if self.include_text {
            call.keep_texts();
        }
        let head = request.method() == Method::HEAD;
        let inner = self.inner.call(request);
        AuditFuture::new(inner, call, guard, self.include_text, head)
    }
}

impl<S: fmt::Debug> fmt::Debug for AuditService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditService")
            .field("inner", &self.inner)
            .field("include_text", &self.include_text)
            .finish_non_exhaustive()
    }
}
