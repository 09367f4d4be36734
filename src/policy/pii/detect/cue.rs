//! Words that a finding may begin with although no byte of them gives it away.
//!
//! Most findings hold a trigger byte in their first word (see `scan`). For the others the table
//! says by which cue their first word is known: its first three letters, its capitals, or what it
//! stands behind. A cue is looked up at the start of each word, so it must be cheap, and it reads
//! no more than three bytes ahead; a word that ends with the text has every cue.

use super::bytes::{LEADS, follows_escape, is_word_byte};
use super::octet::{HIGH, capitals, load, marks, word_bytes};

/// By what the first word of a detector's findings is known.
///
/// The first word is the run of letters, digits, characters outside ASCII and `._+-'(:@` at the
/// start. A detector runs only where its cue holds; where the word ends with a text that goes on,
/// all that a later byte of the word could give holds.
#[derive(Clone, Copy)]
pub(super) struct Cue {
    kinds: Kinds,
    /// Beginnings of words, lower-case, of at least three bytes, of which three count.
    prefixes: &'static [&'static str],
}

/// A bit for each kind of cue.
pub(super) type Kinds = u16;

/// The first word begins with one of the detector's prefixes.
pub(super) const PREFIX: Kinds = 1;
/// It begins with three capitals.
const CAPITALS: Kinds = 1 << 1;
/// It begins with a capital.
const CAPITAL: Kinds = 1 << 2;
/// It stands behind `:`, `=` or `>`, and perhaps a quotation mark.
const VALUE: Kinds = 1 << 3;
/// Words that begin with a character outside ASCII count as well.
const WIDE: Kinds = 1 << 5;
/// It holds a digit.
const DIGIT: Kinds = 1 << 6;
/// It holds a colon.
const COLON: Kinds = 1 << 7;
/// It holds an `@`.
const AT: Kinds = 1 << 8;
/// It holds a full stop that something follows.
const DOT: Kinds = 1 << 9;
/// It holds `-B`, as `-----BEGIN` does.
const BEGIN: Kinds = 1 << 10;
/// It is two capitals, with a space after them.
const PAIR: Kinds = 1 << 4;

/// It holds a colon before a slash, as in `://`.
const SCHEME: Kinds = 1 << 11;

/// How many kinds there are.
pub(super) const COUNT: usize = 12;

pub(super) const TRIGGERS: Kinds = DIGIT | COLON | AT | DOT | BEGIN | SCHEME;

impl Cue {
    pub(super) const DIGIT: Cue = Cue::of(DIGIT);
    pub(super) const COLON: Cue = Cue::of(COLON);
    pub(super) const SCHEME: Cue = Cue::of(SCHEME);
    pub(super) const AT: Cue = Cue::of(AT);
    /// A full stop between two characters.
    pub(super) const DOT: Cue = Cue::of(DOT);
    pub(super) const BEGIN: Cue = Cue::of(BEGIN);
    pub(super) const CAPITALS: Cue = Cue::of(CAPITALS);
    /// A capital letter of a script that has them.
    pub(super) const CAPITAL: Cue = Cue::of(CAPITAL | WIDE);
    /// Two capitals and a space, as before the digits of `QQ 12 34 56 C`.
    pub(super) const PAIR: Cue = Cue::of(PAIR);
    pub(super) const VALUE: Cue = Cue::of(VALUE);

