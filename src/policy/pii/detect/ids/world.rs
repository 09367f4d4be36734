//! India, Brazil, Australia, Canada: personal and business numbers.

use super::check::{luhn, verhoeff, weighted};
use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

/// Aadhaar (UIDAI): twelve digits, the first from 2, the last by Verhoeff.
pub(in super::super) static AADHAAR: Rule = Rule {
    forms: &[alone("#### #### ####"), called("############")],
    #[rustfmt::skip]
    names: Names::new(&[
        "aadhaar", "aadhar", "adhaar", "adhar", "aadhaar card", "uidai", "uid", "unique id",
        "आधार", "ஆதார்", "আধার", "ఆధార్",
    ]),
    check: |r, _| r.char(0) >= b'2' && verhoeff(r.chars()) && !r.uniform(),
    named: 0.95,
    alone: 0.75,
};

/// Permanent account numbers (Income Tax Department): three letters, the kind of holder, a letter,
/// four digits, and a letter whose rule is not published.
pub(in super::super) static PAN: Rule = Rule {
    forms: &[alone("aaaaa####a")],
    names: Names::new(&["pan", "permanent account", "pan card", "पैन"]),
    check: |r, _| b"PCHABGJLFT".contains(&r.char(3)) && r.number(5, 9) > 0,
    named: 0.9,
    alone: 0.7,
};

/// Cadastro de Pessoas Físicas (Receita Federal): nine digits and two check digits modulo 11.
pub(in super::super) static CPF: Rule = Rule {
    forms: &[
        alone("###.###.###-##"),
        alone("#########-##"),
        called("###########"),
        called("### ### ### ##"),
    ],
    names: Names::new(&[
        "cpf",
        "cadastro de pessoa",
        "cadastro de pessoas",
        "pessoa física",
    ]),
    check: |r, _| {
        let check = |to: usize, weights: &[u32]| {
            weighted(r.part(0, to), weights) * 10 % 11 % 10 == u32::from(value(r.char(to)))
        };
        !r.uniform()
            && check(9, &[10, 9, 8, 7, 6, 5, 4, 3, 2])
            && check(10, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
    },
    named: 0.95,
    alone: 0.9,
};

/// Cadastro Nacional da Pessoa Jurídica (Receita Federal; Instrução Normativa RFB 2.229/2024):
/// twelve characters, letters among them from 2026, and two check digits. A character counts what
/// its ASCII code is above that of `0`.
pub(in super::super) static CNPJ: Rule = Rule {
    forms: &[
        alone("**.***.***/****-##"),
        alone("********/****-##"),
        called("**************"),
    ],
    names: Names::new(&["cnpj", "cadastro nacional", "pessoa jurídica"]),
    check: |r, _| {
        let check = |to: usize, first: u32| {
            // The weights fall from the first to 2, then from 9 to 2.
            let weights = (2..=first).rev().chain((2..=9).rev());
            let sum: u32 = r
                .part(0, to)
                .iter()
                .zip(weights)
                .map(|(&b, w)| u32::from(b.saturating_sub(b'0')) * w)
                .sum();
            let digit = match sum % 11 {
                0 | 1 => 0,
                rest => 11 - rest,
            };
            digit == u32::from(r.char(to).wrapping_sub(b'0'))
        };
        !r.uniform() && check(12, 5) && check(13, 6)
    },
    named: 0.95,
    alone: 0.9,
};

/// Tax file numbers (Australian Taxation Office): nine digits modulo 11, or the older eight.
pub(in super::super) static TFN: Rule = Rule {
    forms: &[
        called("### ### ###"),
        called("#########"),
        called("## ### ###"),
        called("########"),
    ],
    names: Names::new(&["tfn", "tax file", "tax file number", "australian tax"]),
    check: |r, _| {
        let weights: &[u32] = match r.chars().len() {
            9 => &[1, 4, 3, 7, 5, 8, 6, 9, 10],
            _ => &[10, 7, 8, 4, 6, 3, 5, 1],
        };
        weighted(r.chars(), weights).is_multiple_of(11) && !r.uniform()
    },
    named: 0.95,
    alone: 0.0,
};

/// Australian business numbers (Australian Business Register, "Format of the ABN"): eleven digits
/// that, with 1 taken from the first, hold modulo 89.
pub(in super::super) static ABN: Rule = Rule {
    forms: &[alone("## ### ### ###"), called("###########")],
    names: Names::new(&["abn", "australian business", "business number"]),
    check: |r, _| {
        let sum = weighted(r.chars(), &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
        r.char(0) != b'0' && (sum - 10).is_multiple_of(89)
    },
    named: 0.95,
    alone: 0.8,
};

/// Medicare cards (Services Australia): eight digits, the first from 2 to 6, a check digit, the
/// issue, and the person's place on the card, which may be left out.
pub(in super::super) static MEDICARE: Rule = Rule {
    forms: &[
        alone("#### ##### # #"),
        alone("#### ##### #/#"),
        alone("#### ##### #"),
        called("##########/#"),
        called("##########"),
        called("###########"),
    ],
    names: Names::new(&[
        "medicare",
        "medicare card",
        "medicare number",
        "medicare no",
    ]),
    check: |r, _| {
        let sum = weighted(r.part(0, 8), &[1, 3, 7, 9, 1, 3, 7, 9]);
        matches!(r.char(0), b'2'..=b'6')
            && sum % 10 == u32::from(value(r.char(8)))
            && r.char(9) != b'0'
    },
    named: 0.95,
    alone: 0.75,
};

/// Social insurance numbers (Service Canada): nine digits by Luhn, none that begin with 0 or 8.
/// A telephone number or an amount may be grouped the same way, so spaces need a name.
pub(in super::super) static SIN: Rule = Rule {
    forms: &[
        alone("###-###-###"),
        called("### ### ###"),
        called("#########"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "sin", "social insurance", "social insurance number", "sin number", "sin card", "NAS",
        "assurance sociale", "numéro d assurance sociale",
    ]),
    check: |r, _| issued(r) && luhn(r.chars(), 0),
    named: 0.95,
    alone: 0.7,
};

fn issued(reading: &Reading) -> bool {
    !matches!(reading.char(0), b'0' | b'8') && !reading.uniform()
}
