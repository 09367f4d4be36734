//! Running the detectors at a start, finding starts, and scanning a buffer.

use memchr::memchr;

use super::bytes::{LEADS, follows_escape, is_escape_letter, is_word_byte};
use super::entity::{Entity, EntitySet, Finding, Outcome};
use super::input::{Input, Step};
use super::table::{DETECTORS, DISPATCH};

/// How far before its first trigger byte a finding may start: the longest local part of an e-mail.
const LEAD: usize = super::email::LOCAL;

/// Says what starts at `start`, which counts as text; `last` says that the text ends where `text`
/// ends. Reads up to [`LOOKBEHIND`](super::LOOKBEHIND) bytes before `start` and up to
/// [`LONGEST`](super::LONGEST) after it. Any text added to one with a `No` or a `Match` leaves that
/// answer as it is, and so does cutting the text down to the last `LOOKBEHIND` bytes before `start`.
///
/// ```
/// use portcullis::policy::pii::detect::{EntitySet, Outcome, match_at};
///
/// let set = EntitySet::all();
/// assert_eq!(match_at(set, "10.0.0.", 0, false), Outcome::Unfinished);
/// assert_eq!(match_at(set, "10.0.0. ", 0, false), Outcome::No);
/// assert!(matches!(match_at(set, "10.0.0.1 ", 0, false), Outcome::Match { end: 8, .. }));
/// ```
#[must_use]
pub fn match_at(set: EntitySet, text: &str, start: usize, last: bool) -> Outcome {
    let Some(&first) = text.as_bytes().get(start) else {
        return if last || start > text.len() {
            Outcome::No
        } else {
            Outcome::Unfinished
        };
    };
    let mut candidates = DISPATCH[usize::from(first)] & set.bits();
    if candidates == 0 || !text.is_char_boundary(start) || is_escape_letter(text.as_bytes(), start)
    {
        return Outcome::No;
    }
    let input = Input::new(text, start, last);
    // A bracket is no part of a word, so it may follow one: `Tel(0161) 496 0000`.
    if first != b'(' && input.inside_word() {
        return Outcome::No;
    }

    let mut best: Option<(bool, f32, usize, Entity)> = None;
    let mut waiting: Option<(bool, f32)> = None;
    while candidates != 0 {
        let place = candidates.trailing_zeros() as usize;
        candidates &= candidates - 1;
        let Some(detector) = DETECTORS.get(place) else {
            break;
        };
        match (detector.run)(&input) {
            Step::No => {}
            Step::Unfinished => {
                let rank = (detector.validated, detector.ceiling);
                if waiting.is_none_or(|w| rank > w) {
                    waiting = Some(rank);
                }
            }
            Step::Match { end, score } => {
                let reading = (detector.validated, score, end, detector.entity);
                if best.is_none_or(|b| (reading.0, reading.1, reading.2) > (b.0, b.1, b.2)) {
                    best = Some(reading);
                }
            }
        }
    }
    match (best, waiting) {
        (None, None) => Outcome::No,
        (None, Some(_)) => Outcome::Unfinished,
        (Some((validated, score, ..)), Some(rank)) if rank >= (validated, score) => {
            Outcome::Unfinished
        }
        (Some((_, score, end, entity)), _) => Outcome::Match { end, entity, score },
    }
}

/// The next place at or after `from` where a finding may start or be unfinished, or the length of
/// `text`. Everything between is settled, whatever text follows.
#[must_use]
pub fn next_start(set: EntitySet, text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut from = from;
    while from < bytes.len() {
        let (low, high) = word_with_trigger(set, bytes, from);
        if let Some(start) = (low..high).find(|&at| may_start(set, bytes, at)) {
            return start;
        }
        from = high;
    }
    bytes.len()
}

/// Reports, from left to right, the findings that start at or after `start` and do not overlap, and
/// returns how much of `text` is decided: no finding will overlap or start before that place, and
/// every finding that does has been reported. `text[..start]` is context from before: all of the
/// text, or at least [`LOOKBEHIND`](super::LOOKBEHIND) bytes of it. `last` says that the text ends
/// here; then all of it is decided. To go on with more text, scan again from the decided place.
pub fn scan(
    set: EntitySet,
    text: &str,
    start: usize,
    last: bool,
    found: &mut impl FnMut(Finding),
) -> usize {
    let bytes = text.as_bytes();
    let mut at = start.min(bytes.len());
    while at < bytes.len() {
        let (low, high) = word_with_trigger(set, bytes, at);
        at = low;
        while at < high {
            if !may_start(set, bytes, at) {
                at += 1;
                continue;
            }
            match match_at(set, text, at, last) {
                Outcome::No => at += 1,
                Outcome::Unfinished => return at,
                Outcome::Match { end, entity, score } => {
                    found(Finding {
                        range: at..end,
                        entity,
                        score,
                    });
                    at = end;
                }
            }
        }
    }
    at
}

/// The next stretch of `bytes` at or after `from` in which findings may start: it ends just after
/// a trigger byte and begins where the word with it begins. At the end of the text it is the
/// unfinished word that stands there.
fn word_with_trigger(set: EntitySet, bytes: &[u8], from: usize) -> (usize, usize) {
    let trigger = next_trigger(set, bytes, from);
    let floor = from.max(trigger.saturating_sub(LEAD));
    let lead = bytes.get(floor..trigger).unwrap_or_default().iter().rev();
    let low = trigger - lead.take_while(|&&b| LEADS[usize::from(b)]).count();
    (low, (trigger + 1).min(bytes.len()))
}

/// A cheap look at whether a finding could start at `at`, before the detectors run.
fn may_start(set: EntitySet, bytes: &[u8], at: usize) -> bool {
    let Some(&first) = bytes.get(at) else {
        return false;
    };
    if DISPATCH[usize::from(first)] & set.bits() == 0 || is_escape_letter(bytes, at) {
        return false;
    }
    match at.checked_sub(1).and_then(|before| bytes.get(before)) {
        Some(&before) => first == b'(' || !is_word_byte(before) || follows_escape(bytes, at),
        None => true,
    }
}

/// The first byte at or after `from` that every finding has one like in its first word: a digit,
/// `:` (which follows the digits in ASCII) or `@`.
fn next_trigger(set: EntitySet, bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    if set.bits() == Entity::EmailAddress.bit() {
        return memchr(b'@', rest).map_or(bytes.len(), |at| from + at);
    }
    let triggers = |b: u8| (b.wrapping_sub(b'0') <= 10) | (b == b'@');
    let mut at = from;
    // Blocks without a branch inside: the compiler turns each into a few vector comparisons.
    for block in rest.chunks_exact(32) {
        if block.iter().fold(false, |any, &b| any | triggers(b)) {
            break;
        }
        at += 32;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter()
        .position(|&b| triggers(b))
        .map_or(bytes.len(), |found| at + found)
}
