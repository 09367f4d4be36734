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
//! are none, all is left to `scan`. Around one, a [`Window`] holds the text as it reads, and the
//! same detectors run on both texts. A finding in the plain reading of the bytes stays one, unless
//! the other reading has a longer one around it, or the first begins in the middle of a unit
//! (the `20` of `%20ada@example.org`).
//!
//! # Exact in streams
//! What a place is in the view depends on a bounded number of bytes around it, so that the view is
//! the same wherever one begins to read it; and detectors are local in it as they are in the text.
//! Places whose unit or whose reading depends on text that is not there yet are not decided.

mod chars;
mod escape;
mod hint;
mod spelled;
mod unit;
mod window;

#[cfg(test)]
mod tests;

use super::entity::{EntitySet, Finding, Outcome};
use super::scan::{match_at, next_start, scan};
use super::table::{LONGEST, LOOKBEHIND};
use window::{INVISIBLE, Window};

/// The most bytes for which a view that begins anywhere can differ from the one that begins at the
/// start of the text.
const SLACK: usize = unit::LONGEST + unit::BEHIND + INVISIBLE + unit::WIDEST;

/// The most bytes before a place that [`scan_any`] looks at: each byte of the look-behind can be
/// an escape with invisible characters before it. A driver that scans a stream keeps at least this
/// many decided bytes before the place it goes on from.
pub const VIEW_LOOKBEHIND: usize = (LOOKBEHIND + 8) * (INVISIBLE + unit::WIDEST) + 2 * SLACK;

/// The most bytes that a hidden finding and what must follow it to be sure may have. What is
/// unfinished after so many is none. [`scan_any`] leaves no more than this and [`LONGEST`]
/// undecided.
pub const VIEW_LONGEST: usize = 2 * LONGEST + 4096;

/// How far after a unit it can still be seen by a detector that looks back.
const REACH: usize = LOOKBEHIND + 8;

/// How large a view may grow before a new one is begun.
const VIEW: usize = 4096;

/// Finds personal data also where it is hidden by the way it is spelled. Keeps the memory for its
/// work between calls. See [`scan_any`].
#[derive(Debug, Default)]
pub struct Scanner {
    window: Window,
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

/// The next finding in one of the two texts.
enum Next {
    Found(Finding),
    /// Where it depends on text that is not there yet.
    Open(usize),
    None,
}

/// The text, and what is looked for in it.
struct Reading<'t> {
    set: EntitySet,
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
        let reading = Reading { set, text, last };
        let mut at = text.ceil_char_boundary(start);
        while at < text.len() {
            let mut unit = at;
            if !reading.touched(at) {
                let Some((place, look)) = unit::next(text, at, text.len(), last) else {
                    return scan(set, text, at, last, found);
                };
                // Up to the unit both readings are the same.
                let before = text.get(..place).unwrap_or_default();
                at = scan(set, before, at, false, found);
                if look == unit::Look::Partial {
                    return at;
                }
                unit = place;
            }
            match self.around(&reading, at, unit, found) {
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
        mut at: usize,
        unit: usize,
        found: &mut impl FnMut(Finding),
    ) -> Result<usize, usize> {
        let window = &mut self.window;
        window.open(reading.text, at, reading.last);
        let mut until = 0;
        // What comes next in the view, and how far it was looked for.
        let mut hidden: Option<(Next, usize)> = None;
        loop {
            while window.text.len() < VIEW {
                until = window.changed.max(unit) + REACH;
                if until < window.next || !window.grow(reading.text, reading.last) {
                    break;
                }
            }
            until = until.min(window.next);
            if at >= until {
                let waits = window.done && !reading.last && at >= window.next;
                return if waits { Err(at) } else { Ok(at) };
            }
            let known = hidden.take().filter(|(next, to)| match next {
                Next::Found(v) => v.range.start >= at,
                Next::Open(open) => *open >= at,
                Next::None => *to == until,
            });
            let next = match known {
                Some((next, _)) => next,
                None => reading.hidden(window, at, until),
            };
            let before = match &next {
                Next::Found(v) => v.range.start,
                Next::Open(open) => *open,
                Next::None => until,
            };
            match reading.plain(at, before) {
                Next::Found(p) => {
                    match reading.inside_unit(window, &p) {
                        Inside::Elsewhere => {
                            at = p.range.end;
                            found(p);
                        }
                        Inside::Better(start) => at = start,
                        Inside::Open => return Err(p.range.start),
                    }
                    hidden = Some((next, until));
                    continue;
                }
                Next::Open(open) => return Err(open),
                Next::None => {}
            }
            match next {
                Next::Found(v) => at = reading.report(v, found)?,
                Next::Open(open) => return Err(open.max(at)),
                Next::None => at = until,
            }
        }
    }
}

/// Of a finding that begins inside a unit, whether the text after the unit is one as well.
enum Inside {
    /// It does not, or that is none.
    Elsewhere,
    /// It is, from here on, and as long.
    Better(usize),
    Open,
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

