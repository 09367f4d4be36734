//! How a [`QualityScoreLayer`] is built.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{QualityAction, QualityScore, QualityScoreLayer, Settings, Signal};
use crate::policy::judge::{Judge, JudgeRule};

impl QualityScoreLayer {
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|policy: &mut QualityScore| change(Arc::make_mut(&mut policy.settings)))
    }

    /// What is done with an answer whose score is too low; logged by default.
    #[must_use]
    pub fn action(self, action: QualityAction) -> Self {
        self.set(|settings| settings.action = action)
    }

    /// The score below which something is done, from 0 to 1: 0.5.
    #[must_use]
    pub fn min_score(self, score: f32) -> Self {
        self.set(|settings| settings.min_score = score.clamp(0.0, 1.0))
    }

    /// How much a signal takes away, from 0 (it is only recorded) to 1.
    #[must_use]
    pub fn weight(self, signal: Signal, weight: f32) -> Self {
        self.set(|settings| settings.weights.set(signal, weight))
    }

    /// Whether a stream that has come to run in a loop is stopped, as it is by
    /// default.
    #[must_use]
    pub fn stop_loops(self, stop: bool) -> Self {
        self.set(|settings| settings.stop_loops = stop)
    }

    /// How long answers may be, in characters; any length by default.
    #[must_use]
    pub fn length(self, chars: RangeInclusive<usize>) -> Self {
        self.set(|settings| settings.chars = chars)
    }

    /// Asks a classifier of one's own too: a closure, or a
    /// [`RemoteJudge`](crate::policy::remote::RemoteJudge). See
    /// [`judge`](crate::policy::judge).
    ///
    /// ```
    /// use portcullis::QualityScoreLayer;
    /// use portcullis::policy::judge::{Judgement, Subject};
    ///
    /// let layer = QualityScoreLayer::default().judge(|subject: Subject| async move {
    ///     Ok(Judgement::of(if subject.text.len() > 20 { 0.8 } else { 0.1 }))
    /// });
    /// ```
    #[must_use]
    pub fn judge(self, judge: impl Judge) -> Self {
        self.set(|settings| settings.judge = Some(Arc::new(judge)))
    }

    /// When the judge is asked, and what its word counts: by default about
    /// every answer, of which the worse score counts.
    #[must_use]
    pub fn judge_rule(self, rule: JudgeRule) -> Self {
        self.set(|settings| settings.judge_rule = rule)
    }
}
