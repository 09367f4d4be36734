//! Policies that are not enforced.

use http::HeaderMap;

use super::Recorder;
use crate::body::{Consultation, Document, Ending, Flow, Lane, ResponseFilter, Window};
use crate::text::Edits;

/// A lane of which the filter has held back this much, in bytes, would have
/// been refused.
const MAX_HELD: usize = 64 * 1024;

/// Runs a filter, and keeps what it wants to itself.
///
/// The text goes on at once, while the filter sees the windows that it would
/// see if it could hold text back.
pub(super) struct Shadow {
    filter: Box<dyn ResponseFilter>,
    recorder: Recorder,
    edits: Edits,
    lanes: Vec<(Lane, Held)>,
    /// It would have ended the reply: there is nothing more for it to see.
    over: bool,
}

/// How many bytes of a lane the filter has not decided.
type Held = usize;

impl Shadow {
    pub(super) fn new(filter: Box<dyn ResponseFilter>, recorder: Recorder) -> Self {
        Self {
            filter,
            recorder,
            edits: Edits::new(),
            lanes: Vec::new(),
            over: false,
        }
    }

    fn refuse(&mut self) {
        self.over = true;
        self.recorder.would("would_refuse");
    }
}

impl ResponseFilter for Shadow {
    fn filter(&mut self, window: &Window<'_>, _: &mut Edits) -> Flow {
        let text = window.text();
        let all = Flow::Release(text.len());
        if self.over {
            return all;
        }
        let lane = window.lane();
        let known = self.lanes.iter().position(|(other, _)| *other == lane);
        let held = known.map_or(0, |at| self.lanes[at].1);
        let start = window.start().saturating_sub(held);
        self.edits.clear();
        let inner = Window::new(text, start, window.is_last(), lane);
        let flow = self.filter.filter(&inner, &mut self.edits);
        if !self.edits.is_empty() {
            self.recorder.would("would_rewrite");
        }
        let held = match flow {
            Flow::Stop(_) => {
                self.refuse();
                return all;
            }
            Flow::Release(_) if window.is_last() => 0,
            Flow::Release(decided) => {
                let decided = text.floor_char_boundary(decided).max(start);
                text.len() - decided
            }
        };
        if held > MAX_HELD {
            self.refuse();
            return all;
        }
        match known {
            Some(at) => self.lanes[at].1 = held,
            None if held > 0 => self.lanes.push((lane, held)),
            None => {}
        }
        all
    }

    fn lookbehind(&self) -> usize {
        let held = self.lanes.iter().map(|(_, held)| *held).max();
        self.filter.lookbehind() + held.unwrap_or(0)
    }

    fn finish_reason(&mut self, choice: u32, reason: &str) {
        if !self.over {
            self.filter.finish_reason(choice, reason);
        }
    }

    fn choice_ended(&mut self, choice: u32) -> Ending {
        if !self.over {
            match self.filter.choice_ended(choice) {
                Ending::Accept => {}
                Ending::Refuse(_) => self.refuse(),
                Ending::AskAgain => {
                    self.over = true;
                    self.recorder.would("would_ask_again");
                }
            }
        }
        Ending::Accept
    }

    fn before_reply(&mut self, reply: &Document) -> Option<Consultation> {
        self.filter.before_reply(reply)
    }

    fn after_stream(&mut self) -> Option<Consultation> {
        self.filter.after_stream()
    }

    fn head(&mut self, _: &mut HeaderMap) {}
}