    /// The next finding in the text that starts in `at..until`.
    fn plain(&self, at: usize, until: usize) -> Next {
        // Starts are sought no further than needed.
        let near = self.text.floor_char_boundary(until + REACH);
        let near = self.text.get(..near).unwrap_or_default();
        let mut at = at;
        loop {
            at = next_start(self.set, near, at);
            if at >= until {
                return Next::None;
            }
            match match_at(self.set, self.text, at, self.last) {
                Outcome::No => at += 1,
                Outcome::Unfinished => return Next::Open(at),
                Outcome::Match { end, entity, score } => {
                    let range = at..end;
                    return Next::Found(Finding {
                        range,
                        entity,
                        score,
                    });
                }
            }
        }
    }

    /// The next finding in the view that starts in `at..until` of the text.
    fn hidden(&self, window: &mut Window, at: usize, until: usize) -> Next {
        let mut place = window.place(at);
        loop {
            place = next_start(self.set, &window.text, place);
            let start = window.start(place);
            if start >= until {
                return Next::None;
            }
            match self.match_in(window, place) {
                Outcome::No => place += 1,
                Outcome::Unfinished => return Next::Open(start),
                Outcome::Match { end, entity, score } => {
                    let range = start..window.end(end);
                    return Next::Found(Finding {
                        range,
                        entity,
                        score,
                    });
                }
            }
        }
    }

    /// What starts at a place of the view; reads as much more of the text as is needed.
    fn match_in(&self, window: &mut Window, place: usize) -> Outcome {
        let most = window.start(place) + VIEW_LONGEST;
        loop {
            if window.next > most {
                // No more than this counts, however much is there.
                let cut = window.text.floor_char_boundary(window.place(most));
                let text = window.text.get(..cut).unwrap_or_default();
                return match match_at(self.set, text, place, false) {
                    Outcome::Unfinished => Outcome::No,
                    outcome => outcome,
                };
            }
            let last = self.last && window.done;
            match match_at(self.set, &window.text, place, last) {
                Outcome::Unfinished if window.grow(self.text, self.last) => {}
                outcome => return outcome,
            }
        }
    }

    /// Looks at the place after a unit that `p` starts in the middle of.
    fn inside_unit(&self, window: &mut Window, p: &Finding) -> Inside {
        let Some(start) = window.inside(p.range.start) else {
            return Inside::Elsewhere;
        };
        let place = window.place(start);
        match self.match_in(window, place) {
            Outcome::Match { end, .. } if window.end(end) >= p.range.end => Inside::Better(start),
            Outcome::Unfinished => Inside::Open,
            _ => Inside::Elsewhere,
        }
    }

    /// Reports the hidden finding `v`, or the one in the plain text at its place if that is as
    /// long; returns where it ends. A plain finding is never cut: `v` ends before one that goes on
    /// beyond it. If the plain text is not decided up to its end, gives its start.
    fn report(&self, mut v: Finding, found: &mut impl FnMut(Finding)) -> Result<usize, usize> {
        let mut at = v.range.start;
        loop {
            match self.plain(at, v.range.end) {
                Next::None => break,
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
