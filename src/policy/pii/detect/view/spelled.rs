//! Marks that are spelled out or unusual: `(at)`, `[dot]`, `ada at example dot com`,
//! `4111_1111_1111_1111`, `1 2 3 - 4 5 - 6 7 8 9`.

use super::chars::Out;
use super::unit::Look;

/// The longest address in words from its first mark on.
pub(super) const LONGEST: usize = 96;
/// The longest label in such an address.
const LABEL: usize = 24;
/// The most ` dot ` on either side of ` at `.
const DOTS: usize = 4;

/// Top-level domains that are taken for one when spoken. Those that are English words as well
/// (`in`, `it`, `me`) are not among them.
#[rustfmt::skip]
const TOPS: &[&[u8]] = &[
    b"com", b"org", b"net", b"edu", b"gov", b"mil", b"io", b"co", b"uk", b"de", b"fr", b"es",
    b"nl", b"eu", b"ca", b"au", b"ch", b"se", b"fi", b"dk", b"pl", b"cz", b"ru", b"cn", b"jp",
    b"br", b"mx", b"nz", b"ie", b"info", b"biz", b"dev", b"ai", b"example", b"test",
];

/// What stands before ` at ` or between it and ` dot ` in a sentence that is about something else.
#[rustfmt::skip]
const WORDS: &[&[u8]] = &[
    b"the", b"a", b"an", b"this", b"that", b"each", b"every", b"one", b"my", b"your", b"his",
    b"its", b"our", b"their", b"some", b"any", b"look", b"looking", b"is", b"are", b"was",
];

fn at_byte(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

fn before(bytes: &[u8], at: usize, back: usize) -> Option<u8> {
    at.checked_sub(back).and_then(|at| at_byte(bytes, at))
}

fn digit(b: Option<u8>) -> bool {
    b.is_some_and(|b| b.is_ascii_digit())
}

fn alphanumeric(b: Option<u8>) -> bool {
    b.is_some_and(|b| b.is_ascii_alphanumeric())
}

fn among(word: &[u8], list: &[&[u8]]) -> bool {
    list.iter().any(|entry| entry.eq_ignore_ascii_case(word))
}

/// What begins with a space.
pub(super) fn space(bytes: &[u8], at: usize, last: bool) -> Look {
    let previous = before(bytes, at, 1);
    if !alphanumeric(previous) {
        return Look::None;
    }
    match at_byte(bytes, at + 1) {
        None => Look::partial(!last),
        Some(b'(' | b'[' | b'{' | b'<') => bracketed(bytes, at, last),
        Some(b'a' | b'A' | b'd' | b'D') => match address(bytes, at, last) {
            Look::None if digit(previous) => between_digits(bytes, at, last),
            look => look,
        },
        Some(_) if digit(previous) => between_digits(bytes, at, last),
        Some(_) => Look::None,
    }
}

/// `(at)`, `[dot]`, `[.]` and the like between letters or digits, with a space on either side.
pub(super) fn bracketed(bytes: &[u8], from: usize, last: bool) -> Look {
    if !alphanumeric(before(bytes, from, 1)) {
        return Look::None;
    }
    let spaced = |at: usize| at + usize::from(at_byte(bytes, at) == Some(b' '));
    let open = spaced(from);
    let close = match at_byte(bytes, open) {
        Some(b'(') => b')',
        Some(b'[') => b']',
        Some(b'{') => b'}',
        Some(b'<') => b'>',
        None => return Look::partial(!last),
        _ => return Look::None,
    };
    let word = spaced(open + 1);
    let rest = bytes.get(word..).unwrap_or_default();
    let spellings: [(&[u8], char); 4] = [(b"at", '@'), (b"dot", '.'), (b"@", '@'), (b".", '.')];
    let is = |s: &[u8]| {
        rest.get(..s.len())
            .is_some_and(|r| r.eq_ignore_ascii_case(s))
    };
    let Some((len, c)) = spellings
        .iter()
        .find(|(s, _)| is(s))
        .map(|s| (s.0.len(), s.1))
    else {
        let begun = |s: &[u8]| {
            s.get(..rest.len())
                .is_some_and(|s| s.eq_ignore_ascii_case(rest))
        };
        return Look::partial(!last && spellings.iter().any(|(s, _)| begun(s)));
    };
    let end = spaced(word + len);
    // `[.]` and `(@)` are written without spaces inside, and with these brackets only.
    let tight = end == word + len && word == open + 1 && matches!(close, b')' | b']');
    match at_byte(bytes, end) {
        _ if !rest.first().is_some_and(u8::is_ascii_alphabetic) && !tight => return Look::None,
        Some(b) if b == close => {}
        None => return Look::partial(!last),
        _ => return Look::None,
    }
    let end = spaced(end + 1);
    match at_byte(bytes, end) {
        Some(b) if b.is_ascii_alphanumeric() => Look::unit(end - from, Out::Char(c)),
        None => Look::partial(!last),
        _ => Look::None,
    }
}

/// An address in words, from the first ` dot ` or ` at ` after its first word. Only all of it
/// together, with a domain that ends in a known name, is taken for one.
fn address(bytes: &[u8], from: usize, last: bool) -> Look {
    let limit = from + LONGEST;
    let (mut at, mut dots, mut in_domain) = (from, 0, false);
    // The word before the first mark, as far as it matters.
    let behind = bytes.get(from.saturating_sub(9)..from).unwrap_or_default();
    let word = behind.iter().rev();
    let len = word.take_while(|b| b.is_ascii_alphanumeric()).count();
    let mut word = behind.get(behind.len() - len..).unwrap_or_default();
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (mark, domain) = match () {
            () if begins(rest, b" dot ") => (5, in_domain),
            () if !in_domain && begins(rest, b" at ") => (4, true),
            () => {
                let partial =
                    !last && (is_begun(rest, b" dot ") || !in_domain && is_begun(rest, b" at "));
                // After a domain it is the end of the address, unless a letter goes on.
                let ends = in_domain && dots > 0 && among(word, TOPS) && !partial;
                return match ends && !alphanumeric(at_byte(bytes, at)) {
                    true => Look::Group { end: at },
                    false => Look::partial(partial && at < limit),
                };
            }
        };
        if domain && among(word, WORDS) {
            return Look::None;
        }
        dots = if domain && !in_domain { 0 } else { dots + 1 };
        in_domain = domain;
        let label = bytes.get(at + mark..).unwrap_or_default();
        let label = label.get(..label.len().min(LABEL + 1)).unwrap_or_default();
        let len = label
            .iter()
            .take_while(|&&b| b.is_ascii_alphanumeric() || b == b'-' || !domain && b == b'_')
            .count();
        at += mark + len;
        if dots > DOTS || len > LABEL || at > limit {
            return Look::None;
        }
        if at >= bytes.len() && !last {
            return Look::Partial;
        }
        if len == 0 {
            return Look::None;
        }
        word = label.get(..len).unwrap_or_default();
    }
}

