//! Personal data that is hidden by the way it is spelled.
//!
//! A [`Scanner`] finds what [`scan`](super::scan) finds, and also what it would find if the text
//! were written plainly: with digits of other scripts and full-width forms as ASCII, without
//! invisible characters, with the escapes of HTML, URLs and JSON decoded, with `(at)` and
//! `[dot]` as the marks they name, with usual marks between groups of digits. What it reports are
//! places of the text as it is, and always whole units of it: never half an escape.
//!
//! ```
//! use portcullis::policy::pii::detect::{Entity, EntitySet, scan_any};
//!
//! let mut found = Vec::new();
//! let text = r"to=ada%40example.org or \u0061da\u0040example.org";
//! scan_any(EntitySet::all(), text, 0, true, &mut |f| found.push(f));
//! assert_eq!(found[0].entity, Entity::EmailAddress);
//! assert_eq!(&text[found[0].range.clone()], "ada%40example.org");
//! assert_eq!(&text[found[1].range.clone()], r"\u0061da\u0040example.org");
//! ```
//!
//! # How it works
//! `unit::next` looks for places that say something other than what their bytes show. While there
//! are none, all is left to `scan`. Around one, a [`Window`] holds the text as it reads, and
//! detectors run on both texts: on the plain one those asked for, on the other those of them whose
//! values have a form of their own (e-mail addresses, telephone, card and social security numbers,
//! IBANs and IP addresses). A number there must also have the shape that `shape` asks for. A finding in the plain reading of the bytes stays one, unless
//! the other reading has a longer one around it, or the first begins in the middle of a unit
//! (the `20` of `%20ada@example.org`).
//!
//! # Exact in streams
//! What a place is in the view depends on a bounded number of bytes around it, so that the view is
//! the same wherever one begins to read it; and detectors are local in it as they are in the text.
//! Places whose unit or whose reading depends on text that is not there yet are not decided.

mod chars;
mod escape;
mod findings;
mod hint;
mod memo;
mod shape;
mod spelled;
mod unit;
mod window;

#[cfg(test)]
mod tests;

use super::entity::{Entity, EntitySet, Finding, Outcome};
use super::scan::{match_at, read, scan};
use super::table::{DETECTORS, LOOKBEHIND, Places};
use findings::{Findings, Next};
use memo::Memo;
use window::{INVISIBLE, Window};

/// What is looked for in the hidden reading: values whose own form leaves little doubt, as the
/// spelling does.
const HIDDEN: EntitySet = {
    let (mut set, mut i) = (EntitySet::empty(), 0);
    while i < KINDS.len() {
        set = set.with(KINDS[i]);
        i += 1;
    }
    set
};

const KINDS: [Entity; 6] = [
    Entity::EmailAddress,
    Entity::PhoneNumber,
    Entity::CreditCard,
    Entity::UsSsn,
    Entity::IbanCode,
    Entity::IpAddress,
];

/// The most bytes from a start that a detector of these looks at.
const HIDDEN_LONGEST: usize = {
    let (mut longest, mut i) = (0, 0);
    while i < DETECTORS.len() {
        if HIDDEN.contains(DETECTORS[i].entity) && DETECTORS[i].longest > longest {
            longest = DETECTORS[i].longest;
        }
        i += 1;
    }
    longest
};

/// The most bytes for which a view that begins anywhere can differ from the one that begins at the
/// start of the text.
const SLACK: usize = unit::LONGEST + unit::BEHIND + INVISIBLE + unit::WIDEST;

/// The most bytes before a place that [`scan_any`] looks at: each byte of the look-behind can be
/// an escape with invisible characters before it. A driver that scans a stream keeps at least this
/// many decided bytes before the place it goes on from.
pub const VIEW_LOOKBEHIND: usize = (LOOKBEHIND + 8) * (INVISIBLE + unit::WIDEST) + 2 * SLACK;

/// The most bytes that a hidden finding and what must follow it to be sure may have. What is
/// unfinished after so many is none. [`scan_any`] leaves no more than this and
/// [`LONGEST`](super::LONGEST) undecided.
pub const VIEW_LONGEST: usize = 4 * HIDDEN_LONGEST + 1024;

/// How far after a unit it can still be seen by a detector that looks back.
const REACH: usize = LOOKBEHIND + 8;

/// How large a view may grow before a new one is begun.
const VIEW: usize = 4096;

/// Finds personal data also where it is hidden by the way it is spelled. Keeps the memory for its
/// work between calls, and the last bytes that it has read, so that it need not read them again
/// when the text goes on or is said twice. See [`scan_any`].
#[derive(Debug, Default)]
pub struct Scanner {
    window: Window,
    memo: Memo,
}

