//! Words before a start that name an identifier.

use super::super::bytes::{is_unspaced, is_word};
use super::super::context::last_word;
use super::super::input::Input;

/// How many words back a name may stand.
const WORDS: usize = 6;
/// How many words are looked at: the last name may have several.
const SEEN: usize = WORDS + 4;

/// Words that name some other number: what stands before them does not speak of this one.
#[rustfmt::skip]
static OTHERS: Names = Names::new(&[
    "order", "invoice", "tracking", "phone", "tel", "telephone", "mobile", "fax", "account", "acct",
    "serial", "sku", "isbn", "issn", "ticket", "version", "build", "port", "uuid", "guid", "hash",
    "sha", "commit", "timestamp", "amount", "price", "total", "iban", "ssn", "zip", "postcode",
    "transaction", "routing", "batch", "model", "sum", "cost", "call",
]);

/// Words that a full stop may follow without ending the sentence.
#[rustfmt::skip]
const ABBREVIATIONS: &[&str] = &[
    "no", "nr", "num", "nº", "n", "lic", "id", "ident", "exp", "dept", "reg", "nro", "núm", "st",
];

/// What may be written in one word with a name: `passportnumber`.
#[rustfmt::skip]
const TAILS: &[&str] = &[
    "number", "numbers", "no", "num", "nr", "nummer", "id", "code", "value", "s",
];

/// Words and phrases that name an identifier. A name in small letters matches any case, one with
/// capitals only as written; one of several words also matches as a single word.
pub(in super::super) struct Names {
    list: &'static [&'static str],
    /// The beginnings of the words that a name may end with, or be written in: one bit for each
    /// value of [`mix`]. Most words of a text are turned down by it.
    ends: Seen,
    /// Where the last word of each name begins.
    lasts: [u8; NAMES],
}

/// The most names in a list.
const NAMES: usize = 64;

impl Names {
    pub(super) const fn new(list: &'static [&'static str]) -> Self {
        assert!(list.len() <= NAMES);
        let (mut ends, mut lasts) = ([0; SEEN_WORDS], [0; NAMES]);
        let mut i = 0;
        while i < list.len() {
            let name = list[i].as_bytes();
            // The first letters of the name in one word, and those of its last word.
            let mut joined = [0; 3];
            let mut last = [0; 3];
            let (mut at, mut in_joined, mut in_last) = (0, 0, 0);
            while at < name.len() {
                if name[at] == b' ' {
                    last = [0; 3];
                    in_last = 0;
                    lasts[i] = at as u8 + 1;
                } else {
                    if in_joined < 3 {
                        joined[in_joined] = name[at];
                        in_joined += 1;
                    }
                    if in_last < 3 {
                        last[in_last] = name[at];
                        in_last += 1;
                    }
                }
                at += 1;
            }
            ends = set(ends, mix(joined));
            ends = set(ends, mix(last));
            i += 1;
        }
        Self { list, ends, lasts }
    }

    /// Whether a word with these first letters may be one of the names or the end of one.
    pub(in super::super) const fn may_end(&self, mixed: usize) -> bool {
        self.ends[mixed >> 6] >> (mixed & 63) & 1 != 0
    }

    /// Whether one of the names ends with the word at `at` of `words`.
    fn end_at(&self, words: &mut Window<'_>, at: usize) -> bool {
        let Some(found) = words.get(at) else {
            return false;
        };
        if found.mixed.is_some_and(|mixed| !self.may_end(mixed)) {
            return false;
        }
        let first = found.word.bytes().next().map_or(0, |b| b | 0x20);
        let ascii = found.mixed.is_some();
        self.list.iter().zip(self.lasts).any(|(name, last)| {
            let begins = |at: usize| name.as_bytes().get(at).is_some_and(|b| b | 0x20 == first);
            let last = usize::from(last);
            (!ascii || begins(0) || last > 0 && begins(last))
                && ends(name, last, found.word, words, at + 1)
        })
    }
}

/// A bit for each beginning of a word.
type Seen = [u64; SEEN_WORDS];
const SEEN_WORDS: usize = 16;
/// How many values [`mix`] has.
pub(in super::super) const MIXED: usize = 64 * SEEN_WORDS;

const fn set(mut seen: Seen, mixed: usize) -> Seen {
    seen[mixed >> 6] |= 1 << (mixed & 63);
    seen
}

/// The first letters of a word, zeros for those that are not there, in ten bits; capitals aside.
const fn mix(letters: [u8; 3]) -> usize {
    let [a, b, c] = letters;
    (fold(a) * 961 + fold(b) * 31 + fold(c)) & (64 * SEEN_WORDS - 1)
}

const fn fold(byte: u8) -> usize {
    if byte == 0 { 0 } else { (byte | 0x20) as usize }
}

