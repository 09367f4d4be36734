//! The check digits of VAT numbers, by country (European Commission, "VIES: algorithms for the
//! check digits", and the national tax authorities). Each takes a reading that begins with the
//! country's two letters.

use super::check::{luhn, mod11_10, weighted};
use super::shape::{Reading, value};
use super::south::letter_holds;

/// Countries whose check is long or not published: only a name makes one of a number.
pub(super) fn any(r: &Reading, named: bool) -> bool {
    named && !r.part(2, r.chars().len()).iter().all(|&b| b == b'0')
}

/// The digits after the country.
fn body(r: &Reading) -> &[u8] {
    r.chars().get(2..).unwrap_or_default()
}

fn last(digits: &[u8]) -> u32 {
    digits.last().map_or(0, |&b| u32::from(value(b)))
}

/// Weights from `first` down.
fn falling(digits: &[u8], first: u32) -> u32 {
    digits
        .iter()
        .zip((0..=first).rev())
        .map(|(&b, w)| u32::from(value(b)) * w)
        .sum()
}

pub(super) fn austria(r: &Reading, _: bool) -> bool {
    let sum: u32 = r
        .part(3, 10)
        .iter()
        .enumerate()
        .map(|(i, &b)| match (i % 2, u32::from(value(b))) {
            (0, d) => d,
            (_, d) => d * 2 / 10 + d * 2 % 10,
        })
        .sum();
    (10 - (sum + 4) % 10) % 10 == last(body(r))
}

pub(super) fn belgium(r: &Reading, _: bool) -> bool {
    r.char(2) <= b'1' && 97 - r.number(2, 10) % 97 == r.number(10, 12)
}

pub(super) fn switzerland(r: &Reading, _: bool) -> bool {
    let sum = weighted(r.part(3, 11), &[5, 4, 3, 2, 7, 6, 5, 4]);
    (11 - sum % 11) % 11 == last(body(r))
}

pub(super) fn germany(r: &Reading, _: bool) -> bool {
    r.char(2) != b'0' && mod11_10(body(r))
}

