//! A message parsed once: where its texts are, and the edits that wait.

pub(crate) mod escape;
pub(crate) mod form;
pub(crate) mod index;
mod lexer;
mod members;
mod pointer;
mod segment;
pub(crate) mod shape;
mod walk;

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

use self::index::{Index, to_usize};
pub use self::lexer::{JsonError, MAX_DEPTH};
pub use self::segment::{Role, Segment, SegmentKind};
use super::Usage;
use crate::text::Edits;

/// A JSON message, or a plain text, with an index of its texts.
///
/// It serialises by splicing its edits into the original bytes; with no edit
/// it *is* the original bytes.
///
/// ```
/// use portcullis::body::Document;
/// use portcullis::text::Edits;
///
/// let json = r#"{"model": "m", "messages": [{"role": "user", "content": "I am J\u0061ne"}], "seed": 1.50}"#;
/// let mut document = Document::json(json)?;
/// let texts: Vec<_> = document.segments().map(|s| s.text().to_owned()).collect();
/// assert_eq!(texts, ["I am Jane"]);
/// assert_eq!(document.pointer(document.segments().next().unwrap().number()), "/messages/0/content");
///
/// let mut edits = Edits::new();
/// edits.replace(5..9, "[PERSON]");
/// let number = document.segments().next().unwrap().number();
/// document.edit(number, &edits);
/// assert_eq!(
///     document.to_bytes(),
///     r#"{"model": "m", "messages": [{"role": "user", "content": "I am [PERSON]"}], "seed": 1.50}"#,
/// );
/// # Ok::<(), portcullis::body::JsonError>(())
/// ```
#[derive(Clone)]
pub struct Document {
    message: ByteString,
    index: Index,
    json: bool,
    /// Sorted by slot.
    edited: Vec<Edited>,
    /// Sorted by place, apart from each other.
    patches: Vec<Patch>,
}

/// A text that differs from what the message says.
#[derive(Clone)]
struct Edited {
    slot: usize,
    text: String,
    /// The same, as it stands in the message.
    raw: String,
}

/// A member of the outermost object that is set or removed.
#[derive(Clone)]
struct Patch {
    range: Range<usize>,
    text: String,
    name: String,
}

impl Document {
    /// Parses a JSON message.
    ///
    /// # Errors
    /// Text that is not JSON (RFC 8259), or is nested deeper than
    /// [`MAX_DEPTH`].
    pub fn json(message: impl Into<ByteString>) -> Result<Self, JsonError> {
        let message = message.into();
        let mut index = Index::default();
        index.read(&message)?;
        Ok(Self::with(message, index, true))
    }

    /// A plain text: one segment.
    #[must_use]
    pub fn text(message: impl Into<ByteString>) -> Self {
        let message = message.into();
        let mut index = Index::default();
        if !message.is_empty() {
            index.plain(&message);
        }
        Self::with(message, index, false)
    }

    fn with(message: ByteString, index: Index, json: bool) -> Self {
        Self {
            message,
            index,
            json,
            edited: Vec::new(),
            patches: Vec::new(),
        }
    }

