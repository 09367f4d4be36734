//! The table of detectors, and the dispatch on the first byte.

use super::bytes::{
    CAPITAL, CLASS, COLON, DIGIT, HEX_LETTER, HYPHEN, LETTER, PAREN, PLUS, UNDERSCORE, WIDE,
};
use super::cue::{self, Cue, Kinds, Prefixes};
use super::entity::{Entity, EntitySet};
use super::input::{Input, Step};
use super::secret::{assigned, jwt, link, pem, token};
use super::web::{domain, mac, url};
use super::{address, birth, card, coordinates, crypto, email, iban, ip, phone, ssn};

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

/// One detector. An entity may have several.
pub(super) struct Detector {
    pub(super) entity: Entity,
    /// The classes of bytes that a finding may begin with.
    first: u16,
    /// How its first word is known if it need not hold a trigger byte.
    cue: Cue,
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
        cue: Cue::AT,
        validated: true,
        ceiling: email::SCORE,
        longest: email::LONGEST,
        run: email::run,
    },
    Detector {
        entity: Entity::PhoneNumber,
        first: DIGIT | PLUS | PAREN,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: phone::SCORE,
        longest: phone::LONGEST,
        run: phone::run,
    },
    Detector {
        entity: Entity::CreditCard,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: true,
        ceiling: card::SCORE,
        longest: card::LONGEST,
        run: card::run,
    },
    Detector {
        entity: Entity::UsSsn,
        first: DIGIT,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: ssn::SCORE,
        longest: ssn::LONGEST,
        run: ssn::run,
    },
    Detector {
        entity: Entity::IbanCode,
        first: LETTER,
        cue: Cue::DIGIT,
        validated: true,
        ceiling: iban::SCORE,
        longest: iban::LONGEST,
        run: iban::run,
    },
    Detector {
        entity: Entity::IpAddress,
        first: DIGIT | HEX_LETTER | COLON,
        cue: Cue::DOT.or(Cue::COLON),
        validated: true,
        ceiling: ip::SCORE,
        longest: ip::LONGEST,
        run: ip::run,
    },
    Detector {
        entity: Entity::DateOfBirth,
        first: DIGIT,
        cue: Cue::TRIGGER,
        validated: false,
        ceiling: birth::SCORE,
        longest: birth::LONGEST,
        run: birth::run,
    },
    Detector {
        entity: Entity::DateOfBirth,
        first: LETTER,
        cue: Cue::words(birth::CUES),
        validated: false,
        ceiling: birth::SCORE,
        longest: birth::LONGEST,
        run: birth::run_month,
    },
    Detector {
        entity: Entity::Address,
        first: DIGIT,
        cue: Cue::TRIGGER,
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        run: address::numbered,
    },
    Detector {
        entity: Entity::Address,
        first: LETTER,
        cue: Cue::words(address::CUES),
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        run: address::named_first,
    },
    Detector {
        entity: Entity::Address,
        first: CAPITAL | WIDE,
        cue: Cue::CAPITAL,
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        run: address::german,
    },
    Detector {
        entity: Entity::Address,
        first: LETTER,
        cue: Cue::words(address::BOX_CUES),
        validated: false,
        ceiling: address::SCORE,
        longest: address::LONGEST,
        run: address::boxed,
    },
    Detector {
        entity: Entity::ZipCode,
        first: DIGIT | CAPITAL,
        cue: Cue::TRIGGER,
        validated: false,
        ceiling: address::ZIP_SCORE,
        longest: address::ZIP_LONGEST,
        run: address::zip,
    },
    Detector {
        entity: Entity::MacAddress,
        first: DIGIT | HEX_LETTER,
        cue: Cue::words(mac::WORDS).or(Cue::COLON).or(Cue::DOT).or(Cue::DIGIT),
        validated: true,
        ceiling: mac::SCORE,
        longest: mac::LONGEST,
        run: mac::run,
    },
    Detector {
        entity: Entity::Url,
        first: LETTER | DIGIT | WIDE,
        cue: Cue::COLON.or(Cue::DOT),
        validated: true,
        ceiling: url::SCORE,
        longest: url::LONGEST,
        run: url::run,
    },
    Detector {
        entity: Entity::DomainName,
        first: LETTER | DIGIT | WIDE,
        cue: Cue::DOT,
        validated: false,
        ceiling: domain::SCORE,
        longest: domain::LONGEST,
        run: domain::run,
    },
    Detector {
        entity: Entity::Crypto,
        first: LETTER | DIGIT,
        cue: Cue::DIGIT,
        validated: true,
        ceiling: crypto::SCORE,
        longest: crypto::LONGEST,
        run: crypto::run,
    },
    Detector {
        entity: Entity::Coordinates,
        first: DIGIT | PLUS | HYPHEN | CAPITAL,
        cue: Cue::DIGIT,
        validated: false,
        ceiling: coordinates::SCORE,
        longest: coordinates::LONGEST,
        run: coordinates::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER | DIGIT | UNDERSCORE,
        cue: token::CUE.or(Cue::DIGIT),
        validated: true,
        ceiling: token::SCORE,
        longest: token::LONGEST,
        run: token::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER,
        cue: Cue::words(&["eyj"]),
        validated: true,
        ceiling: jwt::SCORE,
        longest: jwt::LONGEST,
        run: jwt::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: HYPHEN,
        cue: Cue::BEGIN,
        validated: true,
        ceiling: pem::SCORE,
        longest: pem::LONGEST,
        run: pem::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER,
        cue: Cue::COLON,
        validated: true,
        ceiling: link::SCORE,
        longest: link::LONGEST,
        run: link::run,
    },
    Detector {
        entity: Entity::ApiKey,
        first: LETTER | DIGIT | UNDERSCORE | PLUS,
        cue: assigned::CUE.or(Cue::DIGIT),
        validated: false,
        ceiling: assigned::SCORE,
        longest: assigned::LONGEST,
        run: assigned::run,
    },
];

