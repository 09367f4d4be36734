//! The table of detectors, and the dispatch on the first byte.

use super::bytes::{CLASS, COLON, DIGIT, HEX_LETTER, LETTER, PAREN, PLUS, UNDERSCORE, WIDE};
use super::entity::Entity;
use super::input::{Input, Step};
use super::{card, email, iban, ip, phone, ssn};

/// The most bytes before a start that any detector looks at. A driver that scans a stream keeps at
/// least this many decided bytes before the place it goes on from.
pub const LOOKBEHIND: usize = 64;

/// The most bytes from a start that any detector looks at before it knows its answer. No scan
/// leaves more than this undecided.
pub const LONGEST: usize = {
    let mut longest = 0;
    let mut i = 0;
    while i < TABLE.len() {
        if TABLE[i].longest > longest {
            longest = TABLE[i].longest;
        }
        i += 1;
    }
    longest
};

/// One detector. Its place in the table is the number of its entity.
pub(super) struct Detector {
    pub(super) entity: Entity,
    /// The classes of bytes that a finding may begin with.
    first: u8,
    /// Whether what it finds has passed a check, so that it goes before what only looks right.
    pub(super) validated: bool,
    /// The highest score it gives.
    pub(super) ceiling: f32,
    /// The most bytes from the start that it reads.
    pub(super) longest: usize,
    /// Says what starts at the input's start, reading from there.
    pub(super) run: fn(&Input<'_>) -> Step,
}

pub(super) static DETECTORS: &[Detector] = TABLE;

const TABLE: &[Detector] = &[
    Detector {
        entity: Entity::EmailAddress,
        first: DIGIT | LETTER | UNDERSCORE | WIDE,
        validated: true,
        ceiling: email::SCORE,
        longest: email::LONGEST,
        run: email::run,
    },
    Detector {
        entity: Entity::PhoneNumber,
        first: DIGIT | PLUS | PAREN,
        validated: false,
        ceiling: phone::SCORE,
        longest: phone::LONGEST,
        run: phone::run,
    },
    Detector {
        entity: Entity::CreditCard,
        first: DIGIT,
        validated: true,
        ceiling: card::SCORE,
        longest: card::LONGEST,
        run: card::run,
    },
    Detector {
        entity: Entity::UsSsn,
        first: DIGIT,
        validated: false,
        ceiling: ssn::SCORE,
        longest: ssn::LONGEST,
        run: ssn::run,
    },
    Detector {
        entity: Entity::IbanCode,
        first: LETTER,
        validated: true,
        ceiling: iban::SCORE,
        longest: iban::LONGEST,
        run: iban::run,
    },
    Detector {
        entity: Entity::IpAddress,
        first: DIGIT | HEX_LETTER | COLON,
        validated: true,
        ceiling: ip::SCORE,
        longest: ip::LONGEST,
        run: ip::run,
    },
];

/// For each byte, the detectors (bit = place in the table) whose findings may begin with it.
pub(super) static DISPATCH: [u64; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        let mut i = 0;
        while i < TABLE.len() {
            if TABLE[i].first & CLASS[b] != 0 {
                table[b] |= 1 << i;
            }
            i += 1;
        }
        b += 1;
    }
    table
};
