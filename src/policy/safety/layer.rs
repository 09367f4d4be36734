//! How a [`SafetyFilterLayer`] is built.

use std::sync::Arc;

use super::category::Category;
use super::settings::{Action, Mode, Settings};
use super::{SafetyFilter, SafetyFilterLayer};
use crate::call::Direction;
use crate::policy::judge::{Judge, JudgeRule};

impl SafetyFilterLayer {
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|policy: &mut SafetyFilter| change(Arc::make_mut(&mut policy.settings)))
    }

    /// How much is let through; [`Mode::Standard`] by default.
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        self.set(|settings| settings.mode = mode)
    }

    /// What is done with harmful texts; they are blocked by default.
    #[must_use]
    pub fn action(self, action: Action) -> Self {
        self.set(|settings| settings.action = action)
    }

    /// Looks for these hazards only; for all by default.
    ///
    /// ```
    /// use portcullis::SafetyFilterLayer;
    /// use portcullis::policy::safety::Category;
    ///
    /// let layer = SafetyFilterLayer::default().categories([Category::Weapons, Category::Malware]);
    /// ```
    #[must_use]
    pub fn categories(self, categories: impl IntoIterator<Item = Category>) -> Self {
        self.set(|settings| settings.categories = categories.into_iter().collect())
    }

    /// The score, from 0 to 1, from which a text of this hazard is harmful, whatever the mode.
    #[must_use]
    pub fn threshold_for(self, category: Category, score: f32) -> Self {
        self.set(|settings| {
            settings.thresholds.insert(category, score);
        })
    }

    /// Works on what goes these ways only; both by default.
    #[must_use]
    pub fn directions(self, directions: impl IntoIterator<Item = Direction>) -> Self {
        let (mut request, mut response) = (false, false);
        for direction in directions {
            match direction {
                Direction::Request => request = true,
                Direction::Response => response = true,
            }
        }
        self.set(|settings| {
            settings.request = request;
            settings.response = response;
        })
    }

    /// Treats texts with these words or phrases as harmful, whatever they score. Upper and lower
    /// case are one; disguises are undone, and encodings read through.
    #[must_use]
    pub fn block_if(self, terms: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.set(|settings| settings.block_if.extend(terms))
    }

    /// Lets texts with these words or phrases pass, whatever they score, unless a term of
    /// [`block_if`](Self::block_if) stands there too. Whoever knows such a term can write anything:
    /// choose terms that only your own prompts hold.
    #[must_use]
    pub fn allow_if(self, terms: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.set(|settings| settings.allow_if.extend(terms))
    }

    /// What a refusal says, in place of the name of the hazard.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        self.set(|settings| settings.message = Some(message.into()))
    }

    /// Asks a classifier of one's own too: a closure, or a
    /// [`RemoteJudge`](crate::policy::remote::RemoteJudge). See
    /// [`judge`](crate::policy::judge).
    ///
    /// ```
    /// use portcullis::SafetyFilterLayer;
    /// use portcullis::policy::judge::{Judgement, Subject};
    ///
    /// let layer = SafetyFilterLayer::default().judge(|subject: Subject| async move {
    ///     Ok(Judgement::of(if subject.text.len() > 10_000 { 0.8 } else { 0.1 }))
    /// });
    /// ```
    #[must_use]
    pub fn judge(self, judge: impl Judge) -> Self {
        self.set(|settings| settings.judge = Some(Arc::new(judge)))
    }

    /// When the judge is asked, and what its word counts: by default about
    /// texts of requests that score from 0.3 up to their threshold, where it then
    /// decides.
    #[must_use]
    pub fn judge_rule(self, rule: JudgeRule) -> Self {
        self.set(|settings| settings.judge_rule = rule)
    }
}
