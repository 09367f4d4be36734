//! What the table of detectors says, arranged for looking up.

use super::bytes::CLASS;
use super::cue::{self, Kinds, Prefixes};
use super::entity::{Entity, EntitySet};
use super::ids;
use super::input::Input;
use super::opening::{self, End, Opening};
use super::rows::{Detector, TABLE};

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

pub(super) static DETECTORS: &[Detector] = TABLE;

/// A bit for each detector: its place in the table.
pub(super) type Places = u128;

const _: () = assert!(TABLE.len() <= Places::BITS as usize);

/// For each detector, those that may give a reading that goes before all of its own.
static ABOVE: [Places; TABLE.len()] = ranked(true);
/// For each detector, those whose readings all go behind the surest of its own.
static BELOW: [Places; TABLE.len()] = ranked(false);

const fn ranked(above: bool) -> [Places; TABLE.len()] {
    let mut table = [0; TABLE.len()];
    let mut i = 0;
    while i < table.len() {
        let mut other = 0;
        while other < table.len() {
            let (high, low) = if above { (other, i) } else { (i, other) };
            let (high, low) = (&TABLE[high], &TABLE[low]);
            let equal = high.validated == low.validated;
            if high.validated && !low.validated || equal && high.ceiling > low.ceiling {
                table[i] |= 1 << other;
            }
            other += 1;
        }
        i += 1;
    }
    table
}

/// The detectors that may give a reading that goes before all of those of the one at `place`.
pub(super) fn above(place: usize) -> Places {
    ABOVE.get(place).copied().unwrap_or(0)
}

/// The detectors whose readings all go behind the surest of the one at `place`.
pub(super) fn below(place: usize) -> Places {
    BELOW.get(place).copied().unwrap_or(0)
}

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

/// For each opening, the detectors that may find something behind it.
static OPENINGS: [Places; opening::PLACES] = {
    let mut table = [0; opening::PLACES];
    let mut place = 0;
    while place < table.len() {
        let mut i = 0;
        while i < TABLE.len() {
            if TABLE[i].openings.contains(place) {
                table[place] |= 1 << i;
            }
            i += 1;
        }
        place += 1;
    }
    table
};

/// For each length of the first word, the detectors that may find something there.
static WORDS: [Places; opening::WORDS] = {
    let mut table = [0; opening::WORDS];
    let mut len = 0;
    while len < table.len() {
        let mut i = 0;
        while i < TABLE.len() {
            if TABLE[i].openings.has_word(len) {
                table[len] |= 1 << i;
            }
            i += 1;
        }
        len += 1;
    }
    table
};

/// The detectors that may find something at a start that opens so.
pub(super) fn opened(opening: &Opening) -> Places {
    let at = |place: usize| OPENINGS.get(place).copied().unwrap_or(0);
    let [one, other] = opening.places;
    let word = |table: &[Places]| table.get(opening.word).copied().unwrap_or(0);
    match opening.end {
        End::Known => (at(one) | at(other)) & word(&WORDS),
        End::Word => (at(one) | at(other)) & word(&LONGER),
        End::Run => GROWING.get(one).copied().unwrap_or(0) & word(&LONGER),
    }
}

/// For each length that the first word has reached, the detectors that may find something there.
static LONGER: [Places; opening::WORDS] = {
    let mut table = WORDS;
    let mut len = table.len() - 1;
    while len > 0 {
        len -= 1;
        table[len] |= table[len + 1];
    }
    table
};

/// For each first run that may still grow, the detectors that may find something there.
static GROWING: [Places; opening::GROWING] = {
    let mut table = [0; opening::GROWING];
    let mut place = 0;
    while place < opening::PLACES {
        let longest = opening::growing(place);
        let mut run = opening::shortest(longest);
        while run <= longest {
            table[run] |= OPENINGS[place];
            run += 1;
        }
        place += 1;
    }
    table
};

/// The detector of e-mail addresses alone.
pub(super) const EMAIL: Places = 1;

const _: () = assert!(matches!(TABLE[0].entity, Entity::EmailAddress));

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

/// The detectors that some trigger byte is a cue for.
static TRIGGERED: Places = {
    let (mut places, mut i) = (0, 0);
    while i < TABLE.len() {
        if TABLE[i].cue.kinds() & cue::TRIGGERS != 0 {
            places |= 1 << i;
        }
        i += 1;
    }
    places
};

