use std::borrow::Cow;
use std::ops::Range;

/// A replacement of a range of a text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// What is replaced: a byte range on character boundaries.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: Cow<'static, str>,
}

/// Replacements of one text: sorted, and never overlapping.
///
/// ```
/// use portcullis::text::Edits;
///
/// let mut edits = Edits::new();
/// edits.replace(8..24, "[EMAIL_ADDRESS]");
/// assert_eq!(edits.apply("mail to jane@example.com today"), "mail to [EMAIL_ADDRESS] today");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    list: Vec<Edit>,
}

impl Edits {
    /// No edits.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Replaces `range` by `text`.
    ///
    /// A range that overlaps an earlier one is joined with it, so that nothing
    /// that either of them removes is left standing; the text of the edit that
    /// starts first is kept.
    pub fn replace(&mut self, range: Range<usize>, text: impl Into<Cow<'static, str>>) {
        let mut edit = Edit {
            range,
            text: text.into(),
        };
        let overlaps =
            |a: &Edit, b: &Edit| a.range.start < b.range.end && b.range.start < a.range.end;
        let mut at = self
            .list
            .partition_point(|other| other.range.start <= edit.range.start);
        if at > 0 && overlaps(&self.list[at - 1], &edit) {
            at -= 1;
            let before = self.list.remove(at);
            edit.range = before.range.start..before.range.end.max(edit.range.end);
            edit.text = before.text;
        }
        while self.list.get(at).is_some_and(|next| overlaps(next, &edit)) {
            let next = self.list.remove(at);
            edit.range.end = edit.range.end.max(next.range.end);
        }
        self.list.insert(at, edit);
    }

    /// The edits, first to last.
    #[must_use]
    pub fn as_slice(&self) -> &[Edit] {
        &self.list
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Forgets all of them and keeps the memory.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// `text` with the edits made. Edits outside of it, or within a character,
    /// are widened to the characters they touch.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in &self.list {
            let start = text.floor_char_boundary(edit.range.start).max(at);
            out.push_str(&text[at..start]);
            out.push_str(&edit.text);
            at = text.ceil_char_boundary(edit.range.end).max(start);
        }
        out.push_str(&text[at..]);
        out
    }

    /// Makes every range lie within `bounds` and on the characters of `text`.
    pub(crate) fn settle(&mut self, text: &str, bounds: Range<usize>) {
        let mut floor = bounds.start;
        for edit in &mut self.list {
            let start = text.floor_char_boundary(edit.range.start);
            let end = text.ceil_char_boundary(edit.range.end);
            edit.range.start = start.clamp(floor, bounds.end);
            edit.range.end = end.clamp(edit.range.start, bounds.end);
            floor = edit.range.end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_ranges_join_and_keep_the_first_text() {
        let mut edits = Edits::new();
        edits.replace(4..6, "b");
        edits.replace(8..9, "c");
        edits.replace(0..2, "a");
        assert_eq!(edits.apply("0123456789"), "a23b67c9");
        edits.replace(5..9, "x");
        assert_eq!(edits.apply("0123456789"), "a23b9");
        edits.replace(0..10, "all");
        assert_eq!(edits.apply("0123456789"), "a");
        assert_eq!(edits.as_slice().len(), 1);
    }

    #[test]
    fn ranges_out_of_place_never_split_a_character() {
        let mut edits = Edits::new();
        edits.replace(1..2, "-");
        edits.replace(40..50, "!");
        assert_eq!(edits.apply("é+"), "-+!");
    }
}
