//! Where the texts of a JSON message are.
//!
//! The pass that finds them knows the shapes of the OpenAI wire format by their keys, not by
//! the path of the request, so that it reads requests, replies and stream
//! events alike. A string that it has no name for is a text like any other:
//! what is unknown is inspected, not skipped.

use std::ops::Range;

use super::escape::unescape_into;
use super::form::Form;
use super::lexer::JsonError;
use super::segment::{Role, SegmentKind};
use super::walk::walk;
use crate::body::Usage;

/// A string of the message, or a long number.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// The inside of the literal; all of it, if it is a number.
    pub(crate) raw: Range<u32>,
    /// Where the unescaped text lies in [`Index::arena`], if it has escapes.
    pub(super) unescaped: Option<Range<u32>>,
    pub(crate) kind: SegmentKind,
    pub(crate) role: Option<Role>,
    pub(crate) choice: Option<u32>,
    pub(crate) tool: Option<u32>,
    /// A name or token of the protocol, not text; only if the shape is known.
    pub(super) control: bool,
    /// Stands in an [`Echo`]: read only if the text it repeats is not there.
    pub(super) echo: bool,
}

impl Slot {
    pub(crate) fn range(&self) -> Range<usize> {
        to_usize(&self.raw)
    }

    /// Whether it is a number in `message`, which needs quotation marks once it is edited.
    pub(crate) fn is_bare(&self, message: &str) -> bool {
        is_bare(message, self.range().start)
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
    pub(super) arena: String,
}

#[cfg(test)]
thread_local! {
    /// How often a message was parsed on this thread.
    pub(crate) static READS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Index {
    /// Indexes `text`, forgetting what was indexed before.
    pub(crate) fn read(&mut self, text: &str) -> Result<(), JsonError> {
        #[cfg(test)]
        READS.with(|reads| reads.set(reads.get() + 1));
        self.clear();
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError::TooLarge);
        }
        walk(text, self)?;
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

    /// Does as [`read`](Self::read) does, sooner if `text` differs from the event before in its
    /// texts only.
    pub(crate) fn read_on(&mut self, text: &str, form: &mut Form) -> Result<(), JsonError> {
        self.clear();
        if u32::try_from(text.len()).is_ok() && form.fill(text, self) {
            #[cfg(test)]
            READS.with(|reads| reads.set(reads.get() + 1));
            return Ok(());
        }
        self.read(text)?;
        form.keep(text, self);
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
        let (mut model, mut asked, mut data, mut object) = Default::default();
        // The members that tell most come last.
        for field in self.fields.iter().rev() {
            let key = &text[to_usize(&field.key)];
            let mut plain = String::new();
            let name = if field.key_escaped {
                unescape_into(key, &mut plain);
                &plain
            } else {
                key
            };
            match name {
                "model" => model = true,
                "messages" | "prompt" | "input" | "query" | "documents" => asked = true,
                "choices" => return true,
                "data" => data = true,
                "object" => object = true,
                _ => {}
            }
        }
        model && asked || data && (model || object)
    }
}

/// Whether what begins at `start`, in JSON, has no quotation mark before it.
pub(crate) fn is_bare(message: &str, start: usize) -> bool {
    !message
        .get(..start)
        .is_some_and(|before| before.ends_with('"'))
}

pub(crate) fn to_usize(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
