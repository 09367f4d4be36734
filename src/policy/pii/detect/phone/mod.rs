//! Telephone numbers: international ones with `+`, `00` or a North American `1`, and the national
//! forms with separators that give themselves away. Other digits are a number only after a word
//! that says so (`context`).

mod country;
mod groups;
mod named;
mod national;
mod shapes;

use super::bytes::is_word;
use super::context;
use super::input::{Input, Peek, Step, is_alphanumeric, is_digit};
use super::opening::{self, Openings};
use groups::Groups;
use shapes::Shape;

/// All the groups, and the extension or the words behind them.
pub(super) const LONGEST: usize = groups::LONGEST
    + if EXTENSION > context::BEHIND_LONGEST {
        EXTENSION
    } else {
        context::BEHIND_LONGEST
    };
/// ` extension. ` with six digits, one more, and the character after them.
const EXTENSION: usize = 3 + 9 + 2 + 6 + 1 + 4;
pub(super) const SCORE: f32 = 0.8;
/// Seven digits in a row, or fewer with more to come.
pub(super) const OPENINGS: Openings = Openings::digits(!0 << 7, opening::ANY).or(Openings::digits(
    0b111_1110,
    opening::SPACE_DIGIT
        | opening::HYPHEN_DIGIT
        | opening::DOT_DIGIT
        | opening::SLASH
        | opening::WIDE,
));

pub(super) fn run(input: &Input<'_>) -> Step {
    if embedded(input) {
        return Step::No;
    }
    let groups = match Groups::read(input) {
        Ok(groups) => groups,
        Err(open) => return if open { Step::Unfinished } else { Step::No },
    };
    match shapes::best(input, &groups) {
        Shape::No => Step::No,
        Shape::Open => Step::Unfinished,
        Shape::Whole { group, score } => match groups.end(group) {
            Some(end) if group + 1 == groups.len() => match extension(input, end) {
                Extension::None => Step::Match { end, score },
                Extension::Open => Step::Unfinished,
                Extension::End(end) => Step::Match { end, score },
            },
            Some(end) => Step::Match { end, score },
            None => Step::No,
        },
    }
}

/// Whether what stands before shows that the digits belong to something longer.
fn embedded(input: &Input<'_>) -> bool {
    match input.before(1) {
        Some(b'+' | b'$' | b'*' | b'^') => true,
        Some(0xA3) => input.before(2) == Some(0xC2), // a pound sign
        Some(0xAC) => input.before(2) == Some(0x82), // a euro sign
        Some(b')') => input.before(2).is_some_and(is_alphanumeric),
        Some(b'/') => input.before(2).is_some_and(is_alphanumeric),
        Some(b'-') if input.before(2).is_some_and(is_alphanumeric) => code(input),
        Some(b'.' | b',' | b':' | b'#') => input.before(2).is_some_and(is_digit),
        Some(b) if b.is_ascii_digit() || b == b'_' => true,
        _ => false,
    }
}

/// Whether what stands before the digits with a hyphen is the beginning of a code: `SKU-789-…`,
/// `e2836d8b-0106-…`, and not `TEL-789-…`.
fn code(input: &Input<'_>) -> bool {
    let (before, _) = input.behind();
    let head = before.trim_end_matches('-');
    let rest = head.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    let word = head.get(rest.len()..).unwrap_or_default();
    let capitals = word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase());
    word.bytes().any(|b| b.is_ascii_digit()) || capitals && !context::names_telephone(word)
}

enum Extension {
    None,
    Open,
    End(usize),
}

/// An extension after the number: `x123`, ` ext. 123`.
fn extension(input: &Input<'_>, from: usize) -> Extension {
    let mut at = from;
    if input.peek(at) == Peek::Some(b',') {
        at += 1;
    }
    if input.peek(at) == Peek::Some(b' ') {
        at += 1;
    }
    let word = at;
    while at - word <= 9 && input.byte(at).is_some_and(|b| b.is_ascii_alphabetic()) {
        at += 1;
    }
    let name = input.bytes.get(word..at).unwrap_or_default();
    let names = [&b"x"[..], b"ext", b"extn", b"extension"];
    if input.open(at) {
        let known = names
            .iter()
            .any(|n| n.get(..name.len()).is_some_and(|n| same(n, name)));
        return if known {
            Extension::Open
        } else {
            Extension::None
        };
    }
    if !names.iter().any(|n| same(n, name)) {
        return Extension::None;
    }
    if matches!(input.peek(at), Peek::Some(b'.' | b':')) {
        at += 1;
    }
    if input.peek(at) == Peek::Some(b' ') {
        at += 1;
    }
    let end = input.digits(at, 7);
    match input.peek_char(end) {
        _ if end - at > 6 => Extension::None,
        Peek::Open => Extension::Open,
        _ if end == at => Extension::None,
        Peek::Some(c) if is_word(c) => Extension::None,
        _ => Extension::End(end),
    }
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.eq_ignore_ascii_case(b)
}
