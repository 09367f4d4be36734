//! Hardware addresses (EUI-48 and EUI-64 of IEEE 802): pairs of hexadecimal digits with colons or
//! hyphens, or the groups of four with full stops that Cisco writes.

use super::super::input::{Input, Peek, Step, Tri, is_alphanumeric};
use super::super::opening::{self, Openings};

/// Eight pairs, their marks, and what follows.
pub(in super::super) const LONGEST: usize = 8 * 3 + 3;
pub(in super::super) const SCORE: f32 = 0.96;
/// Two digits, or four, and a mark.
pub(in super::super) const OPENINGS: Openings = {
    let marks = opening::OTHER
        | opening::TURN
        | opening::HYPHEN
        | opening::HYPHEN_DIGIT
        | opening::DOT
        | opening::DOT_DIGIT
        | opening::WIDE;
    Openings::digits(0b1_1110, marks)
        .or(Openings::letters(0b1_1110, marks))
        .within(1 << 2 | 1 << 4)
};

/// First words that hold no trigger byte: two letters and a hyphen.
#[rustfmt::skip]
pub(in super::super) const WORDS: &[&str] = &[
    "aa-", "ab-", "ac-", "ad-", "ae-", "af-", "ba-", "bb-", "bc-", "bd-", "be-", "bf-",
    "ca-", "cb-", "cc-", "cd-", "ce-", "cf-", "da-", "db-", "dc-", "dd-", "de-", "df-",
    "ea-", "eb-", "ec-", "ed-", "ee-", "ef-", "fa-", "fb-", "fc-", "fd-", "fe-", "ff-",
];

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    if input.glued(b":-.", is_alphanumeric) {
        return Step::No;
    }
    let first = hex(input, input.start, 5);
    let width = first - input.start;
    if input.open(first) {
        return if width <= 4 {
            Step::Unfinished
        } else {
            Step::No
        };
    }
    match (width, input.byte(first)) {
        (2, Some(mark @ (b':' | b'-'))) => pairs(input, mark),
        (4, Some(b'.')) => dotted(input),
        _ => Step::No,
    }
}

fn hex(input: &Input<'_>, at: usize, most: usize) -> usize {
    let run = input.bytes.get(at..).unwrap_or_default().iter().take(most);
    at + run.take_while(|b| b.is_ascii_hexdigit()).count()
}

fn pairs(input: &Input<'_>, mark: u8) -> Step {
    let (mut at, mut count) = (input.start, 0);
    loop {
        let end = hex(input, at, 3);
        if input.open(end) && end - at <= 2 {
            return Step::Unfinished;
        }
        if end - at != 2 {
            return Step::No;
        }
        count += 1;
        at = end;
        match input.peek(at) {
            Peek::Some(b) if b == mark && count < 8 => {}
            _ => break,
        }
        // A mark that nothing follows ends a clause.
        match input.peek(at + 1) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b) if is_alphanumeric(b) => at += 1,
            _ => break,
        }
    }
    if count != 6 && count != 8 {
        return Step::No;
    }
    let digits = input.bytes.get(input.start..at).unwrap_or_default();
    // Pairs of decimal digits with hyphens are numbers of other kinds, and of eight pairs with
    // colons too many are.
    let decimal = !digits.iter().any(u8::is_ascii_alphabetic);
    if nobody(digits) || decimal && (mark == b'-' || count == 8) {
        return Step::No;
    }
    finish(input, at)
}

fn dotted(input: &Input<'_>) -> Step {
    let mut at = input.start;
    for group in 0..3 {
        let end = hex(input, at, 5);
        if input.open(end) && end - at <= 4 {
            return Step::Unfinished;
        }
        if end - at != 4 {
            return Step::No;
        }
        at = end;
        if group < 2 {
            match input.peek(at) {
                Peek::Some(b'.') => at += 1,
                Peek::Open => return Step::Unfinished,
                _ => return Step::No,
            }
        }
    }
    let digits = input.bytes.get(input.start..at).unwrap_or_default();
    if nobody(digits) || !digits.iter().any(u8::is_ascii_alphabetic) {
        return Step::No;
    }
    finish(input, at)
}

/// All zeros or the broadcast address: no device has it.
fn nobody(digits: &[u8]) -> bool {
    let mut digits = digits.iter().filter(|b| b.is_ascii_hexdigit());
    match digits.next() {
        Some(b'0') => digits.all(|&b| b == b'0'),
        Some(b'f' | b'F') => digits.all(|b| b.eq_ignore_ascii_case(&b'f')),
        _ => false,
    }
}

fn finish(input: &Input<'_>, end: usize) -> Step {
    match input.edge(end, b":-.", is_alphanumeric) {
        Tri::Yes => Step::Match { end, score: SCORE },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}
