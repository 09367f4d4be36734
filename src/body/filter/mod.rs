//! Response filters, and the stream that runs them.
//!
//! A filter sees each text of a reply through a [`Window`]: what came before,
//! what is still undecided, and whether more will come. It says up to where
//! the text is decided; the rest is held back. A plain reply is the same thing
//! with one window a text.

mod chain;
mod event;
mod lane;
mod stream;

use std::future::Future;
use std::pin::Pin;

use http::HeaderMap;

use super::{ApiError, BoxError, Document, SegmentKind};
use crate::text::Edits;

pub(crate) use self::chain::filter_document;
pub(super) use self::stream::EventStream;

/// Looks at the texts of a reply, and may edit or refuse them.
///
/// One filter serves all texts of one reply, plain or streamed; it tells them
/// apart by [`Window::lane`]. For the same text it must come to the same edits
/// however the text is cut into windows.
///
/// ```
/// use portcullis::body::{Flow, ResponseFilter, Window};
/// use portcullis::text::Edits;
///
/// /// Replaces every `@`; a single character is never half seen.
/// struct NoAt;
///
/// impl ResponseFilter for NoAt {
///     fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
///         for (at, _) in window.undecided().match_indices('@') {
///             let at = window.start() + at;
///             edits.replace(at..at + 1, "(at)");
///         }
///         Flow::Release(window.text().len())
///     }
/// }
/// ```
pub trait ResponseFilter: Send {
    /// Judges `window`, and says how far it is decided.
    ///
    /// Edits lie between [`Window::start`] and what is released.
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow;

    /// How many bytes before [`Window::start`] the filter has to see.
    fn lookbehind(&self) -> usize {
        0
    }

    /// The reply says why the model stopped: `stop`, `length`, `tool_calls` …
    /// Some upstreams say it in every event; the last one counts.
    fn finish_reason(&mut self, _choice: u32, _reason: &str) {}

    /// A choice has ended, and all of its texts have been shown.
    ///
    /// Not called where a stream breaks off, nor for a reply without choices.
    fn choice_ended(&mut self, _choice: u32) -> Ending {
        Ending::Accept
    }

    /// Whether [`choice_ended`](Self::choice_ended) may refuse. The event that
    /// ends a choice then waits for it, so that a client reads one end only.
    fn judges_end(&self) -> bool {
        false
    }

    /// A plain reply is there as a whole, and none of its texts has been shown:
    /// what the filter has to find out elsewhere before they are. Not asked for
    /// streams.
    ///
    /// An error has the reply refused, unless
    /// [`on_failure`](crate::policy::PolicyLayer::on_failure) says otherwise.
    fn before_reply(&mut self, _reply: &Document) -> Option<Consultation> {
        None
    }

    /// A stream has ended by itself, and all of its texts have been shown: what
    /// there is to find out for the record. Its end waits for it.
    fn after_stream(&mut self) -> Option<Consultation> {
        None
    }

    /// Adds to the head of a plain reply when all of it has been shown. The
    /// head of a stream has left by then.
    fn head(&mut self, _headers: &mut HeaderMap) {}
}

/// What a filter waits for. It leaves what it finds out where the filter finds
/// it, and is dropped when nobody waits for the reply any more.
pub type Consultation = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// What becomes of a choice that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ending {
    /// It stands.
    Accept,
    /// The reply is refused; a stream ends with `content_filter`.
    Refuse(ApiError),
    /// The reply is withheld, and the service within asked once more; the
    /// filter sees the next answer from its beginning. Where that cannot be
    /// (in a stream, or after it has been done once), the reply stands.
    AskAgain,
}

/// How much a filter has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rigour {
    /// What it could not read does not pass.
    Strict,
    /// What it could not read passes.
    Lenient,
    /// It looks on, and changes nothing.
    Observe,
}

/// What becomes of the text in a window.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Flow {
    /// The text before this offset, in bytes, is decided and may leave.
    Release(usize),
    /// The reply ends here, with this refusal.
    Stop(ApiError),
}

/// A stretch of a text that grows.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    text: &'a str,
    start: usize,
    last: bool,
    lane: Lane,
}

/// Which text of a reply a window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lane {
    /// Which part of the reply it is.
    pub kind: SegmentKind,
    /// Which of the reply's choices it belongs to.
    pub choice: Option<u32>,
    /// Which tool call it belongs to.
    pub tool_call: Option<u32>,
}

impl Lane {
    pub(crate) fn of(segment: &super::Segment<'_>) -> Self {
        Self {
            kind: segment.kind(),
            choice: segment.choice(),
            tool_call: segment.tool_call(),
        }
    }
}

impl<'a> Window<'a> {
    pub(crate) fn new(text: &'a str, start: usize, last: bool, lane: Lane) -> Self {
        Self {
            text,
            start,
            last,
            lane,
        }
    }

    /// The text: some that was decided before, then what is not.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Where the undecided text starts, in bytes.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// The part of the text that is not decided.
    #[must_use]
    pub fn undecided(&self) -> &'a str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// Whether the text ends here; the next window of this lane, if there is
    /// one, starts a new text.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.last
    }

    /// Which text of the reply it is.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.lane
    }
}

/// Says how much, never what.
impl std::fmt::Debug for Window<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window")
            .field("bytes", &self.text.len())
            .field("start", &self.start)
            .field("last", &self.last)
            .field("lane", &self.lane)
            .finish()
    }
}

/// Is told what a stream says beside its texts.
pub(crate) trait Watch: Send {
    /// The first text has come.
    fn first_text(&mut self) {}
    /// The upstream has counted tokens.
    fn usage(&mut self, _usage: super::Usage) {}
    /// A choice has come to its end.
    fn finish_reason(&mut self, _reason: &str) {}
    /// The stream has come to its `[DONE]`.
    fn done(&mut self) {}
    /// The upstream has sent an error in place of an event.
    fn error_event(&mut self) {}
    /// A filter has ended the stream.
    fn stopped(&mut self, _error: &ApiError) {}
}
