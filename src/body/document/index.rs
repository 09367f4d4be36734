//! One pass over a JSON message that notes where its texts are.
//!
//! The walker knows the shapes of the OpenAI wire format by their keys, not by
//! the path of the request, so that it reads requests, replies and stream
//! events alike. A string that it has no name for is a text like any other:
//! what is unknown is inspected, not skipped.

use std::ops::Range;

use super::escape::unescape_into;
use super::lexer::{JsonError, Lexer, MAX_DEPTH, StringToken};
use super::segment::{Role, SegmentKind};
use crate::body::Usage;

/// A string of the message.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// The inside of the literal.
    pub(crate) raw: Range<u32>,
    /// Where the unescaped text lies in [`Index::arena`], if it has escapes.
    unescaped: Option<Range<u32>>,
    pub(crate) kind: SegmentKind,
    pub(crate) role: Option<Role>,
    pub(crate) choice: Option<u32>,
    pub(crate) tool: Option<u32>,
    /// A name or token of the protocol, not text; only if the shape is known.
    control: bool,
    /// Stands in an [`Echo`]: read only if the text it repeats is not there.
    echo: bool,
}

impl Slot {
    pub(crate) fn range(&self) -> Range<usize> {
        to_usize(&self.raw)
    }
}

/// A member of the outermost object.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) key: Range<u32>,
    pub(crate) key_escaped: bool,
    pub(crate) value: Range<u32>,
}

/// A value that repeats the texts of its scope in another form (`logprobs`,
/// `token_ids`) and must go when one of them is edited.
#[derive(Clone, Debug)]
pub(crate) struct Echo {
    pub(crate) value: Range<u32>,
    pub(crate) slots: Range<u32>,
}

/// One of a reply's choices.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) index: u32,
    pub(crate) finish_reason: Option<Range<u32>>,
}

/// Where everything is. Reused from event to event, so that a clean stream
/// allocates nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) slots: Vec<Slot>,
    pub(crate) fields: Vec<Field>,
    pub(crate) echoes: Vec<Echo>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) usage: Option<Usage>,
    pub(crate) error: bool,
    pub(crate) object: bool,
    /// A stream's readers may not agree on which text goes where: a key that
    /// tells so is there twice, or is not what it should be.
    pub(crate) ambiguous: bool,
    arena: String,
}

/// Where the walker stands, and so what the keys below it mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
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
    Data,
    Usage,
    Echo,
    /// A piece of text in a stream of another API.
    Delta,
    /// A string here is a word of the protocol.
    Control,
    Other,
}

impl Index {
    /// Indexes `text`, forgetting what was indexed before.
    pub(crate) fn read(&mut self, text: &str) -> Result<(), JsonError> {
        self.clear();
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError::TooLarge);
        }
        let mut walker = Walker {
            lexer: Lexer::new(text),
            text,
            index: self,
            role: None,
            delta: false,
            tool: None,
            in_choice: false,
            output: None,
        };
        walker.value(At::Root, 0)?;
        walker.lexer.end()?;
        if let Some(output) = walker.output {
            for slot in &mut self.slots {
                if slot.kind == SegmentKind::Delta {
                    slot.choice.get_or_insert(output);
                }
            }
        }
        if self.shape_is_known(text) {
            // Echoes point at slots by number: controls stay in place and are
            // told apart by their flag.
            return Ok(());
        }
        for slot in &mut self.slots {
            slot.control = false;
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.fields.clear();
        self.echoes.clear();
        self.choices.clear();
        self.usage = None;
        self.error = false;
        self.object = false;
        self.ambiguous = false;
        self.arena.clear();
    }

    /// The one text of a message that is not JSON.
    pub(crate) fn plain(&mut self, text: &str) {
        self.clear();
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.slots.push(Slot {
            raw: 0..end,
            unescaped: None,
            kind: SegmentKind::PlainText,
            role: None,
            choice: None,
            tool: None,
            control: false,
            echo: false,
        });
    }

    /// The slots that hold text, with their numbers.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (usize, &Slot)> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| !slot.control)
    }

    /// What the slot says.
    pub(crate) fn text<'a>(&'a self, message: &'a str, slot: &Slot) -> &'a str {
        match &slot.unescaped {
            Some(range) => &self.arena[to_usize(range)],
            None => &message[slot.range()],
        }
    }

    /// The last value of a member of the outermost object, as JSON.
    pub(crate) fn field<'a>(&self, message: &'a str, name: &str) -> Option<&'a str> {
        let found = self.fields_named(message, name).last()?;
        Some(&message[to_usize(&found.value)])
    }

    pub(crate) fn fields_named<'a>(
        &'a self,
        message: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| {
            let key = &message[to_usize(&field.key)];
            if !field.key_escaped {
                return key == name;
            }
            let mut plain = String::new();
            unescape_into(key, &mut plain);
            plain == name
        })
    }

    fn shape_is_known(&self, text: &str) -> bool {
        let has = |name| self.fields_named(text, name).next().is_some();
        let request = has("model")
            && ["messages", "prompt", "input", "query", "documents"]
                .into_iter()
                .any(has);
        request || has("choices") || (has("data") && (has("model") || has("object")))
    }
}

