//! Passports, licences, identity cards and licence plates of single countries, and the insurance
//! number of Germany.

use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

/// Driving licences of Great Britain (DVLA, "Driver number"): five letters of the surname, the
/// decade, the month (50 more for women), the day and the year of birth, initials, and check marks.
pub(in super::super) static UK_LICENCE: Rule = Rule {
    forms: &[alone("*****######*****")],
    #[rustfmt::skip]
    names: Names::new(&[
        "driving licence", "driver licence", "drivers licence", "driver s licence", "licence",
        "driver number", "uk licence",
    ]),
    check: |r, _| {
        let initial = |b: &u8| b.is_ascii_uppercase() || *b == b'9';
        r.char(0).is_ascii_uppercase()
            && r.part(0, 5).iter().all(initial)
            && matches!(r.number(6, 8), 1..=12 | 51..=62)
            && matches!(r.number(8, 10), 1..=31)
            && r.part(11, 13).iter().all(initial)
            && r.part(14, 16).iter().all(u8::is_ascii_uppercase)
    },
    named: 0.95,
    alone: 0.8,
};

/// Passports of the United Kingdom of the older form: two letters and seven digits. Nine digits
/// alone count as those of the United States do.
pub(in super::super) static UK_PASSPORT: Rule = Rule {
    forms: &[called("aa#######")],
    names: Names::new(&["passport", "uk passport", "british passport"]),
    check: |r, _| !r.uniform(),
    named: 0.8,
    alone: 0.0,
};

/// Licence plates of the United Kingdom since 2001: two letters, two digits of the half-year,
/// three letters.
pub(in super::super) static UK_PLATE: Rule = Rule {
    forms: &[
        called("aa## aaa"),
        called("aa##aaa"),
        called("a### aaa"),
        called("a###aaa"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "vehicle", "vehicles", "vehicle registration", "registration number", "number plate",
        "licence plate", "license plate", "vrm", "vrn", "car registration", "reg",
    ]),
    check: |r, _| {
        !b"IQZ".contains(&r.char(0))
            && !r.part(4, 7).iter().any(|b| b"IQ".contains(b))
            && (r.char(1).is_ascii_digit() || matches!(r.number(2, 4), 2..=29 | 51..=79))
    },
    named: 0.8,
    alone: 0.0,
};

/// Passports and identity cards of Germany (PassV; ICAO 9303): a letter, seven letters or digits
/// without vowels, and a check digit with the weights 7, 3 and 1.
pub(in super::super) static DE_PASSPORT: Rule = Rule {
    forms: &[called("a*******#")],
    #[rustfmt::skip]
    names: Names::new(&[
        "reisepass", "reisepassnummer", "passnummer", "pass nr", "german passport",
        "personalausweis", "personalausweisnummer", "ausweisnummer", "ausweis",
    ]),
    check: |r, _| {
        const SIGNS: &[u8; 27] = b"0123456789CFGHJKLMNPRTVWXYZ";
        r.chars().iter().all(|b| SIGNS.contains(b))
            && r.part(0, 8)
                .iter()
                .zip([7, 3, 1, 7, 3, 1, 7, 3])
                .map(|(&b, weight)| sign(b) * weight)
                .sum::<u32>()
                % 10
                == u32::from(value(r.char(8)))
    },
    named: 0.95,
    alone: 0.0,
};

/// What a character counts in a machine-readable zone.
fn sign(b: u8) -> u32 {
    match b {
        b'A'..=b'Z' => u32::from(b - b'A') + 10,
        _ => u32::from(value(b)),
    }
}

/// Versicherungsnummer of the German pension insurance (VKVV § 2): the office, the date of birth,
/// the first letter of the name at birth, a number, and a check digit.
pub(in super::super) static DE_INSURANCE: Rule = Rule {
    forms: &[alone("########a###"), alone("## ###### a ###")],
    #[rustfmt::skip]
    names: Names::new(&[
        "sozialversicherungsnummer", "rentenversicherungsnummer", "versicherungsnummer", "svnr",
        "sv nummer", "rvnr", "rv nummer", "sozialversicherung",
    ]),
    check: |r, _| {
        let letter = r.char(8).wrapping_sub(b'A').wrapping_add(1);
        let digits = r.part(0, 8).iter().map(|&b| value(b));
        let digits = digits.chain([
            letter / 10,
            letter % 10,
            value(r.char(9)),
            value(r.char(10)),
        ]);
        let sum: u32 = digits
            .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
            .map(|(digit, weight)| u32::from(digit) * weight)
            .map(|product| product / 10 + product % 10)
            .sum();
        matches!(r.number(2, 4) % 50, 1..=31)
            && matches!(r.number(4, 6), 1..=12)
            && sum % 10 == u32::from(value(r.char(11)))
    },
    named: 0.95,
    alone: 0.8,
};

