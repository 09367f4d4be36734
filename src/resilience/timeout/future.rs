use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Body as _;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::body::Timed;
use super::layer::Limits;
use crate::body::{Body, BoxError, MediaKind, Problem, TimedOut, Upload};
use crate::call::Call;
use crate::resilience::answer::refuse;
use crate::target::Failure;

pin_project! {
    /// The future of a [`TimeoutService`](super::TimeoutService).
    pub struct TimeoutFuture<F> {
        #[pin]
        inner: Option<F>,
        #[pin]
        sleep: Sleep,
        // Of the head of the answer.
        limit: Duration,
        start: Instant,
        limits: Limits,
        streams: Option<bool>,
        upload: Upload,
        call: Option<Call>,
    }
}

/// A moment that can be waited for: some thirty years from now, as tokio has
/// it, where a limit is beyond reckoning.
pub(super) fn after(start: Instant, limit: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86400 * 365 * 30);
    start + limit.min(FAR)
}

impl<F> TimeoutFuture<F> {
    pub(super) fn new(
        inner: F,
        limits: Limits,
        streams: Option<bool>,
        upload: Upload,
        call: Option<Call>,
    ) -> Self {
        let limit = match streams {
            Some(false) => limits.total,
            Some(true) => match limits.first_byte {
                Some(first_byte) => first_byte.min(limits.stream_total),
                None => limits.stream_total,
            },
            // What is asked for is not known before the head of the answer.
            None => limits.total.max(limits.stream_total),
        };
        let start = Instant::now();
        Self {
            inner: Some(inner),
            sleep: tokio::time::sleep_until(after(start, limit)),
            limit,
            start,
            limits,
            streams,
            upload,
            call,
        }
    }
}

impl<F, RB, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        if let Poll::Ready(result) = inner.poll(cx) {
            let (parts, inner) = result?.map(Body::new).into_parts();
            // An answer of ours is there as a whole, however late.
            let ours = parts.extensions.get::<Failure>().is_some();
            if ours || inner.is_end_stream() {
                return Poll::Ready(Ok(Response::from_parts(parts, inner)));
            }
            let events = MediaKind::of(&parts.headers) == MediaKind::Events;
            let (start, streams) = (*this.start, this.streams.unwrap_or(events));
            let body = Timed::new(inner, this.limits, start, streams, this.call.take());
            let response = Response::from_parts(parts, Body::new(body));
            return Poll::Ready(Ok(response));
        }
        if this.sleep.poll(cx).is_pending() {
            return Poll::Pending;
        }
        // Nobody waits for it any more, and it is not to go on.
        this.inner.set(None);
        if let Some(call) = this.call {
            call.attempt_failed(Failure::Timeout.kind());
        }
        if this.upload.waits() {
            // For the client, not for the upstream.
            let mut response = Problem::TimedOut.in_request().into_response();
            response.extensions_mut().insert(Failure::Rejected);
            return Poll::Ready(Ok(response));
        }
        let timed_out = TimedOut { limit: *this.limit };
        Poll::Ready(Ok(refuse(
            Failure::Timeout,
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            format!("the upstream {timed_out}"),
            None,
        )))
    }
}

impl<F> fmt::Debug for TimeoutFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutFuture")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
