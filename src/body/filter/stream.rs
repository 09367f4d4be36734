//! A stream of events on its way through the filters. Knows no I/O: frames go
//! in, decided bytes come out.

mod ends;

use std::collections::VecDeque;

use bytes::Bytes;

use super::chain::filter_text;
use super::event::{Queue, Released, Synthetic, cannot_inspect};
use super::lane::{Lane, Scratch};
use super::{Consultation, Lane as Place, ResponseFilter, Rigour, Watch};
use crate::body::document::form::Form;
use crate::body::document::index::{Index, Slot};
use crate::body::sse::{Decoder, Event, OtherLine};
use crate::body::{ApiError, JsonError, SegmentKind};
use crate::text::Edits;

/// Texts of one stream that are kept apart.
const MAX_LANES: usize = 512;
/// Events that may wait behind a held text, on top of two for each lane.
const PATIENCE: usize = 8;
/// Bytes of events that may wait, whatever their number.
const MAX_WAITING: usize = 1024 * 1024;
/// A piece that belongs to no lane.
const NO_LANE: usize = usize::MAX;

/// Decodes, filters and releases.
pub(crate) struct EventStream {
    decoder: Decoder,
    filters: Vec<Box<dyn ResponseFilter>>,
    watches: Vec<Box<dyn Watch>>,
    lanes: Vec<Lane>,
    queue: Queue,
    index: Index,
    /// The last event that was walked.
    form: Form,
    scratch: Scratch,
    edits: Edits,
    ready: VecDeque<Bytes>,
    /// The last event with choices: what our own events look like.
    template: Option<Event>,
    /// Choices that have begun and not ended.
    open_choices: Vec<u32>,
    any_choice: bool,
    any_text: bool,
    stopped: bool,
    /// Choices whose end has been read in the event before.
    ending: Vec<u32>,
    /// Choices whose texts have ended.
    ended: Vec<u32>,
    /// What cannot be read may not pass.
    strict: bool,
    /// A filter is there that does more than look on.
    binding: bool,
    /// A filter may refuse a choice at its end.
    judges_end: bool,
    /// Nothing is read any more: no filter wants it, and it was too much.
    passing: bool,
    /// What is waited for before the stream ends.
    waiting: Vec<Consultation>,
    /// What comes then: the last event, and what stood behind it in its frame.
    last: Option<(Event, Bytes)>,
    /// The filters have been told of the end.
    over: bool,
}

impl EventStream {
    pub(crate) fn new() -> Self {
        Self {
            decoder: Decoder::default(),
            filters: Vec::new(),
            watches: Vec::new(),
            lanes: Vec::new(),
            queue: Queue::default(),
            index: Index::default(),
            form: Form::default(),
            scratch: Scratch::default(),
            edits: Edits::new(),
            ready: VecDeque::new(),
            template: None,
            open_choices: Vec::new(),
            any_choice: false,
            any_text: false,
            stopped: false,
            ending: Vec::new(),
            ended: Vec::new(),
            strict: false,
            binding: false,
            judges_end: false,
            passing: false,
            waiting: Vec::new(),
            last: None,
            over: false,
        }
    }

    /// Adds a filter behind those that are there. Only before the first frame.
    pub(crate) fn add_filter(&mut self, filter: Box<dyn ResponseFilter>, rigour: Rigour) {
        self.strict |= rigour == Rigour::Strict;
        self.binding |= rigour != Rigour::Observe;
        self.judges_end |= filter.judges_end();
        self.filters.push(filter);
    }

    pub(crate) fn add_watch(&mut self, watch: Box<dyn Watch>) {
        self.watches.push(watch);
    }

    /// Whether a filter has ended the stream; nothing more is to be read.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Decided bytes.
    pub(crate) fn take_ready(&mut self) -> Option<Bytes> {
        self.ready.pop_front()
    }