    /// Every text of the message, in its order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.index.texts().map(|(number, slot)| Segment {
            text: self.current(number, slot),
            number,
            kind: slot.kind,
            role: slot.role,
            choice: slot.choice,
            tool: slot.tool,
        })
    }

    fn current<'a>(&'a self, number: usize, slot: &'a index::Slot) -> &'a str {
        match self.edited.binary_search_by_key(&number, |e| e.slot) {
            Ok(at) => &self.edited[at].text,
            Err(_) => self.index.text(&self.message, slot),
        }
    }

    /// Makes `edits`, whose ranges count in the segment's text as it is now.
    ///
    /// A number that is not a segment's changes nothing.
    pub fn edit(&mut self, segment: usize, edits: &Edits) {
        let Some(slot) = self.index.slots.get(segment) else {
            return;
        };
        if edits.is_empty() {
            return;
        }
        let mut edits = edits.clone();
        let current = self.current(segment, slot);
        edits.settle(current, 0..current.len());
        let text = edits.apply(current);
        let at = self.edited.binary_search_by_key(&segment, |e| e.slot);
        let raw = match at {
            Ok(at) => &self.edited[at].raw,
            Err(_) => &self.message[slot.range()],
        };
        let raw = if self.json && slot.is_bare(&self.message) {
            escape::quoted(&text)
        } else if self.json {
            escape::splice_escaped(raw, edits.as_slice())
        } else {
            text.clone()
        };
        let edited = Edited {
            slot: segment,
            text,
            raw,
        };
        match at {
            Ok(at) => self.edited[at] = edited,
            Err(at) => self.edited.insert(at, edited),
        }
    }

    /// Where a segment is, as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn pointer(&self, segment: usize) -> String {
        match self.index.slots.get(segment) {
            Some(slot) if self.json => pointer::of(&self.message, slot.range().start),
            _ => String::new(),
        }
    }

    /// The value of a member of the outermost object, as JSON.
    ///
    /// ```
    /// let document = portcullis::body::Document::json(r#"{"stream": true}"#)?;
    /// assert_eq!(document.field("stream"), Some("true"));
    /// # Ok::<(), portcullis::body::JsonError>(())
    /// ```
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        match self.patches.iter().rfind(|patch| patch.name == name) {
            Some(patch) => patch.value(),
            None => self.index.field(&self.message, name),
        }
    }

    /// What [`field`](Self::field) gives for each of several names, in one pass.
    pub(crate) fn fields<const N: usize>(&self, names: [&str; N]) -> [Option<&str>; N] {
        if !self.patches.is_empty() {
            return names.map(|name| self.field(name));
        }
        let mut found = [None; N];
        for field in &self.index.fields {
            let key = &self.message[to_usize(&field.key)];
            if field.key_escaped {
                return names.map(|name| self.field(name));
            }
            // The last of a name counts.
            if let Some(at) = names.iter().position(|name| *name == key) {
                found[at] = Some(&self.message[to_usize(&field.value)]);
            }
        }
        found
    }

    /// A string member of the outermost object, unescaped.
    #[must_use]
    pub fn string_field(&self, name: &str) -> Option<String> {
        let raw = self.field(name)?.strip_prefix('"')?.strip_suffix('"')?;
        let mut text = String::with_capacity(raw.len());
        escape::unescape_into(raw, &mut text);
        Some(text)
    }

    /// Sets a string member of the outermost object: every occurrence of the
    /// key, or a new one at the front. A message that is no JSON object stays
    /// as it is.
    ///
    /// ```
    /// let mut document = portcullis::body::Document::json(r#"{"model":"a"}"#)?;
    /// document.set_string("model", "b");
    /// assert_eq!(document.to_bytes(), r#"{"model":"b"}"#);
    /// # Ok::<(), portcullis::body::JsonError>(())
    /// ```
    pub fn set_string(&mut self, name: &str, value: &str) {
        if !self.index.object {
            return;
        }
        let mut json = escape::quoted(value);
        self.patches.retain(|patch| patch.name != name);
        let mut ranges: Vec<_> = self
            .index
            .fields_named(&self.message, name)
            .map(|field| to_usize(&field.value))
            .collect();
        if ranges.is_empty() {
            // The outermost value is an object, so there is an opening brace.
            let brace = self.message.find('{').unwrap_or_default() + 1;
            ranges.push(brace..brace);
            let mut member = String::from("\"");
            escape::escape_into(name, &mut member);
            member.push_str("\":");
            member.push_str(&json);
            let removed = self.patches.iter().filter(|patch| patch.text.is_empty());
            if self.index.fields.len() > removed.count() {
                member.push(',');
            }
            json = member;
        }
        for range in ranges {
            self.patches.push(Patch {
                range,
                text: json.clone(),
                name: name.to_owned(),
            });
        }
        self.patches.sort_by_key(|patch| patch.range.start);
    }

    /// What the reply says it used.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.index.usage
    }

    /// The first choice's `finish_reason`.
    pub(crate) fn finish_reason(&self) -> Option<&str> {
        let range = self.index.choices.first()?.finish_reason.as_ref()?;
        Some(&self.message[to_usize(range)])
    }

    /// The reply's choices, each with why the model stopped.
    pub(crate) fn choices(&self) -> impl Iterator<Item = (u32, Option<&str>)> {
        self.index.choices.iter().map(|choice| {
            let reason = choice.finish_reason.as_ref();
            let reason = reason.map(|range| &self.message[to_usize(range)]);
            (choice.index, reason)
        })
    }

    /// Whether it differs from the original.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        !self.edited.is_empty() || !self.patches.is_empty()
    }

    /// Whether it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether the prompt is given as token ids, which nobody can read.
    pub(crate) fn has_token_ids(&self) -> bool {
        let digit = |json: &str| {
            let inside = json.strip_prefix('[').map(str::trim_start);
            inside.is_some_and(|inside| inside.starts_with(|c: char| c.is_ascii_digit()))
        };
        ["prompt", "input"].into_iter().any(|name| {
            self.field(name).is_some_and(|json| {
                let inner = json.strip_prefix('[').map(str::trim_start);
                digit(json) || inner.is_some_and(digit)
            })
        })
    }

    /// Whether it is a stream of events that does not say so.
    pub(crate) fn looks_like_events(&self) -> bool {
        let text = self
            .message
            .strip_prefix('\u{feff}')
            .unwrap_or(&self.message);
        !self.json
            && ["data:", "event:", "id:", "retry:", ":"]
                .iter()
                .any(|field| text.trim_start().starts_with(field))
    }

    /// How many bytes [`to_bytes`](Self::to_bytes) gives.
    #[must_use]
    pub fn serialized_len(&self) -> usize {
        let mut len = 0;
        self.pieces(|piece| len += piece.len());
        len
    }

    /// The message with its edits; the original bytes if there are none.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        if !self.is_edited() {
            return self.message.as_bytes().clone();
        }
        let mut out = String::with_capacity(self.serialized_len());
        self.pieces(|piece| out.push_str(piece));
        Bytes::from(out)
    }

    /// Calls `piece` with the parts of the serialised message in their order.
    fn pieces(&self, mut piece: impl FnMut(&str)) {
        let mut splices: Vec<(Range<usize>, &str)> = self
            .patches
            .iter()
            .map(|patch| (patch.range.clone(), patch.text.as_str()))
            .collect();
        for edited in &self.edited {
            if let Some(slot) = self.index.slots.get(edited.slot) {
                splices.push((slot.range(), &edited.raw));
            }
        }
        for echo in &self.index.echoes {
            let scope = to_usize(&echo.slots);
            let first = self.edited.partition_point(|e| e.slot < scope.start);
            if self.edited.get(first).is_some_and(|e| e.slot < scope.end) {
                splices.push((to_usize(&echo.value), "null"));
            }
        }
        // What is put in stands before what is taken out at the same place.
        splices.sort_by_key(|(range, _)| {
            let taken = !range.is_empty();
            (range.start, taken, std::cmp::Reverse(range.end))
        });
        let mut at = 0;
        for (range, text) in splices {
            // Inside of a value that was replaced as a whole.
            if range.start < at {
                continue;
            }
            piece(&self.message[at..range.start]);
            piece(text);
            at = range.end;
        }
        piece(&self.message[at..]);
    }
}

impl Patch {
    fn value(&self) -> Option<&str> {
        if self.text.is_empty() {
            return None;
        }
        if !self.range.is_empty() {
            return Some(&self.text);
        }
        let value = self.text.split_once("\":")?.1;
        Some(value.strip_suffix(',').unwrap_or(value))
    }
}

/// Counts, never texts.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("json", &self.json)
            .field("bytes", &self.message.len())
            .field("segments", &self.index.texts().count())
            .field("edited", &self.edited.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