/// A bit for each detector: its place in the table.
pub(super) type Places = u128;

const _: () = assert!(TABLE.len() <= Places::BITS as usize);

/// For each byte, the detectors whose findings may begin with it.
pub(super) static DISPATCH: [Places; 256] = {
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

/// The detector of e-mail addresses alone.
pub(super) const EMAIL: Places = 1;

const _: () = assert!(matches!(TABLE[0].entity, Entity::EmailAddress));

/// For each entity, its detectors and the kinds of their cues.
static OF_ENTITY: [(Places, Kinds); Entity::ALL.len()] = {
    let mut table = [(0, 0); Entity::ALL.len()];
    let mut i = 0;
    while i < TABLE.len() {
        let (places, kinds) = &mut table[TABLE[i].entity as usize];
        *places |= 1 << i;
        *kinds |= TABLE[i].cue.kinds();
        i += 1;
    }
    table
};

/// For each kind of cue, the detectors that have it.
static OF_KIND: [Places; cue::COUNT] = {
    let mut table = [0; cue::COUNT];
    let mut i = 0;
    while i < TABLE.len() {
        let mut kind = 0;
        while kind < cue::COUNT {
            if TABLE[i].cue.kinds() >> kind & 1 == 1 {
                table[kind] |= 1 << i;
            }
            kind += 1;
        }
        i += 1;
    }
    table
};

/// The detectors with a cue of one of the `kinds`.
pub(super) fn cued(kinds: Kinds) -> Places {
    let (mut places, mut rest) = (0, kinds);
    while rest != 0 {
        let kind = rest.trailing_zeros() as usize;
        places |= OF_KIND.get(kind).copied().unwrap_or(0);
        rest &= rest - 1;
    }
    places
}

/// The beginnings of words of all cues.
pub(super) static PREFIXES: Prefixes = {
    let mut prefixes = [0; 512];
    let mut i = 0;
    while i < TABLE.len() {
        prefixes = cue::add(prefixes, TABLE[i].cue);
        i += 1;
    }
    prefixes
};

/// The detectors of a set of entities, and the kinds of their cues.
pub(super) fn detectors(set: EntitySet) -> (Places, Kinds) {
    let (mut places, mut kinds, mut rest) = (0, 0, set.bits());
    while rest != 0 {
        if let Some((more, cues)) = OF_ENTITY.get(rest.trailing_zeros() as usize) {
            places |= more;
            kinds |= cues;
        }
        rest &= rest - 1;
    }
    (places, kinds)
}
