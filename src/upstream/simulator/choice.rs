//! One choice of a reply.

use std::fmt;
use std::sync::Arc;

use super::text::Text;

/// Characters in a streamed fragment of tool arguments, unless the reply says otherwise.
const ARGUMENT_PIECE: usize = 8;

/// One choice of a [`Reply`](super::Reply): a text, or text, reasoning and tool calls.
///
/// ```
/// use portcullis::upstream::simulator::{Choice, Reply};
///
/// let reply = Reply::new().choices([
///     Choice::text("A first answer."),
///     Choice::pieces(["A sec", "ond."]).reasoning("Let me see."),
/// ]);
/// let same_kind = Reply::new().choices(["A first answer.", "A second."]);
/// # let _ = (reply, same_kind);
/// ```
#[derive(Clone)]
pub struct Choice {
    said: Said,
    reasoning: Option<Arc<str>>,
    tool_calls: Vec<ToolCall>,
    finish_reason: Option<Arc<str>>,
}

#[derive(Clone)]
enum Said {
    Echo,
    Text(Arc<str>),
    Pieces(Arc<[Arc<str>]>),
}

#[derive(Clone)]
struct ToolCall {
    name: Arc<str>,
    arguments: Arc<str>,
}

impl Choice {
    pub(super) fn echo() -> Self {
        Self {
            said: Said::Echo,
            reasoning: None,
            tool_calls: Vec::new(),
            finish_reason: None,
        }
    }

    /// A choice of this text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            said: Said::Text(Arc::from(text.into())),
            ..Self::echo()
        }
    }

    /// A choice streamed in exactly these pieces.
    #[must_use]
    pub fn pieces<P: Into<String>>(pieces: impl IntoIterator<Item = P>) -> Self {
        let pieces = pieces.into_iter().map(|piece| Arc::from(piece.into()));
        Self {
            said: Said::Pieces(pieces.collect()),
            ..Self::echo()
        }
    }

    /// Thinks this aloud before the text.
    #[must_use]
    pub fn reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning = Some(Arc::from(reasoning.into()));
        self
    }

    /// Calls a tool after the text; `arguments` is the JSON text of the arguments.
    #[must_use]
    pub fn tool_call(mut self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        self.tool_calls.push(ToolCall {
            name: Arc::from(name.into()),
            arguments: Arc::from(arguments.into()),
        });
        self
    }

    /// Ends with this `finish_reason`.
    #[must_use]
    pub fn finish_reason(mut self, reason: impl Into<String>) -> Self {
        self.finish_reason = Some(Arc::from(reason.into()));
        self
    }

    pub(super) fn resolve(
        &self,
        shared: &Self,
        piece_len: Option<usize>,
        echo: impl Fn() -> String,
    ) -> Spoken {
        let cut = |text: Arc<str>| match piece_len {
            Some(chars) => Text::Chars(text, chars),
            None => Text::Words(text),
        };
        let calls = if self.tool_calls.is_empty() {
            &shared.tool_calls
        } else {
            &self.tool_calls
        };
        let tool_calls = calls.iter().map(|call| SpokenCall {
            name: call.name.clone(),
            arguments: Text::Chars(call.arguments.clone(), piece_len.unwrap_or(ARGUMENT_PIECE)),
        });
        let content = match &self.said {
            Said::Echo if !calls.is_empty() => None,
            Said::Echo => Some(cut(Arc::from(echo()))),
            Said::Text(text) => Some(cut(text.clone())),
            Said::Pieces(pieces) => Some(Text::Exact(pieces.clone())),
        };
        let default_reason = if calls.is_empty() {
            "stop"
        } else {
            "tool_calls"
        };
        Spoken {
            content,
            reasoning: self
                .reasoning
                .clone()
                .or_else(|| shared.reasoning.clone())
                .map(cut),
            finish_reason: self
                .finish_reason
                .clone()
                .or_else(|| shared.finish_reason.clone())
                .unwrap_or_else(|| Arc::from(default_reason)),
            tool_calls: tool_calls.collect(),
        }
    }
}

impl From<&str> for Choice {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Choice {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice")
            .field("tool_calls", &self.tool_calls.len())
            .finish_non_exhaustive()
    }
}

/// A choice with nothing left open.
#[derive(Clone)]
pub(super) struct Spoken {
    pub(super) content: Option<Text>,
    pub(super) reasoning: Option<Text>,
    pub(super) tool_calls: Arc<[SpokenCall]>,
    pub(super) finish_reason: Arc<str>,
}

/// A tool call with nothing left open.
pub(super) struct SpokenCall {
    pub(super) name: Arc<str>,
    pub(super) arguments: Text,
}

impl Spoken {
    /// Tokens of everything the choice says.
    pub(super) fn tokens(&self) -> u64 {
        let texts = [&self.content, &self.reasoning].into_iter().flatten();
        let calls = self.tool_calls.iter().map(|call| &call.arguments);
        texts
            .chain(calls)
            .map(|text| super::text::tokens(&text.whole()))
            .sum()
    }
}
