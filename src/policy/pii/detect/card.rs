//! Payment card numbers: 12 to 19 digits in one run or in the groups that are printed on cards,
//! whose issuer and length go together and whose Luhn digit is right.

use super::bytes::{Separator, separator};
use super::input::{Input, Peek, Step, Tri, is_alphanumeric, is_digit};
use super::opening::{self, Openings};

const MOST: usize = 19;
/// Nineteen digits in five groups with separators of three bytes, one more, and what follows.
pub(super) const LONGEST: usize = MOST + 5 * 3 + 5 + 4;
pub(super) const SCORE: f32 = 0.95;
pub(super) const OPENINGS: Openings =
    Openings::digits(lengths(12, 19), opening::NO_TURN).or(Openings::digits(
        1 << 4,
        opening::SPACE_DIGIT | opening::HYPHEN_DIGIT | opening::WIDE,
    ));

/// The lengths (bit n: n digits) that issuers give to numbers whose first four digits are in a
/// range.
const ISSUERS: &[(u16, u16, u32)] = &[
    (604, 604, lengths(12, 19)),               // Maestro
    (1000, 1999, lengths(15, 15)),             // UATP, and JCB's 1800
    (2131, 2131, lengths(15, 15)),             // JCB
    (2200, 2205, lengths(16, 19)),             // Mir, Borica
    (2221, 2720, lengths(16, 16)),             // Mastercard
    (3000, 3059, 1 << 14 | 1 << 16),           // Diners Club
    (3095, 3095, 1 << 14 | 1 << 16),           // Diners Club
    (3400, 3499, lengths(15, 15)),             // American Express
    (3500, 3599, lengths(16, 16)),             // JCB and its kin
    (3600, 3699, 1 << 14 | 1 << 16),           // Diners Club
    (3700, 3799, lengths(15, 15)),             // American Express
    (3800, 3999, 1 << 14 | 1 << 16),           // Diners Club
    (4000, 4999, 1 << 13 | 1 << 16 | 1 << 19), // Visa
    (5000, 5099, lengths(16, 16)),             // Verve, Elo
    (5018, 5020, lengths(12, 19)),             // Maestro, Dankort
    (5038, 5038, lengths(12, 19)),             // Maestro
    (5061, 5061, lengths(16, 19)),             // Verve
    (5100, 5599, lengths(16, 16)),             // Mastercard
    (5600, 5899, lengths(12, 19)),             // Maestro
    (6000, 6999, lengths(16, 16)),             // Discover, RuPay, Maestro
    (6011, 6011, lengths(16, 19)),             // Discover
    (6200, 6299, lengths(16, 19)),             // UnionPay
    (6304, 6304, lengths(12, 19)),             // Maestro
    (6390, 6390, lengths(12, 19)),             // Maestro
    (6440, 6599, lengths(16, 19)),             // Discover, Verve
    (6700, 6799, lengths(12, 19)),             // Maestro
    (8100, 8299, lengths(16, 19)),             // UnionPay, RuPay
    (9792, 9792, lengths(16, 16)),             // Troy
];

const fn lengths(low: u32, high: u32) -> u32 {
    (1 << (high + 1)) - (1 << low)
}

/// The digits read so far.
struct Number {
    digits: [u8; MOST + 1],
    len: usize,
    /// The lengths that its first digits still allow.
    lengths: u32,
}

impl Number {
    /// Adds the digits of a group; false once there are too many or no issuer begins so.
    fn add(&mut self, group: &[u8]) -> bool {
        for &b in group {
            match self.digits.get_mut(self.len) {
                Some(digit) => *digit = b - b'0',
                None => return false,
            }
            self.len += 1;
        }
        self.lengths = self.issuer() & (u32::MAX << self.len.min(31));
        self.lengths != 0
    }

    fn issuer(&self) -> u32 {
        let known = self.len.min(4);
        let value = self
            .digits
            .iter()
            .take(known)
            .fold(0, |v, &d| v * 10 + u32::from(d));
        let scale = 10u32.pow(4 - known as u32);
        let (low, high) = (value * scale, value * scale + scale - 1);
        let fits = |r: &&(u16, u16, u32)| u32::from(r.0) <= high && low <= u32::from(r.1);
        ISSUERS.iter().filter(fits).fold(0, |all, r| all | r.2)
    }

    fn valid(&self) -> bool {
        let digits = self.digits.get(..self.len).unwrap_or_default();
        self.lengths & 1 << self.len != 0 && luhn(digits) && !listed(digits)
    }

    /// Whether adding digits could make it valid.
    fn could_grow(&self) -> bool {
        self.lengths & (u32::MAX << (self.len + 1).min(31)) != 0
    }
}

