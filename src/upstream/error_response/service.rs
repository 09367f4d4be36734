use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::ErrorResponseFuture;
use crate::body::{ApiError, Body, BoxError};

/// The service of an [`ErrorResponseLayer`](super::ErrorResponseLayer).
pub struct ErrorResponseService<S> {
    pub(super) inner: S,
    /// Why the service within did not get ready: the answer to the next call.
    pub(super) unready: Option<ApiError>,
}

impl<S, B, RB> Service<Request<B>> for ErrorResponseService<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<ApiError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ErrorResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.unready.is_none()
            && let Err(error) = ready!(self.inner.poll_ready(cx))
        {
            self.unready = Some(error.into());
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.unready.take() {
            Some(error) => ErrorResponseFuture::answered(error),
            None => ErrorResponseFuture::new(self.inner.call(request)),
        }
    }
}

impl<S: Clone> Clone for ErrorResponseService<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            unready: None,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for ErrorResponseService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorResponseService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
