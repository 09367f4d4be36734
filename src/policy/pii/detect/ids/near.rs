//! Words before a start that name an identifier.

use super::super::bytes::{is_unspaced, is_word};
use super::super::input::Input;

/// How many words back a name may stand.
const WORDS: usize = 6;
/// How many words are looked at: the last name may have several.
const SEEN: usize = WORDS + 4;

/// Words that name some other number: what stands before them does not speak of this one.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "order", "invoice", "tracking", "phone", "tel", "telephone", "mobile", "fax", "account", "acct",
    "serial", "sku", "isbn", "issn", "ticket", "version", "build", "port", "uuid", "guid", "hash",
    "sha", "commit", "timestamp", "amount", "price", "total", "iban", "ssn", "zip", "postcode",
    "transaction", "routing", "batch", "model", "sum", "cost", "call",
];

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

/// Whether one of the words before the start is one of `names` and no nearer word names something
/// else. A name is small and matches any case, or has capitals and matches only as written; one of
/// several words also matches as a single word.
pub(super) fn named(input: &Input<'_>, names: &[&str]) -> bool {
    if names.is_empty() {
        return false;
    }
    let (rest, cut) = input.behind();
    let mut words = [""; SEEN];
    let mut count = 0;
    let mut reader = Words { rest, cut };
    let mut key = false;
    for (place, slot) in words.iter_mut().enumerate() {
        let Some((word, gap)) = reader.next() else {
            break;
        };
        if !crosses(gap, place, &mut key, word) {
            break;
        }
        *slot = word;
        count += 1;
    }
    let words = words.get(..count).unwrap_or_default();
    for at in 0..words.len().min(WORDS) {
        let Some(&word) = words.get(at) else { break };
        let before = words.get(at + 1..).unwrap_or_default();
        if names.iter().any(|name| ends(name, word, before)) {
            return true;
        }
        if word.bytes().filter(u8::is_ascii_digit).count() > 4
            || OTHERS.iter().any(|other| same(other, word))
        {
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
pub(super) fn keyed(input: &Input<'_>, names: &[&str]) -> Key {
    let (rest, cut) = input.behind();
    let mut words = [""; 8];
    let mut reader = Words { rest, cut };
    let (mut count, mut marked, mut key) = (0, false, false);
    for slot in &mut words {
        let Some((word, gap)) = reader.next() else {
            break;
        };
        if !crosses(gap, count, &mut key, word) || count == 0 && gap.contains([',', ';', '}', ']'])
        {
            break;
        }
        if gap.contains([':', '=', '>']) {
            marked = true;
        }
        *slot = word;
        count += 1;
    }
    let words = words.get(..count).unwrap_or_default();
    for (at, &word) in words.iter().enumerate().take(4) {
        let before = words.get(at + 1..).unwrap_or_default();
        if names.iter().any(|name| ends(name, word, before)) {
            return if marked { Key::Marked } else { Key::Beside };
        }
        if !FILLERS.iter().any(|filler| same(filler, word)) {
            return Key::None;
        }
        if VERBS.iter().any(|verb| same(verb, word)) {
            marked = true;
        }
    }
    Key::None
}

const VERBS: &[&str] = &["is", "was", "ist", "lautet", "es", "est", "är", "jest"];

/// Words between a name and its value.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "is", "was", "ist", "lautet", "es", "est", "är", "jest", "code", "number", "no", "nr", "num",
    "value", "date", "id", "name", "full", "string", "text",
];

/// Whether `name` ends with `word`, after the words of `before`, the nearest first.
fn ends(name: &str, word: &str, before: &[&str]) -> bool {
    if name.chars().next().is_some_and(is_unspaced) {
        return word.contains(name);
    }
    let mut parts = name.rsplit(' ');
    let last = parts.next().unwrap_or_default();
    if (same(last, word) || plural(last, word))
        && parts
            .enumerate()
            .all(|(i, part)| before.get(i).is_some_and(|word| same(part, word)))
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
        if part == 0 && before.ends_with('\\') && word.len() > 1 && word.starts_with(['n', 'r', 't'])
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
