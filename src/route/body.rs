//! What becomes of a stream that breaks off after its first token.

use std::collections::VecDeque;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use memchr::memmem;

use super::commit::status;
use super::join::{Join, Story};
use crate::body::{ApiError, Body, BoxError, Decoder, Index};
use crate::call::{Call, Outcome};
use crate::target::Failure;

/// Who may go on with an answer that broke off.
pub(super) trait Resume: Send {
    /// Asks for the rest of an answer that has begun with `text`.
    fn resume(self: Box<Self>, text: String) -> Resuming;
}

pub(super) type Resuming = Pin<Box<dyn Future<Output = Option<Resumed>> + Send>>;

/// The rest of an answer, and who may go on when that breaks off.
pub(super) struct Resumed {
    pub(super) body: Body,
    pub(super) resume: Option<Box<dyn Resume>>,
}

/// What it takes to go on with an answer.
struct Sequel {
    story: Story,
    resume: Option<Box<dyn Resume>>,
    resuming: Option<(Resuming, Failure)>,
    /// The upstream's own words of what went wrong.
    said: Option<Bytes>,
    join: Option<Join>,
}

/// A stream of choices that ends well: with what the model said last, or with
/// an event that says what went wrong. Lets whole events through only.
pub(super) struct Ending {
    inner: Option<Body>,
    sequel: Option<Box<Sequel>>,
    decoder: Decoder,
    ready: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    /// How many choices there are.
    choices: usize,
    /// Those that the model has finished.
    closed: Vec<u32>,
    /// The model has finished, or the stream has said why not.
    finished: bool,
    /// It has said why not.
    failed: bool,
    /// The stream has said that it is over.
    done: bool,
    index: Index,
    call: Option<Call>,
}

impl Ending {
    /// A stream of so many `choices`.
    pub(super) fn new(
        inner: Body,
        choices: usize,
        call: Option<Call>,
        resume: Option<Box<dyn Resume>>,
    ) -> Self {
        let sequel = resume.map(|resume| {
            Box::new(Sequel {
                story: Story::new(),
                resume: Some(resume),
                resuming: None,
                said: None,
                join: None,
            })
        });
        Self {
            inner: Some(inner),
            sequel,
            decoder: Decoder::default(),
            ready: VecDeque::new(),
            trailers: None,
            choices,
            closed: Vec::new(),
            finished: false,
            failed: false,
            done: false,
            index: Index::default(),
            call,
        }
    }

    /// Gives the failure that an event tells of.
    fn note(&mut self, data: &str) -> Option<Failure> {
        if data.trim() == "[DONE]" {
            self.finished = true;
            self.done = true;
        } else if !self.finished && ends_something(data) && self.index.read(data).is_ok() {
            if self.index.error {
                let failure = Failure::of_error_body(data.as_bytes());
                return Some(failure.unwrap_or(Failure::ErrorEvent));
            }
            for choice in &self.index.choices {
                if choice.finish_reason.is_some() && !self.closed.contains(&choice.index) {
                    self.closed.push(choice.index);
                }
            }
            self.finished = self.closed.len() >= self.choices;
        }
        None
    }

    /// Whether another target may go on with what there is.
    fn may_go_on(&self, failure: Failure) -> bool {
        let can = |sequel: &Sequel| sequel.resume.is_some() && sequel.story.text().is_some();
        !failure.is_of_request() && self.sequel.as_deref().is_some_and(can)
    }