/// The words before a start, the nearest first, read as they are asked for, once for all detectors.
pub(in super::super) struct Window<'t> {
    reader: Words<'t>,
    words: [Near<'t>; SEEN],
    count: usize,
    key: bool,
    /// How many of the words may speak of what starts there.
    near: Option<usize>,
}

/// A word before a start.
#[derive(Clone, Copy, Default)]
struct Near<'t> {
    word: &'t str,
    /// What stands behind it.
    gap: &'t str,
    /// Its first letters, if it is all ASCII.
    mixed: Option<usize>,
}

impl<'t> Window<'t> {
    pub(in super::super) fn new(rest: &'t str, cut: bool) -> Self {
        Self {
            reader: Words { rest, cut },
            words: [Near::default(); SEEN],
            count: 0,
            key: false,
            near: None,
        }
    }

    /// The word `at` places before the nearest and what stands behind it, unless something
    /// between ends what it speaks for.
    fn get(&mut self, at: usize) -> Option<Near<'t>> {
        while self.count <= at {
            let (word, gap) = self.reader.next()?;
            if !crosses(gap, self.count, &mut self.key, word) {
                self.reader.rest = "";
                return None;
            }
            let letter = |at: usize| word.as_bytes().get(at).copied().unwrap_or(0);
            let mixed = word
                .is_ascii()
                .then(|| mix([letter(0), letter(1), letter(2)]));
            *self.words.get_mut(self.count)? = Near { word, gap, mixed };
            self.count += 1;
        }
        self.words.get(at).copied()
    }

    /// How many of the nearest words may name what starts here: one that names something else, or
    /// is a number, is the last.
    fn near(&mut self) -> usize {
        if let Some(near) = self.near {
            return near;
        }
        let mut near = 0;
        while near < WORDS {
            let Some(found) = self.get(near) else { break };
            near += 1;
            if found.word.bytes().filter(u8::is_ascii_digit).count() > 4
                || OTHERS.end_at(self, near - 1)
            {
                break;
            }
        }
        self.near = Some(near);
        near
    }

    /// Gives the first letters of the words that may name what starts here; of a word that is not
    /// all ASCII, none.
    pub(in super::super) fn each_near(&mut self, mut each: impl FnMut(Option<usize>)) {
        for at in 0..self.near() {
            if let Some(found) = self.words.get(at) {
                each(found.mixed);
            }
        }
    }
}

/// Whether one of the words before the start is one of `names` and no nearer word names something
/// else.
pub(super) fn named(input: &Input<'_>, names: &Names) -> bool {
    if names.list.is_empty() {
        return false;
    }
    input.near(|words| (0..words.near()).any(|at| names.end_at(words, at)))
}

/// How a name stands right before a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    None,
    /// `cvv 123`
    Beside,
    /// `cvv: 123`, `the CVV is 123`
    Marked,
}

/// How one of `names` stands right before the start, with only words such as `number` between.
pub(super) fn keyed(input: &Input<'_>, names: &Names) -> Key {
    input.near(|words| key(words, names))
}

fn key(words: &mut Window<'_>, names: &Names) -> Key {
    let mut marked = false;
    for at in 0..4 {
        let Some(Near { word, gap, .. }) = words.get(at) else {
            return Key::None;
        };
        if at == 0 && gap.contains([',', ';', '}', ']']) {
            return Key::None;
        }
        marked |= gap.contains([':', '=', '>', '|', '\t']);
        if names.end_at(words, at) {
            return if marked { Key::Marked } else { Key::Beside };
        }
        if !FILLERS.iter().any(|filler| same(filler, word)) {
            return Key::None;
        }
        marked |= VERBS.iter().any(|verb| same(verb, word));
    }
    Key::None
}

const VERBS: &[&str] = &["is", "was", "ist", "lautet", "es", "est", "är", "jest"];

/// Words between a name and its value.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "is", "was", "ist", "lautet", "es", "est", "är", "jest", "code", "number", "no", "nr", "num",
    "value", "date", "id", "name", "full", "string", "text", "on", "file", "for", "this", "patient",
    "listed",
];

/// Whether `name`, whose last word begins at `last`, ends with `word`, after the words from `at` on.
fn ends(name: &str, last: usize, word: &str, words: &mut Window<'_>, at: usize) -> bool {
    if name.chars().next().is_some_and(is_unspaced) {
        return word.contains(name);
    }
    let (head, tail) = name.split_at_checked(last).unwrap_or_default();
    if (same(tail, word) || plural(tail, word))
        && (head.is_empty()
            || head
                .trim_end_matches(' ')
                .rsplit(' ')
                .enumerate()
                .all(|(i, part)| {
                    words
                        .get(at + i)
                        .is_some_and(|found| same(part, found.word))
                }))
    {
        return true;
    }
    joined(name, word)
}

