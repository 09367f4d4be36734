//! Health care: provider numbers, DEA registrations, members of insurances, patients' records.

use super::super::input::{Input, Step, Tri, is_alphanumeric, is_digit};
use super::super::opening::Openings;
use super::check::{luhn, weighted};
use super::near::{Key, Names, keyed};
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

/// National provider identifiers (45 CFR 162.406; CMS, "NPI check digit"): ten digits by Luhn with
/// the prefix 80840, which adds 24. One telephone number in ten would pass.
pub(in super::super) static NPI: Rule = Rule {
    forms: &[called("##########"), called("#### ### ###")],
    names: Names::new(&[
        "npi",
        "npis",
        "national provider",
        "national provider identifier",
        "provider id",
        "provider identifier",
    ]),
    check: |r, _| matches!(r.char(0), b'1' | b'2') && luhn(r.chars(), 24),
    named: 0.95,
    alone: 0.0,
};

/// DEA registrations (Drug Enforcement Administration, Office of Diversion Control): the kind of
/// registrant, the first letter of the name or 9, six digits and a check digit.
pub(in super::super) static DEA: Rule = Rule {
    forms: &[called("a*#######")],
    names: Names::new(&[
        "dea",
        "dea number",
        "dea registration",
        "drug enforcement",
        "dea license",
        "prescriber",
    ]),
    check: |r, _| {
        let sum = weighted(r.part(2, 8), &[1, 2, 1, 2, 1, 2]);
        b"ABCDEFGHJKLMPRSTUX".contains(&r.char(0))
            && matches!(r.char(1), b'A'..=b'Z' | b'9')
            && sum % 10 == u32::from(value(r.char(8)))
    },
    named: 0.95,
    alone: 0.0,
};

/// Medicare beneficiary identifiers (CMS, "Understanding the MBI format"): eleven characters, each
/// place a letter or a digit, and letters never S, L, O, I, B or Z.
pub(in super::super) static MBI: Rule = Rule {
    forms: &[alone("#a*# a*# aa##"), alone("#a*#a*#aa##")],
    names: Names::new(&[
        "mbi",
        "medicare",
        "medicare beneficiary",
        "medicare id",
        "beneficiary",
    ]),
    check: |r, _| r.char(0) != b'0' && !r.chars().iter().any(|b| b"SLOIBZ".contains(b)),
    named: 0.95,
    alone: 0.8,
};

/// Krankenversichertennummer (Germany, § 290 SGB V): a letter, eight digits and a check digit, by
/// Luhn from the left with the letter as two digits.
pub(in super::super) static KVNR: Rule = Rule {
    forms: &[called("a#########")],
    names: Names::new(&[
        "kvnr",
        "krankenversichertennummer",
        "versichertennummer",
        "krankenversicherungsnummer",
        "krankenkasse",
        "gesundheitskarte",
        "egk",
    ]),
    check: |r, _| kvnr(r),
    named: 0.95,
    alone: 0.0,
};

fn kvnr(reading: &Reading) -> bool {
    let letter = reading.char(0).wrapping_sub(b'A') + 1;
    let digits = [letter / 10, letter % 10]
        .into_iter()
        .chain(reading.part(1, 9).iter().map(|&b| value(b)));
    let sum: u32 = digits
        .enumerate()
        .map(|(i, d)| match (i % 2, u32::from(d)) {
            (0, d) => d,
            (_, d) => d * 2 / 10 + d * 2 % 10,
        })
        .sum();
    sum % 10 == u32::from(value(reading.char(9)))
}

#[rustfmt::skip]
static MEMBERS: Names = Names::new(&[
    "member id", "member number", "membership id", "subscriber id", "subscriber number",
    "insurance id", "insurance member", "health insurance", "health insurance number",
    "health plan id", "medicaid", "medicaid id", "beneficiary id", "policy holder id",
    "policyholder id", "insurance policy", "health card", "ohip",
]);

/// A number of a member as an insurance gives it out; there is no common form.
pub(in super::super) fn member(input: &Input<'_>) -> Step {
    token(input, &MEMBERS)
}

#[rustfmt::skip]
static RECORDS: Names = Names::new(&[
    "mrn", "medical record", "medical record number", "medical records", "med rec", "health record",
    "patient id", "patient number", "patient no", "patient identifier", "patient mrn",
    "chart number", "chart no", "chart id", "hospital number", "hospital id", "hospital no",
    "patientennummer", "patienten id", "fallnummer", "numéro de dossier", "numéro patient",
    "historia clínica", "número de historia clínica", "prontuário", "病历号", "患者番号",
]);

/// A number of a patient's record; each hospital has its own form.
pub(in super::super) fn record(input: &Input<'_>) -> Step {
    token(input, &RECORDS)
}

pub(in super::super) const TOKEN_SCORE: f32 = 0.8;
/// The most letters, digits and hyphens in a number without a form.
const TOKEN: usize = 20;
/// Four digits, or a turn from letters to digits or a hyphen within.
pub(in super::super) const TOKENS: Openings = Openings::of(!0b1111, 0, false).or_turning();
pub(in super::super) const TOKEN_LONGEST: usize = TOKEN + 8;

/// A word right behind one of `names` with at least four digits, and more digits than letters.
fn token(input: &Input<'_>, names: &Names) -> Step {
    let (mut at, mut digits, mut letters) = (input.start, 0, 0);
    while let Some(b) = input.byte(at) {
        match b {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' => letters += 1,
            b'-' => match input.byte(at + 1) {
                Some(next) if is_alphanumeric(next) && at > input.start => {}
                None if !input.last => {
                    at += 1;
                    break;
                }
                _ => break,
            },
            _ => break,
        }
        at += 1;
        if at - input.start > TOKEN {
            return Step::No;
        }
    }
    let open = input.open(at);
    let likely = digits >= 4 && digits + 1 >= letters;
    if !open && !likely || at == input.start {
        return Step::No;
    }
    if keyed(input, names) == Key::None || input.glued(b"./", is_digit) {
        return Step::No;
    }
    if open {
        return Step::Unfinished;
    }
    match input.edge(at, b"./", is_digit) {
        Tri::Yes => Step::Match {
            end: at,
            score: TOKEN_SCORE,
        },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}
