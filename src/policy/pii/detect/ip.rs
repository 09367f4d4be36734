//! IP addresses: the dotted quads of IPv4, and IPv6 (see `ipv6`).

use super::context;
use super::input::{Input, Peek, Step, Tri, is_alphanumeric, is_digit, is_letter};
use super::ipv6;
use super::opening::{self, Openings};

/// The longest IPv6 text with an embedded IPv4 address, and what follows.
pub(super) const LONGEST: usize = 45 + 1 + 5;
pub(super) const SCORE: f32 = 0.95;
/// A group of up to four digits and its mark.
pub(super) const OPENINGS: Openings = {
    let marks = opening::OTHER | opening::TURN | opening::DOT | opening::DOT_DIGIT;
    Openings::digits(0b1_1110, marks)
        .or(Openings::letters(0b1_1110, marks))
        .within(0b1_1110)
};

pub(super) fn run(input: &Input<'_>) -> Step {
    match v4(input) {
        Step::No => ipv6::run(input),
        found @ Step::Match { .. } => found,
        Step::Unfinished => Step::Unfinished,
    }
}

/// A dotted quad as far as it goes.
pub(super) enum Quad {
    No,
    /// It reaches the end of text that is not complete.
    Open,
    /// Where it ends.
    End(usize),
}

/// Reads a dotted quad at `from`, without a look at its neighbours.
pub(super) fn quad(input: &Input<'_>, from: usize) -> Quad {
    let mut at = from;
    for octet in 0..4 {
        if octet > 0 {
            match input.peek(at) {
                Peek::Some(b'.') => at += 1,
                Peek::Open => return Quad::Open,
                _ => return Quad::No,
            }
        }
        let end = input.digits(at, 4);
        let digits = input.bytes.get(at..end).unwrap_or_default();
        let value = digits.iter().fold(0, |v, b| v * 10 + u32::from(b - b'0'));
        let leading_zero = digits.len() > 1 && digits.first() == Some(&b'0');
        if value > 255 || leading_zero || digits.len() > 3 {
            return Quad::No;
        }
        if input.open(end) {
            return Quad::Open;
        }
        if digits.is_empty() {
            return Quad::No;
        }
        at = end;
    }
    Quad::End(at)
}

fn v4(input: &Input<'_>) -> Step {
    if !input.byte(input.start).is_some_and(is_digit)
        || input.glued(b".", is_alphanumeric)
        || input.glued(b"-", is_letter)
    {
        return Step::No;
    }
    let end = match quad(input, input.start) {
        Quad::No => return Step::No,
        // Four parts after a word like "version" are a version.
        Quad::Open if context::version(input) => return Step::No,
        Quad::Open => return Step::Unfinished,
        Quad::End(end) => end,
    };
    // `Chrome/120.0.0.0`: a product and its version.
    let product = input.glued(b"/", is_letter)
        && input
            .bytes
            .get(input.start..end)
            .is_some_and(|quad| quad.ends_with(b".0.0.0"));
    if product || context::version(input) {
        return Step::No;
    }
    let edge = match input.peek(end) {
        Peek::Some(b'-') => input.edge(end, b"-", is_letter),
        _ => input.edge(end, b".", is_alphanumeric),
    };
    match edge {
        Tri::Yes => Step::Match { end, score: SCORE },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}
