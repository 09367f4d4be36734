//! Words written letter by letter: `i g n o r e`, `i-g-n-o-r-e`, `i.g.n.o.r.e`.

use super::Map;
use crate::text::runs::has_run;

/// The fewest letters that stand alone in a row.
const FEWEST: usize = 4;

const fn is_separator(b: u8) -> bool {
    matches!(
        b,
        b' ' | b'.' | b'-' | b'_' | b'*' | b'|' | b'/' | b',' | b'+' | b'~'
    )
}

const fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80
}

/// Whether it is worth looking closer: letters alternate with separators.
pub(super) fn is_likely(bytes: &[u8]) -> bool {
    // Every second byte of such a run is a separator.
    let alternates = |[a, b]: &[u8; 2]| is_separator(*a) != is_separator(*b);
    has_run(bytes.as_chunks().0, FEWEST, alternates)
}

/// The end of a run of letters that stand alone from `at` on, and how many.
fn run(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let word = |at: usize| bytes.get(at).is_some_and(|&b| is_word(b));
    let separator = *bytes.get(at + 1).filter(|&&b| is_separator(b))?;
    let (mut end, mut count) = (at + 1, 1);
    loop {
        let gap = bytes[end..]
            .iter()
            .take(4)
            .take_while(|&&b| b == separator || b == b' ')
            .count();
        let next = end + gap;
        if gap == 0 || gap > 3 || !letter(next) || word(next + 1) {
            break;
        }
        // A space before a letter that goes on otherwise is the end.
        let other = bytes
            .get(next + 1)
            .is_some_and(|&b| is_separator(b) && b != separator);
        if other && bytes[end] != separator {
            break;
        }
        end = next + 1;
        count += 1;
    }
    let letters = bytes[at..end]
        .iter()
        .filter(|b| b.is_ascii_alphabetic())
        .count();
    (count >= FEWEST && letters * 2 > count).then_some((end, count))
}

/// The text with such words joined, the way back, and how many letters.
pub(super) fn join(text: &str) -> (String, Map, usize) {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut map = Map::default();
    let (mut count, mut at, mut sent) = (0, 0, 0);
    while at < bytes.len() {
        let begins = bytes[at].is_ascii_alphanumeric() && (at == 0 || !is_word(bytes[at - 1]));
        let Some((end, letters)) = begins.then(|| run(bytes, at)).flatten() else {
            at += 1;
            continue;
        };
        count += letters;
        out.push_str(&text[sent..at]);
        let separator = bytes[at + 1];
        let mut from = at;
        while from < end {
            map.anchor(out.len(), from);
            out.push(char::from(bytes[from]));
            let gap = bytes[from + 1..end]
                .iter()
                .take_while(|b| is_separator(**b))
                .count();
            // A wider gap than the one between letters ends a word.
            if gap > 1 && from + 1 + gap < end || gap == 1 && bytes[from + 1] != separator {
                map.anchor(out.len(), from + 1);
                out.push(' ');
            }
            from += 1 + gap;
        }
        map.anchor(out.len(), end);
        (at, sent) = (end, end);
    }
    out.push_str(&text[sent..]);
    (out, map, count)
}
