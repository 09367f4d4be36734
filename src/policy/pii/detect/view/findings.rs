//! The findings of one text, from left to right, with one look at each start.

use super::super::entity::{EntitySet, Finding};
use super::super::scan::Starts;
use super::super::table::Places;

/// The next finding in one of the two texts.
#[derive(Clone)]
pub(super) enum Next {
    Found(Finding),
    /// Where it depends on text that is not there yet.
    Open(usize),
    None,
    /// The view must be read further to say.
    Short,
}

/// The findings of one of the two texts, from left to right.
pub(super) struct Findings<'t> {
    starts: Starts<'t>,
    /// The next start, if it was sought.
    pending: Option<(usize, Places)>,
    /// What was found or is open at a place, until that place is passed.
    known: Option<(usize, Next)>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(set: EntitySet, text: &'t str, from: usize, open: bool) -> Self {
        Self {
            starts: Starts::new(set, text.as_bytes(), from, open),
            pending: None,
            known: None,
        }
    }

    /// The next finding that starts in `at..until` by what `look` says of the starts. `at` never
    /// goes back behind a place that was settled.
    pub(super) fn next(
        &mut self,
        at: usize,
        until: usize,
        mut look: impl FnMut(usize, Places) -> Next,
    ) -> Next {
        match &self.known {
            Some((place, next)) if *place >= at => {
                return match *place < until {
                    true => next.clone(),
                    false => Next::None,
                };
            }
            _ => self.known = None,
        }
        loop {
            let (place, places) = match self.pending {
                Some(start) if start.0 >= at => start,
                _ => {
                    self.starts.at = self.starts.at.max(at);
                    match self.starts.next() {
                        Some(start) => start,
                        None => (usize::MAX, 0),
                    }
                }
            };
            self.pending = Some((place, places));
            if place >= until {
                return Next::None;
            }
            self.pending = None;
            match look(place, places) {
                Next::None => {}
                next => {
                    self.known = Some((place, next.clone()));
                    return next;
                }
            }
        }
    }
}
