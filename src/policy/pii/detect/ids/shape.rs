//! The written forms of an identifier, and reading one of them from a start.
//!
//! A form is a short text: `#` a digit, `a` a letter, `*` a letter or a digit, a capital or a digit
//! stands for itself. ` ` is the mark between groups, a space or a hyphen but the same one
//! throughout; `_`, `-`, `.` and `/` are a space, a hyphen, a full stop and a slash and no other.

use super::super::bytes::{Separator, separator};
use super::super::input::Input;

/// The most letters and digits in a form.
const MOST: usize = 24;

/// What a form says of the text at a start.
pub(super) enum Read {
    No,
    /// The text ends within the form.
    Open {
        small: bool,
    },
    Whole(Reading),
}

/// The letters and digits that were read, the letters as capitals.
pub(super) struct Reading {
    pub(super) end: usize,
    chars: [u8; MOST],
    len: usize,
    /// The mark between the groups, where the form leaves it open.
    pub(super) mark: Option<Separator>,
    /// Whether the letters are small. Capitals and small letters together are no identifier.
    pub(super) small: bool,
}

impl Reading {
    pub(super) fn chars(&self) -> &[u8] {
        self.chars.get(..self.len).unwrap_or_default()
    }

    /// The characters from `from` up to `to`; none if there are not as many.
    pub(super) fn part(&self, from: usize, to: usize) -> &[u8] {
        self.chars().get(from..to).unwrap_or_default()
    }

    pub(super) fn char(&self, at: usize) -> u8 {
        self.chars().get(at).copied().unwrap_or(0)
    }

    /// The digits between as a number. Other characters count as 0.
    pub(super) fn number(&self, from: usize, to: usize) -> u64 {
        self.part(from, to)
            .iter()
            .fold(0, |n: u64, &b| n.wrapping_mul(10) + u64::from(value(b)))
    }

    /// Whether all characters are the same.
    pub(super) fn uniform(&self) -> bool {
        self.chars().windows(2).all(|w| w.first() == w.last())
    }
}

/// The value of a digit; 0 for any other byte.
pub(super) const fn value(b: u8) -> u8 {
    if b.is_ascii_digit() { b - b'0' } else { 0 }
}

/// Reads `form` at the start of `input`.
pub(super) fn read(input: &Input<'_>, form: &[u8]) -> Read {
    let mut reading = Reading {
        end: input.start,
        chars: [0; MOST],
        len: 0,
        mark: None,
        small: false,
    };
    let mut capital = false;
    for &expected in form {
        let at = reading.end;
        if input.open(at) {
            let small = reading.small;
            return Read::Open { small };
        }
        if let b' ' | b'_' | b'-' | b'.' | b'/' = expected {
            let Some((mark, len)) = separator(input.bytes, at) else {
                return Read::No;
            };
            let fits = match expected {
                b'_' => mark == Separator::Space,
                b'-' => mark == Separator::Hyphen,
                b'.' => mark == Separator::Dot,
                b'/' => mark == Separator::Slash,
                _ => {
                    let first = *reading.mark.get_or_insert(mark);
                    first == mark && matches!(mark, Separator::Space | Separator::Hyphen)
                }
            };
            if !fits {
                return Read::No;
            }
            reading.end += len;
            continue;
        }
        let Some(b) = input.byte(at) else {
            return Read::No;
        };
        let fits = match expected {
            b'#' => b.is_ascii_digit(),
            b'a' => b.is_ascii_alphabetic(),
            b'*' => b.is_ascii_alphanumeric(),
            _ => b.to_ascii_uppercase() == expected,
        };
        reading.small |= b.is_ascii_lowercase();
        capital |= b.is_ascii_uppercase();
        if !fits || reading.small && capital {
            return Read::No;
        }
        if let Some(place) = reading.chars.get_mut(reading.len) {
            *place = b.to_ascii_uppercase();
        }
        reading.len += 1;
        reading.end += 1;
    }
    Read::Whole(reading)
}

/// The digits that `form` begins with, and whether a letter could follow them.
pub(super) const fn lead(form: &[u8]) -> (usize, bool) {
    let mut len = 0;
    while len < form.len() && form[len] == b'#' {
        len += 1;
    }
    (len, len < form.len() && form[len] == b'*')
}

/// The letters and digits that `form` begins with.
pub(super) const fn word(form: &[u8]) -> usize {
    let mut len = 0;
    while len < form.len() && !matches!(form[len], b' ' | b'_' | b'-' | b'.' | b'/') {
        len += 1;
    }
    len
}

/// The most bytes that reading a form of these takes, with what is looked at after it.
pub(super) const fn longest(forms: &[super::rule::Form]) -> usize {
    let mut longest = 0;
    let mut i = 0;
    while i < forms.len() {
        let (form, mut bytes, mut at) = (forms[i].text, 0, 0);
        while at < form.len() {
            bytes += if matches!(form[at], b' ' | b'_' | b'-') {
                3
            } else {
                1
            };
            at += 1;
        }
        if bytes > longest {
            longest = bytes;
        }
        i += 1;
    }
    longest + 8
}
