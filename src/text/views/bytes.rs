//! Bytes that are spelled with letters and digits.

use std::ops::Range;

use crate::text::runs::{count, count_pairs, has_run};

/// The fewest bytes that are worth reading.
const FEWEST: usize = 8;
/// The fewest letters of base64 in a row: longer than most words.
const LONG: usize = 12;

/// What a text may hold, from a quick look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hint {
    /// A long run of letters and digits.
    pub(super) runs: bool,
    /// Many hexadecimal digits beside each other.
    pub(super) digits: bool,
    pub(super) percents: bool,
    pub(super) ampersands: bool,
    pub(super) backslashes: bool,
    /// Digits and marks beside letters.
    pub(super) mixed: bool,
}

const RUN: u8 = 1;
const HEX: u8 = 2;
const GAP: u8 = 4;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        let mut class = 0;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=') {
            class |= RUN;
        }
        if byte.is_ascii_hexdigit() {
            class |= HEX;
        }
        if matches!(byte, b' ' | b',' | b':' | b'\\' | b'x' | b'-' | b'\n') {
            class |= GAP;
        }
        classes[b] = class;
        b += 1;
    }
    classes
};

impl Hint {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let has = |b: u8, fewest: usize| count(bytes, |other| other == b) >= fewest;
        Self {
            runs: has_run(bytes, LONG, |&b| CLASSES[usize::from(b)] & RUN != 0),
            digits: many_digits(bytes),
            percents: has(b'%', 3),
            ampersands: has(b'&', 2),
            backslashes: has(b'\\', 2),
            mixed: count_pairs(bytes, is_mixed) >= 3,
        }
    }
}

/// Whether sixteen hexadecimal digits follow each other, with gaps.
fn many_digits(bytes: &[u8]) -> bool {
    const MANY: usize = 16;
    let is_part = |b: &u8| CLASSES[usize::from(*b)] & (HEX | GAP) != 0;
    let mut from = 0;
    // The last place first, as with runs.
    while let Some(stretch) = bytes.get(from..from + MANY) {
        if let Some(at) = stretch.iter().rposition(|b| !is_part(b)) {
            from += at + 1;
            continue;
        }
        let rest = &bytes[from..];
        let len = rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
        if count(&rest[..len], |b| b.is_ascii_hexdigit()) >= MANY {
            return true;
        }
        from += len + 1;
    }
    false
}

/// Whether one is a letter, and the other looks like one. Without branches, so
/// that many are compared at once.
fn is_mixed(a: u8, b: u8) -> bool {
    let letter = |b: u8| (b | 0x20).wrapping_sub(b'a') < 26;
    let lookalike =
        |b: u8| (b.wrapping_sub(b'0') < 10) | (b == b'@') | (b == b'$') | (b == b'!') | (b == b'|');
    (letter(a) & lookalike(b)) | (lookalike(a) & letter(b))
}

/// Whether bytes are text that someone may read.
fn readable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (mut all, mut odd, mut plain) = (0, 0, 0);
    for c in text.chars() {
        all += 1;
        odd += usize::from(c.is_control() && !c.is_whitespace() || c == '\u{fffd}');
        plain += usize::from(c.is_alphabetic() || c == ' ');
    }
    (all >= FEWEST / 2 && odd * 20 <= all && plain * 2 >= all).then_some(text)
}

/// Joins what several runs say.
#[derive(Default)]
struct Joined {
    text: String,
    range: Option<Range<usize>>,
}

impl Joined {
    fn push(&mut self, text: &str, range: Range<usize>) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        let start = self.range.as_ref().map_or(range.start, |own| own.start);
        self.range = Some(start..range.end);
    }

    fn finish(self) -> Option<(String, Range<usize>)> {
        Some((self.text, self.range?))
    }
}

