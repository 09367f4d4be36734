//! Singapore, South Korea, Thailand, Turkey, the Philippines: persons, companies and vehicles.

use super::check::weighted;
use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

/// NRIC and FIN (Immigration & Checkpoints Authority; the letter as in Wikipedia, "National
/// Registration Identity Card"): the kind, seven digits and a check letter.
pub(in super::super) static SG_NRIC: Rule = Rule {
    forms: &[alone("a#######a")],
    names: Names::new(&["nric", "fin", "nric fin", "nric number", "singapore id"]),
    check: |r, _| {
        let sum = weighted(r.part(1, 8), &[2, 7, 6, 5, 4, 3, 2]) as usize;
        let (letters, add): (&[u8; 11], usize) = match r.char(0) {
            b'S' => (b"JZIHGFEDCBA", 0),
            b'T' => (b"JZIHGFEDCBA", 4),
            b'F' => (b"XWUTRQPNMLK", 0),
            b'G' => (b"XWUTRQPNMLK", 4),
            b'M' => (b"XWUTRQPNJLK", 3),
            _ => return false,
        };
        letters.get((sum + add) % 11) == Some(&r.char(8)) && r.number(1, 8) > 0
    },
    named: 0.95,
    alone: 0.7,
};

/// Unique entity numbers (Accounting and Corporate Regulatory Authority): of a business, of a
/// company, or of any other body with its kind, each with a check letter.
pub(in super::super) static SG_UEN: Rule = Rule {
    forms: &[
        alone("a##aa####a"),
        called("########a"),
        called("#########a"),
    ],
    names: Names::new(&[
        "uen",
        "unique entity number",
        "acra",
        "business registration",
    ]),
    check: |r, _| {
        const PLACES: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWX0123456789";
        match r.chars().len() {
            9 => {
                let sum = weighted(r.part(0, 8), &[10, 4, 9, 3, 8, 2, 7, 1]);
                b"XMKECAWLJDB".get((sum % 11) as usize) == Some(&r.char(8))
            }
            10 if r.char(0).is_ascii_digit() => {
                let sum = weighted(r.part(0, 9), &[10, 8, 6, 4, 9, 7, 5, 3, 1]);
                b"ZKCMDNERGWH".get((sum % 11) as usize) == Some(&r.char(9))
            }
            _ => {
                let sum: Option<usize> = r
                    .part(0, 9)
                    .iter()
                    .zip([4, 3, 5, 3, 10, 2, 2, 5, 7])
                    .map(|(b, w)| PLACES.iter().position(|p| p == b).map(|at| at * w))
                    .sum();
                matches!(r.char(0), b'R' | b'S' | b'T')
                    && sum.is_some_and(|sum| PLACES.get((sum + 6) % 11) == Some(&r.char(9)))
            }
        }
    },
    named: 0.95,
    alone: 0.75,
};

/// Whether digits from `from` on are a year of two digits, a month and a day.
pub(super) fn born(r: &Reading, from: usize) -> bool {
    matches!(r.number(from + 2, from + 4), 1..=12) && matches!(r.number(from + 4, from + 6), 1..=31)
}

