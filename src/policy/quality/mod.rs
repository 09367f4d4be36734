//! Quality: answers are scored on what can be computed honestly.
//!
//! ```
//! use portcullis::policy::quality::{QualityAction, QualityScoreLayer, Signal};
//!
//! // An answer below 0.5 is asked for once more.
//! let layer = QualityScoreLayer::default()
//!     .action(QualityAction::Retry)
//!     .min_score(0.5)
//!     .weight(Signal::Refusal, 0.3);
//! ```
//!
//! A score goes from 0 to 1. Each [`Signal`] that is seen takes its weight's
//! share of what is left: the score is the product of 1 − weight · severity.
//! The severity is 1, except for [`Signal::Repetition`] (the share of phrases of
//! four words that were there before, from 0.4 up) and
//! [`Signal::UnmatchedCitation`] (the share of citations). The signals, and the
//! score of the worst choice as `quality`, stand on the call's record, so that
//! variants can be compared.
//!
//! | signal | weight | what is computed |
//! | --- | --- | --- |
//! | `empty` | 1.0 | no text but white space, no tool call, no refusal |
//! | `loop` | 0.9 | a unit of up to 512 bytes, said 12 times and for 2 KiB, at the end of the text so far |
//! | `invalid_json` | 0.8 | JSON by `response_format`, or a tool's arguments, cannot be parsed |
//! | `refusal` | 0.6 | the field `refusal`, `content_filter`, or a beginning that declines, by a model that this crate ships |
//! | `schema_mismatch` | 0.6 | JSON that does not fit its schema; arguments that fit no tool's |
//! | `truncated` | 0.5 | `finish_reason` is `length` |
//! | `language_mismatch` | 0.5 | question and answer are plainly in two languages; not where the question quotes or hands over a text, or the request names a language |
//! | `repetition` | 0.5 | phrases said again, within 512 words outside of code |
//! | `unmatched_citation` | 0.4 | `[3]`, where the request gives numbered sources and none is 3 |
//! | `too_short`, `too_long` | 0.3 | [`length`](QualityScoreLayer::length) |
//! | `unclosed_fence` | 0.2 | a code block without an end |
//!
//! Streams are read as they pass, in bounded memory: of all choices and tool
//! calls together 1 MiB of JSON is kept at a time, 256 KiB of each, of 32 calls a
//! choice, and all of it is held against schemas within 200,000 steps. JSON that
//! is too much for that is not judged; the record counts it as `unscored`. A stream that has come to
//! run in a loop is stopped (`finish_reason: "content_filter"`), whatever the
//! action, unless [`stop_loops`](QualityScoreLayer::stop_loops) says otherwise.
//! Of JSON Schema, what OpenAI's strict mode allows is checked, but for
//! `pattern` and `format`.
//!
//! What is computed says little of whether an answer is right. A
//! [`judge`](QualityScoreLayer::judge) of yours, say a model that grades
//! ([`Dialect::Grader`](crate::policy::remote::Dialect::Grader)), is given the
//! question and the answer, and the lower score of the two counts, unless its
//! [rule](crate::policy::judge::JudgeRule) says otherwise. Its own score stands on
//! the record as `judge`. A streamed answer is judged at its end, for the record
//! only.

mod answer;
mod asked;
mod filter;
mod judged;
mod language;
mod layer;
mod loops;
mod markdown;
mod refusal;
mod repetition;
mod schema;
mod signal;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use self::asked::Asked;
use self::filter::QualityFilter;
use self::judged::Judged;
pub use self::signal::Signal;
use self::signal::Weights;
use super::judge::{Consult, Judge, JudgeRule};
use super::{Policy, PolicyLayer, PolicyRequest, Verdict};
use crate::body::{BoxError, Inspection, Uninspectable};

/// Scores answers. See the [module](self) for an example.
pub type QualityScoreLayer = PolicyLayer<QualityScore>;

/// The policy of a [`QualityScoreLayer`].
#[derive(Clone, Debug, Default)]
pub struct QualityScore {
    settings: Arc<Settings>,
}

/// What is done with an answer whose score is too low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum QualityAction {
    /// It passes, and is on the record.
    #[default]
    Log,
    /// It passes, and its head says so in `x-portcullis-quality`. The head of a
    /// stream has left by then; a stream is on the record only.
    Flag,
    /// It is withheld, and the service within is asked once more; what comes
    /// then stands. If nothing comes, the first answer does. Plain answers only.
    Retry,
    /// It is withheld, and the client gets an error; a stream, whose text has
    /// been read, ends with `content_filter`.
    Block,
}

#[derive(Clone)]
struct Settings {
    action: QualityAction,
    min_score: f32,
    weights: Weights,
    stop_loops: bool,
    chars: RangeInclusive<usize>,
    judge: Option<Arc<dyn Judge>>,
    judge_rule: JudgeRule,
}

impl Settings {
    fn consult(&self) -> Option<Consult> {
        let judge = self.judge.as_ref()?;
        Some(Consult::of_quality(judge, &self.judge_rule, self.min_score))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("action", &self.action)
            .field("min_score", &self.min_score)
            .field("judge", &self.judge.is_some())
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            action: QualityAction::default(),
            min_score: 0.5,
            weights: Weights::default(),
            stop_loops: true,
            chars: 0..=usize::MAX,
            judge: None,
            judge_rule: JudgeRule::default(),
        }
    }
}

const NAME: &str = "quality-scorer";

impl Policy for QualityScore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let judged = Judged::of(&self.settings, request.document());
        if judged.as_ref().is_some_and(Judged::refuses_streams)
            && request.document().field("stream") == Some("true")
        {
            return Ok(Verdict::refuse(judged::unstreamed()));
        }
        let filter = QualityFilter::new(
            Arc::clone(&self.settings),
            request.recorder().clone(),
            Arc::new(Asked::of(request.document())),
            judged,
        );
        let verdict = Verdict::proceed().with_filter(filter);
        Ok(match self.settings.action {
            QualityAction::Retry => verdict.may_ask_again(),
            _ => verdict,
        })
    }

    /// What it cannot read has no score, and is none of its business.
    fn inspection(&self) -> Inspection {
        Inspection::default().uninspectable(Uninspectable::Pass)
    }
}

#[cfg(test)]
mod tests;