    /// Takes a frame of the upstream's.
    pub(crate) fn push(&mut self, frame: &Bytes) {
        let mut at = 0;
        while !self.stopped && !self.passing && self.last.is_none() {
            match self.decoder.next(frame, &mut at) {
                None => break,
                Some(Ok(event)) => self.take(event),
                Some(Err(_)) if !self.binding => {
                    self.release();
                    self.ready.push_back(self.decoder.take_partial().into());
                    self.passing = true;
                }
                Some(Err(_)) => {
                    let error = cannot_inspect("an event of the upstream's stream is too long");
                    self.stop(&error);
                }
            }
        }
        self.release();
        if self.passing && at < frame.len() {
            self.ready.push_back(frame.slice(at..));
        } else if let Some((_, rest)) = &mut self.last {
            *rest = frame.slice(at..);
        }
    }

    /// The upstream's stream is over. `whole` if it ended by itself: what it
    /// sent without a blank line then counts.
    pub(crate) fn finish(&mut self, whole: bool) {
        if !self.stopped
            && let Some(event) = self.decoder.finish()
            && whole
        {
            self.take(event);
        }
        if !self.stopped {
            match self.end(whole) {
                Err(error) => self.stop(&error),
                Ok(()) if whole => self.end_with_filters(),
                Ok(()) => {}
            }
        }
        self.release();
    }

    fn take(&mut self, event: Event) {
        if let Err(error) = self.read(event) {
            self.stop(&error);
        }
    }

    fn read(&mut self, mut event: Event) -> Result<(), ApiError> {
        if event.others && !self.filters.is_empty() {
            event = self.filter_other_lines(event)?;
        }
        let Some(data) = event.data() else {
            self.queue.push_event(event, false);
            return self.lose_patience();
        };
        if data == "[DONE]" {
            self.end(true)?;
            self.watches.iter_mut().for_each(|w| w.done());
            self.end_with_filters();
            match self.waiting.is_empty() {
                true => self.queue.push_event(event, false),
                false => self.last = Some((event, Bytes::new())),
            }
            return Ok(());
        }
        let json = self.index(data)?;
        self.note(&event, data);
        let index = std::mem::take(&mut self.index);
        let read = self.read_texts(&event, data, json, &index);
        self.index = index;
        read?;
        self.lose_patience()
    }

    /// Indexes what an event says; gives whether it is JSON.
    fn index(&mut self, data: &str) -> Result<bool, ApiError> {
        let structured = data.trim_start().starts_with(['{', '[', '"']);
        let strict = self.strict && !self.filters.is_empty();
        match self.index.read_on(data, &mut self.form) {
            // A number or a word is a text that happens to be JSON.
            Ok(()) if structured => {
                if strict && self.index.ambiguous {
                    return Err(cannot_inspect(
                        "an event of the upstream's stream is ambiguous",
                    ));
                }
                return Ok(true);
            }
            // Escapes could hide in what only another reader takes for JSON.
            Err(JsonError::Syntax { .. }) if structured && strict => {
                return Err(cannot_inspect(
                    "an event of the upstream's stream is not valid JSON",
                ));
            }
            Err(JsonError::TooDeep { .. } | JsonError::TooLarge) if strict => {
                return Err(cannot_inspect(
                    "an event of the upstream's stream is nested too deep",
                ));
            }
            Ok(()) | Err(_) => {}
        }
        self.index.plain(data);
        Ok(false)
    }

    /// Feeds the event's texts to their lanes, and ends those that end.
    fn read_texts(
        &mut self,
        event: &Event,
        data: &str,
        json: bool,
        index: &Index,
    ) -> Result<(), ApiError> {
        // The end of a choice counts once the event behind it has nothing more
        // to say: some upstreams announce it in every event.
        while let Some(choice) = self.ending.pop() {
            let goes_on = index
                .texts()
                .any(|(_, slot)| is_growing(slot) && slot.choice == Some(choice));
            if !goes_on {
                self.end_lanes(|place| place.choice == Some(choice))?;
                self.end_choice(choice)?;
            }
        }
        self.queue.open_gate();
        self.end_detached(index)?;
        // Cheap: its bytes are shared.
        self.queue.push_event(event.clone(), json);
        if self.judges_end && index.choices.iter().any(|c| c.finish_reason.is_some()) {
            self.queue.shut_gate();
        }
        if let Err(error) = self.feed(data, index) {
            // What has not been judged as a whole does not leave.
            self.queue.drop_last();
            return Err(error);
        }
        for choice in &index.choices {
            if choice.finish_reason.is_some() && self.ending.len() < MAX_LANES {
                self.ending.push(choice.index);
            }
        }
        Ok(())
    }

