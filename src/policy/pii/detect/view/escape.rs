//! Escapes: HTML's character references, the percent-encoding of URLs, and the escapes of JSON and
//! of program text, each also escaped once more.

use super::chars::{self, Out};
use super::unit::Look;

/// Named character references (HTML Living Standard, section 13.5) of what findings are written
/// with.
#[rustfmt::skip]
const NAMES: &[(&[u8], char)] = &[
    (b"commat;", '@'), (b"period;", '.'), (b"nbsp;", ' '), (b"NonBreakingSpace;", ' '),
    (b"ensp;", ' '), (b"emsp;", ' '), (b"thinsp;", ' '), (b"numsp;", ' '), (b"hairsp;", ' '),
    (b"Tab;", '\n'), (b"NewLine;", '\n'), (b"lowbar;", '_'), (b"UnderBar;", '_'), (b"plus;", '+'),
    (b"hyphen;", '-'), (b"dash;", '-'), (b"ndash;", '-'), (b"mdash;", '-'), (b"horbar;", '-'),
    (b"minus;", '-'), (b"lpar;", '('), (b"rpar;", ')'), (b"colon;", ':'), (b"sol;", '/'),
    (b"apos;", '\''), (b"shy;", '\u{ad}'), (b"zwj;", '\u{200d}'), (b"zwnj;", '\u{200c}'),
    (b"lrm;", '\u{200e}'), (b"rlm;", '\u{200f}'), (b"NoBreak;", '\u{2060}'),
    (b"ZeroWidthSpace;", '\u{200b}'),
];

/// Digits of a numeric reference, leading zeros included.
const DIGITS: usize = 7;

/// Backslashes before one escape: JSON within JSON within JSON doubles them each time.
const BACKSLASHES: usize = 4;

/// The longest escape: `&amp;NonBreakingSpace;`.
pub(super) const LONGEST: usize = 22;

pub(super) fn reference(rest: &[u8], last: bool) -> Look {
    let (rest, len) = match rest.get(1..) {
        Some(rest) if rest.starts_with(b"amp;") => (rest.get(4..).unwrap_or_default(), 5),
        Some(rest) => (rest, 1),
        None => return Look::None,
    };
    if let Some(rest) = rest.strip_prefix(b"#") {
        return number(rest, len + 1, last);
    }
    for (name, c) in NAMES {
        if rest.starts_with(name) {
            return Look::unit(len + name.len(), chars::escaped(*c));
        }
    }
    let begun = NAMES.iter().any(|(name, _)| name.starts_with(rest));
    Look::partial(!last && (begun || len == 1 && b"amp;".starts_with(rest)))
}

fn number(rest: &[u8], len: usize, last: bool) -> Look {
    let (digits, len, radix) = match rest {
        [b'x' | b'X', digits @ ..] => (digits, len + 1, 16),
        digits => (digits, len, 10),
    };
    let (value, count) = read(digits, radix, DIGITS);
    match digits.get(count) {
        Some(b';') if count > 0 => decoded(value, len + count + 1),
        None => Look::partial(!last),
        _ => Look::None,
    }
}

pub(super) fn percent(rest: &[u8], last: bool) -> Look {
    let mut at = 1;
    loop {
        let (value, count) = read(rest.get(at..).unwrap_or_default(), 16, 2);
        if count < 2 {
            let partial = rest.len() == at + count;
            return match at {
                1 => Look::partial(!last && partial),
                // `%25` on its own is a percent sign.
                _ if partial && !last => Look::Partial,
                _ => Look::unit(3, Out::Char('%')),
            };
        }
        match value {
            0x25 if at == 1 => at = 3,
            0x20..=0x7E | 0x09 | 0x0A | 0x0D => return decoded(value, at + 2),
            0xC2..=0xF4 if at == 1 => return percent_wide(rest, last),
            _ if at == 3 => return Look::unit(3, Out::Char('%')),
            _ => return Look::None,
        }
    }
}

/// A character outside ASCII, each byte of its UTF-8 encoded: `%EF%BC%A0`.
fn percent_wide(rest: &[u8], last: bool) -> Look {
    let mut bytes = [0; 4];
    let mut len = 0;
    let mut most = 1;
    while len < most {
        let escape = rest.get(3 * len..).unwrap_or_default();
        let digits = match escape {
            [] => return Look::partial(!last),
            [b'%', digits @ ..] => digits,
            _ => return Look::None,
        };
        let (value, count) = read(digits, 16, 2);
        if count < 2 {
            return Look::partial(!last && count == digits.len());
        }
        match (len, value) {
            (0, 0xC2..=0xDF) => most = 2,
            (0, 0xE0..=0xEF) => most = 3,
            (0, 0xF0..=0xF4) => most = 4,
            (1.., 0x80..=0xBF) => {}
            _ => return Look::None,
        }
        if let Some(byte) = bytes.get_mut(len) {
            *byte = value as u8;
        }
        len += 1;
    }
    let text = std::str::from_utf8(bytes.get(..len).unwrap_or_default());
    match text.ok().and_then(|text| text.chars().next()) {
        Some(c) => decoded(c as u32, 3 * len),
        None => Look::None,
    }
}

/// `\u0040`, `\u{40}`, `\x40` and `\/`, from the first backslash.
pub(super) fn backslash(rest: &[u8], last: bool) -> Look {
    let run = rest.iter().take(BACKSLASHES + 1);
    let at = run.take_while(|&&b| b == b'\\').count();
    if at > BACKSLASHES {
        return Look::None;
    }
    let body = rest.get(at + 1..).unwrap_or_default();
    let fixed = |digits: usize| match read(body, 16, digits) {
        (value, count) if count == digits => decoded(value, at + 1 + digits),
        (_, count) => Look::partial(!last && count == body.len()),
    };
    match rest.get(at) {
        None => Look::partial(!last),
        Some(b'/') => Look::unit(at + 1, Out::Char('/')),
        Some(b'x') => fixed(2),
        Some(b'u') => match body.strip_prefix(b"{") {
            Some(digits) => {
                let (value, count) = read(digits, 16, 6);
                match digits.get(count) {
                    Some(b'}') if count > 0 => decoded(value, at + 3 + count),
                    None => Look::partial(!last),
                    _ => Look::None,
                }
            }
            None => fixed(4),
        },
        _ => Look::None,
    }
}

/// The digits at the front, at most `most`: their value and how many they are.
fn read(bytes: &[u8], radix: u32, most: usize) -> (u32, usize) {
    let (mut value, mut count) = (0u32, 0);
    for &b in bytes.iter().take(most) {
        let Some(digit) = (b as char).to_digit(radix) else {
            break;
        };
        value = value * radix + digit;
        count += 1;
    }
    (value, count)
}

fn decoded(value: u32, len: usize) -> Look {
    // Half of a surrogate pair, or no character: something that is no part of a finding.
    let c = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    Look::unit(len, chars::escaped(c))
}
