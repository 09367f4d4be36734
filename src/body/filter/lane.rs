//! One growing text on its way through the filters.
//!
//! Each filter has a stage: a buffer with the text it has not decided, some
//! decided text before that for context, and marks that say which piece of
//! which event each stretch came from. What a stage decides goes on at once to
//! the next, and from the last one back to the piece it belongs to.

use std::collections::VecDeque;
use std::ops::Range;

use super::{Flow, Lane as Place, ResponseFilter, Window};
use crate::body::ApiError;
use crate::body::sse::Event;
use crate::text::Edits;

/// Text that may be held back in one lane; no pattern is nearly as long.
const MAX_HELD: usize = 64 * 1024;
/// Decided text is dropped from a buffer when this much has gathered.
const COMPACT_AT: usize = 4 * 1024;

/// Number of a piece, in the order of the stream.
pub(super) type PieceId = u64;
/// Text whose event has left, and which waits for the lane's next piece.
pub(super) const DETACHED: PieceId = PieceId::MAX;

/// Takes text that every filter has decided.
pub(super) trait Sink {
    /// `changed`: the text is not what the piece has said at that point.
    /// `done`: no more text will come for the piece.
    fn accept(&mut self, piece: PieceId, text: &str, changed: bool, done: bool);
}

#[derive(Debug, Default)]
struct Stage {
    buffer: String,
    /// What comes before is decided.
    start: usize,
    marks: VecDeque<Mark>,
}

#[derive(Debug)]
struct Mark {
    piece: PieceId,
    /// Where its text ends in the buffer.
    end: usize,
    changed: bool,
    done: bool,
}

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) place: Place,
    stages: Vec<Stage>,
    /// The event that detached text has left, and where in its data it stood:
    /// a mould for an event of its own.
    pub(super) mould: Option<(Event, Range<u32>)>,
}

/// Memory that all lanes share.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    edits: Edits,
    text: String,
}

impl Lane {
    pub(super) fn new(place: Place, filters: usize) -> Self {
        let mut stages = Vec::new();
        stages.resize_with(filters, Stage::default);
        Self {
            place,
            stages,
            mould: None,
        }
    }

    /// Adds the text of `piece`, and runs the filters. With `last` the text
    /// ends there, and everything is decided.
    pub(super) fn feed(
        &mut self,
        filters: &mut [Box<dyn ResponseFilter>],
        scratch: &mut Scratch,
        piece: Option<(PieceId, &str)>,
        last: bool,
        sink: &mut dyn Sink,
    ) -> Result<(), ApiError> {
        if let (Some((piece, text)), Some(first)) = (piece, self.stages.first_mut()) {
            first.push(piece, text, false, true);
        }
        for (at, filter) in filters.iter_mut().enumerate() {
            let (stages, later) = self.stages.split_at_mut(at + 1);
            let Some(stage) = stages.last_mut() else {
                break;
            };
            let decided = stage.judge(&mut **filter, scratch, last, self.place)?;
            match later.first_mut() {
                Some(next) => stage.drain(decided, last, scratch, |piece, text, changed, done| {
                    next.push(piece, text, changed, done);
                }),
                None => stage.drain(decided, last, scratch, |piece, text, changed, done| {
                    sink.accept(piece, text, changed, done);
                }),
            }
            stage.compact(filter.lookbehind(), last);
        }
        Ok(())
    }

    /// Makes what is undecided of `piece` the start of the lane's next piece,
    /// or keeps it detached until there is one.
    pub(super) fn detach(&mut self, piece: PieceId) {
        let heir = self
            .stages
            .iter()
            .rev()
            .flat_map(|stage| &stage.marks)
            .find(|mark| mark.piece != piece)
            .map_or(DETACHED, |mark| mark.piece);
        self.rename(piece, heir);
    }

    /// Gives detached text to `piece`, which is about to be fed.
    pub(super) fn attach(&mut self, piece: PieceId) {
        self.rename(DETACHED, piece);
    }

