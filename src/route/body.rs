//! What becomes of a stream that breaks off after its first token.

use std::collections::VecDeque;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use memchr::memmem;

use super::commit::status;
use crate::body::{ApiError, Body, BoxError, Decoder};
use crate::call::{Call, Outcome};
use crate::target::Failure;

/// A stream of choices that ends well: with what the model said last, or with
/// an event that says what went wrong. Lets whole events through only.
pub(super) struct Ending {
    inner: Option<Body>,
    decoder: Decoder,
    ready: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    /// The model has finished, or the stream has said why not.
    finished: bool,
    call: Option<Call>,
}

impl Ending {
    pub(super) fn new(inner: Body, call: Option<Call>) -> Self {
        Self {
            inner: Some(inner),
            decoder: Decoder::default(),
            ready: VecDeque::new(),
            trailers: None,
            finished: false,
            call,
        }
    }

    fn push(&mut self, frame: &Bytes) -> Result<(), Failure> {
        let mut at = 0;
        // Neighbours in the frame leave as one piece.
        let mut whole: Range<usize> = 0..0;
        while let Some(event) = self.decoder.next(frame, &mut at) {
            let event = event.map_err(|_| Failure::Protocol)?;
            if !self.finished {
                self.finished = event.data().is_some_and(is_last);
            }
            if event.frame.as_ptr() == frame.as_ptr() {
                if whole.is_empty() {
                    whole.start = event.range.start;
                }
                whole.end = event.range.end;
            } else {
                self.ready.push_back(event.frame.slice(event.range));
            }
        }
        if !whole.is_empty() {
            self.ready.push_back(frame.slice(whole));
        }
        Ok(())
    }

    fn fail(&mut self, failure: Failure) {
        self.inner = None;
        if let Some(call) = &self.call {
            call.attempt_failed(failure.kind());
            call.fail(match failure {
                Failure::Timeout | Failure::Stall => Outcome::Timeout,
                _ => Outcome::UpstreamError,
            });
        }
        let (status, code) = status(failure);
        let message = format!("the answer of the upstream broke off: {failure}");
        let error = ApiError::new(status, code, message).to_json();
        self.ready
            .push_back(Bytes::from(format!("data: {error}\n\n")));
    }

    fn end(&mut self) {
        self.inner = None;
        let rest = self.decoder.finish();
        if let Some(event) = rest {
            self.finished |= event.data().is_some_and(is_last);
            if self.finished {
                self.ready.push_back(event.frame.slice(event.range));
            }
        }
        if !self.finished {
            self.fail(Failure::Reset);
        }
    }
}

/// Whether a stream may end with an event that says this: the model has
/// finished, there was an error, or it is the mark of the end. Members of the
/// protocol are told from text by their quotes, which text has escaped.
fn is_last(data: &str) -> bool {
    if data.trim() == "[DONE]" {
        return true;
    }
    [(&*FINISH, &[b'"'][..]), (&*ERROR, &[b'"', b'{'][..])]
        .into_iter()
        .any(|(name, values)| {
            name.find_iter(data.as_bytes()).any(|at| {
                let rest = data[at + name.needle().len()..].trim_start();
                rest.strip_prefix(':')
                    .and_then(|rest| rest.trim_start().bytes().next())
                    .is_some_and(|first| values.contains(&first))
            })
        })
}

static FINISH: std::sync::LazyLock<memmem::Finder<'static>> =
    std::sync::LazyLock::new(|| memmem::Finder::new("\"finish_reason\""));
static ERROR: std::sync::LazyLock<memmem::Finder<'static>> =
    std::sync::LazyLock::new(|| memmem::Finder::new("\"error\""));

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            if let Some(bytes) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if let Some(trailers) = this.trailers.take() {
                return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
            }
            let Some(inner) = &mut this.inner else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        if let Err(failure) = this.push(&data) {
                            this.fail(failure);
                        }
                    }
                    Err(frame) => {
                        this.end();
                        this.trailers = frame.into_trailers().ok();
                    }
                },
                // Said all there is to say: how it ends is of no matter.
                Some(Err(_)) if this.finished => this.end(),
                Some(Err(error)) => this.fail(Failure::of_source(&*error)),
                None => this.end(),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_none() && self.ready.is_empty() && self.trailers.is_none()
    }
}