    fn push(&mut self, frame: &Bytes) -> Result<(), Failure> {
        let mut at = 0;
        // Neighbours in the frame leave as one piece.
        let mut whole: Range<usize> = 0..0;
        let mut result = Ok(());
        while let Some(event) = self.decoder.next(frame, &mut at) {
            let Ok(event) = event else {
                result = Err(Failure::Protocol);
                break;
            };
            if let Some(failure) = event.data().and_then(|data| self.note(data)) {
                if self.may_go_on(failure) {
                    if let Some(sequel) = &mut self.sequel {
                        sequel.said = Some(event.frame.slice(event.range));
                    }
                    result = Err(failure);
                    break;
                }
                self.finished = true;
                self.failed = true;
            }
            if let Some(sequel) = &mut self.sequel {
                if let Some(join) = &mut sequel.join {
                    let (ready, story) = (&mut self.ready, &mut sequel.story);
                    join.event(&event, |bytes| {
                        let event = Decoder::default().next(&bytes, &mut 0);
                        if let Some(data) = event.as_ref().and_then(|e| e.as_ref().ok()?.data()) {
                            story.note(data);
                        }
                        ready.push_back(bytes);
                    });
                    continue;
                }
                if let Some(data) = event.data() {
                    sequel.story.note(data);
                }
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
        result
    }

    /// Asks another target to go on, if that can be; or says that it failed.
    fn break_off(&mut self, failure: Failure) {
        self.inner = None;
        if self.may_go_on(failure)
            && let Some(sequel) = &mut self.sequel
            && let Some(text) = sequel.story.text()
            && let Some(resume) = sequel.resume.take()
        {
            let resuming = resume.resume(text.to_owned());
            sequel.resuming = Some((resuming, failure));
            if let Some(call) = &self.call {
                call.attempt_failed(failure.kind());
            }
            return;
        }
        if let Some(call) = &self.call {
            call.attempt_failed(failure.kind());
        }
        self.fail(failure);
    }

    /// Waits for another target to go on.
    fn poll_sequel(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sequel) = &mut self.sequel else {
            return Poll::Ready(());
        };
        let Some((resuming, failure)) = &mut sequel.resuming else {
            return Poll::Ready(());
        };
        let resumed = ready!(resuming.as_mut().poll(cx));
        let failure = *failure;
        sequel.resuming = None;
        match resumed {
            None => self.fail(failure),
            Some(resumed) => {
                sequel.said = None;
                sequel.join = Some(Join::new(&sequel.story));
                sequel.resume = resumed.resume;
                self.inner = Some(resumed.body);
                self.decoder = Decoder::default();
                if let Some(call) = &self.call {
                    call.recover();
                    call.warn("the answer broke off, and another target went on with it");
                }
            }
        }
        Poll::Ready(())
    }

    fn fail(&mut self, failure: Failure) {
        self.inner = None;
        if let Some(call) = &self.call {
            call.fail(match failure {
                Failure::Timeout | Failure::Stall => Outcome::Timeout,
                _ => Outcome::UpstreamError,
            });
        }
        let said = self.sequel.as_mut().and_then(|sequel| sequel.said.take());
        if let Some(said) = said {
            return self.ready.push_back(said);
        }
        let (status, code) = status(failure);
        let message = format!("the answer of the upstream broke off: {failure}");
        let error = ApiError::new(status, code, message).to_json();
        self.ready
            .push_back(Bytes::from(format!("data: {error}\n\n")));
    }

    fn end(&mut self) {
        self.inner = None;
        if let Some(event) = self.decoder.finish() {
            let failure = event.data().and_then(|data| self.note(data));
            if failure.is_some() {
                (self.finished, self.failed) = (true, true);
            }
            if self.finished {
                self.ready.push_back(event.frame.slice(event.range));
            }
        }
        if !self.finished {
            self.break_off(Failure::Reset);
        }
    }
}

/// Whether an event may say that a choice, or all, is over: most do not, and
/// need not be read. Members of the protocol are told from text by their
/// quotes, which text has escaped.
fn ends_something(data: &str) -> bool {
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
            ready!(this.poll_sequel(cx));
            if !this.ready.is_empty() {
                continue;
            }
            let Some(inner) = &mut this.inner else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        if let Err(failure) = this.push(&data) {
                            this.break_off(failure);
                        }
                    }
                    Err(frame) => {
                        this.end();
                        this.trailers = frame.into_trailers().ok();
                    }
                },
                // All has been said: how it ends is of no matter.
                Some(Err(_)) if this.finished => {
                    this.end();
                    if let (Some(call), false) = (&this.call, this.failed) {
                        call.recover();
                    }
                    if !this.failed && !std::mem::replace(&mut this.done, true) {
                        this.ready
                            .push_back(Bytes::from_static(b"data: [DONE]\n\n"));
                    }
                }
                Some(Err(error)) => this.break_off(Failure::of_source(&*error)),
                None => this.end(),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let resuming = |sequel: &Sequel| sequel.resuming.is_some();
        self.inner.is_none()
            && self.ready.is_empty()
            && self.trailers.is_none()
            && !self.sequel.as_deref().is_some_and(resuming)
    }
}