    /// Comments, names and ids hold no text that a reader of events reads; a
    /// line with a finding goes nevertheless.
    fn filter_other_lines(&mut self, event: Event) -> Result<Event, ApiError> {
        let place = Place {
            kind: SegmentKind::Other,
            choice: None,
            tool_call: None,
        };
        let mut found = Vec::new();
        for (range, line) in event.other_lines() {
            if self.strict && OtherLine::of(line) == OtherLine::Unknown {
                return Err(cannot_inspect(
                    "the upstream's stream has lines that are no events",
                ));
            }
            let text = String::from_utf8_lossy(line);
            for filter in &mut self.filters {
                filter_text(&mut **filter, &text, place, &mut self.edits)?;
                if !self.edits.is_empty() {
                    found.push(range);
                    break;
                }
            }
        }
        Ok(if found.is_empty() {
            event
        } else {
            event.without(&found)
        })
    }

    /// Hands every text of the event to its filters.
    fn feed(&mut self, data: &str, index: &Index) -> Result<(), ApiError> {
        for (_, slot) in index.texts() {
            let text = index.text(data, slot);
            let growing = is_growing(slot);
            if growing && !self.any_text {
                self.any_text = true;
                self.watches.iter_mut().for_each(|w| w.first_text());
            }
            if self.filters.is_empty() {
                continue;
            }
            if growing || slot.kind == SegmentKind::PlainText {
                if self.strict
                    && slot
                        .choice
                        .is_some_and(|choice| self.ended.contains(&choice))
                {
                    return Err(cannot_inspect(
                        "a choice of the upstream's stream went on after its end",
                    ));
                }
                let lane = match self.lane(slot) {
                    // Whoever looks on has seen enough.
                    Err(_) if !self.binding => continue,
                    lane => lane?,
                };
                let piece = self.queue.push_piece(slot.raw.clone(), lane, None);
                self.lanes[lane].attach(piece);
                self.lanes[lane].feed(
                    &mut self.filters,
                    &mut self.scratch,
                    Some((piece, text)),
                    false,
                    &mut self.queue,
                )?;
            } else if let Some(new) = self.filter_whole(text, place_of(slot))? {
                self.queue.push_piece(slot.raw.clone(), NO_LANE, Some(new));
            }
        }
        Ok(())
    }

    /// A text that does not go on in the next event.
    fn filter_whole(&mut self, text: &str, place: Place) -> Result<Option<String>, ApiError> {
        let mut new: Option<String> = None;
        for filter in &mut self.filters {
            let now = new.as_deref().unwrap_or(text);
            filter_text(&mut **filter, now, place, &mut self.edits)?;
            if !self.edits.is_empty() {
                new = Some(self.edits.apply(now));
            }
        }
        Ok(new)
    }

    fn lane(&mut self, slot: &Slot) -> Result<usize, ApiError> {
        let place = place_of(slot);
        if let Some(at) = self.lanes.iter().position(|lane| same(lane.place, place)) {
            return Ok(at);
        }
        if self.lanes.len() == MAX_LANES {
            return Err(cannot_inspect("the upstream's stream has too many choices"));
        }
        self.lanes.push(Lane::new(place, self.filters.len()));
        Ok(self.lanes.len() - 1)
    }

    /// Tells the watchers what the event says beside its texts.
    fn note(&mut self, event: &Event, data: &str) {
        if self.index.choices.is_empty() && self.index.usage.is_none() && !self.index.error {
            return;
        }
        for choice in &self.index.choices {
            if choice.finish_reason.is_none()
                && !self.open_choices.contains(&choice.index)
                && self.open_choices.len() < MAX_LANES
            {
                self.open_choices.push(choice.index);
            }
        }
        if !self.index.choices.is_empty() {
            self.any_choice = true;
            self.template = Some(event.clone());
        }
        for watch in &mut self.watches {
            if let Some(usage) = self.index.usage {
                watch.usage(usage);
            }
            if self.index.error {
                watch.error_event();
            }
            for choice in &self.index.choices {
                if let Some(reason) = &choice.finish_reason {
                    watch.finish_reason(&data[reason.start as usize..reason.end as usize]);
                }
            }
        }
        for filter in &mut self.filters {
            for choice in &self.index.choices {
                if let Some(reason) = &choice.finish_reason {
                    let reason = &data[reason.start as usize..reason.end as usize];
                    filter.finish_reason(choice.index, reason);
                }
            }
        }
    }

