use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::category::Category;
use super::terms::Terms;
use crate::policy::judge::{Consult, Judge, JudgeRule, Streamed};

/// How much is let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Little: for services for children, say. Calls some harmless texts harmful.
    Strict,
    /// What most services want.
    #[default]
    Standard,
    /// Much: stops what is plainly harmful.
    Lenient,
}

impl Mode {
    /// The score from which a text counts as harmful.
    #[must_use]
    pub const fn threshold(self) -> f32 {
        match self {
            Self::Strict => 0.5,
            Self::Standard => 0.65,
            Self::Lenient => 0.8,
        }
    }
}

/// What is done with a harmful text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// The request is refused; an answer is refused, or ends there.
    #[default]
    Block,
    /// The harmful sentences are replaced by a marker such as `[hate]`.
    /// Arguments of tool calls cannot be reworded, and are blocked.
    Redact,
    /// It passes, is counted, and the answer to a harmful request says so in the header
    /// `x-portcullis-safety`.
    Flag,
    /// It passes, and is counted.
    Log,
}

/// How harmful a text is, and in what way.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assessment {
    /// From 0 to 1, calibrated by false alarms: of harmless texts of sources that the model has not
    /// seen, about 8 in a hundred score above 0.65, and 2 above 0.8.
    pub score: f32,
    /// The hazard it comes nearest to; `None` where a term of one's own decided, or there are no
    /// words.
    pub category: Option<Category>,
    /// Whether it crosses the threshold of that category.
    pub harmful: bool,
    /// The stretch that scored highest, in bytes.
    pub span: Range<usize>,
    /// A term of one's own has decided.
    pub(super) by_term: bool,
}

/// How a policy judges and what it does; built by the layer's methods.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) mode: Mode,
    pub(super) action: Action,
    pub(super) categories: Vec<Category>,
    pub(super) thresholds: BTreeMap<Category, f32>,
    pub(super) request: bool,
    pub(super) response: bool,
    pub(super) block_if: Terms,
    pub(super) allow_if: Terms,
    pub(super) message: Option<String>,
    pub(super) judge: Option<Arc<dyn Judge>>,
    pub(super) judge_rule: JudgeRule,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            action: Action::default(),
            categories: Category::ALL.to_vec(),
            thresholds: BTreeMap::new(),
            request: true,
            response: true,
            block_if: Terms::default(),
            allow_if: Terms::default(),
            message: None,
            judge: None,
            judge_rule: JudgeRule::default(),
        }
    }
}

impl Settings {
    pub(super) fn threshold(&self, category: Category) -> f32 {
        let own = self.thresholds.get(&category).copied();
        own.unwrap_or(self.mode.threshold())
    }

    /// The threshold of the category a text comes nearest to.
    pub(super) fn threshold_of(&self, assessment: &Assessment) -> f32 {
        let category = assessment.category;
        category.map_or(self.mode.threshold(), |category| self.threshold(category))
    }

    /// Whether a judge is asked about answers; then, what becomes of streams.
    pub(super) fn judged_answers(&self) -> Option<Streamed> {
        let judge = self.judge.as_ref().filter(|_| self.response);
        judge.and_then(|_| self.judge_rule.streamed())
    }

    pub(super) fn consult(&self) -> Option<Consult> {
        let judge = self.judge.as_ref()?;
        Some(Consult::of_harm(judge, &self.judge_rule))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("mode", &self.mode)
            .field("action", &self.action)
            .field("categories", &self.categories)
            .field("thresholds", &self.thresholds)
            .field("request", &self.request)
            .field("response", &self.response)
            .field("judge", &self.judge.is_some())
            .finish_non_exhaustive()
    }
}