    fn rename(&mut self, from: PieceId, to: PieceId) {
        for mark in self.stages.iter_mut().flat_map(|stage| &mut stage.marks) {
            if mark.piece == from {
                mark.piece = to;
                mark.changed = true;
                mark.done = false;
            }
        }
    }

    pub(super) fn has_detached(&self) -> bool {
        self.stages
            .iter()
            .any(|stage| stage.marks.front().is_some_and(|m| m.piece == DETACHED))
    }
}

impl Stage {
    fn push(&mut self, piece: PieceId, text: &str, changed: bool, done: bool) {
        self.buffer.push_str(text);
        let end = self.buffer.len();
        match self.marks.back_mut() {
            Some(mark) if mark.piece == piece && !mark.done => {
                mark.end = end;
                mark.changed |= changed;
                mark.done = done;
            }
            _ => self.marks.push_back(Mark {
                piece,
                end,
                changed,
                done,
            }),
        }
    }

    /// Asks the filter; gives up to where the text is decided.
    fn judge(
        &mut self,
        filter: &mut dyn ResponseFilter,
        scratch: &mut Scratch,
        last: bool,
        place: Place,
    ) -> Result<usize, ApiError> {
        scratch.edits.clear();
        let window = Window::new(&self.buffer, self.start, last, place);
        let decided = match filter.filter(&window, &mut scratch.edits) {
            Flow::Stop(error) => return Err(error),
            Flow::Release(_) if last => self.buffer.len(),
            Flow::Release(decided) => {
                let decided = self.buffer.floor_char_boundary(decided);
                decided.clamp(self.start, self.buffer.len())
            }
        };
        if self.buffer.len() - decided > MAX_HELD {
            return Err(super::event::cannot_inspect(
                "a filter held back too much text",
            ));
        }
        scratch.edits.settle(&self.buffer, self.start..decided);
        Ok(decided)
    }

    /// Hands on the text up to `decided`, piece by piece, with the edits made.
    /// A replacement belongs to the piece in which the replaced text starts.
    fn drain(
        &mut self,
        decided: usize,
        last: bool,
        scratch: &mut Scratch,
        mut next: impl FnMut(PieceId, &str, bool, bool),
    ) {
        let edits = scratch.edits.as_slice();
        let mut edit_at = 0;
        let mut at = self.start;
        while let Some(mark) = self.marks.front() {
            let to = mark.end.min(decided);
            let text = &mut scratch.text;
            text.clear();
            let mut touched = false;
            let mut from = at;
            // Text put in at the very end belongs to the last piece.
            let closing = last && self.marks.len() == 1;
            while let Some(edit) = edits.get(edit_at)
                && (edit.range.start < to || closing)
            {
                touched = true;
                if edit.range.start >= at {
                    text.push_str(&self.buffer[from..edit.range.start]);
                    text.push_str(&edit.text);
                }
                from = edit.range.end.min(to).max(from);
                if edit.range.end > to {
                    break;
                }
                edit_at += 1;
            }
            let whole = mark.end == to;
            let done = mark.done && whole;
            let clear = if touched {
                text.push_str(&self.buffer[from..to]);
                text.as_str()
            } else {
                &self.buffer[at..to]
            };
            if done || !clear.is_empty() || touched {
                next(mark.piece, clear, touched || mark.changed, done);
            }
            at = to;
            // A piece that goes on in the next mark has said all of this one.
            if whole && (done || self.marks.len() > 1) {
                self.marks.pop_front();
            } else {
                break;
            }
        }
        self.start = decided;
    }

    fn compact(&mut self, lookbehind: usize, last: bool) {
        if last {
            self.buffer.clear();
            self.start = 0;
            self.marks.clear();
            return;
        }
        let keep = self.start.saturating_sub(lookbehind);
        if keep > COMPACT_AT {
            let keep = self.buffer.floor_char_boundary(keep);
            self.buffer.drain(..keep);
            self.start -= keep;
            for mark in &mut self.marks {
                mark.end -= keep;
            }
        }
    }
}