/// The detectors with a cue of one of the `kinds` that the word at `at` has.
pub(super) fn cued(kinds: Kinds, bytes: &[u8], at: usize) -> Places {
    let (mut places, mut rest) = (0, kinds);
    // Only those with this very prefix.
    if kinds & cue::PREFIX != 0
        && let Some(&[a, b, c, ..]) = bytes.get(at..)
    {
        rest &= !cue::PREFIX;
        let mut owners = OWNERS.get(cue::place(a, b, c)).copied().unwrap_or(0);
        while owners != 0 {
            let owner = owners.trailing_zeros() as usize;
            places |= PREFIXED.get(owner).copied().unwrap_or(0);
            owners &= owners - 1;
        }
    }
    // A word that may go on may yet have any trigger.
    if rest & cue::TRIGGERS == cue::TRIGGERS {
        rest &= !cue::TRIGGERS;
        places |= TRIGGERED;
    }
    while rest != 0 {
        let kind = rest.trailing_zeros() as usize;
        places |= OF_KIND.get(kind).copied().unwrap_or(0);
        rest &= rest - 1;
    }
    places
}

/// The detectors that find nothing without a name before it.
pub(super) const NEED_NAME: Places = {
    let (mut places, mut i) = (0, 0);
    while i < TABLE.len() {
        if TABLE[i].names.is_some() {
            places |= 1 << i;
        }
        i += 1;
    }
    places
};

/// For each beginning of a word, those of them with a name that such a word may end.
static NAMED: [Places; ids::MIXED] = {
    let mut table = [0; ids::MIXED];
    let mut i = 0;
    while i < TABLE.len() {
        if let Some(names) = TABLE[i].names {
            let mut mixed = 0;
            while mixed < ids::MIXED {
                if names.may_end(mixed) {
                    table[mixed] |= 1 << i;
                }
                mixed += 1;
            }
        }
        i += 1;
    }
    table
};

/// The detectors that find nothing without a name, but for those that surely have none here.
pub(super) fn may_be_named(input: &Input<'_>) -> Places {
    let mut places = 0;
    input.near(|words| {
        words.each_near(|mixed| {
            places |= match mixed {
                Some(mixed) => NAMED.get(mixed).copied().unwrap_or(0),
                None => NEED_NAME,
            };
        });
    });
    places
}

/// Of the detectors that are known by prefixes, those that have this one: a bit for each of
/// [`PREFIXED`].
static OWNERS: [u16; cue::PLACES] = {
    let mut table = [0; cue::PLACES];
    let (mut i, mut owner) = (0, 0);
    while i < TABLE.len() {
        let prefixes = TABLE[i].cue.prefixes();
        let mut at = 0;
        while at < prefixes.len() {
            let word = prefixes[at].as_bytes();
            table[cue::place(word[0], word[1], word[2])] |= 1 << owner;
            at += 1;
        }
        owner += !prefixes.is_empty() as usize;
        i += 1;
    }
    table
};

/// The detectors that are known by prefixes, one each.
static PREFIXED: [Places; 16] = {
    let mut table = [0; 16];
    let (mut i, mut owner) = (0, 0);
    while i < TABLE.len() {
        if !TABLE[i].cue.prefixes().is_empty() {
            table[owner] = 1 << i;
            owner += 1;
        }
        i += 1;
    }
    table
};

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

/// The detectors of the standard set, which is asked for with every piece of a stream.
static STANDARD: (Places, Kinds) = gather(EntitySet::standard());

/// The detectors of a set of entities, and the kinds of their cues.
pub(super) fn detectors(set: EntitySet) -> (Places, Kinds) {
    if set.bits() == EntitySet::standard().bits() {
        return STANDARD;
    }
    gather(set)
}

const fn gather(set: EntitySet) -> (Places, Kinds) {
    let (mut places, mut kinds, mut i) = (0, 0, 0);
    while i < TABLE.len() {
        if set.bits() & TABLE[i].entity.bit() != 0 {
            places |= 1 << i;
            kinds |= TABLE[i].cue.kinds();
        }
        i += 1;
    }
    (places, kinds)
}
