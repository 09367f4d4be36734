//! Reading forward from a start, with a note of whether the end of the text was met.
//!
//! Where a cursor never met an end that may still move, what it read cannot change with more text:
//! that is what makes an answer exact in a stream.

use super::bytes::{is_word, separator};
use super::input::{Input, Peek};

/// Whether one of the `cues`, of which the first three bytes count, may stand at the start: a cheap
/// look before anything is read.
pub(super) fn begins(input: &Input<'_>, cues: &[&str]) -> bool {
    let Some(&[a, b, c]) = input.bytes.get(input.start..input.start + 3) else {
        return !input.last;
    };
    let small = [a, b, c].map(|b| b.to_ascii_lowercase());
    cues.iter().any(|cue| cue.as_bytes().starts_with(&small))
}

#[derive(Clone, Copy)]
pub(super) struct Cursor<'i, 't> {
    pub(super) input: &'i Input<'t>,
    pub(super) at: usize,
    /// Whether something was looked for where text may still come.
    pub(super) open: bool,
}

impl<'i, 't> Cursor<'i, 't> {
    pub(super) fn new(input: &'i Input<'t>) -> Self {
        let at = input.start;
        Self {
            input,
            at,
            open: false,
        }
    }

    pub(super) fn peek(&mut self) -> Option<char> {
        match self.input.peek_char(self.at) {
            Peek::Some(c) => Some(c),
            Peek::End => None,
            Peek::Open => {
                self.open = true;
                None
            }
        }
    }

    pub(super) fn eat(&mut self, wanted: impl FnOnce(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|&c| wanted(c))?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn byte(&mut self, b: u8) -> bool {
        self.eat(|c| c == char::from(b)).is_some()
    }

    /// The characters that are `wanted`, at most `most` of them: where more stand there, none.
    pub(super) fn run(&mut self, most: usize, wanted: fn(char) -> bool) -> &'t str {
        let from = self.at;
        for _ in 0..=most {
            if self.eat(wanted).is_none() {
                return self.input.text.get(from..self.at).unwrap_or_default();
            }
        }
        self.at = from;
        ""
    }

    /// A run of ASCII digits, as text.
    pub(super) fn digits(&mut self, most: usize) -> &'t str {
        self.plain(most, |b| b.is_ascii_digit())
            .unwrap_or_else(|| self.run(most, |c| c.is_ascii_digit()))
    }

    /// A run of letters, as text.
    pub(super) fn letters(&mut self, most: usize) -> &'t str {
        self.plain(most, |b| b.is_ascii_alphabetic())
            .unwrap_or_else(|| self.run(most, char::is_alphabetic))
    }

    /// What [`run`](Self::run) gives where nothing outside ASCII stands and the text does not end.
    fn plain(&mut self, most: usize, wanted: fn(&u8) -> bool) -> Option<&'t str> {
        let rest = self.input.bytes.get(self.at..)?;
        let run = rest.iter().take(most + 1).take_while(|b| wanted(b));
        let len = run.count();
        if len > most {
            return Some("");
        }
        rest.get(len).filter(|b| b.is_ascii())?;
        let from = self.at;
        self.at += len;
        self.input.text.get(from..self.at)
    }

    /// One space, typographic ones too.
    pub(super) fn space(&mut self) -> bool {
        match self.peek() {
            Some(' ') => self.at += 1,
            Some('\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}') => {
                self.at += separator(self.input.bytes, self.at).map_or(1, |(_, len)| len);
            }
            _ => return false,
        }
        true
    }

    /// Up to `most` spaces.
    pub(super) fn spaces(&mut self, most: usize) -> usize {
        (0..most).take_while(|_| self.space()).count()
    }

    /// `word`, in small letters, whatever the case of the text.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let from = self.at;
        for wanted in word.chars() {
            let same = |c: char| c == wanted || c.to_lowercase().eq([wanted]);
            if self.eat(same).is_none() {
                self.at = from;
                return false;
            }
        }
        true
    }

    /// `word` as it is.
    pub(super) fn word_exact(&mut self, word: &str) -> bool {
        let from = self.at;
        let all = word
            .chars()
            .all(|wanted| self.eat(|c| c == wanted).is_some());
        if !all {
            self.at = from;
        }
        all
    }

    /// Takes the steps of `path`, or none of them.
    pub(super) fn attempt<T>(&mut self, path: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let from = self.at;
        let taken = path(self);
        if taken.is_none() {
            self.at = from;
        }
        taken
    }

    /// Whether a word ends here.
    pub(super) fn edge(&mut self) -> bool {
        !self.peek().is_some_and(is_word)
    }

    /// What has been read from `from` on.
    pub(super) fn since(&self, from: usize) -> &'t str {
        self.input.text.get(from..self.at).unwrap_or_default()
    }
}
