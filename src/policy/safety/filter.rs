//! The work on a growing text, sentence by sentence.

use std::borrow::Cow;
use std::sync::Arc;

use http::StatusCode;

use super::answers::Judged;
use super::category::Category;
use super::found::Found;
use super::judge::Judge;
use super::settings::{Action, Assessment, Settings};
use super::{sentence, unstreamed};
use crate::body::{
    ApiError, Consultation, Document, Flow, Lane, ResponseFilter, SegmentKind, Window,
};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::text::Edits;

/// How much of what came before a sentence is judged with it, in bytes at most.
const CONTEXT: usize = 320;
/// How many bytes are judged for each byte of a text, in the long run: a sentence so short that it
/// would cost more, with what came before it, is judged together with the next.
const SHARE: usize = 8;
/// How many more may be judged of short sentences that come in prose.
const CREDIT: usize = 4096;
/// More than the context, so that a buffer that was cut can be told from one that starts the text.
pub(super) const LOOKBEHIND: usize = CONTEXT + 8;

/// What a harmful text is called where a term of one's own decided.
const OWN_TERM: &str = "blocked_term";

pub(super) fn name(category: Option<Category>) -> &'static str {
    category.map_or(OWN_TERM, Category::as_str)
}

/// The refusal of a text.
pub(super) fn refusal(settings: &Settings, direction: Direction, name: &str) -> ApiError {
    let message = match &settings.message {
        Some(own) => own.clone(),
        None => {
            let what = match direction {
                Direction::Request => "the request",
                Direction::Response => "the answer",
            };
            format!(
                "{what} was stopped by the safety filter ({name}); reword it, or ask the operator of \
                 this gateway to change safety-filter",
            )
        }
    };
    ApiError::new(StatusCode::FORBIDDEN, "content_filter", message)
}

/// What is known of a text up to its next sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// How many bytes go with the next sentence.
    context: usize,
    /// How many bytes may be judged beyond [`SHARE`] of the next sentence.
    credit: usize,
}

impl Default for Before {
    fn default() -> Self {
        Self {
            context: 0,
            credit: CREDIT,
        }
    }
}

impl Before {
    /// How long the next sentence has to be, in bytes. Depends on what came before it only.
    pub(super) fn least(&self) -> usize {
        self.context.saturating_sub(self.credit).div_ceil(SHARE - 1)
    }

    /// Where the text begins that is judged with a sentence that begins at `start`.
    pub(super) fn from(&self, text: &str, start: usize) -> usize {
        text.ceil_char_boundary(start.saturating_sub(self.context))
    }

    /// A sentence of so many bytes has been judged, with `context` more.
    pub(super) fn judged(&mut self, sentence: usize, context: usize, harmful: bool) {
        let earned = self.credit + SHARE * sentence;
        self.credit = earned.saturating_sub(context + sentence).min(CREDIT);
        // What was dealt with does not count against what follows.
        self.context = match harmful {
            true => 0,
            false => (self.context + sentence).min(CONTEXT),
        };
    }
}

/// Judges a text sentence by sentence, each with a little of what came before it.
pub(super) struct Sentences<'a> {
    pub(super) settings: &'a Settings,
    pub(super) recorder: &'a Recorder,
    pub(super) direction: Direction,
    pub(super) judge: &'a mut Judge,
    /// Why the text is refused where the decided part ends.
    pub(super) refused: Option<ApiError>,
    /// The sentence that scored highest.
    pub(super) highest: Option<Assessment>,
}

impl Sentences<'_> {
    /// Makes the edits of a window; gives up to where it is decided. Sets [`refused`](Self::refused) where it ends there.
    pub(super) fn work(
        &mut self,
        window: &Window<'_>,
        before: &mut Before,
        edits: &mut Edits,
    ) -> usize {
        let text = window.text();
        let kind = window.lane().kind;
        let mut start = window.start();
        while let Some(end) = sentence::end(text, start, before.least(), window.is_last()) {
            let from = before.from(text, start);
            let stretch = text.get(from..end).unwrap_or_default();
            let assessment = self.judge.assess(self.settings, stretch, start - from);
            before.judged(end - start, start - from, assessment.harmful);
            let highest = self.highest.as_ref();
            if highest.is_none_or(|highest| assessment.score > highest.score) {
                self.highest = Some(assessment.clone());
            }
            if assessment.harmful {
                let category = assessment.category;
                if kind != SegmentKind::Repeat {
                    self.recorder.found(self.direction, name(category), 1);
                }
                match self.settings.action {
                    Action::Redact if kind != SegmentKind::ToolArguments => {
                        edits.replace(start..end, marker(&text[start..end], category));
                    }
                    Action::Block | Action::Redact => {
                        let name = name(category);
                        self.refused = Some(refusal(self.settings, self.direction, name));
                        break;
                    }
                    Action::Flag | Action::Log => {}
                }
            }
            start = end;
        }
        start
    }
}