    const fn of(kinds: Kinds) -> Cue {
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
    pub(super) const fn or(self, other: Cue) -> Cue {
        Cue {
            kinds: self.kinds | other.kinds,
            prefixes: if self.prefixes.is_empty() {
                other.prefixes
            } else {
                self.prefixes
            },
        }
    }

    pub(super) const fn kinds(self) -> Kinds {
        self.kinds
    }

    pub(super) const fn prefixes(self) -> &'static [&'static str] {
        self.prefixes
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

/// How many beginnings of words are told apart.
pub(super) const PLACES: usize = 1 << 15;

/// The beginning of a word among [`PLACES`].
pub(super) const fn place(a: u8, b: u8, c: u8) -> usize {
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

/// Where the next backslash is, as a text is gone through from left to right.
#[derive(Clone, Copy, Default)]
pub(super) struct Backslash {
    /// There is none in what was looked through before it.
    at: Option<usize>,
}

impl Backslash {
    /// The first one that an escape before `from` may have begun with, or that follows.
    fn near(&mut self, bytes: &[u8], from: usize) -> usize {
        let low = from.saturating_sub(ESCAPE);
        match self.at {
            Some(at) if at >= low => at,
            _ => {
                let rest = bytes.get(low..).unwrap_or_default();
                // The few bytes that a piece of a stream adds are not worth the call.
                let found = match rest.len() {
                    0..32 => rest.iter().position(|&b| b == b'\\'),
                    _ => memchr::memchr(b'\\', rest),
                };
                *self.at.insert(found.map_or(usize::MAX, |at| low + at))
            }
        }
    }
}

/// The longest escape, `\u0020`.
pub(super) const ESCAPE: usize = 6;

/// The first place in `from..to` at which a word may begin that has a cue of one of the `kinds`.
pub(super) fn next(
    kinds: Kinds,
    prefixes: &Prefixes,
    bytes: &[u8],
    from: usize,
    to: usize,
    backslash: &mut Backslash,
) -> Option<usize> {
    let kinds = kinds & !TRIGGERS;
    if kinds & !WIDE == 0 || from >= to {
        return None;
    }
    let cued = |at: usize| of_word(kinds, prefixes, bytes, at) != 0;
    let backslash = backslash.near(bytes, from);
    let plain = to.min(backslash);
    if from < plain {
        let found = word_starts(kinds, prefixes, bytes, from, plain, cued);
        if found.is_some() || plain == to {
            return found;
        }
    }
    let from = from.max(plain);
    // What follows an escape begins a word although its letter stands before.
    let escaped = |from: usize, to: usize| {
        (from..to).find(|&at| {
            bytes.get(at).is_some_and(|&b| is_word_byte(b) || b >= 0xC2)
                && follows_escape(bytes, at)
                && cued(at)
        })
    };
    let before = from.checked_sub(1).and_then(|at| bytes.get(at));
    let mut carry = u64::from(before.is_some_and(|&b| is_word_byte(b))) << 7;
    let mut at = from;
    // Places whose escape began before `from`.
    let mut pending = escaped(from, to.min(from + ESCAPE));
    while at < to {
        if let Some(found) = pending
            && found < at
        {
            return pending;
        }
        let word = load(bytes, at);
        let inside = word_bytes(word);
        let ahead = (inside << 8) | carry;
        let mut starts = inside & !ahead;
        if kinds & WIDE != 0 {
            starts |= word & (word << 1) & HIGH & !ahead;
        }
        carry = inside >> 56;
        while starts != 0 {
            let place = at + (starts.trailing_zeros() >> 3) as usize;
            starts &= starts - 1;
            if place >= to {
                break;
            }
            if pending.is_some_and(|found| found <= place) {
                return pending;
            }
            if cued(place) {
                return Some(place);
            }
            if pending.is_none() && place > 0 && bytes.get(place - 1) == Some(&b'\\') {
                pending = escaped(place + 1, to.min(place + ESCAPE));
            }
        }
        at += 8;
    }
    pending
}

/// The first start of a word in `from..to` that is `cued`, where no escape stands.
fn word_starts(
    kinds: Kinds,
    prefixes: &Prefixes,
    bytes: &[u8],
    from: usize,
    to: usize,
    cued: impl Fn(usize) -> bool,
) -> Option<usize> {
    let before = from.checked_sub(1).and_then(|at| bytes.get(at));
    let mut carry = u64::from(before.is_some_and(|&b| is_word_byte(b))) << 7;
    let wide = if kinds & WIDE != 0 { HIGH } else { 0 };
    // Whether a mark before a value may stand near; of the first block that is not known.
    let mut marked = true;
    let mut at = from;
    while at < to {
        let word = load(bytes, at);
        let inside = word_bytes(word);
        let ahead = (inside << 8) | carry;
        let mut starts = (inside | word & (word << 1) & wide) & !ahead;
        carry = inside >> 56;
        let capitals = capitals(word) | word;
        let marks = marks(word);
        let near = marked | marks;
        marked = marks;
        while starts != 0 {
            let bit = starts & starts.wrapping_neg();
            let place = at + (bit.trailing_zeros() >> 3) as usize;
            if place >= to {
                break;
            }
            // Most words are turned down by their first letters.
            let begins = match bytes.get(place..place + 3) {
                Some(&[a, b, c]) => near || capitals & bit != 0 || has(prefixes, a, b, c),
                _ => true,
            };
            if begins && cued(place) {
                return Some(place);
            }
            starts ^= bit;
        }
        at += 8;
    }
    None
}

/// The kinds of cues among `kinds` that the first word at `at` has by its first bytes and by what
/// stands before it.
pub(super) fn of_word(kinds: Kinds, prefixes: &Prefixes, bytes: &[u8], at: usize) -> Kinds {
    let (a, b, c) = match bytes.get(at..).unwrap_or_default() {
        [a, b, c, ..] => (*a, *b, *c),
        _ => return kinds & !TRIGGERS,
    };
    let mut have = 0;
    if kinds & PREFIX != 0 && has(prefixes, a, b, c) {
        have |= PREFIX;
    }
    if a.is_ascii_uppercase() {
        have |= kinds & CAPITAL;
        if b.is_ascii_uppercase() && c.is_ascii_uppercase() {
            have |= kinds & CAPITALS;
        }
        if b.is_ascii_uppercase() && (c == b' ' || c >= 0x80) {
            have |= kinds & PAIR;
        }
    } else if a >= 0x80 && capital(a, b) {
        have |= kinds & CAPITAL;
    }
    if kinds & VALUE != 0 && is_value(bytes, at) {
        have |= VALUE;
    }
    have
}

/// Whether two bytes are or begin a capital letter of Latin, Greek, Cyrillic or Armenian; about
/// every second letter of the extended Latin is one, so all of it counts.
const fn capital(a: u8, b: u8) -> bool {
    match a {
        0xC3 => b < 0x9F,
        0xC4..=0xC9 | 0xE1 => true,
        0xCE => b < 0xAC,
        0xD0 => b < 0xB0,
        0xD2 | 0xD3 => true,
        0xD4 | 0xD5 => true,
        _ => false,
    }
}

/// The triggers of the words of a text, as starts are visited from left to right.
#[derive(Clone, Copy, Default)]
pub(super) struct Word {
    /// Where the run of bytes that was looked through begins and ends.
    from: usize,
    end: usize,
    /// Whether more may follow at its end.
    open: bool,
    /// For each trigger, the place after its last occurrence.
    digit: usize,
    colon: usize,
    at: usize,
    dot: usize,
    begin: usize,
    scheme: usize,
}

impl Word {
    /// The triggers of the first word at `start`. `open` says that the text may go on.
    pub(super) fn triggers(&mut self, bytes: &[u8], start: usize, open: bool) -> Kinds {
        if start < self.from || start >= self.end {
            *self = Self::read(bytes, start, open);
        }
        if self.open {
            return TRIGGERS;
        }
        let bit = |last: usize, kind: Kinds| if last > start { kind } else { 0 };
        bit(self.digit, DIGIT)
            | bit(self.colon, COLON)
            | bit(self.at, AT)
            | bit(self.dot, DOT)
            | bit(self.begin, BEGIN)
            | bit(self.scheme, SCHEME)
    }

    fn read(bytes: &[u8], start: usize, open: bool) -> Self {
        let mut word = Word {
            from: start,
            ..Word::default()
        };
        let rest = bytes.get(start..).unwrap_or_default();
        let mut at = start;
        for &b in rest {
            at += 1;
            if PLAIN[usize::from(b)] {
                continue;
            }
            match b {
                b'0'..=b'9' => word.digit = at,
                b':' => {
                    word.colon = at;
                    if bytes.get(at) == Some(&b'/') {
                        word.scheme = at;
                    }
                }
                b'@' => word.at = at,
                // The byte after decides; before the end there is one.
                b'.' if bytes
                    .get(at)
                    .is_some_and(|&b| b.is_ascii_alphanumeric() || b >= 0x80) =>
                {
                    word.dot = at;
                }
                b'-' if bytes.get(at) == Some(&b'B') => word.begin = at,
                _ if LEADS[usize::from(b)] => {}
                _ => {
                    word.end = at;
                    return word;
                }
            }
        }
        (word.end, word.open) = (bytes.len(), open);
        word
    }
}

/// Bytes of a first word that are no trigger.
static PLAIN: [bool; 256] = {
    let mut table = LEADS;
    let mut b = 0;
    while b < 256 {
        table[b] &= !matches!(b as u8, b'0'..=b'9' | b'.' | b'-');
        b += 1;
    }
    table
};

/// Whether a prefix begins with these three bytes.
pub(super) fn has(prefixes: &Prefixes, a: u8, b: u8, c: u8) -> bool {
    let place = place(a, b, c);
    prefixes
        .get(place >> 6)
        .is_some_and(|bits| bits >> (place & 63) & 1 != 0)
}

/// What a byte before a value says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Other,
    Mark,
    Gap,
}

static BEFORE_VALUE: [Before; 256] = {
    let mut table = [Before::Other; 256];
    let (marks, gaps) = (b":=>", b" \t\"'`\\");
    let mut i = 0;
    while i < marks.len() {
        table[marks[i] as usize] = Before::Mark;
        i += 1;
    }
    i = 0;
    while i < gaps.len() {
        table[gaps[i] as usize] = Before::Gap;
        i += 1;
    }
    table
};

/// Whether `:`, `=` or `>` stands before `at`, with no more than blanks and quotation marks between.
pub(super) fn is_value(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(GAP)..at).unwrap_or_default();
    for &b in before.iter().rev() {
        match BEFORE_VALUE[usize::from(b)] {
            Before::Gap => {}
            other => return other == Before::Mark,
        }
    }
    false
}