/// Passports of Spain: three letters and six digits.
pub(in super::super) static ES_PASSPORT: Rule = Rule {
    forms: &[called("aaa######")],
    names: Names::new(&["pasaporte", "número de pasaporte", "spanish passport"]),
    check: |r, _| !r.uniform(),
    named: 0.85,
    alone: 0.0,
};

/// Passports of Italy: two letters and seven digits.
pub(in super::super) static IT_PASSPORT: Rule = Rule {
    forms: &[called("aa#######")],
    names: Names::new(&["passaporto", "numero passaporto", "italian passport"]),
    check: |r, _| !r.uniform(),
    named: 0.85,
    alone: 0.0,
};

/// Driving licences of Italy: of the central office, with `U1`, or of a province.
pub(in super::super) static IT_LICENCE: Rule = Rule {
    forms: &[called("U1*******a"), called("aa#######a")],
    names: Names::new(&[
        "patente",
        "patente di guida",
        "numero patente",
        "italian driver",
    ]),
    check: |r, _| r.chars().iter().filter(|b| b.is_ascii_digit()).count() > 3,
    named: 0.85,
    alone: 0.0,
};

/// Identity cards of Italy: on paper, electronic, and those before them.
pub(in super::super) static IT_CARD: Rule = Rule {
    forms: &[
        called("aa#####aa"),
        called("#######aa"),
        called("aa#######"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "carta d identità", "carta identità", "carta d identita", "cie", "identity card",
        "carta d’identità",
    ]),
    check: |r, _| !r.uniform(),
    named: 0.85,
    alone: 0.0,
};

/// Passports of India: a letter and seven digits.
pub(in super::super) static IN_PASSPORT: Rule = Rule {
    forms: &[called("a#######")],
    names: Names::new(&["passport", "indian passport", "पासपोर्ट"]),
    check: |r, _| r.char(1) != b'0' && !r.uniform(),
    named: 0.8,
    alone: 0.0,
};

/// Electors' photo identity cards of India: three letters and seven digits.
pub(in super::super) static IN_VOTER: Rule = Rule {
    forms: &[called("aaa#######")],
    #[rustfmt::skip]
    names: Names::new(&["voter", "voter id", "voter card", "epic", "epic number", "elector"]),
    check: |r, _| !r.uniform(),
    named: 0.9,
    alone: 0.0,
};

/// Licence plates of India: the state, the district, a series, and a number.
pub(in super::super) static IN_PLATE: Rule = Rule {
    forms: &[
        called("aa ## aa ####"),
        called("aa##aa####"),
        called("aa##a####"),
        called("aa-##-a-####"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "vehicle", "vehicle number", "vehicle registration", "registration number",
        "number plate", "rto", "license plate", "licence plate",
    ]),
    check: |r, _| STATES.chunks_exact(2).any(|state| r.part(0, 2) == state),
    named: 0.85,
    alone: 0.0,
};

/// The states and territories of India on plates.
const STATES: &[u8] =
    b"ANAPARASBRCGCHDDDLDNGAGJHPHRJHJKKAKLLALDMHMLMNMPMZNLODORPBPYRJSKTNTRTSUAUKUPWB";

/// Goods and services tax numbers of India (GSTN): the state, a PAN, a count, `Z`, and a check
/// character modulo 36.
pub(in super::super) static IN_GSTIN: Rule = Rule {
    forms: &[alone("##aaaaa####a***")],
    names: Names::new(&["gstin", "gst", "gst number", "gst no"]),
    check: |r, _| {
        let sum: u32 = r
            .part(0, 14)
            .iter()
            .enumerate()
            .map(|(at, &b)| sign(b) * (1 + at as u32 % 2))
            .map(|product| product / 36 + product % 36)
            .sum();
        matches!(r.number(0, 2), 1..=38 | 97)
            && r.char(13) == b'Z'
            && (36 - sum % 36) % 36 == sign(r.char(14))
    },
    named: 0.95,
    alone: 0.9,
};

/// Licence plates of Nigeria: the place of registration, a number, and two letters.
pub(in super::super) static NG_PLATE: Rule = Rule {
    forms: &[called("aaa ###aa"), called("aaa###aa")],
    #[rustfmt::skip]
    names: Names::new(&[
        "plate", "plates", "plate number", "number plate", "license plate", "licence plate",
        "vehicle", "vehicle registration",
    ]),
    check: |r: &Reading, _| r.number(3, 6) > 0,
    named: 0.8,
    alone: 0.0,
};
