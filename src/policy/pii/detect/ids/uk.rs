//! United Kingdom: NHS numbers and National Insurance numbers.

use super::check::weighted;
use super::near::Names;
use super::rule::{Rule, alone, called};
use super::shape::{Reading, value};

/// NHS numbers (NHS Data Dictionary, "NHS NUMBER"): ten digits, the last a check digit modulo 11.
/// One telephone number in eleven of the form 3-3-4 would pass, so they count only where named.
pub(in super::super) static NHS: Rule = Rule {
    forms: &[called("### ### ####"), called("##########")],
    names: Names::new(&[
        "nhs",
        "nhs number",
        "national health service",
        "health service number",
        "chi number",
        "NHSNo",
    ]),
    check: |r, _| {
        let sum = weighted(r.part(0, 9), &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
        (11 - sum % 11) % 11 == u32::from(value(r.char(9))) && !r.uniform()
    },
    named: 0.95,
    alone: 0.0,
};

/// National Insurance numbers (HMRC, National Insurance Manual NIM39110): which prefixes are
/// given out, six digits, and a suffix from A to D, which may be left out where named.
pub(in super::super) static NINO: Rule = Rule {
    forms: &[
        alone("aa ## ## ## a"),
        alone("aa######a"),
        called("aa ###### a"),
        called("aa######"),
        called("aa ## ## ##"),
    ],
    names: Names::new(&[
        "national insurance",
        "national insurance number",
        "nino",
        "ni number",
        "ni no",
        "NI",
        "n i number",
        "insurance number",
    ]),
    check: |r, _| prefix(r) && matches!(r.char(8), b'A'..=b'D' | 0),
    named: 0.9,
    alone: 0.75,
};

fn prefix(reading: &Reading) -> bool {
    let (a, b) = (reading.char(0), reading.char(1));
    !b"DFIQUV".contains(&a)
        && !b"DFIOQUV".contains(&b)
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&[a, b])
}