pub(super) fn denmark(r: &Reading, _: bool) -> bool {
    r.char(2) != b'0' && weighted(body(r), &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

pub(super) fn estonia(r: &Reading, _: bool) -> bool {
    let sum = weighted(r.part(2, 10), &[3, 7, 1, 3, 7, 1, 3, 7]);
    (10 - sum % 10) % 10 == last(body(r))
}

pub(super) fn greece(r: &Reading, _: bool) -> bool {
    let sum = weighted(r.part(2, 10), &[256, 128, 64, 32, 16, 8, 4, 2]);
    sum > 0 && sum % 11 % 10 == last(body(r))
}

/// A citizen's or a foreigner's number, or that of a company: a letter, seven digits, and a check
/// that is a digit or a letter.
pub(super) fn spain(r: &Reading, _: bool) -> bool {
    let (first, end) = (r.char(2), r.char(10));
    match first {
        b'0'..=b'9' => letter_holds(r.number(2, 10), end),
        b'X'..=b'Z' => {
            let first = u64::from(first - b'X') * 10_000_000;
            letter_holds(first + r.number(3, 10), end)
        }
        _ => {
            let check = 10 - luhn_sum(r.part(3, 10)) % 10;
            end == b'0' + (check % 10) as u8
                || b"JABCDEFGHI".get((check % 10) as usize) == Some(&end)
        }
    }
}

/// The sum of the digits with those at odd places doubled.
fn luhn_sum(digits: &[u8]) -> u32 {
    digits
        .iter()
        .enumerate()
        .map(|(i, &b)| match (i % 2, u32::from(value(b))) {
            (0, d) => d * 2 / 10 + d * 2 % 10,
            (_, d) => d,
        })
        .sum()
}

pub(super) fn finland(r: &Reading, _: bool) -> bool {
    let rest = weighted(r.part(2, 9), &[7, 9, 10, 5, 8, 4, 2]) % 11;
    rest != 1 && (11 - rest) % 11 == last(body(r))
}

pub(super) fn france(r: &Reading, named: bool) -> bool {
    let siren = r.part(4, 13);
    if !luhn(siren, 0) {
        return false;
    }
    if !r.part(2, 4).iter().all(u8::is_ascii_digit) {
        return named;
    }
    (12 + 3 * (r.number(4, 13) % 97)) % 97 == r.number(2, 4)
}

pub(super) fn britain(r: &Reading, _: bool) -> bool {
    britain_digits(r.part(2, 11))
}

/// Nine digits; those of a branch come after them.
pub(super) fn britain_digits(digits: &[u8]) -> bool {
    let (Some(head), Some(&[tens, ones])) = (digits.get(..7), digits.get(7..9)) else {
        return false;
    };
    let sum = falling(head, 8) + u32::from(value(tens)) * 10 + u32::from(value(ones));
    falling(head, 8) > 0 && (sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97))
}

pub(super) fn croatia(r: &Reading, _: bool) -> bool {
    mod11_10(body(r))
}

pub(super) fn hungary(r: &Reading, _: bool) -> bool {
    let sum = weighted(r.part(2, 9), &[9, 7, 3, 1, 9, 7, 3]);
    (10 - sum % 10) % 10 == last(body(r))
}

pub(super) fn ireland(r: &Reading, named: bool) -> bool {
    if !r.char(3).is_ascii_digit() {
        return named;
    }
    let second = match r.char(10) {
        b @ b'A'..=b'I' => u32::from(b - b'A') + 1,
        0 | b'W' => 0,
        _ => return false,
    };
    let sum = falling(r.part(2, 9), 8) + 9 * second;
    b"WABCDEFGHIJKLMNOPQRSTUV".get((sum % 23) as usize) == Some(&r.char(9))
}

pub(super) fn italy(r: &Reading, _: bool) -> bool {
    italy_digits(body(r))
}

pub(super) fn italy_digits(digits: &[u8]) -> bool {
    digits.iter().any(|&b| b != b'0') && luhn(digits, 0)
}

pub(super) fn luxembourg(r: &Reading, _: bool) -> bool {
    r.number(2, 8) > 0 && r.number(2, 8) % 89 == r.number(8, 10)
}

pub(super) fn malta(r: &Reading, _: bool) -> bool {
    let sum = weighted(r.part(2, 8), &[3, 4, 6, 7, 8, 9]);
    sum > 0 && u64::from(37 - sum % 37) == r.number(8, 10)
}

/// Companies pass the test of the citizen's number; since 2020 sole traders pass one modulo 97.
pub(super) fn netherlands(r: &Reading, _: bool) -> bool {
    let eleven = falling(r.part(2, 10), 9) % 11 == u32::from(value(r.char(10)));
    let rest = r.chars().iter().fold(0, |rest: u32, &b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(value(b))) % 97,
        _ => (rest * 100 + u32::from(b) - 55) % 97,
    });
    r.number(12, 14) > 0 && (eleven || rest == 1)
}

pub(super) fn norway(r: &Reading, _: bool) -> bool {
    let sum = weighted(r.part(2, 10), &[3, 2, 7, 6, 5, 4, 3, 2]);
    matches!(r.char(2), b'8' | b'9') && (11 - sum % 11) % 11 == u32::from(value(r.char(10)))
}

pub(super) fn poland(r: &Reading, _: bool) -> bool {
    let sum = weighted(r.part(2, 11), &[6, 5, 7, 2, 3, 4, 5, 6, 7]);
    sum > 0 && sum % 11 == last(body(r))
}

pub(super) fn portugal(r: &Reading, _: bool) -> bool {
    let check = 11 - falling(r.part(2, 10), 9) % 11;
    r.char(2) != b'0' && (if check > 9 { 0 } else { check }) == last(body(r))
}

pub(super) fn sweden(r: &Reading, _: bool) -> bool {
    r.number(12, 14) > 0 && luhn(r.part(2, 12), 0)
}

pub(super) fn slovenia(r: &Reading, _: bool) -> bool {
    let check = 11 - falling(r.part(2, 9), 8) % 11;
    r.char(2) != b'0' && check < 11 && check % 10 == last(body(r))
}

pub(super) fn slovakia(r: &Reading, _: bool) -> bool {
    r.char(2) != b'0' && r.number(2, 12).is_multiple_of(11)
}