fn begins(rest: &[u8], mark: &[u8]) -> bool {
    rest.get(..mark.len())
        .is_some_and(|r| r.eq_ignore_ascii_case(mark))
}

fn is_begun(rest: &[u8], mark: &[u8]) -> bool {
    mark.get(..rest.len())
        .is_some_and(|m| m.eq_ignore_ascii_case(rest))
}

/// The mark at `at` within an address in words.
pub(super) fn mark(bytes: &[u8], at: usize) -> Option<(usize, char)> {
    let rest = bytes.get(at..)?;
    if begins(rest, b" at ") {
        return Some((4, '@'));
    }
    begins(rest, b" dot ").then_some((5, '.'))
}

/// A space after a digit: between digits that stand alone, around a hyphen, or around the name of
/// a mark.
fn between_digits(bytes: &[u8], at: usize, last: bool) -> Look {
    let next = at_byte(bytes, at + 1);
    if digit(next) {
        let outer = before(bytes, at, 2);
        if alphanumeric(outer) || matches!(outer, Some(b'.' | b',' | b'-' | b':')) {
            return Look::None;
        }
        return match at_byte(bytes, at + 2) {
            None if !last => Look::Partial,
            Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'.' | b',' | b':') => Look::None,
            _ => Look::unit(1, Out::Drop),
        };
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let marks: [(&[u8], char); 3] = [(b" - ", '-'), (b" dash ", '-'), (b" dot ", '.')];
    for (mark, c) in marks {
        if begins(rest, mark) {
            return match at_byte(bytes, at + mark.len()) {
                Some(b) if b.is_ascii_digit() => Look::unit(mark.len(), Out::Char(c)),
                None => Look::partial(!last),
                _ => Look::None,
            };
        }
    }
    Look::partial(!last && marks.iter().any(|(mark, _)| is_begun(rest, mark)))
}

/// `_`, `*` and `~` between groups of at least two digits, the first of which is no part of a
/// name such as `x86_64`.
pub(super) fn odd(bytes: &[u8], at: usize, last: bool) -> Look {
    let head = bytes.get(at.saturating_sub(WIDE)..at).unwrap_or_default();
    let left = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let outer = head.iter().rev().nth(left);
    if left < 2 || left == WIDE || outer.is_some_and(u8::is_ascii_alphabetic) {
        return Look::None;
    }
    for ahead in 1..=2 {
        match at_byte(bytes, at + ahead) {
            Some(b) if b.is_ascii_digit() => {}
            None => return Look::partial(!last),
            _ => return Look::None,
        }
    }
    Look::unit(1, Out::Char('-'))
}

/// More digits than a group of any number has.
const WIDE: usize = 9;

/// The most digits of a group on a card.
const GROUP: usize = 6;

/// A full stop between the groups of a card: four to six digits on both sides, and one more group
/// on one of them.
pub(super) fn stop(bytes: &[u8], at: usize, last: bool) -> Look {
    let head = bytes
        .get(at.saturating_sub(GROUP + 2)..at)
        .unwrap_or_default();
    let left = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    if !(4..=GROUP).contains(&left) {
        return Look::None;
    }
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let right = rest
        .iter()
        .take(GROUP + 1)
        .take_while(|b| b.is_ascii_digit())
        .count();
    if !last && right == rest.len() && right <= GROUP {
        return Look::Partial;
    }
    if !(4..=GROUP).contains(&right) {
        return Look::None;
    }
    let mut outer = head.iter().rev().skip(left);
    if outer.next() == Some(&b'.') && outer.next().is_none_or(u8::is_ascii_digit) {
        return Look::unit(1, Out::Char('-'));
    }
    match (rest.get(right), rest.get(right + 1)) {
        (Some(b'.'), Some(b)) if b.is_ascii_digit() => Look::unit(1, Out::Char('-')),
        (None, _) | (Some(b'.'), None) => Look::partial(!last),
        _ => Look::None,
    }
}
