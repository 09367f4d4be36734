use std::fmt;
use std::sync::Arc;

use super::Judge;
use crate::policy::OnFailure;

/// When a judge is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// About every text.
    Always,
    /// About texts whose built-in score lies within [a band](JudgeRule::band_from): what is
    /// plain is not paid for.
    Uncertain,
}

/// What the word of a judge counts, where it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Combine {
    /// It takes the place of the built-in score.
    Replace,
    /// The worse of the two counts.
    Worst,
    /// Both count alike: the mean of their log-odds, each taken from its own
    /// threshold on. It is for a judge that errs otherwise than what is built
    /// in: together they err less than either. With the quality scorer, whose
    /// scores are grades, the mean of the two.
    Mean,
}

/// What becomes of a streamed answer where answers are judged. A judge reads an
/// answer as a whole; a client has read a stream by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Streamed {
    /// What is built in judges it, alone.
    Embedded,
    /// What is built in judges it, and the judge is asked at its end: what it
    /// says goes into the record. The end of the stream waits for it.
    Record,
    /// It is not asked for: a request for a stream is refused.
    Refuse,
}

/// When a [`Judge`] is asked, and what its word counts.
///
/// ```
/// use portcullis::SafetyFilterLayer;
/// use portcullis::policy::OnFailure;
/// use portcullis::policy::judge::{JudgeRule, Judgement, Streamed, Subject};
///
/// // Asked about what scores from 0.2 up to 0.9; without its word, the built-in
/// // verdict stands.
/// let rule = JudgeRule::default()
///     .band_from(0.2)
///     .band_to(0.9)
///     .threshold(0.7)
///     .answers(Streamed::Embedded)
///     .on_failure(OnFailure::Continue);
/// let layer = SafetyFilterLayer::default()
///     .judge(|_: Subject| async { Ok(Judgement::of(0.1)) })
///     .judge_rule(rule);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JudgeRule {
    when: Option<When>,
    combine: Option<Combine>,
    from: Option<f32>,
    to: Option<f32>,
    threshold: Option<f32>,
    on_failure: Option<OnFailure>,
    no_requests: bool,
    answers: Option<Streamed>,
}

impl JudgeRule {
    /// When it is asked: where the built-in score is uncertain; by the quality
    /// scorer always.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = Some(when);
        self
    }

    /// What its word counts: it takes the place of the built-in score; with the
    /// quality scorer, the worse of the two counts.
    #[must_use]
    pub fn combine(mut self, combine: Combine) -> Self {
        self.combine = Some(combine);
        self
    }

    /// From which built-in score on a text is uncertain: 0.3; with the quality
    /// scorer, from the least score that is good enough.
    #[must_use]
    pub fn band_from(mut self, score: f32) -> Self {
        self.from = Some(score);
        self
    }

    /// Up to which score, itself not included: up to the threshold of the text;
    /// with the quality scorer up to 1. Beyond the threshold, the judge may let
    /// pass what is built in would not.
    #[must_use]
    pub fn band_to(mut self, score: f32) -> Self {
        self.to = Some(score);
        self
    }

    /// The judge's score from which a text is bad: 0.5. Of no use to the quality
    /// scorer, which holds scores against its own least one.
    #[must_use]
    pub fn threshold(mut self, score: f32) -> Self {
        self.threshold = Some(score);
        self
    }

    /// What becomes of a call without the judge's word: it is refused, or the
    /// built-in verdict stands and the record says so. Refused by default; with
    /// the quality scorer the built-in score stands.
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = Some(on_failure);
        self
    }

    /// Whether requests are judged, as they are by default. The quality scorer
    /// judges answers only.
    #[must_use]
    pub fn requests(mut self, judged: bool) -> Self {
        self.no_requests = !judged;
        self
    }

    /// Has answers judged too: plain ones before they leave; what becomes of
    /// streamed ones has to be said. The quality scorer always judges answers,
    /// streamed ones for the [record](Streamed::Record) by default; prompt
    /// injection never does.
    #[must_use]
    pub fn answers(mut self, streamed: Streamed) -> Self {
        self.answers = Some(streamed);
        self
    }

    pub(in crate::policy) fn judges_requests(&self) -> bool {
        !self.no_requests
    }

    pub(in crate::policy) fn streamed(&self) -> Option<Streamed> {
        self.answers
    }
}

/// A judge and its rule, with the defaults of the policy that asks.
#[derive(Clone)]
pub(in crate::policy) struct Consult {
    pub(in crate::policy) judge: Arc<dyn Judge>,
    pub(in crate::policy) combine: Combine,
    pub(in crate::policy) threshold: f32,
    pub(in crate::policy) on_failure: OnFailure,
    when: When,
    from: f32,
    /// `None`: the threshold of the text.
    to: Option<f32>,
}

