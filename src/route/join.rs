//! Joining the answers of two targets to one, without a seam.

use bytes::Bytes;

use crate::body::{Document, Event, Index, SegmentKind};
use crate::text::Edits;

/// A text longer than this, in bytes, is not continued.
const MAX_STORY: usize = 256 * 1024;
/// So much of the end of a text may be repeated, in bytes.
const MAX_OVERLAP: usize = 256;

/// What a stream has said so far.
pub(super) struct Story {
    text: String,
    id: Option<String>,
    /// There is more to it than one text.
    other: bool,
    index: Index,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            id: None,
            other: false,
            index: Index::default(),
        }
    }

    pub(super) fn note(&mut self, data: &str) {
        if self.other || self.index.read(data).is_err() {
            return;
        }
        self.other |= self.index.choices.len() > 1;
        for (_, slot) in self.index.texts() {
            let text = self.index.text(data, slot);
            match slot.kind {
                SegmentKind::Content if slot.choice.is_none_or(|choice| choice == 0) => {
                    self.text.push_str(text);
                }
                // Said twice, or not part of the answer.
                SegmentKind::Repeat
                | SegmentKind::Reasoning
                | SegmentKind::ReasoningContent
                | SegmentKind::Other => {}
                _ => self.other |= !text.is_empty(),
            }
        }
        self.other |= self.text.len() > MAX_STORY;
        if self.id.is_none() {
            let id = self.index.field(data, "id");
            let id = id.and_then(|id| id.strip_prefix('"')?.strip_suffix('"'));
            self.id = id.map(str::to_owned);
        }
    }

    /// The text, if it can be continued.
    pub(super) fn text(&self) -> Option<&str> {
        (!self.other && !self.text.is_empty()).then_some(self.text.as_str())
    }
}

/// Takes the events of a second stream that goes on where the first broke off.
pub(super) struct Join {
    /// What had been said.
    before: String,
    id: Option<String>,
    /// What the second says, as long as it may be a repetition.
    held: String,
    /// An event with a text, to say in it what is not.
    template: Option<Document>,
    joined: bool,
}

impl Join {
    pub(super) fn new(story: &Story) -> Self {
        Self {
            before: story.text.clone(),
            id: story.id.clone(),
            held: String::new(),
            template: None,
            joined: false,
        }
    }

    /// Pushes to `out` what becomes of an event.
    pub(super) fn event(&mut self, event: &Event, mut out: impl FnMut(Bytes)) {
        let document = event.data().and_then(|data| {
            let document = Document::json(data).ok()?;
            document.field("choices").is_some().then_some(document)
        });
        let Some(mut document) = document else {
            return out(event.frame.slice(event.range.clone()));
        };
        if let Some(id) = &self.id
            && document.field("id").is_some()
        {
            document.set_string("id", id);
        }
        if self.joined {
            return out(written(event, &document));
        }
        let mut says = false;
        for segment in document.segments() {
            if segment.kind() == SegmentKind::Content {
                says = true;
                self.held.push_str(segment.text());
            }
        }
        let ends = document.finish_reason().is_some();
        if says && self.template.is_none() {
            self.template = Some(document.clone());
        }
        let Some(cut) = seam(&self.before, &self.held, ends) else {
            return;
        };
        self.joined = true;
        let rest = std::mem::take(&mut self.held).split_off(cut);
        if !rest.is_empty()
            && let Some(mut template) = self.template.take()
        {
            say(&mut template, &rest);
            out(written(event, &template));
        }
        if ends {
            say(&mut document, "");
            out(written(event, &document));
        }
    }
}

/// An event with other data. What else it had is of no use in the middle of a
/// stream.
fn written(event: &Event, document: &Document) -> Bytes {
    if !document.is_edited() {
        return event.frame.slice(event.range.clone());
    }
    let data = document.to_bytes();
    // A document is text.
    event.with_data(std::str::from_utf8(&data).unwrap_or_default())
}

/// Puts a text into an event, in all places where it says one.
fn say(document: &mut Document, text: &str) {
    let places: Vec<(usize, usize)> = document
        .segments()
        .filter(|segment| matches!(segment.kind(), SegmentKind::Content | SegmentKind::Repeat))
        .map(|segment| (segment.number(), segment.text().len()))
        .collect();
    for (number, length) in places {
        let mut edits = Edits::new();
        edits.replace(0..length, text.to_owned());
        document.edit(number, &edits);
    }
}

/// How much of `new` repeats what was said `before`; `None` while that cannot
/// be said.
///
/// A model that is given the beginning of its answer goes on with it, or says
/// its last words again, or begins anew.
fn seam(before: &str, new: &str, ends: bool) -> Option<usize> {
    // What is said again may have a space in front of it that it had not.
    let said = new.trim_start_matches(' ');
    let spaces = new.len() - said.len();
    if said.starts_with(before) {
        return Some(spaces + before.len());
    }
    if before.starts_with(said) || before.starts_with(new) {
        return ends.then_some(new.len());
    }
    let tail = &before[before.ceil_char_boundary(before.len().saturating_sub(MAX_OVERLAP))..];
    let starts = || word_starts(tail).map(|at| &tail[at..]);
    // The end of the text, which may be about to be said again.
    if !ends && starts().any(|end| end.len() > said.len() && end.starts_with(said)) {
        return None;
    }
    let again = starts().find(|end| {
        let letters = end.chars().filter(|c| c.is_alphanumeric()).count();
        letters >= 3 && said.starts_with(*end)
    });
    if let Some(again) = again {
        return Some(spaces + again.len());
    }
    Some(match before.ends_with([' ', '\n']) {
        true => spaces,
        false => 0,
    })
}

/// Where words start, the first first.
fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut last = ' ';
    text.char_indices().filter_map(move |(at, c)| {
        let starts = !last.is_alphanumeric() && c != ' ';
        last = c;
        starts.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seams() {
        for (before, new, ends, expected) in [
            // Goes on.
            ("The quick", " brown", false, Some("The quick brown")),
            ("The quick ", " brown", false, Some("The quick brown")),
            ("The qui", "ck brown", false, Some("The quick brown")),
            ("1, 2, 3", ", 4", false, Some("1, 2, 3, 4")),
            // Says its last words again.
            ("The quick", "quick brown", false, Some("The quick brown")),
            ("The quick", " quick brown", false, Some("The quick brown")),
            ("The", " The quick", false, Some("The quick")),
            ("The", " ", false, None),
            ("The", " Then", false, Some("Then")),
            ("The", " quick", false, Some("The quick")),
            ("The quick", "qui", false, None),
            ("The quick", "quick", true, Some("The quick")),
            (
                "I see the quick",
                "see the quick brown",
                false,
                Some("I see the quick brown"),
            ),
            ("The qui", "quick brown", false, Some("The quick brown")),
            // Begins anew.
            ("The quick", "The", false, None),
            ("The quick", "The quick", false, Some("The quick")),
            (
                "The quick",
                "The quick brown",
                false,
                Some("The quick brown"),
            ),
            ("The quick", "", false, None),
            ("The quick", "", true, Some("The quick")),
            // Not so.
            ("The quick", "The slow", false, Some("The quickThe slow")),
            ("Ärger im Büro", " Büro", true, Some("Ärger im Büro")),
        ] {
            let joined = seam(before, new, ends).map(|cut| format!("{before}{}", &new[cut..]));
            assert_eq!(joined.as_deref(), expected, "{before:?} + {new:?}");
        }
    }
}
