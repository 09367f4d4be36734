//! Finland and Sweden: persons and organisations.

use super::asia::born;
use super::check::luhn;
use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::Reading;

/// Henkilötunnus (Digital and Population Data Services Agency): day, month and year, the century,
/// a number, and a check character modulo 31.
pub(in super::super) static FI_HETU: Rule = Rule {
    forms: &[alone("######a###*"), alone("######-###*")],
    #[rustfmt::skip]
    names: Names::new(&[
        "hetu", "henkilötunnus", "henkilötunnukseni", "henkilöturvatunnus", "personbeteckning",
        "personal identity code", "finnish id", "finnish personal",
    ]),
    check: |r, _| {
        // The hyphen of the last century is no character of the reading.
        let from = r.chars().len() - 4;
        let century = from == 6 || b"ABCDEFYXWVU".contains(&r.char(6));
        let number = r.number(0, 6) * 1000 + r.number(from, from + 3);
        const CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
        century
            && matches!(r.number(0, 2), 1..=31)
            && matches!(r.number(2, 4), 1..=12)
            && r.number(from, from + 3) > 1
            && CHECK.get((number % 31) as usize) == Some(&r.char(from + 3))
    },
    named: 0.95,
    alone: 0.9,
};

/// Personnummer and samordningsnummer (Skatteverket, SKV 704 and 707): a date of birth, with 60
/// added to the day of a samordningsnummer, three digits, and a check digit by Luhn.
pub(in super::super) static SE_PERSON: Rule = Rule {
    forms: &[
        alone("########-####"),
        alone("######-####"),
        alone("############"),
        called("##########"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "personnummer", "personnumret", "pnr", "person nummer", "samordningsnummer", "swedish id",
        "swedish personal", "personal identity number",
    ]),
    check: |r, named| {
        let from = r.chars().len() - 10;
        // Not a date with the time of day.
        let time = r.number(from + 6, from + 8) < 24 && r.number(from + 8, from + 10) < 60;
        let day = r.number(from + 4, from + 6) % 60;
        let century = from == 0 || matches!(r.number(0, 2), 18..=20);
        century
            && matches!(r.number(from + 2, from + 4), 1..=12)
            && matches!(day, 1..=31)
            && luhn(tail(r), 0)
            && !r.uniform()
            && (named || !time)
    },
    named: 0.95,
    alone: 0.65,
};

fn tail(r: &Reading) -> &[u8] {
    r.part(r.chars().len() - 10, r.chars().len())
}

/// Organisationsnummer (Bolagsverket): ten digits, the third from 2, the last by Luhn. A person's
/// number has a month there.
pub(in super::super) static SE_ORGANISATION: Rule = Rule {
    forms: &[called("######-####"), called("##########")],
    #[rustfmt::skip]
    names: Names::new(&[
        "organisationsnummer", "organisationsnumret", "orgnummer", "org nr", "orgnr", "org nummer",
        "company identity", "swedish company", "organisation number", "organization number",
    ]),
    check: |r, _| r.char(2) >= b'2' && luhn(r.chars(), 0) && !born(r, 0),
    named: 0.95,
    alone: 0.0,
};
