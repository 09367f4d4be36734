//! The judgement of one text.

use std::ops::Range;
use std::sync::LazyLock;

use super::features::InjectionFeatures;
use super::pattern::Patterns;
use super::settings::{Assessment, Origin, Settings};
use crate::policy::disguise::read_through;
use crate::text::{Model, Normal, Scorer};

/// The model that this crate ships; `tools/train` makes it.
pub(super) static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../models/injection.bin");
    #[expect(clippy::expect_used, reason = "part of the program; a test reads it")]
    Model::from_static(bytes).expect("the model of prompt injection")
});

/// How many stretches of a text are taken out at most.
pub(super) const MOST_REMOVED: usize = 16;
/// Stands for what was taken out.
pub(super) const MARKER: &str = "[removed]";

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

    /// The output that judges: in what tools give back and in documents, any
    /// order counts, and a request that a user might make is one.
    fn output(origin: Origin, probabilities: &[f32]) -> usize {
        let data = matches!(origin, Origin::Tool | Origin::Document);
        usize::from(data && probabilities.get(1) > probabilities.first())
    }

    pub(super) fn assess(&mut self, settings: &Settings, origin: Origin, text: &str) -> Assessment {
        if let Some(patterns) = &settings.patterns
            && let Some(found) = self.matched(settings, patterns, text)
        {
            return found;
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

    /// What a pattern matches: in the text as it stands, in its normal form, or in what it hides.
    fn matched(
        &mut self,
        settings: &Settings,
        patterns: &Patterns,
        text: &str,
    ) -> Option<Assessment> {
        self.normal.fold_with(settings.folding);
        read_through(
            text,
            &mut self.normal,
            settings.views,
            |text, normal, hidden| {
                let disguised = || {
                    let (place, name) = patterns.find(normal.as_str())?;
                    Some((normal.origin(place), name))
                };
                let (place, name) = patterns.find(text).or_else(disguised)?;
                Some(Assessment {
                    score: 1.0,
                    injection: true,
                    span: hidden.map_or(place, |hidden| hidden.range.clone()),
                    encoding: hidden.map(|hidden| hidden.encoding),
                    pattern: Some(name.to_owned()),
                })
            },
        )
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
            let span = self.locate(settings, origin, &text, &found);
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

    /// What has to go of a text in which this was found.
    pub(super) fn locate(
        &mut self,
        settings: &Settings,
        origin: Origin,
        text: &str,
        found: &Assessment,
    ) -> Range<usize> {
        match (&found.pattern, found.encoding) {
            (None, None) => self.narrow(settings, origin, text, found.span.clone()),
            _ => found.span.clone(),
        }
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
