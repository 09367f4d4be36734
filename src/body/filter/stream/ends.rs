//! How texts, choices and streams end.

use super::{EventStream, MAX_LANES, place_of, same};
use crate::body::document::index::Index;
use crate::body::filter::event::{Synthetic, moulded};
use crate::body::filter::{Consultation, Ending, Lane as Place};
use crate::body::sse::Event;
use crate::body::{ApiError, SegmentKind};

impl EventStream {
    /// All texts have ended; and so have the choices that said so, and the
    /// others too unless the stream broke.
    pub(super) fn end(&mut self, whole: bool) -> Result<(), ApiError> {
        self.end_lanes(|_| true)?;
        while let Some(choice) = self.ending.pop() {
            self.end_choice(choice)?;
        }
        if whole {
            while let Some(&choice) = self.open_choices.first() {
                self.end_choice(choice)?;
            }
        }
        self.queue.open_gate();
        Ok(())
    }

    /// Tells the filters that a choice has ended, once.
    pub(super) fn end_choice(&mut self, choice: u32) -> Result<(), ApiError> {
        self.open_choices.retain(|open| *open != choice);
        if self.ended.contains(&choice) {
            return Ok(());
        }
        for filter in &mut self.filters {
            if let Ending::Refuse(error) = filter.choice_ended(choice) {
                // The end it gets is ours.
                self.open_choices.push(choice);
                return Err(error);
            }
        }
        if self.ended.len() < MAX_LANES {
            self.ended.push(choice);
        }
        Ok(())
    }

    /// Ends the texts of these lanes: nothing of them is held any longer.
    pub(super) fn end_lanes(&mut self, which: impl Fn(Place) -> bool) -> Result<(), ApiError> {
        for at in 0..self.lanes.len() {
            if which(self.lanes[at].place) {
                self.end_lane(at)?;
            }
        }
        Ok(())
    }

    fn end_lane(&mut self, at: usize) -> Result<(), ApiError> {
        let lane = &mut self.lanes[at];
        lane.feed(
            &mut self.filters,
            &mut self.scratch,
            None,
            true,
            &mut self.queue,
        )?;
        if self.queue.detached.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.queue.detached);
        let place = lane.place;
        let bytes = match lane.mould.take() {
            Some((event, raw)) if place.kind == SegmentKind::Delta => moulded(&event, &raw, &text),
            _ => Synthetic {
                template: self.template.as_ref().and_then(Event::data),
                choice: place.choice.unwrap_or_default(),
                kind: place.kind,
                tool_call: place.tool_call,
                text: Some(&text),
                finish_reason: None,
            }
            .to_bytes(&mut Index::default()),
        };
        self.queue.push_event(Event::opaque(bytes), false);
        Ok(())
    }

    /// Before the event that ends a choice: text of it that has lost its event
    /// and finds no other one in this event goes out in one of its own.
    pub(super) fn end_detached(&mut self, index: &Index) -> Result<(), ApiError> {
        for at in 0..self.lanes.len() {
            let place = self.lanes[at].place;
            let ends = index
                .choices
                .iter()
                .any(|choice| choice.finish_reason.is_some() && Some(choice.index) == place.choice);
            let goes_on = index.texts().any(|(_, slot)| same(place_of(slot), place));
            if ends && !goes_on && self.lanes[at].has_detached() {
                self.end_lane(at)?;
            }
        }
        Ok(())
    }

    /// What is waited for: nothing is to be pushed until it has been taken and
    /// is there. Then comes [`go_on`](Self::go_on).
    pub(crate) fn take_waiting(&mut self) -> Vec<Consultation> {
        std::mem::take(&mut self.waiting)
    }

    /// What was waited for is there, or will not be.
    pub(crate) fn go_on(&mut self) {
        if let Some((event, rest)) = self.last.take() {
            self.queue.push_event(event, false);
            self.push(&rest);
        }
    }

    /// Asks the filters, once, what they have to find out when all has been
    /// said.
    pub(super) fn end_with_filters(&mut self) {
        if !std::mem::replace(&mut self.over, true) {
            let filters = self.filters.iter_mut();
            self.waiting = filters.filter_map(|f| f.after_stream()).collect();
        }
    }
}
