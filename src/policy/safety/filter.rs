//! The work on a growing text, sentence by sentence.

use std::borrow::Cow;
use std::sync::Arc;

use http::StatusCode;

use super::category::Category;
use super::judge::Judge;
use super::sentence;
use super::settings::{Action, Settings};
use crate::body::{ApiError, Flow, Lane, ResponseFilter, SegmentKind, Window};
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
pub(super) fn refusal(
    settings: &Settings,
    direction: Direction,
    category: Option<Category>,
) -> ApiError {
    let message = match &settings.message {
        Some(own) => own.clone(),
        None => {
            let what = match direction {
                Direction::Request => "the request",
                Direction::Response => "the answer",
            };
            format!(
                "{what} was stopped by the safety filter ({}); reword it, or ask the operator of \
                 this gateway to change safety-filter",
                name(category)
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
                        self.refused = Some(refusal(self.settings, self.direction, category));
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
    pub(super) refused: Option<ApiError>,
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
        };
        let before = &mut self.texts[at].1;
        let decided = sentences.work(window, before, edits);
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
}