    /// A held text must not hold up the others for long: its event goes on
    /// with what is decided, the rest follows with the next piece of its lane.
    fn lose_patience(&mut self) -> Result<(), ApiError> {
        while (self.queue.len() > PATIENCE + 2 * self.lanes.len()
            || (self.queue.len() > 1 && self.queue.bytes() > MAX_WAITING))
            && let Some((piece, lane)) = self.queue.blocking()
        {
            if let Some(lane) = self.lanes.get_mut(lane) {
                lane.mould = self.queue.mould(piece);
                lane.detach(piece);
            }
            self.queue.cut_piece(piece);
            self.release();
        }
        Ok(())
    }

    /// Moves decided events from the queue to what is ready. Neighbours that
    /// nothing touched leave together.
    fn release(&mut self) {
        let mut run: Option<Event> = None;
        let mut index = std::mem::take(&mut self.index);
        while let Some(released) = self.queue.pop(&mut index) {
            match (released, &mut run) {
                (Released::AsIs(event), Some(before))
                    if before.range.end == event.range.start
                        && before.frame.len() == event.frame.len()
                        && before.frame.as_ptr() == event.frame.as_ptr() =>
                {
                    before.range.end = event.range.end;
                }
                (Released::AsIs(event), _) => {
                    if let Some(before) = run.replace(event) {
                        self.ready.push_back(before.frame.slice(before.range));
                    }
                }
                (Released::Rewritten(bytes), _) => {
                    if let Some(before) = run.take() {
                        self.ready.push_back(before.frame.slice(before.range));
                    }
                    self.ready.push_back(bytes);
                }
            }
        }
        self.index = index;
        if let Some(before) = run {
            self.ready.push_back(before.frame.slice(before.range));
        }
    }

    /// Ends the stream: what is decided leaves, what is held does not.
    fn stop(&mut self, error: &ApiError) {
        self.stopped = true;
        self.watches.iter_mut().for_each(|w| w.stopped(error));
        self.release();
        // An event of which only the start is decided leaves with that.
        while let Some((piece, _)) = self.queue.blocking()
            && self.queue.says(piece)
        {
            self.queue.cut_piece(piece);
            self.release();
        }
        self.queue.clear();
        if !self.any_choice {
            self.open_choices.push(0);
        }
        let template = self.template.take();
        for choice in std::mem::take(&mut self.open_choices) {
            let bytes = Synthetic {
                template: template.as_ref().and_then(Event::data),
                choice,
                kind: SegmentKind::Content,
                tool_call: None,
                text: None,
                finish_reason: Some("content_filter"),
            }
            .to_bytes(&mut self.index);
            self.ready.push_back(bytes);
        }
        self.ready
            .push_back(Bytes::from_static(b"data: [DONE]\n\n"));
    }
}

/// Whether the text goes on in the next event.
fn is_growing(slot: &Slot) -> bool {
    let of_a_choice = matches!(
        slot.kind,
        SegmentKind::Content
            | SegmentKind::Reasoning
            | SegmentKind::ReasoningContent
            | SegmentKind::Refusal
            | SegmentKind::Completion
            | SegmentKind::Repeat
            | SegmentKind::ToolArguments
    );
    slot.kind == SegmentKind::Delta || (of_a_choice && slot.choice.is_some())
}

/// Whether two pieces belong to one text. An event may or may not repeat its
/// text; the field is the same.
fn same(a: Place, b: Place) -> bool {
    let field = |place: Place| match place.kind {
        SegmentKind::Repeat => SegmentKind::Completion,
        kind => kind,
    };
    field(a) == field(b) && a.choice == b.choice && a.tool_call == b.tool_call
}

fn place_of(slot: &Slot) -> Place {
    Place {
        kind: slot.kind,
        choice: slot.choice,
        tool_call: slot.tool,
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream")
            .field("filters", &self.filters.len())
            .field("lanes", &self.lanes.len())
            .field("waiting", &self.queue.len())
            .finish_non_exhaustive()
    }
}