/// Like [`scan`], and also finds what is hidden by the way it is spelled. What `scan` finds is
/// within a finding. `text[..start]` is all of the text before, or at least [`VIEW_LOOKBEHIND`]
/// bytes of it.
///
/// ```
/// use portcullis::policy::pii::detect::{EntitySet, scan_any};
///
/// let mut found = Vec::new();
/// let text = "ada [at] example [dot] org";
/// scan_any(EntitySet::all(), text, 0, true, &mut |f| found.push(f));
/// assert_eq!(found[0].range, 0..text.len());
/// ```
pub fn scan_any(
    set: EntitySet,
    text: &str,
    start: usize,
    last: bool,
    found: &mut impl FnMut(Finding),
) -> usize {
    Scanner::default().scan(set, text, start, last, found)
}

/// The text, and what is looked for in it.
struct Reading<'t> {
    /// What is looked for in the view.
    hidden: EntitySet,
    text: &'t str,
    last: bool,
}

impl Scanner {
    /// As [`scan_any`] does.
    pub fn scan(
        &mut self,
        set: EntitySet,
        text: &str,
        start: usize,
        last: bool,
        found: &mut impl FnMut(Finding),
    ) -> usize {
        let hidden: EntitySet = KINDS.into_iter().filter(|&e| set.contains(e)).collect();
        if hidden.is_empty() {
            return scan(set, text, start, last, found);
        }
        let reading = Reading { hidden, text, last };
        let mut plain: Option<Findings<'_>> = None;
        let mut at = text.ceil_char_boundary(start);
        if let Some(decided) = self.memo.again(set, text, at, last) {
            return decided;
        }
        while at < text.len() {
            let mut unit = at;
            if self.memo.goes_on(text, at) || !reading.touched(at) {
                let Some((place, look)) = unit::next(text, at, text.len(), last) else {
                    let mut any = false;
                    let decided = scan(set, text, at, last, &mut |finding| {
                        any = true;
                        found(finding);
                    });
                    self.memo.keep(set, text, at, last, decided, any);
                    return decided;
                };
                // Up to the unit both readings are the same.
                let before = text.get(..place).unwrap_or_default();
                at = scan(set, before, at, false, found);
                if look == unit::Look::Partial {
                    return at;
                }
                unit = place;
            }
            let plain = plain.get_or_insert_with(|| Findings::new(set, text, at, !last));
            match self.around(&reading, plain, at, unit, found) {
                Ok(next) => at = next,
                Err(decided) => return decided,
            }
        }
        at
    }

    /// Goes on from `at` to where the unit at `unit`, and those near it, are no more seen; or gives
    /// the place that is not decided.
    fn around(
        &mut self,
        reading: &Reading<'_>,
        plain: &mut Findings<'_>,
        mut at: usize,
        unit: usize,
        found: &mut impl FnMut(Finding),
    ) -> Result<usize, usize> {
        let window = &mut self.window;
        window.open(reading.text, at, reading.last);
        let mut until;
        loop {
            until = window.changed.max(unit) + REACH;
            if window.text.len() >= VIEW
                || until < window.next
                || !window.grow(reading.text, reading.last)
            {
                break;
            }
        }
        until = until.min(window.next);
        'view: loop {
            let view = Findings::new(
                reading.hidden,
                &window.text,
                window.place(at),
                !(reading.last && window.done),
            );
            match reading.both(window, view, plain, &mut at, until, found)? {
                Ended::Passed => {
                    let waits = window.done && !reading.last && at >= window.next;
                    return if waits { Err(at) } else { Ok(at) };
                }
                Ended::Short => {
                    window.grow(reading.text, reading.last);
                    continue 'view;
                }
            }
        }
    }
}

/// Why a view is left.
enum Ended {
    /// What is to be looked at in it was.
    Passed,
    /// It must be read further.
    Short,
}

/// Of a finding that begins inside a unit, whether the text after the unit is one as well.
enum Inside {
    /// It does not, or that is none.
    Elsewhere,
    /// It is, from here on, and as long.
    Better(usize),
    Open,
    Short,
}

