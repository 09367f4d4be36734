//! Running the detectors at a start, finding starts, and scanning a buffer.

use memchr::memchr;

use super::bytes::{LEADS, follows_escape, is_escape_letter, is_word_byte};
use super::cue::{self, Backslash, ESCAPE, Kinds, Word};
use super::entity::{Entity, EntitySet, Finding, Outcome};
use super::input::{Input, Step};
use super::octet::{self, load};
use super::opening::{self, End};
use super::table::{self, DETECTORS, DISPATCH, PREFIXES, Places};

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
    let (places, kinds) = table::detectors(set);
    let mut word = Word::default();
    let cues = word.triggers(text.as_bytes(), start, !last)
        | cue::of_word(kinds, &PREFIXES, text.as_bytes(), start);
    read(
        places & table::cued(cues, text.as_bytes(), start),
        text,
        start,
        last,
    )
}

/// Runs the detectors among `places`.
pub(super) fn read(places: Places, text: &str, start: usize, last: bool) -> Outcome {
    let Some(&first) = text.as_bytes().get(start) else {
        return if last || start > text.len() {
            Outcome::No
        } else {
            Outcome::Unfinished
        };
    };
    let mut candidates = DISPATCH[usize::from(first)] & places;
    if candidates == 0 || !text.is_char_boundary(start) || is_escape_letter(text.as_bytes(), start)
    {
        return Outcome::No;
    }
    let mut input = Input::new(text, start, last);
    // A bracket is no part of a word, so it may follow one: `Tel(0161) 496 0000`.
    if first != b'(' && input.inside_word() {
        return Outcome::No;
    }

    if let Some(opening) = opening::read(text.as_bytes(), start, last) {
        candidates &= table::opened(&opening);
        input.word = (opening.end == End::Known).then_some(opening.word);
    }
    // Looked up when the first detector wants to know.
    let mut names_known = false;
    let mut best: Option<(bool, f32, usize, Entity)> = None;
    let mut waiting: Option<(bool, f32)> = None;
    while candidates != 0 {
        let place = candidates.trailing_zeros() as usize;
        candidates &= candidates - 1;
        let Some(detector) = DETECTORS.get(place) else {
            break;
        };
        if !names_known && detector.names.is_some() {
            names_known = true;
            let named = table::may_be_named(&input);
            candidates &= !table::NEED_NAME | named;
            if named >> place & 1 == 0 {
                continue;
            }
        }
        match (detector.run)(&input) {
            Step::No => {}
            Step::Unfinished => {
                let rank = (detector.validated, detector.ceiling);
                if waiting.is_none_or(|w| rank > w) {
                    waiting = Some(rank);
                }
                // Only what goes before this still matters. In a stream that is mostly nothing: a
                // word may still become an e-mail address.
                candidates &= table::above(place);
            }
            Step::Match { end, score } => {
                let reading = (detector.validated, score, end, detector.entity);
                if best.is_none_or(|b| (reading.0, reading.1, reading.2) > (b.0, b.1, b.2)) {
                    best = Some(reading);
                }
                if score >= detector.ceiling {
                    candidates &= !table::below(place);
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
    let mut starts = Starts::new(set, text.as_bytes(), from, true);
    starts.next().map_or(text.len(), |(at, _)| at)
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
    let mut starts = Starts::new(set, text.as_bytes(), start, !last);
    while let Some((at, places)) = starts.next() {
        match read(places, text, at, last) {
            Outcome::No => {}
            Outcome::Unfinished => return at,
            Outcome::Match { end, entity, score } => {
                found(Finding {
                    range: at..end,
                    entity,
                    score,
                });
                starts.at = end;
            }
        }
    }
    text.len()
}

/// The places where findings may start, from left to right.
pub(super) struct Starts<'t> {
    bytes: &'t [u8],
    places: Places,
    /// The kinds of cues to look for.
    kinds: Kinds,
    /// Whether the text may go on.
    open: bool,
    /// The triggers of the word that was last looked at.
    word: Word,
    backslash: Backslash,
    /// Where to go on.
    pub(super) at: usize,
    /// The next stretch around a trigger byte, all of which is looked at.
    low: usize,
    high: usize,
}

impl<'t> Starts<'t> {
    pub(super) fn new(set: EntitySet, bytes: &'t [u8], from: usize, open: bool) -> Self {
        let (places, kinds) = table::detectors(set);
        let at = from.min(bytes.len());
        Self {
            bytes,
            places,
            kinds,
            open,
            word: Word::default(),
            backslash: Backslash::default(),
            at,
            low: at,
            high: at,
        }
    }

    /// The next start, and the detectors to try there.
    pub(super) fn next(&mut self) -> Option<(usize, Places)> {
        loop {
            if self.at >= self.high {
                self.skip_word();
                if self.at >= self.bytes.len() {
                    return None;
                }
                self.word_with_trigger();
            }
            while self.at < self.low {
                let next = cue::next(
                    self.kinds,
                    &PREFIXES,
                    self.bytes,
                    self.at,
                    self.low,
                    &mut self.backslash,
                );
                match next {
                    Some(at) => {
                        self.at = at + 1;
                        if let Some(places) = self.may_start(at) {
                            return Some((at, places));
                        }
                    }
                    None => self.at = self.low,
                }
            }
            while self.at < self.high {
                self.at += 1;
                if let Some(places) = self.may_start(self.at - 1) {
                    return Some((self.at - 1, places));
                }
            }
        }
    }

    /// Steps over the rest of a word, in which nothing starts. After a backslash something may.
    fn skip_word(&mut self) {
        let before = self.bytes.get(self.at.saturating_sub(ESCAPE)..self.at);
        let inside = before.is_some_and(|before| {
            before.last().is_some_and(|&b| is_word_byte(b)) && !before.contains(&b'\\')
        });
        if inside {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at += rest.iter().take_while(|&&b| is_word_byte(b)).count();
        }
    }

    /// Finds the next stretch in which findings may start: it ends just after a trigger byte and
    /// begins where the word with it begins. At the end of the text it is the unfinished word that
    /// stands there.
    fn word_with_trigger(&mut self) {
        let trigger = next_trigger(self.places, self.bytes, self.at);
        let floor = self.at.max(trigger.saturating_sub(LEAD));
        let lead = self.bytes.get(floor..trigger).unwrap_or_default();
        let run = lead.iter().rev().take_while(|&&b| LEADS[usize::from(b)]);
        self.low = trigger - run.count();
        self.high = (trigger + 1).min(self.bytes.len());
    }

    /// A cheap look at whether a finding could start at `at`, before the detectors run: those to
    /// try.
    fn may_start(&mut self, at: usize) -> Option<Places> {
        let first = *self.bytes.get(at)?;
        let places = DISPATCH[usize::from(first)] & self.places;
        if places == 0 {
            return None;
        }
        let before = at.checked_sub(1).and_then(|before| self.bytes.get(before));
        let inside = first != b'(' && before.is_some_and(|&b| is_word_byte(b));
        if inside && !follows_escape(self.bytes, at) || is_escape_letter(self.bytes, at) {
            return None;
        }
        let cues = self.word.triggers(self.bytes, at, self.open)
            | cue::of_word(self.kinds, &PREFIXES, self.bytes, at);
        let places = places & table::cued(cues, self.bytes, at);
        (places != 0).then_some(places)
    }
}

/// Bytes in a block that is looked at at once.
const BLOCK: usize = 32;
/// Bytes that are looked at before the first block.
const NEAR: usize = 16;

/// The first byte at or after `from` that a first word may be known by: a digit, `:` (which follows
/// the digits in ASCII), `@`, a full stop that something follows, or the last dash of `-----BEGIN`.
fn next_trigger(places: Places, bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    if places == table::EMAIL {
        return memchr(b'@', rest).map_or(bytes.len(), |at| from + at);
    }
    let triggers = |b: u8, next: u8| {
        let inner = (b == b'.') & ((next | 0x20).wrapping_sub(b'a') < 26)
            | (b == b'.') & ((next >= 0x80) | (next.wrapping_sub(b'0') < 10));
        let begin = (b == b'-') & (next == b'B');
        (b.wrapping_sub(b'0') <= 10) | (b == b'@') | inner | begin
    };
    // A full stop at the very end is part of the unfinished word there.
    let eight = |at: usize| {
        let found = octet::triggers(load(bytes, at), load(bytes, at + 1));
        (found != 0).then_some(at + (found.trailing_zeros() >> 3) as usize)
    };
    // Where there are many, the next is near.
    let mut at = from;
    while at < bytes.len().min(from + NEAR) {
        if let Some(found) = eight(at) {
            return found;
        }
        at += 8;
    }
    // Blocks without a branch inside: the compiler turns each into a few vector comparisons.
    while let (Some(block), Some(next)) =
        (bytes.get(at..at + BLOCK), bytes.get(at + 1..at + 1 + BLOCK))
    {
        let pairs = block.iter().zip(next);
        if pairs.fold(false, |any, (&b, &next)| any | triggers(b, next)) {
            break;
        }
        at += BLOCK;
    }
    while at < bytes.len() {
        if let Some(found) = eight(at) {
            return found;
        }
        at += 8;
    }
    bytes.len()
}
