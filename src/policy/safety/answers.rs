//! Answers that a judge is asked about: whole ones before they leave, streamed
//! ones for the record.

use std::sync::{Arc, OnceLock};

use super::NAME;
use super::filter::{Before, Sentences};
use super::found::Found;
use super::judge::Judge;
use super::settings::{Assessment, Settings};
use crate::body::{Consultation, Document, Lane, Segment, SegmentKind, Window};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::policy::disguise::is_name;
use crate::policy::judge::{Hearing, Streamed, Subject};
use crate::text::{Edits, Views};

/// Texts of a stream that are kept for the judge, and how much of each, in bytes.
const MOST_KEPT: usize = 32;
const MOST_TEXT: usize = 64 * 1024;

/// What a judge is asked about one answer, and what it says.
pub(super) struct Judged {
    streamed: Streamed,
    question: Option<Arc<str>>,
    /// Set when it has been asked about a whole answer.
    heard: Option<Arc<OnceLock<Hearing>>>,
    /// The texts of a stream.
    kept: Vec<Kept>,
    /// More than is kept has come.
    overflown: bool,
}

struct Kept {
    lane: Lane,
    text: String,
    highest: Option<Assessment>,
}

/// Whether a client reads it, in an API that is known.
fn is_known(kind: SegmentKind) -> bool {
    use SegmentKind::{
        Completion, Content, Delta, PlainText, Reasoning, ReasoningContent, ToolArguments,
    };
    matches!(
        kind,
        Content | Completion | Reasoning | ReasoningContent | ToolArguments | Delta | PlainText
    )
}

impl Judged {
    pub(super) fn of(settings: &Settings, question: Option<Arc<str>>) -> Option<Self> {
        Some(Self {
            streamed: settings.judged_answers()?,
            question,
            heard: None,
            kept: Vec::new(),
            overflown: false,
        })
    }

    fn subject(&self, kind: SegmentKind, text: &str) -> Subject {
        Subject::answered(NAME, kind, text, self.question.clone())
    }

    /// What comes of what it has said of a whole text; nothing where the model's word stands.
    pub(super) fn said_of(&self, window: &Window<'_>) -> Option<Found> {
        let hearing = self.heard.as_ref()?.get()?;
        let subject = self.subject(window.lane().kind, window.text());
        let (said, bad) = hearing.verdict_on(&subject)?;
        let mut found = Found::by_judge(said, hearing.threshold());
        // What is bad though the judge finds nothing is so by the model, which says what it is.
        let by_model = bad && !found.harmful;
        found.harmful = bad;
        (!by_model).then_some(found)
    }

    /// Whether the window is of a stream, and streams are not to be.
    pub(super) fn refuses(&self, window: &Window<'_>) -> bool {
        self.streamed == Streamed::Refuse && !window.is_last()
    }

    /// Keeps a text of a stream as it is decided.
    pub(super) fn keep(&mut self, lane: Lane, decided: &str, highest: Option<Assessment>) {
        if self.streamed != Streamed::Record || self.heard.is_some() || !is_known(lane.kind) {
            return;
        }
        let at = match self.kept.iter().position(|kept| kept.lane == lane) {
            Some(at) => at,
            None if self.kept.len() == MOST_KEPT => {
                self.overflown = true;
                return;
            }
            None => {
                self.kept.push(Kept {
                    lane,
                    text: String::new(),
                    highest: None,
                });
                self.kept.len() - 1
            }
        };
        let kept = &mut self.kept[at];
        let room = MOST_TEXT.saturating_sub(kept.text.len());
        let taken = decided.floor_char_boundary(room);
        self.overflown |= taken < decided.len();
        kept.text.push_str(&decided[..taken]);
        if let Some(highest) = highest
            && kept
                .highest
                .as_ref()
                .is_none_or(|other| highest.score > other.score)
        {
            kept.highest = Some(highest);
        }
    }

    /// Asks about the texts of a whole answer.
    pub(super) fn before_reply(
        &mut self,
        settings: &Arc<Settings>,
        recorder: &Recorder,
        judge: &mut Judge,
        reply: &Document,
    ) -> Option<Consultation> {
        let mut hearing = Hearing::new(settings.consult());
        let silent = recorder.silent();
        // In an API that is not known, any text may be what the client reads.
        let foreign = !reply.segments().any(|segment| is_known(segment.kind()));
        let is_read = |segment: &Segment<'_>| match segment.kind() {
            SegmentKind::Other => foreign && !is_name(segment.text(), Views::ALL),
            kind => is_known(kind),
        };
        for segment in reply.segments().filter(is_read) {
            let window = Window::new(segment.text(), 0, true, Lane::of(&segment));
            let mut sentences = Sentences {
                settings,
                recorder: &silent,
                direction: Direction::Response,
                judge,
                refused: None,
                highest: None,
            };
            sentences.work(&window, &mut Before::default(), &mut Edits::new());
            let highest = sentences.highest.take();
            self.weigh(
                settings,
                &mut hearing,
                segment.kind(),
                segment.text(),
                highest,
            );
        }
        let slot = Arc::new(OnceLock::new());
        self.heard = Some(Arc::clone(&slot));
        let recorder = recorder.clone();
        let waits = hearing.is_open();
        let heard = move |hearing: Hearing, recorder: &Recorder| {
            if let Some(worst) = hearing.worst() {
                recorder.score("response_judge", worst);
            }
            // It is empty.
            let _ = slot.set(hearing);
        };
        if !waits {
            heard(hearing, &recorder);
            return None;
        }
        Some(Box::pin(async move {
            let hearing = hearing.answered(&recorder).await?;
            heard(hearing, &recorder);
            Ok(())
        }))
    }

    fn weigh(
        &self,
        settings: &Settings,
        hearing: &mut Hearing,
        kind: SegmentKind,
        text: &str,
        highest: Option<Assessment>,
    ) {
        let Some(highest) = highest.filter(|highest| !highest.by_term) else {
            return;
        };
        let threshold = settings.threshold_of(&highest);
        let subject = || self.subject(kind, text);
        let _ = hearing.weigh(highest.harmful, highest.score, threshold, subject);
    }

    /// Asks about the texts of a stream that has ended.
    pub(super) fn after_stream(
        &mut self,
        settings: &Arc<Settings>,
        recorder: &Recorder,
    ) -> Option<Consultation> {
        let kept = std::mem::take(&mut self.kept);
        if kept.is_empty() {
            return None;
        }
        let mut hearing = Hearing::new(settings.consult());
        for kept in kept {
            self.weigh(
                settings,
                &mut hearing,
                kept.lane.kind,
                &kept.text,
                kept.highest,
            );
        }
        if self.overflown {
            recorder.warn("a streamed answer was too long to be judged whole");
        }
        let recorder = recorder.clone();
        Some(Box::pin(async move {
            let hearing = hearing.answered(&recorder).await?;
            if let Some(worst) = hearing.worst() {
                recorder.score("response_judge", worst);
            }
            let threshold = hearing.threshold();
            for (said, bad) in hearing.verdicts() {
                let found = Found::by_judge(said, threshold);
                if found.harmful && bad {
                    found.note(&recorder, Direction::Response);
                }
            }
            Ok(())
        }))
    }
}
