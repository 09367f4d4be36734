use std::fmt;

/// Which part of a message a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SegmentKind {
    /// What a message says: `content`, as a string or as parts.
    Content,
    /// A model's thinking, in the field `reasoning`.
    Reasoning,
    /// A model's thinking, in the field `reasoning_content`.
    ReasoningContent,
    /// A model's refusal.
    Refusal,
    /// The arguments of a tool call: JSON within a string.
    ToolArguments,
    /// The description and the schema of a tool on offer.
    ToolDefinition,
    /// The prompt of a completion or of an image.
    Prompt,
    /// What is to be embedded or spoken, or the turns of a talk.
    Input,
    /// The query of a reranking.
    Query,
    /// A document of a reranking.
    Document,
    /// The answer to a completion: `choices[].text`.
    Completion,
    /// `choices[].text` beside a `delta`: Together says the text of a stream
    /// in both.
    Repeat,
    /// A piece of text under `delta`, in a stream of another API than chat
    /// completions; or a transcript of sound.
    Delta,
    /// The whole of a message that is not JSON.
    PlainText,
    /// Any other string.
    Other,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The application, under its older name.
    System,
    /// The application.
    Developer,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
    /// A role that the OpenAI wire format does not name, or more than one.
    Unknown,
}

impl Role {
    /// Its name in the wire format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "system" => Self::System,
            "developer" => Self::Developer,
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "tool" | "function" => Self::Tool,
            _ => Self::Unknown,
        }
    }
}

/// One text of a message, with its place.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    pub(super) text: &'a str,
    pub(super) number: usize,
    pub(super) kind: SegmentKind,
    pub(super) role: Option<Role>,
    pub(super) choice: Option<u32>,
    pub(super) tool: Option<u32>,
}

impl<'a> Segment<'a> {
    /// The text, unescaped, with the edits made so far.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Its number within the document, to edit it by.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Which part of the message it is.
    #[must_use]
    pub fn kind(&self) -> SegmentKind {
        self.kind
    }

    /// Who speaks; `None` outside of messages.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// Which of a reply's choices it belongs to.
    #[must_use]
    pub fn choice(&self) -> Option<u32> {
        self.choice
    }

    /// Which of a message's tool calls it belongs to.
    #[must_use]
    pub fn tool_call(&self) -> Option<u32> {
        self.tool
    }
}

/// Says where, never what: a text may hold secrets.
impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("number", &self.number)
            .field("kind", &self.kind)
            .field("role", &self.role)
            .field("choice", &self.choice)
            .field("tool_call", &self.tool)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}
