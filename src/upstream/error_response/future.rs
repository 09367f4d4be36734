use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

use crate::body::{ApiError, Body, BoxError};

pin_project! {
    /// The future of an [`ErrorResponseService`](super::ErrorResponseService).
    pub struct ErrorResponseFuture<F> {
        #[pin]
        inner: Option<F>,
        answer: Option<ApiError>,
    }
}

impl<F> ErrorResponseFuture<F> {
    pub(super) fn new(inner: F) -> Self {
        Self {
            inner: Some(inner),
            answer: None,
        }
    }

    pub(super) fn answered(error: ApiError) -> Self {
        Self {
            inner: None,
            answer: Some(error),
        }
    }
}

impl<F, RB, E> Future for ErrorResponseFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
    E: Into<ApiError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(error) = this.answer.take() {
            return Poll::Ready(Ok(error.into_response()));
        }
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(match ready!(inner.poll(cx)) {
            Ok(response) => response.map(Body::new),
            Err(error) => error.into().into_response(),
        }))
    }
}

impl<F> fmt::Debug for ErrorResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorResponseFuture")
            .finish_non_exhaustive()
    }
}
