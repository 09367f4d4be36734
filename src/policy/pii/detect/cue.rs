//! Words that a finding may begin with although no byte of them gives it away.
//!
//! Most findings hold a trigger byte in their first word (see `scan`). For the others the table
//! says by which cue their first word is known: its first three letters, its capitals, or what it
//! stands behind. A cue is looked up at the start of each word, so it must be cheap, and it reads
//! no more than three bytes ahead; a word that ends with the text has every cue.

use super::bytes::{follows_escape, is_word_byte};

/// By what the first word of a detector's findings is known, other than by a trigger byte.
#[derive(Clone, Copy)]
pub(super) struct Cue {
    kinds: u8,
    /// Beginnings of words, lower-case, of at least three bytes, of which three count.
    prefixes: &'static [&'static str],
}

/// The first word begins with one of the detector's prefixes.
const PREFIX: u8 = 1;
/// It begins with three capitals.
const CAPITALS: u8 = 1 << 1;
/// It begins with a capital, or with a letter outside ASCII.
const CAPITAL: u8 = 1 << 2;
/// It stands behind `:`, `=` or `>`, and perhaps a quotation mark.
const VALUE: u8 = 1 << 3;
/// It is any word.
const ANY: u8 = 1 << 4;
/// It begins with a letter outside ASCII.
const WIDE: u8 = 1 << 5;

impl Cue {
    /// A trigger byte in the first word: a digit, `:`, `@`, a full stop between characters, `-B`.
    pub(super) const TRIGGER: Cue = Cue::of(0);
    pub(super) const CAPITALS: Cue = Cue::of(CAPITALS);
    pub(super) const CAPITAL: Cue = Cue::of(CAPITAL | WIDE);
    pub(super) const VALUE: Cue = Cue::of(VALUE);
    pub(super) const ANY: Cue = Cue::of(ANY | WIDE);

    const fn of(kinds: u8) -> Cue {
        Cue {
            kinds,
            prefixes: &[],
        }
    }

    /// Words with these beginnings. Three bytes of each count: `po ` is the word `po`.
    pub(super) const fn words(prefixes: &'static [&'static str]) -> Cue {
        let mut kinds = PREFIX;
        let mut i = 0;
        while i < prefixes.len() {
            if prefixes[i].as_bytes()[0] >= 0x80 {
                kinds |= WIDE;
            }
            i += 1;
        }
        Cue { kinds, prefixes }
    }

    /// The words of either.
    pub(super) const fn or_value(self) -> Cue {
        Cue {
            kinds: self.kinds | VALUE,
            ..self
        }
    }

    pub(super) const fn kinds(self) -> u8 {
        self.kinds
    }
}

/// One bit for each beginning of a word in 15 bits.
pub(super) type Prefixes = [u64; 512];

/// Adds the prefixes of a cue.
pub(super) const fn add(mut prefixes: Prefixes, cue: Cue) -> Prefixes {
    let mut i = 0;
    while i < cue.prefixes.len() {
        let word = cue.prefixes[i].as_bytes();
        let place = place(word[0], word[1], word[2]);
        prefixes[place >> 6] |= 1 << (place & 63);
        i += 1;
    }
    prefixes
}

const fn place(a: u8, b: u8, c: u8) -> usize {
    (CODE[a as usize] as usize) << 10 | (CODE[b as usize] as usize) << 5 | CODE[c as usize] as usize
}

/// Five bits a byte, capitals aside.
const CODE: [u8; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = match b as u8 {
            letter @ (b'a'..=b'z' | b'A'..=b'Z') => letter & 31,
            b'_' => 27,
            b'-' => 28,
            b'0'..=b'9' => 29,
            0x80.. => 30,
            b' ' => 31,
            _ => 0,
        };
        b += 1;
    }
    table
};

/// How far before a value its `:` or `=` may stand.
const GAP: usize = 8;

/// The first place in `from..to` at which a word with a cue of one of the `kinds` begins.
pub(super) fn next(
    kinds: u8,
    prefixes: &Prefixes,
    bytes: &[u8],
    from: usize,
    to: usize,
) -> Option<usize> {
    if kinds == 0 {
        return None;
    }
    let mut word = from
        .checked_sub(1)
        .and_then(|at| bytes.get(at))
        .is_some_and(|&b| is_word_byte(b));
    let mut at = from;
    for &b in bytes.get(from..to)? {
        let wide = b >= 0xC2 && kinds & WIDE != 0;
        let inside = word && !follows_escape(bytes, at);
        word = is_word_byte(b);
        if (wide || word) && !inside && cued(kinds, prefixes, bytes, at) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether a prefix begins with these three bytes.
pub(super) fn has(prefixes: &Prefixes, a: u8, b: u8, c: u8) -> bool {
    let place = place(a, b, c);
    prefixes
        .get(place >> 6)
        .is_some_and(|bits| bits >> (place & 63) & 1 != 0)
}

fn cued(kinds: u8, prefixes: &Prefixes, bytes: &[u8], at: usize) -> bool {
    let Some(&[a, b, c]) = bytes.get(at..at + 3) else {
        return true;
    };
    kinds & PREFIX != 0 && has(prefixes, a, b, c)
        || kinds & ANY != 0
        || kinds & CAPITAL != 0 && (a.is_ascii_uppercase() || a >= 0x80)
        || kinds & CAPITALS != 0 && [a, b, c].iter().all(u8::is_ascii_uppercase)
        || kinds & VALUE != 0 && is_value(bytes, at)
}

/// Whether `:`, `=` or `>` stands before `at`, with no more than blanks and quotation marks between.
pub(super) fn is_value(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(GAP)..at).unwrap_or_default();
    before
        .iter()
        .rev()
        .find(|b| !matches!(b, b' ' | b'\t' | b'"' | b'\'' | b'`' | b'\\'))
        .is_some_and(|b| matches!(b, b':' | b'=' | b'>'))
}