pub(super) fn run(input: &Input<'_>) -> Step {
    if matches!(input.before(1), Some(b'+' | b'$'))
        || input.glued(b".-/", is_alphanumeric)
        || input.glued(b",", is_digit)
    {
        return Step::No;
    }
    let mut number = Number {
        digits: [0; MOST + 1],
        len: 0,
        lengths: 0,
    };
    let first = input.digits(input.start, MOST + 1);
    if !number.add(input.bytes.get(input.start..first).unwrap_or_default()) {
        return Step::No;
    }
    if input.open(first) && (number.valid() || number.could_grow()) {
        return Step::Unfinished;
    }
    match first - input.start {
        4 => grouped(input, number, first),
        _ if number.valid() => finish(first, input.edge(first, b".-", is_alphanumeric)),
        _ => Step::No,
    }
}

fn finish(end: usize, edge: Tri) -> Step {
    match edge {
        Tri::Yes => Step::Match { end, score: SCORE },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}

/// Goes on after a first group of four: 4-4-4-4, the same with a shorter or a further group, 4-6-5
/// (American Express) or 4-6-4 (Diners Club).
fn grouped(input: &Input<'_>, mut number: Number, first: usize) -> Step {
    let Some((mark, _)) = separator(input.bytes, first) else {
        return Step::No;
    };
    if !matches!(mark, Separator::Space | Separator::Hyphen) {
        return Step::No;
    }
    // In a longer row of such groups, or behind the head of an IBAN, it is no card.
    if input.group_before() == (4, true) {
        return Step::No;
    }
    let (mut at, mut groups, mut second) = (first, 1, 4);
    let mut best = None;
    loop {
        let gap = match separator(input.bytes, at) {
            Some((next, len)) if next == mark => len,
            _ => break,
        };
        let begin = at + gap;
        // One more than a group may have, to see that it is too long.
        let end = input.digits(begin, 7);
        let len = end - begin;
        let fits = match groups {
            1 => len == 4 || len == 6,
            2 if second == 6 => len == 4 || len == 5,
            2 => len == 4,
            3 => second == 4 && (1..=4).contains(&len),
            4 => number.len == 16 && (1..=3).contains(&len),
            _ => false,
        };
        if input.open(end) {
            let most = [0, 6, if second == 6 { 5 } else { 4 }, 4, 4]
                .get(groups)
                .copied();
            let viable = len <= most.unwrap_or(0) && {
                let row = input.bytes.get(begin..end).unwrap_or_default();
                let mut longer = Number {
                    digits: number.digits,
                    ..number
                };
                longer.add(row) && (longer.valid() && fits || longer.could_grow())
            };
            // The best reading so far may yet turn out to be part of a longer row.
            return if viable || best.is_some() {
                Step::Unfinished
            } else {
                Step::No
            };
        }
        if !fits {
            // More digits follow: a longer row of groups, or a date or a security code.
            let row = len >= 4 || len > 0 && mark == Separator::Hyphen;
            return match best {
                Some(best) if !row => Step::Match {
                    end: best,
                    score: SCORE,
                },
                _ => Step::No,
            };
        }
        if groups == 1 {
            second = len;
        }
        if !number.add(input.bytes.get(begin..end).unwrap_or_default()) {
            let row = len >= 4 || mark == Separator::Hyphen;
            return match best {
                Some(best) if !row => Step::Match {
                    end: best,
                    score: SCORE,
                },
                _ => Step::No,
            };
        }
        groups += 1;
        at = end;
        if number.valid() {
            best = Some(at);
        } else if len == 4 || mark == Separator::Hyphen {
            best = None;
        }
    }
    match best {
        Some(best) if best == at => finish(best, input.edge(best, b".-", is_alphanumeric)),
        // A short group follows that is not part of the number.
        Some(best) => Step::Match {
            end: best,
            score: SCORE,
        },
        None => match input.peek(at) {
            Peek::Open if number.could_grow() => Step::Unfinished,
            _ => Step::No,
        },
    }
}

/// Whether groups of four count up: a table of codes or years.
fn listed(digits: &[u8]) -> bool {
    let value = |group: &[u8]| group.iter().fold(0, |v, &d| v * 10 + u32::from(d));
    let groups = digits.chunks(4).map(value);
    groups
        .clone()
        .zip(groups.skip(1))
        .all(|(a, b)| b > a && b - a < 100)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &d)| match (i % 2, d) {
            (0, d) => u32::from(d),
            (_, d) if d > 4 => u32::from(d) * 2 - 9,
            (_, d) => u32::from(d) * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