impl Reading<'_> {
    /// Whether a unit is so near before `at` that it can be seen from there.
    fn touched(&self, at: usize) -> bool {
        let near = at.saturating_sub(REACH + SLACK);
        let mut from = self.text.floor_char_boundary(near);
        while let Some((place, look)) = unit::next(self.text, from, at, self.last) {
            let end = match look {
                unit::Look::Unit { len, .. } => place + len,
                unit::Look::Group { end } => end,
                unit::Look::Partial | unit::Look::None => return true,
            };
            if end + REACH > at {
                return true;
            }
            from = end;
        }
        false
    }

    /// Reports the findings of both texts that start in `at..until`, and moves `at` on.
    fn both(
        &self,
        window: &Window,
        mut view: Findings<'_>,
        plain: &mut Findings<'_>,
        at: &mut usize,
        until: usize,
        found: &mut impl FnMut(Finding),
    ) -> Result<Ended, usize> {
        // The end of the view, in its own places.
        let to = window.place(until);
        while *at < until {
            let next = view.next(window.place(*at), to, |place, places| {
                self.look(window, place, places)
            });
            let before = match &next {
                Next::Found(v) => v.range.start,
                Next::Open(open) => *open,
                Next::None => until,
                Next::Short => return Ok(Ended::Short),
            };
            match self.plain(plain, *at, before) {
                Next::Found(p) => {
                    match self.inside_unit(window, &p) {
                        Inside::Elsewhere => {
                            *at = p.range.end;
                            found(p);
                        }
                        Inside::Better(start) => *at = start,
                        Inside::Open => return Err(p.range.start),
                        Inside::Short => return Ok(Ended::Short),
                    }
                    continue;
                }
                Next::Open(open) => return Err(open),
                Next::None | Next::Short => {}
            }
            match next {
                Next::Found(v) => *at = self.report(plain, v, found)?,
                Next::Open(open) => return Err(open.max(*at)),
                Next::None | Next::Short => *at = until,
            }
        }
        Ok(Ended::Passed)
    }

    /// The next finding in the text that starts in `at..until`.
    fn plain(&self, plain: &mut Findings<'_>, at: usize, until: usize) -> Next {
        plain.next(at, until, |place, places| {
            match read(places, self.text, place, self.last) {
                Outcome::No => Next::None,
                Outcome::Unfinished => Next::Open(place),
                Outcome::Match { end, entity, score } => Next::Found(Finding {
                    range: place..end,
                    entity,
                    score,
                }),
            }
        })
    }

    /// What starts at a place of the view, by the detectors among `places`.
    fn look(&self, window: &Window, place: usize, places: Places) -> Next {
        let start = window.start(place);
        match self.match_in(window, place, Some(places)) {
            None => Next::Short,
            Some(Outcome::No) => Next::None,
            Some(Outcome::Unfinished) => Next::Open(start),
            Some(Outcome::Match { end, entity, score }) => {
                let range = start..window.end(end);
                match window.hides(self.text, place, end)
                    && shape::allows(self.text, &range, entity)
                {
                    true => Next::Found(Finding {
                        range,
                        entity,
                        score,
                    }),
                    false => Next::None,
                }
            }
        }
    }

    /// What starts at a place of the view, by the detectors among `places`; none if more of the
    /// text must be read to say.
    fn match_in(&self, window: &Window, place: usize, places: Option<Places>) -> Option<Outcome> {
        let at = |text: &str, last: bool| match places {
            Some(places) => read(places, text, place, last),
            None => match_at(self.hidden, text, place, last),
        };
        // No detector looks further.
        if place + HIDDEN_LONGEST < window.text.len() {
            let end = window.text.ceil_char_boundary(place + HIDDEN_LONGEST);
            if window.end(end) <= window.start(place) + VIEW_LONGEST {
                let known = window.text.get(..end).unwrap_or_default();
                return Some(at(known, false));
            }
        }
        let most = window.start(place) + VIEW_LONGEST;
        if window.next > most {
            // No more than this counts, however much is there.
            let cut = window.text.floor_char_boundary(window.place(most));
            let known = window.text.get(..cut).unwrap_or_default();
            // The word is cut as well, so it is looked at anew.
            return Some(match match_at(self.hidden, known, place, false) {
                Outcome::Unfinished => Outcome::No,
                outcome => outcome,
            });
        }
        match at(&window.text, self.last && window.done) {
            Outcome::Unfinished if !window.done => None,
            outcome => Some(outcome),
        }
    }

    /// Looks at the place after a unit that `p` starts in the middle of.
    fn inside_unit(&self, window: &Window, p: &Finding) -> Inside {
        let Some(start) = window.inside(p.range.start) else {
            return Inside::Elsewhere;
        };
        match self.match_in(window, window.place(start), None) {
            None => Inside::Short,
            Some(Outcome::Match { end, .. }) if window.end(end) >= p.range.end => {
                Inside::Better(start)
            }
            Some(Outcome::Unfinished) => Inside::Open,
            Some(_) => Inside::Elsewhere,
        }
    }

    /// Reports the hidden finding `v`, or the one in the plain text at its place if that is as
    /// long; returns where it ends. A plain finding is never cut: `v` ends before one that goes on
    /// beyond it. If the plain text is not decided up to its end, gives its start.
    fn report(
        &self,
        plain: &mut Findings<'_>,
        mut v: Finding,
        found: &mut impl FnMut(Finding),
    ) -> Result<usize, usize> {
        let mut at = v.range.start;
        loop {
            match self.plain(plain, at, v.range.end) {
                Next::None | Next::Short => break,
                Next::Open(_) => return Err(v.range.start),
                Next::Found(p) if p.range.start == v.range.start && p.range.end >= v.range.end => {
                    v = p;
                    break;
                }
                Next::Found(p) if p.range.end <= v.range.end => at = p.range.end,
                Next::Found(p) => {
                    v.range.end = p.range.start;
                    break;
                }
            }
        }
        let end = v.range.end;
        found(v);
        Ok(end)
    }
}
