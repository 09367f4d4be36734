//! What the last scan has read, for the next piece of the same text, and for a text that is said
//! twice, as some upstreams do in each event of a stream.
//!
//! Nothing here relies on the caller: what is remembered counts only where the same bytes stand
//! again, all that the answer depends on.

use super::super::entity::EntitySet;
use super::{REACH, SLACK, unit};

/// The bytes before a place that say whether a unit is seen from there, and what `scan` finds.
const BEFORE: usize = REACH + SLACK + unit::BEHIND;

/// The last scan of a text that may go on, in which no unit was near.
#[derive(Default)]
pub(super) struct Memo {
    set: EntitySet,
    /// The text from [`BEFORE`] before the start on; empty if there is nothing to remember.
    text: String,
    /// Places in it: where the scan began, and what it decided.
    start: usize,
    decided: usize,
    /// Whether it found nothing.
    clean: bool,
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the text.
        let bytes = self.text.len();
        f.debug_struct("Memo").field("bytes", &bytes).finish()
    }
}

/// The place [`BEFORE`] before `at`.
fn base(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.saturating_sub(BEFORE))
}

impl Memo {
    /// Remembers a scan of `text` from `at` on, near which and behind which there is no unit.
    pub(super) fn keep(
        &mut self,
        set: EntitySet,
        text: &str,
        at: usize,
        last: bool,
        decided: usize,
        found: bool,
    ) {
        let base = base(text, at);
        // What ends does not go on, and a long text is no piece of a stream.
        if last || text.len() - base > 2 * BEFORE {
            return;
        }
        self.text.clear();
        self.text.push_str(text.get(base..).unwrap_or_default());
        (self.set, self.clean) = (set, !found);
        (self.start, self.decided) = (at - base, decided - base);
    }

    /// What was decided, if this very scan was made and found nothing.
    pub(super) fn again(&self, set: EntitySet, text: &str, at: usize, last: bool) -> Option<usize> {
        let base = base(text, at);
        let same = self.clean
            && !last
            && self.set == set
            && self.start == at - base
            && !self.text.is_empty()
            && text.get(base..) == Some(self.text.as_str());
        same.then_some(base + self.decided)
    }

    /// Whether the text before `at` is what the last scan has decided, so that no unit is near. What
    /// it had not decided must follow: a unit may go on there.
    pub(super) fn goes_on(&self, text: &str, at: usize) -> bool {
        let base = base(text, at);
        let Some(from) = self.decided.checked_sub(at - base) else {
            return false;
        };
        // A text that begins here is not one that goes on.
        (base > 0 || from == 0)
            && !self.text.is_empty()
            && text
                .get(base..)
                .zip(self.text.get(from..))
                .is_some_and(|(text, known)| text.starts_with(known))
    }
}
