//! Check digits.

use super::shape::value;

/// Luhn (ISO/IEC 7812-1 annex B), after a sum that a fixed prefix gives.
pub(super) fn luhn(digits: &[u8], prefix: u32) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &b)| {
            let d = u32::from(value(b));
            match i % 2 {
                0 => d,
                _ => d * 2 - if d > 4 { 9 } else { 0 },
            }
        })
        .sum();
    (sum + prefix).is_multiple_of(10)
}

/// The sum of the digits, each times its weight.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(&b, w)| u32::from(value(b)) * w)
        .sum()
}

/// ISO/IEC 7064, MOD 11,10: the last digit is the check digit.
pub(super) fn mod11_10(digits: &[u8]) -> bool {
    let Some((&check, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10, |product, &b| {
        let sum = (u32::from(value(b)) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(value(check))
}

/// Verhoeff: multiplication in the dihedral group of order ten, and a permutation for each place.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const PLACES: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let sum = digits.iter().rev().enumerate().fold(0, |sum, (i, &b)| {
        let row = PLACES.get(i % 8).copied().unwrap_or_default();
        times(sum, row.get(usize::from(value(b))).copied().unwrap_or(0))
    });
    sum == 0
}
