//! What the simulator says to one request, and how it fails while saying it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use super::choice::{Choice, Spoken};

/// How the lines of an event stream end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Newline {
    /// A line feed, as Together sends.
    #[default]
    Lf,
    /// A carriage return and a line feed.
    Crlf,
    /// A lone carriage return, which the event stream format allows too.
    Cr,
}

impl Newline {
    pub(super) fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::Crlf => b"\r\n",
            Self::Cr => b"\r",
        }
    }
}

/// An answer that is the same for every route.
#[derive(Clone)]
pub(super) enum Fixed {
    Error {
        status: StatusCode,
        message: Arc<str>,
    },
    Raw {
        status: StatusCode,
        content_type: HeaderValue,
        body: Bytes,
    },
}

/// When the pieces of a body leave, and where the body breaks.
#[derive(Clone, Copy, Default)]
pub(super) struct Pacing {
    pub(super) between: Duration,
    pub(super) drip: Duration,
    /// Bytes in a frame; 0 leaves events whole.
    pub(super) frame_bytes: usize,
    /// Events joined in a frame; 0 and 1 both mean one.
    pub(super) coalesce: usize,
    pub(super) stall_after: Option<usize>,
    pub(super) cut_after: Option<usize>,
}

/// What only an event stream has.
#[derive(Clone, Copy, Default)]
pub(super) struct Framing {
    pub(super) newline: Newline,
    pub(super) malformed_after: Option<usize>,
    pub(super) no_done: bool,
}

/// What the simulator says to one request, and how it fails while saying it.
///
/// A reply that says nothing special ([`Reply::new`]) quotes the last user message. Replies are
/// made for chat and completions; on the other routes the text is not used, while delays, headers,
/// faults, [`status`](Reply::status) and [`raw`](Reply::raw) are.
///
/// An *event* is one `data:` event of a stream, `[DONE]` included. In a body that is no event
/// stream, each frame counts as an event: the whole body, unless [`frame_bytes`](Reply::frame_bytes)
/// or [`drip`](Reply::drip) cut it.
///
/// ```
/// use portcullis::upstream::simulator::Reply;
/// use std::time::Duration;
///
/// let slow = Reply::text("My address is ann@example.com.")
///     .piece_len(3)
///     .between(Duration::from_millis(20));
/// let broken = Reply::new().pieces(["one", " two", " three"]).cut_after(2);
/// let busy = Reply::error(http::StatusCode::TOO_MANY_REQUESTS, "Slow down.")
///     .header("retry-after", "2");
/// # let _ = (slow, broken, busy);
/// ```
#[derive(Clone)]
pub struct Reply {
    choices: Vec<Choice>,
    /// What every choice has that says nothing else.
    shared: Choice,
    piece_len: Option<usize>,
    logprobs: bool,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) delay: Duration,
    pub(super) reset: bool,
    pub(super) pacing: Pacing,
    pub(super) framing: Framing,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) fixed: Option<Fixed>,
}

impl Reply {
    /// A reply that quotes the last user message.
    #[must_use]
    pub fn new() -> Self {
        Self {
            choices: Vec::new(),
            shared: Choice::echo(),
            piece_len: None,
            logprobs: false,
            usage: None,
            delay: Duration::ZERO,
            reset: false,
            pacing: Pacing::default(),
            framing: Framing::default(),
            headers: Vec::new(),
            fixed: None,
        }
    }