fn plural(name: &str, word: &str) -> bool {
    name.len() > 3 && word.strip_suffix(['s', 'S']).is_some_and(|w| same(name, w))
}

/// Whether `word` is the parts of `name` in one, with or without a tail such as `number`.
fn joined(name: &str, word: &str) -> bool {
    if name.len() < 3 || word.len() + 4 < name.len() {
        return false;
    }
    // A look at the second letter, which most words fail.
    if let (&[_, a @ b'a'..=b'z', ..], &[_, b, ..]) = (name.as_bytes(), word.as_bytes())
        && b.is_ascii()
        && a != b | 0x20
    {
        return false;
    }
    let mut rest = word.chars().map(lower);
    let upper = is_exact(name);
    let mut source = word.chars();
    for c in name.chars().filter(|&c| c != ' ') {
        let (folded, raw) = (rest.next(), source.next());
        if if upper { raw } else { folded } != Some(c) {
            return false;
        }
    }
    let tail = source.as_str();
    tail.is_empty() || TAILS.iter().any(|t| same(t, tail))
}

fn lower(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    c.to_lowercase().next().unwrap_or(c)
}

fn is_exact(name: &str) -> bool {
    name.bytes().any(|b| b.is_ascii_uppercase())
}

/// Whether `word` is `name`: as written if the name has capitals, else in any case.
fn same(name: &str, word: &str) -> bool {
    if is_exact(name) {
        return name == word;
    }
    if word.is_ascii() {
        return word.eq_ignore_ascii_case(name);
    }
    word.chars().map(lower).eq(name.chars())
}

/// Whether a word speaks for what follows the gap after it.
fn crosses(gap: &str, place: usize, key: &mut bool, word: &str) -> bool {
    for c in gap.chars().rev() {
        match c {
            ':' | '=' => *key = true,
            ';' | '|' | '}' | ']' | '\n' | '&' if place > 0 => return false,
            ',' if place > 0 && *key => return false,
            '?' | '!' if place > 0 => return false,
            '.' if word.len() > 1 && !ABBREVIATIONS.iter().any(|a| same(a, word)) => return false,
            _ => {}
        }
    }
    true
}

/// The words of a text from its end, names such as `nhsNumber` in their parts, each with what
/// stands between it and the word after it.
struct Words<'t> {
    rest: &'t str,
    /// Whether the text was cut, so that its first word may lack its beginning.
    cut: bool,
}

impl<'t> Words<'t> {
    fn next(&mut self) -> Option<(&'t str, &'t str)> {
        if let Some((from, to)) = last_word(self.rest.as_bytes()) {
            return self.take(from, to);
        }
        // Marks such as the vowel signs of Devanagari are no letters but part of the word.
        let inner = |c: char| {
            c != '_'
                && (is_word(c)
                    || !c.is_ascii() && c.is_alphanumeric()
                    || matches!(c as u32, 0x0900..=0x0DFF))
        };
        let head = self.rest.trim_end_matches(|c| !inner(c));
        let before = head.trim_end_matches(inner);
        if before.len() == head.len() {
            return None;
        }
        self.take(before.len(), head.len())
    }

    /// Takes the word between two places, or its last part.
    fn take(&mut self, from: usize, to: usize) -> Option<(&'t str, &'t str)> {
        let gap = self.rest.get(to..)?;
        let before = self.rest.get(..from)?;
        let part = last_part(self.rest.get(from..to)?.as_bytes());
        if part == 0 && before.is_empty() && self.cut {
            return None;
        }
        let begin = from + part;
        let mut word = self.rest.get(begin..to)?;
        // The letter of an escape such as `\n` is no part of the word after it.
        if part == 0
            && before.ends_with('\\')
            && word.len() > 1
            && word.starts_with(['n', 'r', 't'])
        {
            word = word.get(1..)?;
        }
        self.rest = self.rest.get(..begin)?;
        Some((word, gap))
    }
}

/// Where the last part of a word such as `driverLicense` or `NHSNumber` begins.
fn last_part(word: &[u8]) -> usize {
    if !word.iter().skip(1).any(u8::is_ascii_uppercase) {
        return 0;
    }
    (1..word.len())
        .rev()
        .find(|&at| {
            let (a, b) = (word.get(at - 1), word.get(at));
            let (Some(a), Some(b)) = (a, b) else {
                return false;
            };
            b.is_ascii_uppercase()
                && (a.is_ascii_lowercase()
                    || a.is_ascii_uppercase()
                        && word.get(at + 1).is_some_and(u8::is_ascii_lowercase)
                        && word.len() > at + 2)
        })
        .unwrap_or(0)
}