fn korean(r: &Reading) -> u32 {
    weighted(r.part(0, 12), &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11
}

/// Resident registration numbers (Resident Registration Act, enforcement rules): a date of birth,
/// sex and century, and until October 2020 a place and a check digit.
pub(in super::super) static KR_RRN: Rule = Rule {
    forms: &[alone("######-#######"), called("#############")],
    #[rustfmt::skip]
    names: Names::new(&[
        "rrn", "resident registration", "resident registration number", "korean id",
        "주민등록번호", "주민번호", "주민등록",
    ]),
    check: |r, named| {
        let holds = (11 - korean(r)) % 10 == u32::from(value(r.char(12)));
        born(r, 0) && matches!(r.char(6), b'1'..=b'4') && (named || holds)
    },
    named: 0.95,
    alone: 0.7,
};

/// Foreigner registration numbers (Immigration Act, enforcement rules), of the same form.
pub(in super::super) static KR_FRN: Rule = Rule {
    forms: &[alone("######-#######"), called("#############")],
    #[rustfmt::skip]
    names: Names::new(&[
        "frn", "foreigner registration", "foreign registration", "alien registration",
        "외국인등록번호", "외국인등록",
    ]),
    check: |r, named| {
        let holds = (13 - korean(r)) % 10 == u32::from(value(r.char(12)));
        born(r, 0) && matches!(r.char(6), b'5'..=b'8') && (named || holds)
    },
    named: 0.95,
    alone: 0.7,
};

/// Business registration numbers (National Tax Service): ten digits, the last a check digit.
pub(in super::super) static KR_BRN: Rule = Rule {
    forms: &[called("###-##-#####"), called("##########")],
    #[rustfmt::skip]
    names: Names::new(&[
        "brn", "business registration", "business registration number", "사업자등록번호",
        "사업자번호", "사업자",
    ]),
    check: |r, _| {
        let sum = weighted(r.part(0, 9), &[1, 3, 7, 1, 3, 7, 1, 3, 5])
            + u32::from(value(r.char(8))) * 5 / 10;
        (10 - sum % 10) % 10 == u32::from(value(r.char(9)))
    },
    named: 0.95,
    alone: 0.0,
};

/// Passports (Ministry of Foreign Affairs): the kind, and eight digits of which the fourth is a
/// letter since 2021.
pub(in super::super) static KR_PASSPORT: Rule = Rule {
    forms: &[called("a###a####"), called("a########")],
    names: Names::new(&["korean passport", "여권번호", "여권"]),
    check: |r, _| matches!(r.char(0), b'M' | b'S' | b'R' | b'O' | b'D' | b'G'),
    named: 0.9,
    alone: 0.0,
};

/// National identification numbers (Department of Provincial Administration): thirteen digits, the
/// last a check digit modulo 11.
pub(in super::super) static TH_TNIN: Rule = Rule {
    forms: &[alone("#-####-#####-##-#"), called("#############")],
    #[rustfmt::skip]
    names: Names::new(&[
        "tnin", "thai id", "thai national id", "thai identification", "เลขประจำตัวประชาชน",
        "เลขบัตรประชาชน", "บัตรประชาชน",
    ]),
    check: |r, _| {
        let sum = weighted(r.part(0, 12), &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
        matches!(r.char(0), b'1'..=b'8') && (11 - sum % 11) % 10 == u32::from(value(r.char(12)))
    },
    named: 0.95,
    alone: 0.85,
};

/// T.C. kimlik numarası (Nüfus ve Vatandaşlık İşleri): eleven digits, the last two of them check
/// digits.
pub(in super::super) static TR_ID: Rule = Rule {
    forms: &[alone("###########")],
    #[rustfmt::skip]
    names: Names::new(&[
        "tckn", "tc kimlik", "t c kimlik", "kimlik", "kimlik no", "kimlik numarası", "tc no",
        "turkish id", "turkish national id", "kişi",
    ]),
    check: |r, _| {
        let odd = weighted(r.part(0, 9), &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
        let even = weighted(r.part(0, 8), &[0, 1, 0, 1, 0, 1, 0, 1]);
        let tenth = (odd * 7 + 90 - even) % 10;
        r.char(0) != b'0'
            && tenth == u32::from(value(r.char(9)))
            && (odd + even + tenth) % 10 == u32::from(value(r.char(10)))
            && !r.uniform()
    },
    named: 0.95,
    alone: 0.55,
};

/// Licence plates: the province from 01 to 81, letters and digits.
pub(in super::super) static TR_PLATE: Rule = Rule {
    forms: &[
        called("## a ####"),
        called("## a ###"),
        called("## a ##"),
        called("## aa ####"),
        called("## aa ###"),
        called("## aa ##"),
        called("## aaa ####"),
        called("## aaa ###"),
        called("## aaa ##"),
        called("##aaa###"),
        called("##aa####"),
    ],
    names: Names::new(&[
        "plaka",
        "plakası",
        "plakalı",
        "license plate",
        "licence plate",
    ]),
    check: |r, _| matches!(r.number(0, 2), 1..=81),
    named: 0.85,
    alone: 0.0,
};

/// Taxpayer identification numbers (Bureau of Internal Revenue): nine digits, and three or five of
/// the branch. They hold no check digit that is published.
pub(in super::super) static PH_TIN: Rule = Rule {
    forms: &[
        called("###-###-###-#####"),
        called("###-###-###-###"),
        called("###-###-###"),
        called("############"),
        called("#########"),
    ],
    names: Names::new(&["bir tin", "tin", "tin number", "philippine tin"]),
    check: |r, _| !r.uniform(),
    named: 0.8,
    alone: 0.0,
};
