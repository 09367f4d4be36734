//! The shapes of the OpenAI wire format: what each key means, and where.

use super::segment::SegmentKind;

/// Where the walker stands, and so what the keys below it mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Root,
    Messages,
    Message,
    Content(SegmentKind),
    Media,
    ToolCalls,
    ToolCall,
    Call,
    Tools,
    Function,
    Choices,
    Choice,
    Texts(SegmentKind),
    /// Texts to be embedded, or the turns of a talk.
    Input,
    /// One of those turns.
    Item,
    Data,
    Usage,
    Echo,
    /// A piece of text in a stream of another API.
    Delta,
    /// A string here is a word of the protocol.
    Control,
    Other,
}

/// What is noted about a member once its value has been read.
#[derive(Clone, Copy)]
pub(super) enum Note {
    Nothing,
    Role,
    /// It is what a tool has given.
    Output,
    Index,
    Finish,
    Echo,
    Tokens(Tokens),
    Delta,
    Error,
}

#[derive(Clone, Copy)]
pub(super) enum Tokens {
    Prompt,
    Completion,
    Total,
}

pub(super) struct Below {
    pub(super) at: At,
    pub(super) note: Note,
}

impl Below {
    /// A bit for each key that tells which text goes where.
    pub(super) fn tells(&self) -> u32 {
        match (self.at, self.note) {
            (_, Note::Index) => 1,
            (_, Note::Finish) => 1 << 1,
            (_, Note::Delta) => 1 << 2,
            (At::ToolCalls, _) => 1 << 3,
            (At::Choices, _) => 1 << 4,
            (At::Content(kind), _) => 1 << (8 + kind as u32),
            _ => 0,
        }
    }
}

impl From<At> for Below {
    fn from(at: At) -> Self {
        Self {
            at,
            note: Note::Nothing,
        }
    }
}

pub(super) fn noted(at: At, note: Note) -> Below {
    Below { at, note }
}

pub(super) fn item_of(at: At) -> At {
    match at {
        At::Messages => At::Message,
        At::Choices => At::Choice,
        At::ToolCalls => At::ToolCall,
        At::Root | At::Control => At::Other,
        same => same,
    }
}