impl Consult {
    /// For a policy whose high scores are bad.
    pub(in crate::policy) fn of_harm(judge: &Arc<dyn Judge>, rule: &JudgeRule) -> Self {
        Self {
            judge: Arc::clone(judge),
            combine: rule.combine.unwrap_or(Combine::Replace),
            threshold: rule.threshold.unwrap_or(0.5),
            on_failure: rule.on_failure.unwrap_or(OnFailure::Refuse),
            when: rule.when.unwrap_or(When::Uncertain),
            from: rule.from.unwrap_or(0.3),
            to: rule.to,
        }
    }

    /// For one whose high scores are good.
    pub(in crate::policy) fn of_quality(
        judge: &Arc<dyn Judge>,
        rule: &JudgeRule,
        min_score: f32,
    ) -> Self {
        Self {
            judge: Arc::clone(judge),
            combine: rule.combine.unwrap_or(Combine::Worst),
            threshold: min_score,
            on_failure: rule.on_failure.unwrap_or(OnFailure::Continue),
            when: rule.when.unwrap_or(When::Always),
            from: rule.from.unwrap_or(min_score),
            to: Some(rule.to.unwrap_or(1.0)),
        }
    }

    /// Whether it depends on a text's own score whether it is asked.
    pub(in crate::policy) fn is_selective(&self) -> bool {
        self.when == When::Uncertain
    }

    /// What a text scores so by both, on the scale of what is built in, and
    /// whether it is bad: `own` is the built-in score and `bad` its verdict.
    pub(in crate::policy) fn together(
        &self,
        (own, bad): (f32, bool),
        threshold: f32,
        said: f32,
    ) -> (f32, bool) {
        let beyond = log_odds(said) - log_odds(self.threshold);
        let translated = likely(beyond + log_odds(threshold));
        let worse = said >= self.threshold;
        match self.combine {
            Combine::Replace => (translated, worse),
            Combine::Worst => (own.max(translated), worse || bad),
            Combine::Mean => {
                let beyond = (log_odds(own) - log_odds(threshold) + beyond) / 2.0;
                (likely(beyond + log_odds(threshold)), beyond >= 0.0)
            }
        }
    }

    /// Whether it is asked about a text that scores so by what is built in.
    pub(in crate::policy) fn wants(&self, score: f32, threshold: f32) -> bool {
        match self.when {
            When::Always => true,
            When::Uncertain => (self.from..self.to.unwrap_or(threshold)).contains(&score),
        }
    }
}

/// The logarithm of the odds, of what is neither sure nor impossible.
fn log_odds(score: f32) -> f32 {
    let score = score.clamp(1e-6, 1.0 - 1e-6);
    (score / (1.0 - score)).ln()
}

/// The score with these logarithmic odds.
fn likely(odds: f32) -> f32 {
    1.0 / (1.0 + (-odds).exp())
}

impl fmt::Debug for Consult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consult")
            .field("when", &self.when)
            .field("combine", &self.combine)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Judgement, Subject};
    use super::{Combine, Consult, JudgeRule};

    fn together(combine: Combine, own: f32, said: f32) -> (f32, bool) {
        let judge = |_: Subject| async { Ok(Judgement::of(0.0)) };
        let judge: Arc<dyn super::Judge> = Arc::new(judge);
        let rule = JudgeRule::default().combine(combine).threshold(0.6);
        Consult::of_harm(&judge, &rule).together((own, own >= 0.8), 0.8, said)
    }

    #[test]
    fn at_its_threshold_a_judge_counts_as_the_built_in_score_does_at_its_own() {
        for combine in [Combine::Replace, Combine::Worst, Combine::Mean] {
            let (score, bad) = together(combine, 0.8, 0.6);
            assert!((score - 0.8).abs() < 1e-4 && bad, "{combine:?} {score}");
            assert!(!together(combine, 0.5, 0.3).1, "{combine:?}");
            assert!(together(combine, 0.9, 0.9).1, "{combine:?}");
        }
    }

    #[test]
    fn where_they_differ() {
        // The built-in score is further below its threshold than the judge is above its own.
        assert!(together(Combine::Replace, 0.3, 0.7).1);
        assert!(together(Combine::Worst, 0.3, 0.7).1);
        assert!(!together(Combine::Mean, 0.3, 0.7).1);
        assert!(together(Combine::Mean, 0.7, 0.9).1);
        // And the other way round.
        assert!(!together(Combine::Replace, 0.99, 0.5).1);
        assert!(together(Combine::Worst, 0.99, 0.5).1);
        assert!(together(Combine::Mean, 0.99, 0.5).1);
        assert!(!together(Combine::Mean, 0.85, 0.1).1);
        let sure = together(Combine::Mean, 1.0, 0.0).0;
        assert!((0.0..=1.0).contains(&sure), "{sure}");
    }
}
