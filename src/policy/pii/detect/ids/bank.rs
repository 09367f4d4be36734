//! Numbers of banks and accounts of the United States, companies of Australia, and persons of South
//! Africa and Nigeria.

use super::asia::born;
use super::check::{luhn, verhoeff, weighted};
use super::near::Names;
use super::rule::{Rule, called};
use super::shape::value;

/// Routing transit numbers (American Bankers Association): nine digits, the first two of a district
/// of the Federal Reserve, with a check digit.
pub(in super::super) static ABA: Rule = Rule {
    forms: &[called("#########"), called("####-####-#")],
    #[rustfmt::skip]
    names: Names::new(&[
        "routing", "routing number", "aba", "aba number", "aba routing", "rtn", "bank routing",
        "routing transit", "routing transit number",
    ]),
    check: |r, _| {
        matches!(r.number(0, 2), 1..=12 | 21..=32 | 61..=72 | 80)
            && weighted(r.chars(), &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
    },
    named: 0.95,
    alone: 0.0,
};

/// Numbers of accounts at a bank: eight to seventeen digits, without a form of their own.
pub(in super::super) static ACCOUNT: Rule = Rule {
    #[rustfmt::skip]
    forms: &[
        called("########"), called("#########"), called("##########"), called("###########"),
        called("############"), called("#############"), called("##############"),
        called("###############"), called("################"), called("#################"),
    ],
    #[rustfmt::skip]
    names: Names::new(&[
        "bank account", "bank account number", "checking account", "savings account",
        "checking account number", "savings account number", "bank acct", "acct number",
        "account number at", "bank a c",
    ]),
    check: |r, _| !r.uniform(),
    named: 0.8,
    alone: 0.0,
};

/// Australian company numbers (Australian Securities and Investments Commission): nine digits, the
/// last a check digit.
pub(in super::super) static ACN: Rule = Rule {
    forms: &[called("### ### ###"), called("#########")],
    names: Names::new(&["acn", "australian company", "australian company number"]),
    check: |r, _| {
        let sum = weighted(r.part(0, 8), &[8, 7, 6, 5, 4, 3, 2, 1]);
        (10 - sum % 10) % 10 == u32::from(value(r.char(8)))
    },
    named: 0.95,
    alone: 0.0,
};

/// Identity numbers of South Africa (Department of Home Affairs): a date of birth, sex,
/// citizenship, and a check digit by Luhn.
pub(in super::super) static ZA_ID: Rule = Rule {
    forms: &[called("#############"), called("###### #### ###")],
    #[rustfmt::skip]
    names: Names::new(&[
        "rsa id", "south african id", "sa id", "id number", "identity number", "refugee id",
        "permanent resident", "permanent resident number", "resident number", "id no",
    ]),
    check: |r, _| born(r, 0) && matches!(r.char(10), b'0'..=b'2') && luhn(r.chars(), 0),
    named: 0.9,
    alone: 0.0,
};

/// National identification numbers of Nigeria (NIMC): eleven digits, the last by Verhoeff.
pub(in super::super) static NG_NIN: Rule = Rule {
    forms: &[called("###########")],
    names: Names::new(&[
        "nin",
        "nin number",
        "nimc",
        "national identification number",
    ]),
    check: |r, _| verhoeff(r.chars()) && !r.uniform(),
    named: 0.95,
    alone: 0.0,
};
