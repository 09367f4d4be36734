//! Vehicle identification numbers (ISO 3779; 49 CFR part 565): seventeen letters and digits, never
//! I, O or Q, and in North America and China a check character at the ninth place. Elsewhere it is
//! not required, so a number that is called one needs none.

use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

pub(in super::super) static VIN: Rule = Rule {
    forms: &[alone("*****************"), called("*** ****** ********")],
    #[rustfmt::skip]
    names: Names::new(&[
        "vin", "vin number", "vehicle identification", "vehicle id", "chassis", "chassis number",
        "fahrgestellnummer", "fahrzeug identifikationsnummer", "fin", "numéro de châssis",
        "número de chasis", "bastidor", "número de bastidor", "numero di telaio", "telaio",
        "chassisnummer", "numer vin", "chassi", "车架号", "車台番号",
    ]),
    check: |r, named| {
        let letters = r.chars().iter().filter(|b| b.is_ascii_uppercase()).count();
        let possible = !r.chars().iter().any(|b| b"IOQ".contains(b)) && letters > 0;
        possible
            && if named {
                digits(r, 3)
            } else {
                digits(r, 4) && letters > 2 && holds(r)
            }
    },
    named: 0.95,
    alone: 0.85,
};

/// Whether the number ends in `len` digits: the serial number within a factory.
fn digits(reading: &Reading, len: usize) -> bool {
    reading.part(17 - len, 17).iter().all(u8::is_ascii_digit)
}

fn holds(reading: &Reading) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = reading
        .chars()
        .iter()
        .zip(WEIGHTS)
        .map(|(&b, weight)| u32::from(worth(b)) * weight)
        .sum();
    let check = match sum % 11 {
        10 => b'X',
        rest => b'0' + rest as u8,
    };
    reading.char(8) == check
}

fn worth(b: u8) -> u8 {
    match b {
        b'A'..=b'I' => b - b'A' + 1,
        b'J'..=b'R' => b - b'J' + 1,
        b'S'..=b'Z' => b - b'S' + 2,
        _ => value(b),
    }
}
