//! Germany, France, Poland, the Netherlands: personal numbers with a checksum.

use super::check::{mod11_10, weighted};
use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

/// Steuer-Identifikationsnummer (Bundeszentralamt für Steuern; § 139b AO): eleven digits, the
/// first not 0, the last by ISO 7064 MOD 11,10. Of the first ten, exactly one occurs twice or
/// three times and the others at most once.
pub(in super::super) static DE_TAX_ID: Rule = Rule {
    forms: &[alone("## ### ### ###"), called("###########")],
    #[rustfmt::skip]
    names: Names::new(&[
        "steuer id", "steuer idnr", "steuer identifikationsnummer", "steueridentifikationsnummer",
        "steuerliche identifikationsnummer", "identifikationsnummer", "idnr", "id nr",
        "steuernummer", "steuer nr", "tax id", "tax identification", "tin", "de tax id",
    ]),
    check: |r, named| {
        r.char(0) != b'0' && mod11_10(r.chars()) && !r.uniform() && (named || repeats(r))
    },
    named: 0.95,
    alone: 0.75,
};

fn repeats(reading: &Reading) -> bool {
    let mut counts = [0u8; 10];
    for &b in reading.part(0, 10) {
        if let Some(count) = counts.get_mut(usize::from(value(b))) {
            *count += 1;
        }
    }
    let twice = counts.iter().filter(|&&n| n > 1).count();
    twice == 1 && counts.iter().all(|&n| n <= 3)
}

/// Numéro d'inscription au répertoire (INSEE; décret 82-103): sex, year, month, department,
/// commune, order, and a key of two digits, 97 less the number modulo 97. Corsica has 2A and 2B.
pub(in super::super) static FR_NIR: Rule = Rule {
    forms: &[
        alone("# ## ## #* ### ### ##"),
        alone("######*###### ##"),
        alone("######*########"),
        called("# ## ## #* ### ###"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "nir", "sécurité sociale", "securite sociale", "sécu", "secu", "numéro de sécu", "insee",
        "carte vitale", "n ss", "nss", "assuré social", "social security",
    ]),
    check: |r, named| {
        let born = matches!(r.number(3, 5), 1..=12);
        let possible = if named {
            matches!(r.char(0), b'1'..=b'4' | b'7' | b'8')
                && (born || matches!(r.number(3, 5), 20 | 30..=42 | 50..=99))
        } else {
            matches!(r.char(0), b'1' | b'2') && born
        };
        possible && key(r)
    },
    named: 0.95,
    alone: 0.85,
};

/// Whether the key holds; without one it need not.
fn key(reading: &Reading) -> bool {
    let less = match (reading.char(5), reading.char(6)) {
        (_, b'0'..=b'9') => 0,
        // 2A counts as 19 and 2B as 18: the letter reads as 0 here, so as 20.
        (b'2', b'A') => 1_000_000,
        (b'2', b'B') => 2_000_000,
        _ => return false,
    };
    let number = reading.number(0, 13).wrapping_sub(less);
    reading.part(13, 15).is_empty() || 97 - number % 97 == reading.number(13, 15)
}

/// PESEL (Poland, ustawa o ewidencji ludności): a date of birth with the century in the month,
/// four digits, and a check digit with weights 1, 3, 7, 9.
pub(in super::super) static PL_PESEL: Rule = Rule {
    forms: &[called("###########")],
    names: Names::new(&[
        "pesel",
        "peselu",
        "numer pesel",
        "nr pesel",
        "numer ewidencyjny",
    ]),
    check: |r, _| {
        let sum = weighted(r.part(0, 10), &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
        (10 - sum % 10) % 10 == u32::from(value(r.char(10)))
            && matches!(r.number(2, 4) % 20, 1..=12)
            && matches!(r.number(4, 6), 1..=31)
    },
    named: 0.95,
    alone: 0.0,
};

/// Burgerservicenummer (Rijksdienst voor Identiteitsgegevens): nine digits, or eight with a zero
/// left out, that pass the "elfproef" with the last weight -1.
pub(in super::super) static NL_BSN: Rule = Rule {
    forms: &[
        called("#########"),
        called("### ### ###"),
        called("#### ## ###"),
        called("####.##.###"),
        called("###.###.###"),
        called("########"),
    ],
    names: Names::new(&[
        "bsn",
        "bsnnummer",
        "burgerservicenummer",
        "burger service nummer",
        "sofinummer",
        "sofi nummer",
        "citizen service",
        "persoonsnummer",
    ]),
    check: |r, _| {
        let weights: &[u32] = match r.chars().len() {
            9 => &[9, 8, 7, 6, 5, 4, 3, 2, 10],
            _ => &[8, 7, 6, 5, 4, 3, 2, 10],
        };
        weighted(r.chars(), weights).is_multiple_of(11) && !r.uniform()
    },
    named: 0.95,
    alone: 0.0,
};
