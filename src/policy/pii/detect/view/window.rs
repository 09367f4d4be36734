//! A stretch of the text as it reads, with the way back to the bytes it was read from.

use super::super::table::LOOKBEHIND;
use super::chars::Out;
use super::unit::{self, Look};
use super::{SLACK, spelled};

/// The most bytes of invisible characters in a row that are looked through. Those of a longer row
/// are line breaks.
pub(super) const INVISIBLE: usize = 24;

/// How much of the text is read at a time.
const STEP: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Window {
    /// What the text says.
    pub(super) text: String,
    /// For each byte of it, where in the original its unit starts, and where it ends.
    starts: Vec<usize>,
    ends: Vec<usize>,
    /// The place in the original that is to be read next.
    pub(super) next: usize,
    /// Whether nothing more can be read: the original ends, or goes on with half a unit.
    pub(super) done: bool,
    /// The end of the last unit.
    pub(super) changed: usize,
    /// Within a row of too many invisible characters.
    crowded: bool,
}

impl Window {
    /// Begins anew, so that what is read from `at` on has all its look-behind before it.
    pub(super) fn open(&mut self, text: &str, at: usize, last: bool) {
        let mut back = LOOKBEHIND + 2 * SLACK;
        loop {
            let base = text.floor_char_boundary(at.saturating_sub(back));
            self.text.clear();
            self.starts.clear();
            self.ends.clear();
            (self.next, self.done, self.changed, self.crowded) = (base, false, base, false);
            while self.next <= at && !self.done {
                self.read(text, at + STEP, last);
            }
            // What was read of the first bytes may be wrong: a unit may have been cut.
            let exact = self.place(base + SLACK);
            if base == 0 || self.place(at).saturating_sub(exact) > LOOKBEHIND {
                return;
            }
            back *= 2;
        }
    }

    /// Reads some more; false if nothing more can be read.
    pub(super) fn grow(&mut self, text: &str, last: bool) -> bool {
        if !self.done {
            let step = self.text.len().max(STEP);
            self.read(text, self.next + step, last);
            return true;
        }
        false
    }

    /// Where in the view the first unit is that starts at or after `at` of the original.
    pub(super) fn place(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start < at)
    }

    /// Where in the original the unit at `place` starts.
    pub(super) fn start(&self, place: usize) -> usize {
        self.starts.get(place).copied().unwrap_or(self.next)
    }

    /// Where in the original the unit before `place` ends.
    pub(super) fn end(&self, place: usize) -> usize {
        let before = place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        before.copied().unwrap_or(self.next)
    }

    /// The end of the unit that has `at` of the original inside.
    pub(super) fn inside(&self, at: usize) -> Option<usize> {
        let before = self.place(at).checked_sub(1)?;
        let (start, end) = (self.starts.get(before)?, self.ends.get(before)?);
        (*start < at && at < *end && end - start > 1).then_some(*end)
    }

    /// Whether the bytes of the view from before `place` to `end` are not those of `text`.
    pub(super) fn hides(&self, text: &str, place: usize, end: usize) -> bool {
        let from = place.saturating_sub(1);
        let (Some(view), Some(first)) =
            (self.text.as_bytes().get(from..end), self.starts.get(from))
        else {
            return true;
        };
        text.as_bytes().get(*first..self.end(end)) != Some(view)
    }

    /// Reads up to `to`, or to the end of the unit there.
    fn read(&mut self, text: &str, to: usize, last: bool) {
        let to = text.ceil_char_boundary(to);
        while self.next < to {
            let found = unit::next(text, self.next, to, last);
            let plain = found.map_or(to, |(at, _)| at).min(text.len());
            self.copy(text, plain);
            match found {
                None => break,
                Some((_, Look::Unit { out: Out::Drop, .. })) => {
                    if !self.invisible(text, last) {
                        self.done = true;
                        return;
                    }
                }
                Some((
                    at,
                    Look::Unit {
                        len,
                        out: Out::Char(c),
                    },
                )) => self.push(at, len, c),
                Some((_, Look::Group { end })) => self.group(text, end),
                Some((_, Look::Partial | Look::None)) => {
                    self.done = true;
                    return;
                }
            }
        }
        self.done = self.next >= text.len();
    }

    fn copy(&mut self, text: &str, to: usize) {
        let Some(plain) = text.get(self.next..to).filter(|plain| !plain.is_empty()) else {
            return;
        };
        self.text.push_str(plain);
        self.starts.extend(self.next..to);
        self.ends.extend(self.next + 1..=to);
        self.next = to;
        self.crowded = false;
    }

    fn push(&mut self, at: usize, len: usize, c: char) {
        self.text.push(c);
        let end = at + len;
        for _ in 0..c.len_utf8() {
            self.starts.push(at);
            self.ends.push(end);
        }
        (self.next, self.changed, self.crowded) = (end, end, false);
    }

    fn group(&mut self, text: &str, end: usize) {
        while self.next < end {
            match spelled::mark(text.as_bytes(), self.next) {
                Some((len, c)) => self.push(self.next, len, c),
                None => self.copy(text, self.next + 1),
            }
        }
        self.changed = end;
    }

    /// Passes over a row of invisible characters; false if the row may go on with text that is not
    /// there yet, so that its length is not known.
    fn invisible(&mut self, text: &str, last: bool) -> bool {
        let (from, mut at) = (self.next, self.next);
        while self.crowded || at - from <= INVISIBLE {
            match unit::look(text, at, last) {
                Look::Unit {
                    len,
                    out: Out::Drop,
                } if self.crowded => {
                    self.push(at, len, '\n');
                    self.crowded = true;
                    return true;
                }
                Look::Unit {
                    len,
                    out: Out::Drop,
                } => at += len,
                Look::Partial => return false,
                _ if at >= text.len() && !last => return false,
                _ => {
                    (self.next, self.changed) = (at, at);
                    return true;
                }
            }
        }
        self.crowded = true;
        self.invisible(text, last)
    }
}
