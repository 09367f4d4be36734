//! What counts of a text: the model's assessment, or the judge's.

use super::filter::name;
use super::settings::{Assessment, Settings};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::policy::judge::{Hearing, Judgement, Subject};

/// A text that has been judged.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) harmful: bool,
    /// What it is called; several if a judge says so, and never none.
    names: Vec<String>,
}

impl Found {
    /// With what the judge says, if it is asked. A term of one's own is no
    /// question of opinion.
    pub(super) fn weigh(
        settings: &Settings,
        own: Assessment,
        hearing: &mut Hearing,
        subject: impl FnOnce() -> Subject,
    ) -> Self {
        let named = || vec![name(own.category).to_owned()];
        if own.by_term {
            return Self {
                harmful: own.harmful,
                names: named(),
            };
        }
        let threshold = settings.threshold_of(&own);
        let weighed = hearing.weigh(own.harmful, own.score, threshold, subject);
        // What the judge says decides, and so does what it calls it.
        let mut names = match weighed.judgement {
            Some(judgement) if weighed.bad => judgement.names(hearing.threshold()),
            _ => Vec::new(),
        };
        if names.is_empty() {
            names = named();
        }
        Self {
            harmful: weighed.bad,
            names,
        }
    }

    /// What a judge alone says.
    pub(super) fn by_judge(said: &Judgement, threshold: f32) -> Self {
        let mut names = said.names(threshold);
        if names.is_empty() {
            names.push("flagged".to_owned());
        }
        Self {
            harmful: said.score >= threshold,
            names,
        }
    }

    /// What markers and refusals call it.
    pub(super) fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    pub(super) fn note(&self, recorder: &Recorder, direction: Direction) {
        for name in &self.names {
            recorder.found(direction, name.clone(), 1);
        }
    }
}
