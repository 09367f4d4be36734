//! How a [`PromptInjectionLayer`] is built.

use std::sync::Arc;

use super::pattern::{InvalidPattern, Patterns};
use super::settings::{Action, Origin, Settings};
use super::{PromptInjection, PromptInjectionLayer};
use crate::policy::judge::{Judge, JudgeRule};
use crate::text::{Encoding, Folding, Views};

impl PromptInjectionLayer {
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|policy: &mut PromptInjection| change(Arc::make_mut(&mut policy.settings)))
    }

    /// The score, from 0 to 1, from which a text is an attack; 0.8 by default.
    #[must_use]
    pub fn threshold(self, score: f32) -> Self {
        self.set(|settings| settings.threshold = score)
    }

    /// The threshold for texts of one origin.
    ///
    /// ```
    /// use portcullis::PromptInjectionLayer;
    /// use portcullis::policy::injection::Origin;
    ///
    /// let layer = PromptInjectionLayer::default().threshold_for(Origin::Tool, 0.6);
    /// ```
    #[must_use]
    pub fn threshold_for(self, origin: Origin, score: f32) -> Self {
        self.set(|settings| {
            settings.thresholds.insert(origin, score);
        })
    }

    /// What is done with attacks; they are blocked by default.
    #[must_use]
    pub fn action(self, action: Action) -> Self {
        self.set(|settings| settings.action = action)
    }

    /// Whose words are judged; by default those of users, tools and documents.
    #[must_use]
    pub fn scope(self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.set(|settings| settings.scope = origins.into_iter().collect())
    }

    /// Which encodings are read through; all by default.
    #[must_use]
    pub fn views(self, views: Views) -> Self {
        self.set(|settings| settings.views = views)
    }

    /// Whether Base64 is read through, which it is by default.
    #[must_use]
    pub fn decode_base64(self, on: bool) -> Self {
        self.set(|settings| {
            settings.views = match on {
                true => settings.views.with(Encoding::Base64),
                false => settings.views.without(Encoding::Base64),
            };
        })
    }

    /// Which disguises of letters are undone; all by default.
    ///
    /// ```
    /// use portcullis::PromptInjectionLayer;
    /// use portcullis::text::Folding;
    ///
    /// let folding = Folding::default().with_homoglyphs(false);
    /// let layer = PromptInjectionLayer::default().folding(folding);
    /// ```
    #[must_use]
    pub fn folding(self, folding: Folding) -> Self {
        self.set(|settings| settings.folding = folding)
    }

    /// Treats texts that a regular expression (of the crate `regex`) matches as
    /// attacks, whatever they score. Upper and lower case are one. The text is
    /// looked at as it stands, with its disguises undone, and read through the
    /// encodings that [`views`](Self::views) allows.
    ///
    /// # Errors
    /// When it is no regular expression, matches the empty text, needs more
    /// than 8 MiB, or has a boundary of Unicode words (write `(?-u:\b)`).
    pub fn attack_pattern(self, name: &str, regex: &str) -> Result<Self, InvalidPattern> {
        self.attack_patterns([(name, regex)])
    }

    /// Like [`attack_pattern`](Self::attack_pattern), for several at once.
    ///
    /// # Errors
    /// As [`attack_pattern`](Self::attack_pattern).
    pub fn attack_patterns<'a>(
        self,
        patterns: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidPattern> {
        let mut result = Ok(());
        let layer = self.set(|settings| {
            let named = patterns
                .into_iter()
                .map(|(name, regex)| (name.to_owned(), regex.to_owned()));
            settings.sources.extend(named);
            if settings.sources.is_empty() {
                return;
            }
            match Patterns::compile(&settings.sources) {
                Ok(compiled) => settings.patterns = Some(compiled),
                Err(error) => result = Err(error),
            }
        });
        result.map(|()| layer)
    }

    /// What a refusal says.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        self.set(|settings| settings.message = Some(message.into()))
    }

    /// Asks a classifier of one's own too: a closure, or a
    /// [`RemoteJudge`](crate::policy::remote::RemoteJudge). See
    /// [`judge`](crate::policy::judge).
    ///
    /// ```
    /// use portcullis::PromptInjectionLayer;
    /// use portcullis::policy::judge::{Judgement, Subject};
    ///
    /// let layer = PromptInjectionLayer::default().judge(|subject: Subject| async move {
    ///     Ok(Judgement::of(if subject.text.len() > 10_000 { 0.8 } else { 0.1 }))
    /// });
    /// ```
    #[must_use]
    pub fn judge(self, judge: impl Judge) -> Self {
        self.set(|settings| settings.judge = Some(Arc::new(judge)))
    }

    /// When the judge is asked, and what its word counts: by default about
    /// texts that score from 0.3 up to their threshold, where it then decides.
    #[must_use]
    pub fn judge_rule(self, rule: JudgeRule) -> Self {
        self.set(|settings| settings.judge_rule = rule)
    }
}
