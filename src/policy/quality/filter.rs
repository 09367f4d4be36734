//! The answer on its way through the policy.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::answer::{Answer, Budget};
use super::asked::Asked;
use super::judged::{Judged, unstreamed};
use super::signal::{Signal, Signals};
use super::{QualityAction, Settings};
use crate::body::{
    ApiError, Consultation, Document, Ending, Flow, Lane, ResponseFilter, SegmentKind, Window,
};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::text::Edits;

/// What is wrong with an answer, on its head.
const HEADER: HeaderName = HeaderName::from_static("x-portcullis-quality");
/// What JSON is counted as that was too much to be judged.
const UNSCORED: &str = "unscored";
/// Choices that are scored.
const MOST_CHOICES: usize = 128;

/// Reads an answer and scores it at its end.
pub(super) struct QualityFilter {
    settings: Arc<Settings>,
    recorder: Recorder,
    asked: Arc<Asked>,
    answers: Vec<Answer>,
    judged: Option<Judged>,
    budget: Budget,
    /// The lowest score of a choice so far.
    lowest: Option<f32>,
    /// What the answer's head is to say.
    flag: Option<HeaderValue>,
    asked_again: bool,
}

impl QualityFilter {
    pub(super) fn new(
        settings: Arc<Settings>,
        recorder: Recorder,
        asked: Arc<Asked>,
        judged: Option<Judged>,
    ) -> Self {
        Self {
            settings,
            recorder,
            asked,
            answers: Vec::new(),
            judged,
            budget: Budget::default(),
            lowest: None,
            flag: None,
            asked_again: false,
        }
    }

    /// A choice, and what it may take.
    fn answer(&mut self, choice: u32) -> Option<(&mut Answer, &mut Budget)> {
        let known = self.answers.iter().position(|a| a.choice == choice);
        let at = match known {
            Some(at) => at,
            None if self.answers.len() == MOST_CHOICES => return None,
            None => {
                self.answers.push(Answer::new(choice, &self.asked));
                self.answers.len() - 1
            }
        };
        let answer = self.answers.get_mut(at)?;
        Some((answer, &mut self.budget))
    }

    /// Puts what is said of a choice on the record; gives its score.
    fn note(&mut self, choice: u32, signals: &Signals) -> f32 {
        for signal in signals.iter() {
            self.recorder.found(Direction::Response, signal.as_str(), 1);
        }
        let mut score = signals.score(&self.settings.weights);
        if let Some(judged) = &mut self.judged {
            score = judged.score(choice, score);
        }
        let lowest = self.lowest.map_or(score, |lowest| lowest.min(score));
        self.lowest = Some(lowest);
        self.recorder.score("quality", lowest);
        score
    }

    /// The scores of the choices of a whole answer.
    fn scores_of(&mut self, reply: &Document) -> Vec<(u32, f32)> {
        let mut edits = Edits::new();
        for segment in reply.segments() {
            let lane = Lane::of(&segment);
            let _ = self.filter(&Window::new(segment.text(), 0, true, lane), &mut edits);
        }
        let mut scores = Vec::new();
        for (choice, reason) in reply.choices() {
            if let Some(reason) = reason {
                self.finish_reason(choice, reason);
            }
            scores.extend(self.end(choice).map(|(score, _)| (choice, score)));
        }
        scores
    }

    fn end(&mut self, choice: u32) -> Option<(f32, Signals)> {
        let settings = Arc::clone(&self.settings);
        self.answer(choice)?;
        let at = self.answers.iter().position(|a| a.choice == choice)?;
        let mut answer = self.answers.swap_remove(at);
        let signals = answer.judge(&self.asked, &settings.chars, &mut self.budget);
        answer.free(&mut self.budget);
        let unscored = self.budget.take_unscored();
        if unscored > 0 {
            self.recorder.found(Direction::Response, UNSCORED, unscored);
        }
        Some((self.note(choice, &signals), signals))
    }
}

impl ResponseFilter for QualityFilter {
    fn filter(&mut self, window: &Window<'_>, _: &mut Edits) -> Flow {
        let all = Flow::Release(window.text().len());
        let lane = window.lane();
        let Some(choice) = lane.choice else {
            return all;
        };
        let text = window.undecided();
        let streams = !window.is_last();
        if let Some(judged) = &mut self.judged {
            if streams && judged.refuses_streams() {
                return Flow::Stop(unstreamed());
            }
            if matches!(lane.kind, SegmentKind::Content | SegmentKind::Completion) {
                judged.keep(choice, text);
            }
        }
        let Some((answer, budget)) = self.answer(choice) else {
            return all;
        };
        let looped = match lane.kind {
            SegmentKind::Content | SegmentKind::Completion => answer.text(text, budget),
            SegmentKind::Reasoning | SegmentKind::ReasoningContent => answer.thought(text),
            SegmentKind::ToolArguments => {
                answer.arguments(lane.tool_call.unwrap_or(0), text, budget)
            }
            SegmentKind::Refusal => {
                answer.refusal(text);
                false
            }
            _ => false,
        };
        if looped && streams && self.settings.stop_loops {
            self.end(choice);
            return Flow::Stop(ApiError::new(
                StatusCode::BAD_GATEWAY,
                "runaway_loop",
                "the answer said the same over and over, and was stopped",
            ));
        }
        all
    }

    fn finish_reason(&mut self, choice: u32, reason: &str) {
        if let Some((answer, _)) = self.answer(choice) {
            answer.finish_reason(reason);
        }
    }

    fn choice_ended(&mut self, choice: u32) -> Ending {
        let Some((score, signals)) = self.end(choice) else {
            return Ending::Accept;
        };
        if score >= self.settings.min_score {
            return Ending::Accept;
        }
        let mut names: Vec<_> = signals.iter().map(Signal::as_str).collect();
        if self
            .judged
            .as_ref()
            .is_some_and(|j| j.lowered(choice, self.settings.min_score))
        {
            names.push("judge");
        }
        let names = names.join(", ");
        match self.settings.action {
            QualityAction::Log => Ending::Accept,
            QualityAction::Flag => {
                self.flag = HeaderValue::try_from(format!("{score:.2}; {names}")).ok();
                Ending::Accept
            }
            QualityAction::Block => Ending::Refuse(ApiError::new(
                StatusCode::BAD_GATEWAY,
                "low_quality",
                format!("the answer was withheld for its quality: {names}"),
            )),
            QualityAction::Retry if self.asked_again => Ending::Accept,
            QualityAction::Retry => {
                self.asked_again = true;
                self.recorder.score("first_quality", score);
                self.answers.clear();
                self.budget = Budget::default();
                self.lowest = None;
                Ending::AskAgain
            }
        }
    }

    fn judges_end(&self) -> bool {
        self.settings.action == QualityAction::Block
    }

    fn before_reply(&mut self, reply: &Document) -> Option<Consultation> {
        let judged = self.judged.as_mut()?;
        let scores = judged.is_selective().then(|| {
            let (settings, asked) = (Arc::clone(&self.settings), Arc::clone(&self.asked));
            let mut own = Self::new(settings, self.recorder.silent(), asked, None);
            own.scores_of(reply)
        });
        judged.before_reply(&self.settings, &self.recorder, reply, scores)
    }

    fn after_stream(&mut self) -> Option<Consultation> {
        let judged = self.judged.as_mut()?;
        judged.after_stream(&self.settings, &self.recorder)
    }

    fn head(&mut self, headers: &mut HeaderMap) {
        if let Some(flag) = self.flag.take() {
            headers.insert(HEADER, flag);
        }
    }
}
