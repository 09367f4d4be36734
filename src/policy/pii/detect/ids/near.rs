//! Words before a start that name an identifier.

use super::super::bytes::{is_unspaced, is_word};
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
}

impl Names {
    pub(super) const fn new(list: &'static [&'static str]) -> Self {
        let mut ends = [0; SEEN_WORDS];
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
        Self { list, ends }
    }

    /// Whether none of the words that `before` has seen can be one of the names.
    pub(in super::super) fn miss(&self, before: &Before) -> bool {
        self.ends
            .iter()
            .zip(before.0)
            .all(|(ends, seen)| ends & seen == 0)
    }

    /// Whether one of the names ends with the word at `at` of `words`.
    fn end_at(&self, words: &mut Window<'_>, at: usize) -> bool {
        let Some((word, _)) = words.get(at) else {
            return false;
        };
        let letter = |at: usize| word.as_bytes().get(at).copied().unwrap_or(0);
        let mixed = mix([letter(0), letter(1), letter(2)]);
        let bits = self.ends.get(mixed >> 6).copied().unwrap_or(0);
        if word.is_ascii() && bits >> (mixed & 63) & 1 == 0 {
            return false;
        }
        self.list.iter().any(|name| ends(name, word, words, at + 1))
    }
}

/// A bit for each beginning of a word.
type Seen = [u64; SEEN_WORDS];
const SEEN_WORDS: usize = 16;

/// The beginnings of all words before a start, looked up once for all detectors that wait for a
/// name: rather one too many than one too few.
pub(in super::super) struct Before(Seen);

impl Before {
    pub(in super::super) fn read(input: &Input<'_>) -> Self {
        let (text, _) = input.behind();
        let bytes = text.as_bytes();
        if !text.is_ascii() {
            return Self([u64::MAX; SEEN_WORDS]);
        }
        let mut seen = [0; SEEN_WORDS];
        let mut add = |letters: [u8; 3]| {
            let mixed = mix(letters);
            if let Some(bits) = seen.get_mut(mixed >> 6) {
                *bits |= 1 << (mixed & 63);
            }
        };
        // An escape such as `\n` may stand right before a word.
        let (mut before, mut escape) = (b' ', false);
        for (at, &a) in bytes.iter().enumerate() {
            let begins = !before.is_ascii_alphanumeric() || a.is_ascii_uppercase() || escape;
            if begins && a.is_ascii_alphanumeric() {
                let inside = |at: usize| {
                    let byte = bytes.get(at).copied().unwrap_or(0);
                    if byte.is_ascii_alphanumeric() {
                        byte
                    } else {
                        0
                    }
                };
                let (b, c) = (inside(at + 1), inside(at + 2));
                // A part of a word such as `idNumber` may end at a capital.
                if b == 0 || b.is_ascii_uppercase() {
                    add([a, 0, 0]);
                }
                if b != 0 && (c == 0 || c.is_ascii_uppercase()) {
                    add([a, b, 0]);
                }
                if b != 0 && c != 0 {
                    add([a, b, c]);
                }
            }
            escape = before == b'\\' && b"nrt".contains(&a);
            before = a;
        }
        Self(seen)
    }
}

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

/// The words before a start, the nearest first, read as they are asked for.
struct Window<'t> {
    reader: Words<'t>,
    words: [(&'t str, &'t str); SEEN],
    count: usize,
    key: bool,
}

impl<'t> Window<'t> {
    fn new(input: &Input<'t>) -> Self {
        let (rest, cut) = input.behind();
        Self {
            reader: Words { rest, cut },
            words: [("", ""); SEEN],
            count: 0,
            key: false,
        }
    }

    /// The word `at` places before the nearest and what stands behind it, unless something
    /// between ends what it speaks for.
    fn get(&mut self, at: usize) -> Option<(&'t str, &'t str)> {
        while self.count <= at {
            let (word, gap) = self.reader.next()?;
            if !crosses(gap, self.count, &mut self.key, word) {
                self.reader.rest = "";
                return None;
            }
            *self.words.get_mut(self.count)? = (word, gap);
            self.count += 1;
        }
        self.words.get(at).copied()
    }
}

/// Whether one of the words before the start is one of `names` and no nearer word names something
/// else.
pub(super) fn named(input: &Input<'_>, names: &Names) -> bool {
    if names.list.is_empty() {
        return false;
    }
    let mut words = Window::new(input);
    for at in 0..WORDS {
        let Some((word, _)) = words.get(at) else {
            return false;
        };
        if names.end_at(&mut words, at) {
            return true;
        }
        if word.bytes().filter(u8::is_ascii_digit).count() > 4 || OTHERS.end_at(&mut words, at) {
            return false;
        }
    }
    false
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
    let mut words = Window::new(input);
    let mut marked = false;
    for at in 0..4 {
        let Some((word, gap)) = words.get(at) else {
            return Key::None;
        };
        if at == 0 && gap.contains([',', ';', '}', ']']) {
            return Key::None;
        }
        marked |= gap.contains([':', '=', '>', '|', '\t']);
        if names.end_at(&mut words, at) {
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

/// Whether `name` ends with `word`, after the words from `at` on.
fn ends(name: &str, word: &str, words: &mut Window<'_>, at: usize) -> bool {
    if name.chars().next().is_some_and(is_unspaced) {
        return word.contains(name);
    }
    let mut parts = name.rsplit(' ');
    let last = parts.next().unwrap_or_default();
    if (same(last, word) || plural(last, word))
        && parts
            .enumerate()
            .all(|(i, part)| words.get(at + i).is_some_and(|(word, _)| same(part, word)))
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
        // Marks such as the vowel signs of Devanagari are no letters but part of the word.
        let inner = |c: char| {
            c != '_'
                && (is_word(c)
                    || !c.is_ascii() && c.is_alphanumeric()
                    || matches!(c as u32, 0x0900..=0x0DFF))
        };
        let head = self.rest.trim_end_matches(|c| !inner(c));
        let gap = self.rest.get(head.len()..)?;
        let before = head.trim_end_matches(inner);
        let mut word = head.get(before.len()..)?;
        if word.is_empty() {
            return None;
        }
        let part = last_part(word.as_bytes());
        if part == 0 && before.is_empty() && self.cut {
            return None;
        }
        let begin = before.len() + part;
        word = head.get(begin..)?;
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