const fn base64_value(b: u8) -> Option<u8> {
    Some(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// What runs of base64 say.
pub(super) fn base64(text: &str) -> Option<(String, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut joined = Joined::default();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if base64_value(bytes[at]).is_none() {
            at += 1;
            continue;
        }
        // Most runs are words.
        let values = bytes[at..].iter().take(LONG);
        let short = values.take_while(|b| base64_value(**b).is_some()).count();
        if short < LONG {
            at += short;
            continue;
        }
        let start = at;
        out.clear();
        let (mut bits, mut held, mut long) = (0_u32, 0_u32, false);
        let mut line = 0;
        let mut end = at;
        while let Some(&b) = bytes.get(at) {
            if let Some(value) = base64_value(b) {
                bits = bits << 6 | u32::from(value);
                held += 6;
                if held >= 8 {
                    held -= 8;
                    out.push((bits >> held) as u8);
                }
                line += 1;
                long |= line >= LONG;
                end = at + 1;
            } else if matches!(b, b'\n' | b'\r') && line >= 32 {
                // It goes on in the next line.
                line = 0;
            } else {
                break;
            }
            at += 1;
        }
        while bytes.get(end) == Some(&b'=') {
            end += 1;
        }
        at = at.max(end);
        if long && out.len() >= FEWEST {
            match readable(&out) {
                Some(text) => joined.push(text, start..end),
                None => {
                    if let Some(text) = shifted(&bytes[start..end]) {
                        joined.push(&text, start..end);
                    }
                }
            }
        }
    }
    joined.finish()
}

/// The fewest bytes that are worth reading where they have to be looked for.
const FEWEST_WITHIN: usize = 20;

/// What a run says that begins or ends with something else: a path before it, a letter of an
/// escape. The longest stretch that is readable, from any of the four places in a group.
fn shifted(run: &[u8]) -> Option<String> {
    if run.len() < FEWEST_WITHIN * 4 / 3 {
        return None;
    }
    let mut best: Option<String> = None;
    for skip in 0..4 {
        let values = run[skip..].iter().filter_map(|&b| base64_value(b));
        let (mut bits, mut held, mut out) = (0_u32, 0_u32, Vec::with_capacity(run.len()));
        for value in values {
            bits = bits << 6 | u32::from(value);
            held += 6;
            if held >= 8 {
                held -= 8;
                out.push((bits >> held) as u8);
            }
        }
        let odd = |c: char| c.is_control() && !c.is_whitespace();
        let valid = out.utf8_chunks().flat_map(|chunk| chunk.valid().split(odd));
        let Some(longest) = valid.max_by_key(|stretch| stretch.len()) else {
            continue;
        };
        let (all, plain) = longest.chars().fold((0, 0), |(all, plain), c| {
            (all + 1, plain + usize::from(c.is_alphabetic() || c == ' '))
        });
        let more = best.as_ref().is_none_or(|best| best.len() < longest.len());
        if longest.len() >= FEWEST_WITHIN && plain * 5 >= all * 4 && more {
            best = Some(longest.to_owned());
        }
    }
    best
}

/// The end of what may stand between two bytes: a space, a comma, `\x`, `0x`.
fn gap(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let mark = rest
        .iter()
        .take(2)
        .take_while(|b| matches!(b, b' ' | b',' | b':' | b'-' | b'\n'))
        .count();
    match rest.get(mark..) {
        Some([b'\\' | b'0', b'x', ..]) => at + mark + 2,
        _ => at + mark,
    }
}

/// Reads bytes of `size` digits with base `radix` from `at` on, with gaps.
fn digits(bytes: &[u8], from: usize, size: usize, radix: u32) -> (Vec<u8>, usize) {
    let (mut out, mut at, mut end) = (Vec::new(), from, from);
    while let Some(group) = bytes.get(at..at + size) {
        let digit =
            |value: Option<u32>, &b: &u8| Some(value? * radix + char::from(b).to_digit(radix)?);
        let Some(value) = group.iter().fold(Some(0), digit) else {
            break;
        };
        out.push(value as u8);
        end = at + size;
        at = gap(bytes, end);
    }
    (out, end)
}

fn spelled(text: &str, size: usize, radix: u32) -> Option<(String, Range<usize>)> {
    let bytes = text.as_bytes();
    let is_digit = |b: &u8| char::from(*b).is_digit(radix);
    let mut joined = Joined::default();
    let mut at = 0;
    while at < bytes.len() {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let begins = is_digit(&bytes[at])
            && !before.is_some_and(|b| b.is_ascii_alphanumeric() && *b != b'x');
        if !begins {
            at += 1;
            continue;
        }
        let start = match bytes.get(at..at + 2) {
            Some(b"0x") => at + 2,
            _ => at,
        };
        let (out, end) = digits(bytes, start, size, radix);
        let whole = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
        if out.len() >= FEWEST
            && whole
            && let Some(text) = readable(&out)
        {
            joined.push(text, start..end);
        }
        at = end.max(at + 1);
    }
    joined.finish()
}

/// What bytes in hexadecimal say.
pub(super) fn hex(text: &str) -> Option<(String, Range<usize>)> {
    spelled(text, 2, 16)
}

/// What bytes in zeros and ones say.
pub(super) fn binary(text: &str) -> Option<(String, Range<usize>)> {
    spelled(text, 8, 2)
}