/// Stands for a sentence, and keeps the spaces around it.
fn marker(sentence: &str, category: Option<Category>) -> Cow<'static, str> {
    let said = sentence.trim();
    if said.is_empty() {
        return Cow::Owned(sentence.to_owned());
    }
    let lead = sentence.len() - sentence.trim_start().len();
    let (before, after) = (&sentence[..lead], &sentence[lead + said.len()..]);
    Cow::Owned(format!("{before}[{}]{after}", name(category)))
}

/// Works on an answer; holds back the sentence that has not ended.
pub(super) struct SafetyReply {
    pub(super) settings: Arc<Settings>,
    pub(super) recorder: Recorder,
    pub(super) judge: Judge,
    /// What is known of each text so far.
    pub(super) texts: Vec<(Lane, Before)>,
    /// Why the answer ends, once the sentences before have left.
    refused: Option<ApiError>,
    /// What a judge says of it; `None` if none is asked about answers.
    judged: Option<Judged>,
}

impl SafetyReply {
    /// `question`: what it is an answer to.
    pub(super) fn new(
        settings: &Arc<Settings>,
        recorder: Recorder,
        question: Option<Arc<str>>,
    ) -> Self {
        Self {
            settings: Arc::clone(settings),
            recorder,
            judge: Judge::new(),
            texts: Vec::new(),
            refused: None,
            judged: Judged::of(settings, question),
        }
    }
}

impl ResponseFilter for SafetyReply {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        if let Some(error) = self.refused.take() {
            return Flow::Stop(error);
        }
        let lane = window.lane();
        // A model that refuses does no harm by it.
        if lane.kind == SegmentKind::Refusal {
            return Flow::Release(window.text().len());
        }
        if let Some(judged) = &self.judged {
            if let Some(found) = judged.said_of(window) {
                return self.follow(found, window, edits);
            }
            if judged.refuses(window) {
                return Flow::Stop(unstreamed());
            }
        }
        let at = match self.texts.iter().position(|(other, _)| *other == lane) {
            Some(at) => at,
            None => {
                self.texts.push((lane, Before::default()));
                self.texts.len() - 1
            }
        };
        let mut sentences = Sentences {
            settings: &self.settings,
            recorder: &self.recorder,
            direction: Direction::Response,
            judge: &mut self.judge,
            refused: None,
            highest: None,
        };
        let before = &mut self.texts[at].1;
        let decided = sentences.work(window, before, edits);
        if let Some(judged) = &mut self.judged {
            let decided = window.text().get(window.start()..decided);
            judged.keep(lane, decided.unwrap_or_default(), sentences.highest.take());
        }
        if window.is_last() {
            // Texts that have ended are many.
            self.texts.swap_remove(at);
        }
        match sentences.refused {
            // What is good of the text leaves first; the next that comes ends the answer.
            Some(error) if decided > window.start() && !window.is_last() => {
                self.refused = Some(error);
                Flow::Release(decided)
            }
            Some(error) => Flow::Stop(error),
            None => Flow::Release(decided),
        }
    }

    fn lookbehind(&self) -> usize {
        LOOKBEHIND
    }

    fn before_reply(&mut self, reply: &Document) -> Option<Consultation> {
        let judged = self.judged.as_mut()?;
        judged.before_reply(&self.settings, &self.recorder, &mut self.judge, reply)
    }

    fn after_stream(&mut self) -> Option<Consultation> {
        let judged = self.judged.as_mut()?;
        judged.after_stream(&self.settings, &self.recorder)
    }
}

impl SafetyReply {
    /// Does what a judge says of a whole text.
    fn follow(&mut self, found: Found, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let all = Flow::Release(window.text().len());
        if !found.harmful {
            return all;
        }
        let kind = window.lane().kind;
        let (settings, recorder) = (&self.settings, &self.recorder);
        match settings.action {
            Action::Redact if kind != SegmentKind::ToolArguments => {
                let mut sentences = Sentences {
                    settings,
                    recorder,
                    direction: Direction::Response,
                    judge: &mut self.judge,
                    refused: None,
                    highest: None,
                };
                sentences.work(window, &mut Before::default(), edits);
                if edits.is_empty() {
                    found.note(recorder, Direction::Response);
                    edits.replace(0..window.text().len(), format!("[{}]", found.name()));
                }
                all
            }
            Action::Block | Action::Redact => {
                found.note(recorder, Direction::Response);
                Flow::Stop(refusal(settings, Direction::Response, found.name()))
            }
            Action::Flag | Action::Log => {
                found.note(recorder, Direction::Response);
                all
            }
        }
    }
}
