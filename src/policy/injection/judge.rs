//! The judgement of one text.

use std::ops::Range;
use std::sync::LazyLock;

use super::features::InjectionFeatures;
use super::settings::{Assessment, Origin, Settings};
use crate::text::{Model, Scorer};

/// The model that this crate ships; `tools/train` makes it.
pub(super) static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../models/injection.bin");
    #[expect(clippy::expect_used, reason = "part of the program; a test reads it")]
    Model::from_static(bytes).expect("the model of prompt injection")
});

/// How many stretches of a text are taken out at most.
const MOST_REMOVED: usize = 16;
/// Stands for what was taken out.
pub(super) const MARKER: &str = "[removed]";

/// Judges texts; keeps the memory that takes.
#[derive(Debug)]
pub(super) struct Judge {
    scorer: Scorer<'static>,
}

impl Judge {
    pub(super) fn new() -> Self {
        Self {
            scorer: Scorer::new(&MODEL),
        }
    }

    /// The output that judges: in what tools give back and in documents, any
    /// order counts, and a request that a user might make is one.
    fn output(origin: Origin, probabilities: &[f32]) -> usize {
        let data = matches!(origin, Origin::Tool | Origin::Document);
        usize::from(data && probabilities.get(1) > probabilities.first())
    }

    pub(super) fn assess(&mut self, settings: &Settings, origin: Origin, text: &str) -> Assessment {
        let patterns = settings.patterns.as_ref();
        if let Some((span, name)) = patterns.and_then(|patterns| patterns.find(text)) {
            return Assessment {
                score: 1.0,
                injection: true,
                span,
                encoding: None,
                pattern: Some(name.to_owned()),
            };
        }
        self.scorer.fold_with(settings.folding);
        let scores = self.scorer.judge(text, &InjectionFeatures, settings.views);
        let output = Self::output(origin, scores.probabilities());
        let score = scores
            .probabilities()
            .get(output)
            .copied()
            .unwrap_or_default();
        Assessment {
            score,
            injection: score >= settings.threshold(origin),
            span: scores.span(output),
            encoding: scores.encoding(output),
            pattern: None,
        }
    }

    /// `text` without what orders the model about; `None` if it stays
    /// suspicious whatever is taken out.
    pub(super) fn sanitize(
        &mut self,
        settings: &Settings,
        origin: Origin,
        text: &str,
    ) -> Option<String> {
        let mut text = text.to_owned();
        for _ in 0..MOST_REMOVED {
            let found = self.assess(settings, origin, &text);
            if !found.injection {
                return Some(text);
            }
            let span = match (&found.pattern, found.encoding) {
                (None, None) => self.narrow(settings, origin, &text, found.span),
                _ => found.span,
            };
            if span.is_empty()
                || text
                    .get(span.clone())
                    .is_none_or(|old| old.trim() == MARKER)
            {
                return None;
            }
            let end = text[span.clone()].trim_end().len() + span.start;
            text.replace_range(span.start..end, MARKER);
        }
        None
    }

    /// The sentences of a stretch that are suspicious by themselves, from the
    /// first to the last of them; all of it if none is.
    fn narrow(
        &mut self,
        settings: &Settings,
        origin: Origin,
        text: &str,
        span: Range<usize>,
    ) -> Range<usize> {
        let mut narrow: Option<Range<usize>> = None;
        let stretch = text.get(span.clone()).unwrap_or_default();
        let mut start = span.start;
        for piece in stretch.split_inclusive(['.', '!', '?', '\n', '。', '।']) {
            let end = start + piece.len();
            if piece.trim() != MARKER && self.assess(settings, origin, piece).injection {
                let lead = piece.len() - piece.trim_start().len();
                let from = narrow.map_or(start + lead, |narrow| narrow.start);
                narrow = Some(from..end);
            }
            start = end;
        }
        narrow.unwrap_or(span)
    }
}