/// What the value of `key` is, for an object at `at`.
pub(super) fn child_of(at: At, key: &str) -> Below {
    use SegmentKind as Kind;
    match at {
        At::Root => match key {
            "messages" => At::Messages.into(),
            "choices" => At::Choices.into(),
            "prompt" | "negative_prompt" => At::Texts(Kind::Prompt).into(),
            "suffix" => At::Texts(Kind::Prompt).into(),
            "input" => At::Input.into(),
            "query" => At::Texts(Kind::Query).into(),
            "documents" => At::Texts(Kind::Document).into(),
            "tools" | "functions" => At::Tools.into(),
            "data" => At::Data.into(),
            "usage" => At::Usage.into(),
            "error" => noted(At::Other, Note::Error),
            "delta" => At::Delta.into(),
            "index" | "output_index" => noted(At::Other, Note::Index),
            "model" | "id" | "object" | "encoding_format" | "voice" => At::Control.into(),
            // Numbers of the protocol, however long.
            "seed" | "created" => At::Control.into(),
            _ => At::Other.into(),
        },
        At::Message => match key {
            "role" => noted(At::Control, Note::Role),
            "content" => At::Content(Kind::Content).into(),
            "reasoning" => At::Content(Kind::Reasoning).into(),
            "reasoning_content" => At::Content(Kind::ReasoningContent).into(),
            "refusal" => At::Content(Kind::Refusal).into(),
            "tool_calls" => At::ToolCalls.into(),
            "function_call" => At::Call.into(),
            "tool_call_id" => At::Control.into(),
            "audio" => At::Media.into(),
            "token_id" | "token_ids" | "logprobs" => noted(At::Echo, Note::Echo),
            _ => At::Other.into(),
        },
        At::Content(kind) => match key {
            "text" | "refusal" | "content" => At::Content(kind).into(),
            "type" | "id" | "tool_use_id" => At::Control.into(),
            "image_url" | "video_url" | "audio_url" | "input_audio" | "file" => At::Media.into(),
            _ if kind == Kind::Input => At::Texts(kind).into(),
            _ => At::Other.into(),
        },
        At::Item => match key {
            "role" => noted(At::Control, Note::Role),
            "type" | "id" | "status" | "call_id" | "name" => At::Control.into(),
            "content" | "text" => At::Content(Kind::Input).into(),
            "output" => noted(At::Content(Kind::Input), Note::Output),
            "arguments" => At::Content(Kind::ToolArguments).into(),
            "summary" => At::Content(Kind::Reasoning).into(),
            _ => At::Texts(Kind::Input).into(),
        },
        At::Media => match key {
            "url" | "data" | "file_data" | "format" | "detail" | "id" => At::Media.into(),
            "transcript" => At::Delta.into(),
            _ => At::Other.into(),
        },
        At::ToolCall => match key {
            "id" | "type" => At::Control.into(),
            "index" => noted(At::Other, Note::Index),
            "function" | "custom" => At::Call.into(),
            _ => At::Other.into(),
        },
        At::Call => match key {
            "name" => At::Control.into(),
            "arguments" | "input" => At::Content(Kind::ToolArguments).into(),
            _ => At::Other.into(),
        },
        At::Tools => match key {
            "type" => At::Control.into(),
            "function" => At::Function.into(),
            _ => At::Texts(Kind::ToolDefinition).into(),
        },
        At::Function => match key {
            "name" => At::Control.into(),
            _ => At::Texts(Kind::ToolDefinition).into(),
        },
        At::Choice => match key {
            "index" => noted(At::Other, Note::Index),
            "message" => At::Message.into(),
            "delta" => noted(At::Message, Note::Delta),
            "text" => At::Content(Kind::Completion).into(),
            "finish_reason" => noted(At::Control, Note::Finish),
            "logprobs" | "token_ids" | "token_id" => noted(At::Echo, Note::Echo),
            "object" | "type" | "id" => At::Control.into(),
            "b64_json" | "embedding" => At::Media.into(),
            _ => At::Other.into(),
        },
        At::Texts(kind) => At::Texts(kind).into(),
        At::Delta => match key {
            "type" | "id" => At::Control.into(),
            _ => At::Delta.into(),
        },
        At::Usage => match key {
            "prompt_tokens" | "input_tokens" => noted(At::Other, Note::Tokens(Tokens::Prompt)),
            "completion_tokens" | "output_tokens" => {
                noted(At::Other, Note::Tokens(Tokens::Completion))
            }
            "total_tokens" => noted(At::Other, Note::Tokens(Tokens::Total)),
            _ => At::Other.into(),
        },
        At::Echo => At::Echo.into(),
        At::Messages
        | At::ToolCalls
        | At::Choices
        | At::Input
        | At::Data
        | At::Control
        | At::Other => At::Other.into(),
    }
}

/// A byte that a name of the protocol may have.
const IN_WORD: u8 = 1;
const LETTER: u8 = 1 << 1;

static OF_WORD: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => IN_WORD | LETTER,
            b'0'..=b'9' | b'_' | b'-' | b'.' | b'/' | b':' => IN_WORD,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Whether a string can be a name of the protocol; one that says more is text,
/// and so is a number.
pub(crate) fn is_word(raw: &str) -> bool {
    if raw.len() > 256 {
        return false;
    }
    let (mut all, mut any) = (IN_WORD, 0);
    for byte in raw.bytes() {
        let is = OF_WORD[usize::from(byte)];
        all &= is;
        any |= is;
    }
    all != 0 && any & LETTER != 0
}

/// Whether a string holds an encoded picture, sound or file.
pub(super) fn is_encoded(raw: &str) -> bool {
    let data = match raw.strip_prefix("data:") {
        Some(url) => match url.split_once(";base64,") {
            Some((_, data)) => data,
            None => return false,
        },
        None => raw,
    };
    data.bytes().any(|byte| byte.is_ascii_alphabetic())
        && data
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte))
}
