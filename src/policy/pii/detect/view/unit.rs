//! Units: the places where the text says something other than what its bytes show.
//!
//! What a place is depends on at most [`BEHIND`] bytes before it and [`LONGEST`] bytes from it on,
//! so a text is cut into units the same way wherever one begins to read it, but for the first
//! `LONGEST` bytes.

use super::chars::{self, Out};
use super::hint::{AHEAD, BLOCK, hints};
use super::{escape, spelled};

/// The most bytes of one unit or of one group.
pub(super) const LONGEST: usize = if escape::LONGEST > spelled::LONGEST + 32 {
    escape::LONGEST
} else {
    spelled::LONGEST + 32
};
/// The most bytes of a unit that is one character of the view.
pub(super) const WIDEST: usize = escape::LONGEST;
/// The most bytes before a place that say what it is.
pub(super) const BEHIND: usize = 10;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing but itself.
    None,
    /// It depends on text that is not there yet.
    Partial,
    Unit {
        len: usize,
        out: Out,
    },
    /// An address in words up to `end`, with [`spelled::mark`]s in it.
    Group {
        end: usize,
    },
}

impl Look {
    pub(super) fn unit(len: usize, out: Out) -> Self {
        Look::Unit { len, out }
    }

    pub(super) fn partial(partial: bool) -> Self {
        if partial { Look::Partial } else { Look::None }
    }
}

/// The bytes that a unit may begin with.
const BEGINS: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = matches!(
            b as u8,
            b'&' | b'%' | b'\\' | b' ' | b'(' | b'[' | b'{' | b'<' | b'_' | b'*' | b'~' | b'.'
        ) || b >= 0xC2;
        b += 1;
    }
    table
};

/// What stands at `at`, which counts as a place to begin at.
pub(super) fn look(text: &str, at: usize, last: bool) -> Look {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.get(at) else {
        return Look::None;
    };
    if !BEGINS[usize::from(first)] {
        return Look::None;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    match first {
        b'&' => escape::reference(rest, last),
        b'%' => escape::percent(rest, last),
        b'\\' if at > 0 && bytes.get(at - 1) == Some(&b'\\') => Look::None,
        b'\\' => escape::backslash(rest, last),
        b' ' => spelled::space(bytes, at, last),
        b'(' | b'[' | b'{' | b'<' => spelled::bracketed(bytes, at, last),
        b'.' => spelled::stop(bytes, at, last),
        0..0x80 => spelled::odd(bytes, at, last),
        _ => match text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(c) => wide(bytes, at, c, last),
            None => Look::None,
        },
    }
}

fn wide(bytes: &[u8], at: usize, c: char, last: bool) -> Look {
    let len = c.len_utf8();
    if let Some(out) = chars::fold(c) {
        return Look::unit(len, out);
    }
    // Dashes, spaces and full stops that prose has too: only right between what they part.
    let (out, joins): (_, fn(&u8) -> bool) = match c {
        _ if chars::is_dash(c) => ('-', u8::is_ascii_digit),
        _ if chars::is_space(c) => (' ', u8::is_ascii_digit),
        _ if chars::is_stop(c) => ('.', u8::is_ascii_alphanumeric),
        _ => return Look::None,
    };
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    if !before.is_some_and(joins) {
        return Look::None;
    }
    match bytes.get(at + len) {
        Some(b) if joins(b) => Look::unit(len, Out::Char(out)),
        None => Look::partial(!last),
        _ => Look::None,
    }
}

/// How many bytes are sooner looked at one by one.
const FEW: usize = 12;

/// The first place in `from..to` where something other than [`Look::None`] stands.
pub(super) fn next(text: &str, from: usize, to: usize, last: bool) -> Option<(usize, Look)> {
    let bytes = text.as_bytes();
    let to = to.min(bytes.len());
    // A unit shows by its own bytes and the one before it, at most two before or one after the
    // byte that its hint begins with.
    let mut at = from.saturating_sub(1);
    while at < to {
        let end = at + BLOCK;
        match bytes.get(at..end + AHEAD) {
            Some(window) if !hints(window) => {
                at = end;
                continue;
            }
            Some(_) => {}
            // The last block is filled up. Where the text may go on, its last bytes are looked at.
            None => {
                let rest = bytes.get(at..).unwrap_or_default();
                let few = rest.len() <= FEW;
                let mut window = [0; BLOCK + AHEAD];
                if let Some(head) = window.get_mut(..rest.len()) {
                    head.copy_from_slice(rest);
                }
                if !few && !hints(&window) {
                    let tail = bytes.len().saturating_sub(AHEAD + 2).max(at);
                    if last || tail >= to {
                        return None;
                    }
                    at = tail;
                }
            }
        }
        let mut place = at.saturating_sub(2).max(from);
        while place <= end && place < to {
            if !bytes.get(place).is_some_and(|&b| BEGINS[usize::from(b)]) {
                place += 1;
                continue;
            }
            match look(text, place, last) {
                Look::None => place += 1,
                found => return Some((place, found)),
            }
        }
        at = end;
    }
    None
}
