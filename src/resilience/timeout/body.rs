//! A body that may not take too long.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::future::after;
use super::layer::Limits;
use crate::body::{Body, BoxError, TimedOut};
use crate::call::{Call, Outcome};
use crate::target::Failure;

pub(super) struct Timed {
    /// Empty once time is up.
    inner: Body,
    /// Of the whole.
    total: Limit,
    first_byte: Option<Limit>,
    idle: Option<Duration>,
    /// Since when more has been asked for.
    waiting: Option<Instant>,
    /// Goes off no later than the first of the limits. It is set anew when it
    /// does, not with every frame.
    alarm: Pin<Box<Sleep>>,
    call: Option<Call>,
}

#[derive(Clone, Copy)]
struct Limit {
    at: Instant,
    limit: Duration,
}

impl Limit {
    fn new(start: Instant, limit: Duration) -> Self {
        let at = after(start, limit);
        Self { at, limit }
    }
}

impl Timed {
    pub(super) fn new(
        inner: Body,
        limits: &Limits,
        start: Instant,
        streams: bool,
        call: Option<Call>,
    ) -> Self {
        let (total, first_byte, idle) = match streams {
            true => (limits.stream_total, limits.first_byte, limits.idle),
            false => (limits.total, None, None),
        };
        let total = Limit::new(start, total);
        let first_byte = first_byte.map(|limit| Limit::new(start, limit));
        let first = first_byte.map_or(total.at, |limit| limit.at.min(total.at));
        Self {
            inner,
            total,
            first_byte,
            idle,
            waiting: None,
            alarm: Box::pin(tokio::time::sleep_until(first)),
            call,
        }
    }

    /// The first limit there is now.
    fn limit(&self) -> Limit {
        let earlier = match (self.first_byte, self.idle, self.waiting) {
            (Some(first_byte), ..) => Some(first_byte),
            (None, Some(idle), Some(waiting)) => Some(Limit::new(waiting, idle)),
            _ => None,
        };
        earlier
            .filter(|limit| limit.at < self.total.at)
            .unwrap_or(self.total)
    }

    fn fail(&mut self, limit: Duration) -> BoxError {
        // What is within stops at once.
        self.inner = Body::empty();
        if let Some(call) = self.call.take() {
            call.attempt_failed(Failure::Timeout.kind());
            call.fail(Outcome::Timeout);
        }
        TimedOut { limit }.into()
    }
}

impl http_body::Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        // First, or an upstream that always has more would have no limit.
        if this.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= this.total.at {
                let limit = this.total.limit;
                return Poll::Ready(Some(Err(this.fail(limit))));
            }
            this.alarm.as_mut().reset(this.total.at);
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.waiting = None;
            if matches!(&frame, Some(Ok(frame)) if frame.is_data()) {
                this.first_byte = None;
            }
            return Poll::Ready(frame);
        }
        if this.idle.is_some() && this.waiting.is_none() {
            this.waiting = Some(Instant::now());
        }
        loop {
            let limit = this.limit();
            // Without an alarm it would not be asked again in time.
            if limit.at < this.alarm.deadline() {
                this.alarm.as_mut().reset(limit.at);
            }
            if this.alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if Instant::now() >= limit.at {
                return Poll::Ready(Some(Err(this.fail(limit.limit))));
            }
            this.alarm.as_mut().reset(limit.at);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
