//! The one pass over a message that fills its index.

use std::ops::Range;

use super::escape::unescape_into;
use super::index::{Choice, Echo, Field, Index, Slot, to_usize};
use super::lexer::{JsonError, Lexer, MAX_DEPTH, StringToken};
use super::segment::{Role, SegmentKind};
use super::shape::{At, Note, Tokens, child_of, is_encoded, is_word, item_of};

/// Fills the index, which is clear, with what `text` holds.
pub(super) fn walk(text: &str, index: &mut Index) -> Result<(), JsonError> {
    let mut walker = Walker {
        lexer: Lexer::new(text),
        text,
        index,
        role: None,
        delta: false,
        tool: None,
        in_choice: false,
        output: None,
    };
    walker.value(At::Root, 0)?;
    walker.lexer.end()?;
    if let Some(output) = walker.output {
        for slot in &mut walker.index.slots {
            if slot.kind == SegmentKind::Delta {
                slot.choice.get_or_insert(output);
            }
        }
    }
    Ok(())
}

/// The digits of a number that is read as a text.
const FEWEST_DIGITS: usize = 12;
const MOST_DIGITS: usize = 19;

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
            _ => {
                let range = self.lexer.scalar()?;
                self.number(at, range);
                Ok(())
            }
        }
    }

    /// A whole number that is long enough for a card, where a text could stand: a text without its
    /// quotation marks. Shorter ones are times and counts, and in every event of a stream.
    fn number(&mut self, at: At, range: Range<usize>) {
        let said = matches!(
            at,
            At::Root
                | At::Other
                | At::Texts(_)
                | At::Input
                | At::Item
                | At::Content(_)
                | At::Messages
                | At::Message
        );
        let long = (FEWEST_DIGITS..=MOST_DIGITS).contains(&range.len());
        if !said || !long || self.in_choice {
            return;
        }
        let raw = &self.text[range.clone()];
        if raw.bytes().all(|byte| byte.is_ascii_digit()) {
            self.index.slots.push(Slot {
                raw: small(range.start)..small(range.end),
                unescaped: None,
                kind: SegmentKind::Other,
                role: None,
                choice: None,
                tool: None,
                control: false,
                echo: false,
            });
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
            At::Input => At::Item,
            other => other,
        };
        let from = self.index.slots.len();
        let echoes = self.index.echoes.len();
        let outer_role = self.role;
        let outer_choice = self.in_choice;
        let outer_tool = self.tool;
        match at {
            At::Message | At::Item => self.role = None,
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
            At::Message | At::Item => {
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
        if matches!(at, At::Other | At::Texts(_) | At::Item) && !is_word(name) {
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
        if let Note::Nothing = below.note {
            self.field(at, key, value);
            return Ok(());
        }
        let json = &self.text[to_usize(&value)];
        match below.note {
            Note::Nothing => {}
            Note::Role => self.is_said_by(Role::parse(json.trim_matches('"'))),
            Note::Output => self.is_said_by(Role::Tool),
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
        self.field(at, key, value);
        Ok(())
    }

    /// Of two roles nobody knows which one the upstream reads.
    fn is_said_by(&mut self, role: Role) {
        self.role = Some(match self.role {
            Some(other) if other != role => Role::Unknown,
            _ => role,
        });
    }

    #[inline]
    fn field(&mut self, at: At, key: StringToken, value: Range<u32>) {
        if at == At::Root {
            self.index.fields.push(Field {
                key: small(key.range.start)..small(key.range.end),
                key_escaped: key.escaped,
                value,
            });
        }
    }

    fn string(&mut self, at: At, token: StringToken) {
        if token.range.is_empty() {
            return;
        }
        let raw = &self.text[token.range.clone()];
        let (kind, control) = match at {
            At::Content(kind) | At::Texts(kind) => (kind, false),
            At::Input | At::Item => (SegmentKind::Input, false),
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

/// Exact: [`Index::read`] refuses texts longer than `u32::MAX`, and neither
/// the slots nor the arena outgrow the text.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
