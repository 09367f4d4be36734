use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::connect::of_body;
use crate::body::{BoxError, TimedOut};
use crate::call::{Call, Outcome};
use crate::target::UpstreamError;

/// An answer that has to end before its time is up.
pub(super) struct Bounded {
    pub(super) inner: Incoming,
    pub(super) deadline: Pin<Box<Sleep>>,
    pub(super) limit: Duration,
    pub(super) call: Option<Call>,
}

impl Bounded {
    fn fail(&self, error: UpstreamError) -> BoxError {
        if let Some(call) = &self.call {
            call.fail(match error {
                UpstreamError::Timeout(_) => Outcome::Timeout,
                _ => Outcome::UpstreamError,
            });
        }
        error.into()
    }
}

impl http_body::Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // First, or an upstream that always has more would have no limit.
        if self.deadline.as_mut().poll(cx).is_ready() {
            let limit = self.limit;
            let error = self.fail(UpstreamError::Timeout(TimedOut { limit }));
            return Poll::Ready(Some(Err(error)));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(|error| self.fail(of_body(error)))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
