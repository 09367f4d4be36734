//! Spain and Italy: numbers that end in a check letter.

use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

/// The check letter of a number modulo 23 (Real Decreto 1553/2005; Orden INT/2058/2008).
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

pub(super) fn letter_holds(number: u64, letter: u8) -> bool {
    LETTERS.get((number % 23) as usize) == Some(&letter)
}

/// Número de identificación fiscal of a citizen: eight digits and the letter.
pub(in super::super) static NIF: Rule = Rule {
    forms: &[
        alone("########a"),
        alone("########-a"),
        alone("##.###.###-a"),
        alone("##.###.###a"),
        called("########_a"),
        called("#######a"),
        called("#######-a"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "nif", "dni", "documento nacional de identidad", "documento de identidad",
        "identificación fiscal", "identificacion fiscal", "tarjeta de identidad", "spanish id",
        "national id", "cif",
    ]),
    check: |r, named| {
        let digits = r.chars().len().saturating_sub(1);
        letter_holds(r.number(0, digits), r.char(digits)) && (named || !dated(r))
    },
    named: 0.95,
    alone: 0.8,
};

/// Whether the digits read as a date such as 20240512, as in names of files and builds.
fn dated(reading: &Reading) -> bool {
    matches!(reading.number(0, 4), 1900..=2099)
        && matches!(reading.number(4, 6), 1..=12)
        && matches!(reading.number(6, 8), 1..=31)
}

/// Número de identidad de extranjero: X, Y or Z for 0, 1 or 2, seven digits, and the letter.
pub(in super::super) static NIE: Rule = Rule {
    forms: &[
        alone("a#######a"),
        alone("a#######-a"),
        alone("a-#######-a"),
        called("a_#######_a"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "nie", "número de identidad de extranjero", "identificación de extranjero",
        "identificacion de extranjero", "identidad de extranjero", "foreigner identification",
        "extranjero", "extranjero es", "residencia",
    ]),
    check: |r, _| {
        let first = match r.char(0) {
            b'X' => 0,
            b'Y' => 10_000_000,
            b'Z' => 20_000_000,
            _ => return false,
        };
        letter_holds(first + r.number(1, 8), r.char(8))
    },
    named: 0.95,
    alone: 0.85,
};

/// Codice fiscale (decreto ministeriale 23 dicembre 1976): surname, name, year, month, day, place
/// of birth, and a check character. Where two persons would share one, letters stand for digits.
pub(in super::super) static FISCAL_CODE: Rule = Rule {
    forms: &[alone("aaaaaa**a**a***a"), alone("aaa aaa **a** a***a")],
    names: Names::new(&["codice fiscale", "cod fiscale", "cf", "fiscal code", "c f"]),
    check: |r, _| {
        let digits = [6, 7, 9, 10, 12, 13, 14].map(|at| digit(r.char(at)));
        let [_, _, tens, ones, ..] = digits;
        let (Some(tens), Some(ones)) = (tens, ones) else {
            return false;
        };
        digits.iter().all(Option::is_some)
            && b"ABCDEHLMPRST".contains(&r.char(8))
            && matches!(tens * 10 + ones, 1..=31 | 41..=71)
            && check_character(r.part(0, 15)) == r.char(15)
    },
    named: 0.98,
    alone: 0.95,
};

/// The digit that a character stands for.
fn digit(b: u8) -> Option<u8> {
    match b {
        b'0'..=b'9' => Some(value(b)),
        _ => b"LMNPQRSTUV"
            .iter()
            .position(|&letter| letter == b)
            .and_then(|at| u8::try_from(at).ok()),
    }
}

fn check_character(chars: &[u8]) -> u8 {
    /// What a character at an odd place counts, from A; a digit counts as the letter of its place.
    const ODD: [u8; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let sum: u32 = chars
        .iter()
        .enumerate()
        .map(|(i, &b)| {
            let place = match b {
                b'A'..=b'Z' => b - b'A',
                _ => value(b),
            };
            u32::from(match i % 2 {
                0 => ODD.get(usize::from(place)).copied().unwrap_or(0),
                _ => place,
            })
        })
        .sum();
    b'A' + (sum % 26) as u8
}