    /// A reply of this text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().choices([Choice::text(text)])
    }

    /// A failure with this status and an error body as Together writes it; see
    /// [`status`](Reply::status).
    #[must_use]
    pub fn error(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new().status(status, message)
    }

    /// Answers with these choices. A request that asks for more (`n`) gets them again from the
    /// first; one that asks for fewer gets them all. An empty list changes nothing.
    #[must_use]
    pub fn choices<C: Into<Choice>>(mut self, choices: impl IntoIterator<Item = C>) -> Self {
        let choices: Vec<Choice> = choices.into_iter().map(Into::into).collect();
        if !choices.is_empty() {
            self.choices = choices;
        }
        self
    }

    /// Answers with one choice, streamed in exactly these pieces.
    #[must_use]
    pub fn pieces<P: Into<String>>(self, pieces: impl IntoIterator<Item = P>) -> Self {
        self.choices([Choice::pieces(pieces)])
    }

    /// Thinks this aloud before the text (`reasoning`), in every choice that has no reasoning of
    /// its own.
    #[must_use]
    pub fn reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.shared = self.shared.reasoning(reasoning);
        self
    }

    /// Calls a tool, in every choice that calls none of its own; `arguments` is the JSON text of
    /// the arguments. Several calls are made in the order given. A reply without a text of its own
    /// then has no content.
    #[must_use]
    pub fn tool_call(mut self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        self.shared = self.shared.tool_call(name, arguments);
        self
    }

    /// Ends every choice that says nothing else with this `finish_reason`. By default it is
    /// `tool_calls` after a tool call and `stop` otherwise.
    #[must_use]
    pub fn finish_reason(mut self, reason: impl Into<String>) -> Self {
        self.shared = self.shared.finish_reason(reason);
        self
    }

    /// Streams text, reasoning and tool arguments in pieces of this many characters (at least one)
    /// instead of word by word. Exact [`pieces`](Reply::pieces) stay as they are.
    #[must_use]
    pub fn piece_len(mut self, chars: usize) -> Self {
        self.piece_len = Some(chars.max(1));
        self
    }

    /// Sends log probabilities even to a request that does not ask for them (`logprobs`).
    #[must_use]
    pub fn logprobs(mut self) -> Self {
        self.logprobs = true;
        self
    }

    /// Reports these token counts instead of counting words.
    #[must_use]
    pub fn usage(mut self, prompt_tokens: u64, completion_tokens: u64) -> Self {
        self.usage = Some((prompt_tokens, completion_tokens));
        self
    }

    /// Waits this long before the head of the response.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Breaks the connection in place of an answer, after the [`delay`](Reply::delay).
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.reset = true;
        self
    }

    /// Waits this long before every event but the first.
    #[must_use]
    pub fn between(mut self, pause: Duration) -> Self {
        self.pacing.between = pause;
        self
    }

    /// Says nothing more after this many events, without ending.
    #[must_use]
    pub fn stall_after(mut self, events: usize) -> Self {
        self.pacing.stall_after = Some(events);
        self
    }

    /// Breaks off after this many events: the body fails, and on a socket the connection is reset,
    /// with every other stream it carries. A client gets all that was said before, so behind much
    /// of it (32 KiB) the connection first ends, and is reset only if the client stays. Where it
    /// meets a [`stall_after`](Reply::stall_after) of
    /// the same number, the cut comes.
    #[must_use]
    pub fn cut_after(mut self, events: usize) -> Self {
        self.pacing.cut_after = Some(events);
        self
    }

    /// Puts one more event, whose JSON breaks off, after this many events of a stream.
    #[must_use]
    pub fn malformed_after(mut self, events: usize) -> Self {
        self.framing.malformed_after = Some(events);
        self
    }

    /// Cuts the body into frames of at most this many bytes (at least one) and waits this long
    /// before each but the first.
    #[must_use]
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.pacing.drip = pause;
        self.frame_bytes(bytes)
    }

    /// Cuts every event into frames of at most this many bytes (at least one).
    #[must_use]
    pub fn frame_bytes(mut self, bytes: usize) -> Self {
        self.pacing.frame_bytes = bytes.max(1);
        self
    }

    /// Joins up to this many events of a stream in one frame. A frame is never held back for that:
    /// with a pause [`between`](Reply::between) events, each leaves alone.
    #[must_use]
    pub fn coalesce(mut self, events: usize) -> Self {
        self.pacing.coalesce = events;
        self
    }

    /// Ends the lines of the event stream so.
    #[must_use]
    pub fn newline(mut self, newline: Newline) -> Self {
        self.framing.newline = newline;
        self
    }

    /// Leaves out the closing `[DONE]`.
    #[must_use]
    pub fn no_done(mut self) -> Self {
        self.framing.no_done = true;
        self
    }

    /// Answers with this status and an error body as Together writes it.
    #[must_use]
    pub fn status(mut self, status: StatusCode, message: impl Into<String>) -> Self {
        self.fixed = Some(Fixed::Error {
            status,
            message: Arc::from(message.into()),
        });
        self
    }

    /// Answers with these bytes. A content type that HTTP does not allow becomes
    /// `application/octet-stream`.
    #[must_use]
    pub fn raw(mut self, status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.fixed = Some(Fixed::Raw {
            status,
            content_type: HeaderValue::from_str(content_type)
                .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream")),
            body: body.into(),
        });
        self
    }

    /// Adds a header, in place of the simulator's own of that name. A name or a value that HTTP
    /// does not allow is left out.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        if let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) {
            self.headers.push((name, value));
        }
        self
    }

    pub(super) fn wants_logprobs(&self) -> bool {
        self.logprobs
    }

    /// Works out the choices for a request that asked for `n`.
    pub(super) fn spoken(&self, n: usize, echo: impl Fn() -> String) -> Vec<Spoken> {
        let own = if self.choices.is_empty() {
            std::slice::from_ref(&self.shared)
        } else {
            self.choices.as_slice()
        };
        let resolved: Vec<Spoken> = own
            .iter()
            .map(|choice| choice.resolve(&self.shared, self.piece_len, &echo))
            .collect();
        let count = n.max(resolved.len());
        resolved.iter().cycle().take(count).cloned().collect()
    }
}

impl Default for Reply {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is said may be private data in a test of redaction, so only its outline shows.
        f.debug_struct("Reply")
            .field("choices", &self.choices.len().max(1))
            .field("fixed", &self.fixed.is_some())
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}
