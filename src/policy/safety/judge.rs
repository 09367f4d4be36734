//! The judgement of one text.

use std::ops::Range;
use std::sync::LazyLock;

use super::category::Category;
use super::settings::{Assessment, Settings};
use crate::policy::disguise::read_through;
use crate::text::{Model, NoDense, Normal, Scorer, Views};

/// The model that this crate ships; `tools/train` makes it.
pub(super) static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../models/safety.bin");
    #[expect(clippy::expect_used, reason = "part of the program; a test reads it")]
    Model::from_static(bytes).expect("the model of the safety filter")
});

#[cfg(test)]
thread_local! {
    /// How many bytes were judged on this thread.
    pub(super) static JUDGED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Judges texts; keeps the memory that takes.
#[derive(Debug)]
pub(super) struct Judge {
    scorer: Scorer<'static>,
    normal: Normal,
}

impl Judge {
    pub(super) fn new() -> Self {
        Self {
            scorer: Scorer::new(&MODEL),
            normal: Normal::default(),
        }
    }

    /// Whether a term of one's own lets `text` pass.
    pub(super) fn allows(&mut self, settings: &Settings, text: &str) -> bool {
        if settings.allow_if.is_empty() {
            return false;
        }
        self.normal.set(text);
        let found = settings.allow_if.find(self.normal.as_str(), |_| true);
        found.is_some()
    }

    /// Whether a term of one's own stops `text`, as it reads or in what it hides.
    fn blocked(&mut self, settings: &Settings, text: &str, from: usize) -> Option<Assessment> {
        if settings.block_if.is_empty() {
            return None;
        }
        read_through(text, &mut self.normal, Views::ALL, |_, normal, hidden| {
            let place = |found: &Range<usize>| match hidden {
                Some(hidden) => hidden.range.clone(),
                None => normal.origin(found.clone()),
            };
            let counts = |found: &Range<usize>| place(found).end > from;
            let found = settings.block_if.find(normal.as_str(), counts)?;
            Some(Assessment {
                score: 1.0,
                category: None,
                harmful: true,
                span: place(&found),
                by_term: true,
            })
        })
    }

    /// Judges `text`. A term of one's own counts if it ends after `from`.
    pub(super) fn assess(&mut self, settings: &Settings, text: &str, from: usize) -> Assessment {
        #[cfg(test)]
        JUDGED.with(|judged| judged.set(judged.get() + text.len()));
        if let Some(found) = self.blocked(settings, text, from) {
            return found;
        }
        // Without words the model knows nothing but how texts are in general.
        if !text.chars().any(char::is_alphanumeric) {
            return Assessment {
                score: 0.0,
                category: None,
                harmful: false,
                span: 0..0,
                by_term: false,
            };
        }
        let scores = self.scorer.judge(text, &NoDense, Views::ALL);
        // Calibration is for the verdict: of some hazards too few sources are known.
        let (category, share) = nearest(&settings.categories, |category| {
            1.0 / (1.0 + (-scores.logit(1 + category.index())).exp())
        });
        let score = scores.verdict() * share;
        let crossed = category.is_some_and(|category| score >= settings.threshold(category));
        let allowed = self.allows(settings, text);
        Assessment {
            score,
            category,
            harmful: crossed && !allowed,
            span: scores.span(0),
            by_term: allowed,
        }
    }
}

/// The likeliest of the categories looked for, and how it compares with the likeliest of all: a
/// text of a category that is not looked for counts only as far as it is of one that is.
fn nearest(wanted: &[Category], of: impl Fn(Category) -> f32) -> (Option<Category>, f32) {
    let most = |categories: &[Category]| {
        let all = categories.iter().copied();
        all.max_by(|a, b| of(*a).total_cmp(&of(*b)))
    };
    let (Some(best), Some(any)) = (most(wanted), most(Category::ALL)) else {
        return (None, 0.0);
    };
    let share = if of(any) > 0.0 {
        of(best) / of(any)
    } else {
        1.0
    };
    (Some(best), share)
}

#[cfg(test)]
mod tests {
    use super::{Category, MODEL, nearest};

    #[test]
    fn the_model_knows_every_category() {
        let wanted = std::iter::once("harmful").chain(Category::ALL.iter().map(|c| c.as_str()));
        assert!(MODEL.outputs().iter().map(String::as_str).eq(wanted));
        assert_eq!(MODEL.name(), "safety");
    }

    #[test]
    fn what_is_not_looked_for_counts_little() {
        let of = |category| match category {
            Category::SexualContent => 0.8,
            Category::Hate => 0.2,
            _ => 0.0,
        };
        let all = nearest(Category::ALL, of);
        assert_eq!(all, (Some(Category::SexualContent), 1.0));
        let (some, share) = nearest(&[Category::Hate, Category::Fraud], of);
        assert!(some == Some(Category::Hate) && (share - 0.25).abs() < 1e-6);
        assert_eq!(nearest(&[], of), (None, 0.0));
    }
}
