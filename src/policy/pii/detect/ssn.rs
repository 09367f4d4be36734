//! United States social security numbers: area, group and serial number, none of them impossible.

use super::bytes::{Separator, separator};
use super::context;
use super::input::{Input, Step, Tri, is_alphanumeric, is_digit};
use super::opening::{self, Openings};

/// Nine digits, two separators of three bytes, and the words behind them.
pub(super) const LONGEST: usize = 9 + 2 * 3 + 3 + 4 + context::BEHIND_LONGEST;
pub(super) const SCORE: f32 = 0.9;
pub(super) const OPENINGS: Openings =
    Openings::digits(1 << 9, opening::NO_TURN).or(Openings::digits(
        1 << 3,
        opening::SPACE_DIGIT | opening::HYPHEN_DIGIT | opening::WIDE,
    ));
const HYPHENS: f32 = 0.85;
const SPACES: f32 = 0.6;
/// What nine digits are called in words behind them.
const BEHIND: &[&str] = &["ssn", "social"];

pub(super) fn run(input: &Input<'_>) -> Step {
    if matches!(input.before(1), Some(b'+' | b'$'))
        || input.glued(b".-/", is_alphanumeric)
        || input.glued(b",", is_digit)
    {
        return Step::No;
    }
    let area = input.digits(input.start, 10);
    let len = area - input.start;
    if len >= 3 && !area_issued(input) {
        return Step::No;
    }
    let bare = || context::social_security(input);
    if input.open(area) {
        let viable = len <= 3 || len <= 9 && numbers_issued(input, input.start + 3);
        return if viable { Step::Unfinished } else { Step::No };
    }
    match len {
        3 => separated(input, area),
        9 if numbers_issued(input, input.start + 3) && bare() => {
            finish(area, SCORE, input.edge(area, b".-/", is_digit))
        }
        9 if numbers_issued(input, input.start + 3) => {
            match context::behind(input, area, BEHIND, &[]) {
                Tri::Yes => Step::Match {
                    end: area,
                    score: HYPHENS,
                },
                Tri::Open => Step::Unfinished,
                Tri::No => Step::No,
            }
        }
        _ => Step::No,
    }
}

fn finish(end: usize, score: f32, edge: Tri) -> Step {
    match edge {
        Tri::Yes => Step::Match { end, score },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}

fn separated(input: &Input<'_>, at: usize) -> Step {
    let Some((mark, gap)) = separator(input.bytes, at) else {
        return Step::No;
    };
    if !matches!(mark, Separator::Space | Separator::Hyphen) {
        return Step::No;
    }
    let group = at + gap;
    let group_end = input.digits(group, 3);
    if zeros(input, group, group_end, 2) {
        return Step::No;
    }
    if input.open(group_end) {
        return if group_end - group <= 2 {
            Step::Unfinished
        } else {
            Step::No
        };
    }
    let serial = match separator(input.bytes, group_end) {
        Some((next, gap)) if next == mark && group_end - group == 2 => group_end + gap,
        _ => return Step::No,
    };
    let end = input.digits(serial, 5);
    if zeros(input, serial, end, 4) {
        return Step::No;
    }
    if input.open(end) {
        return if end - serial <= 4 {
            Step::Unfinished
        } else {
            Step::No
        };
    }
    if end - serial != 4 {
        return Step::No;
    }
    let hyphens = mark == Separator::Hyphen;
    if hyphens {
        return finish(end, HYPHENS, input.edge(end, b".-/", is_alphanumeric));
    }
    // In a row of numbers it is three of them and not one.
    let row = input.before(1) == Some(b' ') && input.before(2).is_some_and(is_digit);
    if row && !context::social_security(input) {
        return Step::No;
    }
    finish(end, SPACES, input.edge(end, b" .-/", is_digit))
}

/// Whether the digits between are all there, and all zero.
fn zeros(input: &Input<'_>, from: usize, to: usize, len: usize) -> bool {
    to - from >= len
        && input
            .bytes
            .get(from..from + len)
            .is_some_and(|d| d.iter().all(|&b| b == b'0'))
}

fn area_issued(input: &Input<'_>) -> bool {
    match input.bytes.get(input.start..input.start + 3) {
        Some(area) => area != b"000" && area != b"666" && area.first() != Some(&b'9'),
        None => false,
    }
}

/// Whether group and serial number, as far as they are there without separators, are possible.
fn numbers_issued(input: &Input<'_>, at: usize) -> bool {
    let end = input.digits(at, 6);
    !zeros(input, at, end, 2) && !zeros(input, (at + 2).min(end), end, 4)
}
