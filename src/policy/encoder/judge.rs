//! An encoder as the judge of a policy.

use std::sync::{MutexGuard, PoisonError};

use super::{Encoder, Score};
use crate::policy::judge::{Judge, JudgeFuture, Judgement, Subject};
use crate::policy::remote::cache::{Cache, Key};

impl Encoder {
    fn said(&self) -> MutexGuard<'_, Cache> {
        let said = self.shared.said.lock();
        said.unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, text: &str) -> Key {
        let hash = self.shared.key.digest(&[text.as_bytes()]);
        let mut key = Key::default();
        key.copy_from_slice(&hash[..16]);
        key
    }
}

impl Score {
    fn judgement(self) -> Judgement {
        let judgement = Judgement::of(self.score);
        let labels = self.labels.into_iter();
        labels.fold(judgement, |judgement, (label, score)| {
            judgement.category(label, score)
        })
    }
}

/// Reads the text alone, and nothing of what it answers.
impl Judge for Encoder {
    fn judge(&self, subject: Subject) -> JudgeFuture {
        let encoder = self.clone();
        Box::pin(async move {
            let judgement = encoder.score(&subject.text).await?.judgement();
            let key = encoder.key(&subject.text);
            encoder.said().put(key, judgement.clone());
            Ok(judgement)
        })
    }

    fn remembered(&self, subject: &Subject) -> Option<Judgement> {
        let key = self.key(&subject.text);
        self.said().get(&key).cloned()
    }
}
