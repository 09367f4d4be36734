//! The text as a detector sees it: from one start, with what lies before and after.

use std::cell::{Cell, RefCell};

use super::bytes::{follows_escape, is_word, is_word_byte, separator};
use super::context::Telephone;
use super::ids::Window;
use super::table::LOOKBEHIND;

/// An answer that may still be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tri {
    Yes,
    No,
    /// It depends on text that is not there yet.
    Open,
}

/// What one detector says of one start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    No,
    Unfinished,
    Match { end: usize, score: f32 },
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peek<T> {
    Some(T),
    /// The text ends here.
    End,
    /// Text that is not there yet.
    Open,
}

pub(super) struct Input<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) start: usize,
    pub(super) last: bool,
    /// The words before the start, once a detector has asked for them.
    near: RefCell<Option<Window<'t>>>,
    /// What they say of telephone numbers, once a detector has asked.
    pub(super) telephone: Cell<Option<Telephone>>,
    /// The byte before the start, which is read often; an escape is a line break.
    neighbour: Option<u8>,
    /// The length of the first word, letters and digits, as far as the opening tells it.
    pub(super) word: Option<usize>,
}

impl<'t> Input<'t> {
    /// `start` must be a char boundary of `text`.
    pub(super) fn new(text: &'t str, start: usize, last: bool) -> Self {
        let bytes = text.as_bytes();
        let neighbour = if follows_escape(bytes, start) {
            Some(b'\n')
        } else {
            start.checked_sub(1).and_then(|at| bytes.get(at)).copied()
        };
        Self {
            text,
            bytes,
            start,
            last,
            near: RefCell::new(None),
            telephone: Cell::new(None),
            neighbour,
            word: None,
        }
    }

    // === after the start ===

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(super) fn peek(&self, at: usize) -> Peek<u8> {
        match self.bytes.get(at) {
            Some(&b) => Peek::Some(b),
            None if self.last => Peek::End,
            None => Peek::Open,
        }
    }

    pub(super) fn peek_char(&self, at: usize) -> Peek<char> {
        match self.bytes.get(at) {
            Some(&b) if b.is_ascii() => Peek::Some(b as char),
            Some(_) => match self.text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) => Peek::Some(c),
                None => Peek::End,
            },
            None if self.last => Peek::End,
            None => Peek::Open,
        }
    }

    /// Whether more text could still come at `at`.
    pub(super) fn open(&self, at: usize) -> bool {
        !self.last && at >= self.bytes.len()
    }

    /// The end of the run of ASCII digits at `at`, at most `most` of them.
    pub(super) fn digits(&self, at: usize, most: usize) -> usize {
        let run = self.bytes.get(at..).unwrap_or_default().iter().take(most);
        at + run.take_while(|b| b.is_ascii_digit()).count()
    }

    /// Whether a finding may end at `at`: no word character follows, and none of the bytes in
    /// `glue` followed by one that `joins`.
    pub(super) fn edge(&self, at: usize, glue: &[u8], joins: fn(u8) -> bool) -> Tri {
        match self.peek_char(at) {
            Peek::End => Tri::Yes,
            Peek::Open => Tri::Open,
            Peek::Some(c) if is_word(c) => Tri::No,
            Peek::Some(c) if c.is_ascii() && glue.contains(&(c as u8)) => match self.peek(at + 1) {
                Peek::End => Tri::Yes,
                Peek::Open => Tri::Open,
                Peek::Some(b) if joins(b) => Tri::No,
                Peek::Some(_) => Tri::Yes,
            },
            Peek::Some(_) => Tri::Yes,
        }
    }

    // === before the start ===

    /// The text before the start that a detector may see, and whether more was cut off.
    pub(super) fn behind(&self) -> (&'t str, bool) {
        let mut low = self.start.saturating_sub(LOOKBEHIND);
        // A driver may have cut exactly there, so a full window never shows the text's start.
        let cut = self.start >= LOOKBEHIND;
        while !self.text.is_char_boundary(low) {
            low += 1;
        }
        (self.text.get(low..self.start).unwrap_or_default(), cut)
    }

    /// The words before the start, read once for all detectors.
    pub(super) fn near<T>(&self, read: impl FnOnce(&mut Window<'t>) -> T) -> T {
        let mut near = self.near.borrow_mut();
        read(near.get_or_insert_with(|| {
            let (rest, cut) = self.behind();
            Window::new(rest, cut)
        }))
    }

    /// The byte `back` places before the start: 1 is its neighbour. No detector asks for more than
    /// `LOOKBEHIND`.
    pub(super) fn before(&self, back: usize) -> Option<u8> {
        debug_assert!(back <= LOOKBEHIND);
        if back == 1 {
            return self.neighbour;
        }
        self.start.checked_sub(back).and_then(|at| self.byte(at))
    }

    /// Whether the character before the start is a letter, a digit or an underscore.
    pub(super) fn inside_word(&self) -> bool {
        match self.before(1) {
            None => false,
            Some(b) if b.is_ascii() => is_word_byte(b),
            Some(_) => self
                .text
                .get(..self.start)
                .and_then(|t| t.chars().next_back())
                .is_some_and(is_word),
        }
    }

    /// Whether one of the bytes in `glue` stands before the start, after one that `joins`.
    pub(super) fn glued(&self, glue: &[u8], joins: fn(u8) -> bool) -> bool {
        self.before(1).is_some_and(|b| glue.contains(&b)) && self.before(2).is_some_and(joins)
    }

    /// The length of the group of letters and digits that ends one separator before the start, and
    /// whether it has a digit. Counts no further than 8.
    pub(super) fn group_before(&self) -> (usize, bool) {
        let gap = (1..=3).find(|&back| {
            self.start
                .checked_sub(back)
                .and_then(|at| separator(self.bytes, at))
                .is_some_and(|(_, len)| len == back)
        });
        let Some(gap) = gap else { return (0, false) };
        let mut digit = false;
        for len in 0..8 {
            match self.before(gap + len + 1) {
                Some(b) if is_word_byte(b) => digit |= b.is_ascii_digit(),
                _ => return (len, digit),
            }
        }
        (8, digit)
    }
}

pub(super) fn is_digit(b: u8) -> bool {
    b.is_ascii_digit()
}

pub(super) fn is_alphanumeric(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

pub(super) fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic()
}
