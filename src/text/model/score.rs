//! Scoring a text with a model.

use std::ops::Range;

use super::accumulate::{Block, blocks, inputs};
use super::{Dense, MOST_OUTPUTS, Model, Window};
use crate::text::tokens::tokenize;
use crate::text::{Normal, Token};

/// How a text scores: for each output a probability, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Scores {
    len: usize,
    windows: usize,
    probabilities: [f32; MOST_OUTPUTS],
    best: [Best; MOST_OUTPUTS],
}

/// The window with the highest logit.
#[derive(Clone, Copy, Debug)]
struct Best {
    logit: f32,
    start: usize,
    end: usize,
}

impl Default for Scores {
    fn default() -> Self {
        let none = Best {
            logit: f32::NEG_INFINITY,
            start: 0,
            end: 0,
        };
        Self {
            len: 0,
            windows: 0,
            probabilities: [0.0; MOST_OUTPUTS],
            best: [none; MOST_OUTPUTS],
        }
    }
}

impl Scores {
    /// The probabilities, from 0 to 1, in the order of the model's outputs.
    #[must_use]
    pub fn probabilities(&self) -> &[f32] {
        &self.probabilities[..self.len]
    }

    /// The probability of the first output: the verdict.
    #[must_use]
    pub fn verdict(&self) -> f32 {
        self.probabilities[0]
    }

    /// The window that scored highest, in bytes of the original text; for an
    /// output that does not exist, nothing.
    #[must_use]
    pub fn span(&self, output: usize) -> Range<usize> {
        let best = self.best[..self.len].get(output);
        best.map_or(0..0, |best| best.start..best.end)
    }

    /// The highest logit, before calibration.
    #[must_use]
    pub fn logit(&self, output: usize) -> f32 {
        let best = self.best[..self.len].get(output);
        best.map_or(f32::NEG_INFINITY, |best| best.logit)
    }

    /// How many windows were scored.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.windows
    }
}

/// Scores texts, and keeps the memory that takes.
#[derive(Clone, Debug)]
pub struct Scorer<'m> {
    model: &'m Model,
    normal: Normal,
    tokens: Vec<Token>,
    rows: Vec<(u16, u32)>,
    blocks: Vec<Block>,
    x: Vec<f32>,
    hidden: Vec<f32>,
}

/// The blocks of each window of a text with so many of them.
pub(super) fn windows(blocks: usize) -> impl Iterator<Item = Range<usize>> {
    (0..blocks.saturating_sub(1).max(1)).map(move |at| at..(at + 2).min(blocks))
}

impl<'m> Scorer<'m> {
    /// Scores with `model`.
    #[must_use]
    pub fn new(model: &'m Model) -> Self {
        Self {
            model,
            normal: Normal::default(),
            tokens: Vec::new(),
            rows: Vec::new(),
            blocks: Vec::new(),
            x: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// The score of `text` as it stands, in linear time. `dense` has to be of
    /// the kind that the model was trained with ([`Model::dense`]).
    pub fn score(&mut self, text: &str, dense: &(impl Dense + ?Sized)) -> Scores {
        let mut scores = Scores::default();
        self.add(text, dense, None, &mut scores);
        self.calibrate(&mut scores);
        scores
    }

    /// Scores the windows of `text`. `place`: where the text stands in for
    /// another, whose offsets are wanted.
    fn add(
        &mut self,
        text: &str,
        dense: &(impl Dense + ?Sized),
        place: Option<Range<usize>>,
        scores: &mut Scores,
    ) {
        let model = self.model;
        self.normal.set(text);
        self.tokens.clear();
        tokenize(self.normal.as_str(), &mut self.tokens);
        blocks(model, self.normal.as_str(), &self.tokens, &mut self.rows, &mut self.blocks);
        scores.len = model.outputs.len();
        for range in windows(self.blocks.len()) {
            let window = Window {
                text,
                normal: &self.normal,
                tokens: &self.tokens,
                first: range.start * model.block,
                last: (range.end * model.block).min(self.tokens.len()),
            };
            let mut sums = self.blocks[range.start];
            if let Some(second) = self.blocks.get(range.start + 1) {
                sums = sums.with(second);
            }
            inputs(model, &sums, &mut self.x);
            let shared = self.x.len();
            self.x.resize(shared + dense.names().len(), 0.0);
            dense.fill(&window, &mut self.x[shared..]);
            let mut logits = [0.0; MOST_OUTPUTS];
            model.network.run(&self.x, &mut self.hidden, &mut logits);
            scores.windows += 1;
            for (best, &logit) in scores.best.iter_mut().zip(&logits[..scores.len]) {
                if logit > best.logit {
                    let span = match &place {
                        Some(place) => place.clone(),
                        None => self.normal.origin(window.range()),
                    };
                    *best = Best {
                        logit,
                        start: span.start,
                        end: span.end,
                    };
                }
            }
        }
    }

    fn calibrate(&self, scores: &mut Scores) {
        let network = &self.model.network;
        for output in 0..scores.len {
            scores.probabilities[output] =
                network.probability(output, scores.best[output].logit, scores.windows);
        }
    }
}