struct Walker<'a> {
    lexer: Lexer<'a>,
    text: &'a str,
    index: &'a mut Index,
    /// The role of the message the walker is in.
    role: Option<Role>,
    /// The choice that the walker is in has a `delta`.
    delta: bool,
    /// The `index` of the tool call that the walker is in.
    tool: Option<u32>,
    /// The walker is in a choice, or in something like one.
    in_choice: bool,
    /// Which output an event of another API belongs to.
    output: Option<u32>,
}

impl Walker<'_> {
    fn value(&mut self, at: At, depth: usize) -> Result<(), JsonError> {
        match self.lexer.peek() {
            Some(b'{') => self.object(at, depth),
            Some(b'[') => self.array(at, depth),
            Some(b'"') => {
                let token = self.lexer.string()?;
                self.string(at, token);
                Ok(())
            }
            _ => self.lexer.scalar().map(drop),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        if depth == MAX_DEPTH {
            return Err(JsonError::TooDeep {
                at: self.lexer.position(),
            });
        }
        Ok(depth + 1)
    }

    fn array(&mut self, at: At, depth: usize) -> Result<(), JsonError> {
        let depth = self.deeper(depth)?;
        self.lexer.take(b'[');
        if self.lexer.take(b']') {
            return Ok(());
        }
        let item = item_of(at);
        let mut position = 0;
        loop {
            let from = self.index.slots.len();
            let choices = self.index.choices.len();
            self.value(item, depth)?;
            self.close_item(item, position, from, choices);
            position += 1;
            if !self.lexer.take(b',') {
                break;
            }
        }
        if self.lexer.take(b']') {
            Ok(())
        } else {
            self.lexer.error("`,` or `]`")
        }
    }

    /// An item's own `index` has been set where it gives one; its place in the
    /// array stands in for it otherwise.
    fn close_item(&mut self, item: At, position: u32, from: usize, choices: usize) {
        match item {
            At::Choice => {
                let index = match self.index.choices.get_mut(choices) {
                    Some(choice) => {
                        if choice.index == u32::MAX {
                            choice.index = position;
                        }
                        choice.index
                    }
                    None => position,
                };
                for slot in &mut self.index.slots[from..] {
                    slot.choice = Some(index);
                }
            }
            At::ToolCall => {
                for slot in &mut self.index.slots[from..] {
                    slot.tool.get_or_insert(position);
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, at: At, depth: usize) -> Result<(), JsonError> {
        let inner = self.deeper(depth)?;
        self.lexer.take(b'{');
        let counted = at == At::Choice;
        // A reply repeats a prompt, or gives its data, in objects like choices.
        let at = match at {
            At::Texts(SegmentKind::Prompt) | At::Data => At::Choice,
            other => other,
        };
        let from = self.index.slots.len();
        let echoes = self.index.echoes.len();
        let outer_role = self.role;
        let outer_choice = self.in_choice;
        let outer_tool = self.tool;
        match at {
            At::Message => self.role = None,
            At::ToolCall => self.tool = None,
            At::Choice => self.in_choice = true,
            _ => {}
        }
        let own = if counted {
            self.index.choices.push(Choice {
                index: u32::MAX,
                finish_reason: None,
            });
            Some(self.index.choices.len() - 1)
        } else {
            None
        };
        if depth == 0 {
            self.index.object = true;
        }
        if !self.lexer.take(b'}') {
            let mut seen = 0;
            loop {
                self.member(at, inner, own, &mut seen)?;
                if !self.lexer.take(b',') {
                    break;
                }
            }
            if !self.lexer.take(b'}') {
                return self.lexer.error("`,` or `}`");
            }
        }
        match at {
            At::Message => {
                let role = self.role;
                for slot in &mut self.index.slots[from..] {
                    slot.role = role;
                }
                self.role = outer_role;
            }
            At::ToolCall => {
                for slot in &mut self.index.slots[from..] {
                    slot.tool = self.tool;
                }
                self.tool = outer_tool;
            }
            At::Choice => {
                self.in_choice = outer_choice;
                self.close_choice(from, echoes);
            }
            _ => {}
        }
        Ok(())
    }

    fn close_choice(&mut self, from: usize, echoes: usize) {
        let slots = small(from)..small(self.index.slots.len());
        for echo in &mut self.index.echoes[echoes..] {
            echo.slots = slots.clone();
        }
        let repeats = std::mem::take(&mut self.delta);
        let slots = &mut self.index.slots[from..];
        let has_text = slots.iter().any(|slot| !slot.control);
        for slot in slots {
            if repeats && slot.kind == SegmentKind::Completion {
                slot.kind = SegmentKind::Repeat;
            }
            if slot.echo && !has_text {
                slot.control = false;
            }
        }
    }

    fn member(
        &mut self,
        at: At,
        depth: usize,
        own: Option<usize>,
        seen: &mut u32,
    ) -> Result<(), JsonError> {
        if self.lexer.peek().is_none() {
            return self.lexer.error("a key");
        }
        let key = self.lexer.string()?;
        if !self.lexer.take(b':') {
            return self.lexer.error("`:`");
        }
        let name = &self.text[key.range.clone()];
        let mut below = if key.escaped {
            let mut plain = String::new();
            unescape_into(name, &mut plain);
            child_of(at, &plain)
        } else {
            child_of(at, name)
        };
        if matches!(below.note, Note::Echo) && !self.in_choice {
            below = At::Other.into();
        }
        if matches!(at, At::Other | At::Texts(_)) && !is_word(name) {
            // A key that is no name is read like a text.
            self.string(At::Other, key.clone());
        }
        let told = below.tells();
        self.index.ambiguous |= *seen & told != 0;
        *seen |= told;
        self.lexer.peek();
        let start = self.lexer.position();
        self.value(below.at, depth)?;
        let value = small(start)..small(self.lexer.position());
        let json = &self.text[to_usize(&value)];
        match below.note {
            Note::Nothing => {}
            Note::Role => self.role = Some(Role::parse(json.trim_matches('"'))),
            Note::Index => match (json.parse::<u32>(), own) {
                (Ok(index), Some(own)) => self.index.choices[own].index = index,
                (Ok(index), None) if at == At::ToolCall => self.tool = Some(index),
                (Ok(index), None) if at == At::Root => self.output = Some(index),
                (Ok(_), None) => {}
                (Err(_), _) => self.index.ambiguous |= at != At::Root,
            },
            Note::Finish => {
                // Some upstreams say "" instead of null for "not yet".
                if let Some(own) = own
                    && json.starts_with('"')
                    && json.len() > 2
                {
                    let inside = value.start + 1..value.end - 1;
                    self.index.choices[own].finish_reason = Some(inside);
                }
            }
            Note::Echo => {
                if json != "null" {
                    self.index.echoes.push(Echo {
                        value: value.clone(),
                        slots: 0..0,
                    });
                }
            }
            Note::Tokens(which) => {
                if let Ok(count) = json.parse::<u64>() {
                    let usage = self.index.usage.get_or_insert_default();
                    match which {
                        Tokens::Prompt => usage.prompt_tokens = count,
                        Tokens::Completion => usage.completion_tokens = count,
                        Tokens::Total => usage.total_tokens = count,
                    }
                }
            }
            Note::Delta => self.delta = true,
            Note::Error => self.index.error |= json != "null",
        }
        if at == At::Root {
            self.index.fields.push(Field {
                key: small(key.range.start)..small(key.range.end),
                key_escaped: key.escaped,
                value,
            });
        }
        Ok(())
    }

    fn string(&mut self, at: At, token: StringToken) {
        if token.range.is_empty() {
            return;
        }
        let raw = &self.text[token.range.clone()];
        let (kind, control) = match at {
            At::Content(kind) | At::Texts(kind) => (kind, false),
            At::Control => (SegmentKind::Other, is_word(raw)),
            At::Echo => (SegmentKind::Other, true),
            At::Delta => (SegmentKind::Delta, false),
            At::Media => (SegmentKind::Other, is_encoded(raw)),
            At::Messages | At::Message => (SegmentKind::Content, false),
            _ => (SegmentKind::Other, false),
        };
        let unescaped = token.escaped.then(|| {
            let start = small(self.index.arena.len());
            unescape_into(raw, &mut self.index.arena);
            start..small(self.index.arena.len())
        });
        self.index.slots.push(Slot {
            raw: small(token.range.start)..small(token.range.end),
            unescaped,
            kind,
            role: None,
            choice: None,
            tool: None,
            control,
            echo: at == At::Echo,
        });
    }
}

/// Whether a string can be a name of the protocol; one that says more is text,
/// and so is a number.
pub(crate) fn is_word(raw: &str) -> bool {
    raw.len() <= 256
        && raw.bytes().any(|byte| byte.is_ascii_alphabetic())
        && raw
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte))
}

/// Whether a string holds an encoded picture, sound or file.
fn is_encoded(raw: &str) -> bool {
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

/// What is noted about a member once its value has been read.
#[derive(Clone, Copy)]
enum Note {
    Nothing,
    Role,
    Index,
    Finish,
    Echo,
    Tokens(Tokens),
    Delta,
    Error,
}

#[derive(Clone, Copy)]
enum Tokens {
    Prompt,
    Completion,
    Total,
}

struct Below {
    at: At,
    note: Note,
}

impl Below {
    /// A bit for each key that tells which text goes where.
    fn tells(&self) -> u32 {
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

fn noted(at: At, note: Note) -> Below {
    Below { at, note }
}

fn item_of(at: At) -> At {
    match at {
        At::Messages => At::Message,
        At::Choices => At::Choice,
        At::ToolCalls => At::ToolCall,
        At::Root | At::Control => At::Other,
        same => same,
    }
}

/// What the value of `key` is, for an object at `at`.
fn child_of(at: At, key: &str) -> Below {
    use SegmentKind as Kind;
    match at {
        At::Root => match key {
            "messages" => At::Messages.into(),
            "choices" => At::Choices.into(),
            "prompt" | "negative_prompt" => At::Texts(Kind::Prompt).into(),
            "suffix" => At::Texts(Kind::Prompt).into(),
            "input" => At::Texts(Kind::Input).into(),
            "query" => At::Texts(Kind::Query).into(),
            "documents" => At::Texts(Kind::Document).into(),
            "tools" | "functions" => At::Tools.into(),
            "data" => At::Data.into(),
            "usage" => At::Usage.into(),
            "error" => noted(At::Other, Note::Error),
            "delta" => At::Delta.into(),
            "index" | "output_index" => noted(At::Other, Note::Index),
            "model" | "id" | "object" | "encoding_format" | "voice" => At::Control.into(),
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
            _ => At::Other.into(),
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
        At::Messages | At::ToolCalls | At::Choices | At::Data | At::Control | At::Other => {
            At::Other.into()
        }
    }
}

/// Exact: [`Index::read`] refuses texts longer than `u32::MAX`, and neither
/// the slots nor the arena outgrow the text.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub(crate) fn to_usize(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
