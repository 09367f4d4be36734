use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use super::filter::{Consultation, EventStream, ResponseFilter, Rigour, Watch};
use super::{Body, BoxError};

/// Server-sent events, read from a body and run through filters.
pub(super) struct Filtered {
    /// The upstream's body; gone when it is over, or no longer wanted.
    inner: Option<Body>,
    stream: EventStream,
    tail: Option<Tail>,
    /// What the filters wait for before the stream ends.
    waiting: Vec<Consultation>,
}

/// What comes after the last event.
enum Tail {
    Trailers(HeaderMap),
    /// Whether it has been waited with: a server that is given an error right
    /// behind the last text throws that text away with the connection.
    Error(BoxError, bool),
}

impl Filtered {
    pub(super) fn new(inner: Body) -> Self {
        Self {
            inner: Some(inner),
            stream: EventStream::new(),
            tail: None,
            waiting: Vec::new(),
        }
    }

    pub(super) fn add_filter(&mut self, filter: Box<dyn ResponseFilter>, rigour: Rigour) {
        self.stream.add_filter(filter, rigour);
    }

    pub(super) fn add_watch(&mut self, watch: Box<dyn Watch>) {
        self.stream.add_watch(watch);
    }

    pub(super) fn is_end(&self) -> bool {
        let nothing_comes = self.inner.is_none() && self.tail.is_none();
        nothing_comes && self.waiting.is_empty() && !self.stream.has_ready()
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(bytes) = self.stream.take_ready() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if let Some(waiting) = self.waiting.last_mut() {
                if let Err(error) = ready!(waiting.as_mut().poll(cx)) {
                    // The text has left; there is nothing to refuse.
                    tracing::warn!(error = &*error, "nothing was found out about a stream");
                }
                self.waiting.pop();
                if self.waiting.is_empty() {
                    self.stream.go_on();
                }
                continue;
            }
            match self.tail.take() {
                Some(Tail::Trailers(trailers)) => {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Some(Tail::Error(error, true)) => return Poll::Ready(Some(Err(error))),
                Some(Tail::Error(error, false)) => {
                    self.tail = Some(Tail::Error(error, true));
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                None => {}
            }
            let Some(inner) = &mut self.inner else {
                return Poll::Ready(None);
            };
            match ready!(http_body::Body::poll_frame(Pin::new(inner), cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.stream.push(&data);
                        self.waiting = self.stream.take_waiting();
                        if self.stream.is_stopped() {
                            // No more tokens are wanted, or paid for.
                            self.inner = None;
                        }
                    }
                    Err(frame) => {
                        self.stream.finish(true);
                        self.waiting = self.stream.take_waiting();
                        self.inner = None;
                        self.tail = frame.into_trailers().ok().map(Tail::Trailers);
                    }
                },
                Some(Err(error)) => {
                    self.stream.finish(false);
                    self.inner = None;
                    self.tail = Some(Tail::Error(error, false));
                }
                None => {
                    self.stream.finish(true);
                    self.waiting = self.stream.take_waiting();
                    self.inner = None;
                }
            }
        }
    }
}

impl fmt::Debug for Filtered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
