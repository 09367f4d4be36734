//! Scoring a text with a model.

use std::ops::Range;

use super::accumulate::{Block, blocks, inputs};
use super::{Dense, MOST_OUTPUTS, Model, Window};
use crate::text::tokens::tokenize;
use crate::text::views::decode;
use crate::text::{Decoded, Encoding, Folding, Normal, Token, TokenKind, Views};

/// How deep one encoding may hide another.
const DEEPEST: usize = 2;
/// How many bytes of decoded texts are scored for each byte of the text.
const DECODED: usize = 3;

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
    encoding: Option<Encoding>,
}

impl Default for Scores {
    fn default() -> Self {
        let none = Best {
            logit: f32::NEG_INFINITY,
            start: 0,
            end: 0,
            encoding: None,
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

    /// How the window that scored highest was hidden; none if it was not.
    #[must_use]
    pub fn encoding(&self, output: usize) -> Option<Encoding> {
        self.best[..self.len].get(output)?.encoding
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

    /// The same for a text that begins `by` bytes earlier.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        for best in &mut self.best {
            best.start += by;
            best.end += by;
        }
        self
    }

    /// For each output the higher of both.
    pub(super) fn max(mut self, other: &Self) -> Self {
        self.len = self.len.max(other.len);
        self.windows += other.windows;
        for output in 0..other.len {
            if other.probabilities[output] > self.probabilities[output] {
                self.probabilities[output] = other.probabilities[output];
                self.best[output] = other.best[output];
            }
        }
        self
    }
}

/// Scores texts, and keeps the memory that takes.
#[derive(Clone, Debug)]
pub struct Scorer<'m> {
    model: &'m Model,
    memory: Memory,
}

/// The memory of a scorer.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    normal: Normal,
    tokens: Vec<Token>,
    notes: Vec<u32>,
    rows: Vec<(u16, u32)>,
    blocks: Vec<Block>,
    x: Vec<f32>,
    hidden: Vec<f32>,
}

/// Where a decoded text stands in for another.
struct Place {
    range: Range<usize>,
    encoding: Encoding,
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
            memory: Memory::default(),
        }
    }

    /// Undoes disguises from now on as `folding` says; at first, all of them.
    pub fn fold_with(&mut self, folding: Folding) {
        self.memory.normal.fold_with(folding);
    }

    /// The score of `text` as it stands, in linear time. `dense` has to be of
    /// the kind that the model was trained with ([`Model::dense`]).
    pub fn score(&mut self, text: &str, dense: &(impl Dense + ?Sized)) -> Scores {
        self.judge(text, dense, Views::NONE)
    }

    /// The same, and of what `text` hides; the highest score counts.
    ///
    /// Texts within texts are read to a depth of two, and no more bytes of
    /// them than three times the text.
    pub fn judge(&mut self, text: &str, dense: &(impl Dense + ?Sized), views: Views) -> Scores {
        self.memory.judge(self.model, text, dense, views)
    }
}

impl Memory {
    pub(super) fn judge(
        &mut self,
        model: &Model,
        text: &str,
        dense: &(impl Dense + ?Sized),
        views: Views,
    ) -> Scores {
        let mut scores = Scores::default();
        let mut found: Vec<Decoded> = Vec::new();
        self.prepare(text);
        decode(text, &self.normal, views, &mut found);
        // What has no word and was decoded is judged by what it says.
        let wordless = found.is_empty();
        self.add(model, text, dense, None, wordless, &mut scores);
        let mut left = text.len().saturating_mul(DECODED);
        for depth in 1..=DEEPEST {
            let mut deeper = Vec::new();
            for inner in &found {
                let Some(rest) = left.checked_sub(inner.text.len()) else {
                    continue;
                };
                left = rest;
                let place = Place {
                    range: inner.range.clone(),
                    encoding: inner.encoding,
                };
                self.prepare(&inner.text);
                self.add(model, &inner.text, dense, Some(place), true, &mut scores);
                if depth < DEEPEST {
                    let from = deeper.len();
                    decode(&inner.text, &self.normal, views, &mut deeper);
                    for hidden in &mut deeper[from..] {
                        hidden.range = inner.range.clone();
                        hidden.encoding = inner.encoding;
                    }
                }
            }
            found = deeper;
        }
        if scores.windows == 0 {
            self.prepare(text);
            self.add(model, text, dense, None, true, &mut scores);
        }
        for output in 0..scores.len {
            let logit = scores.best[output].logit;
            scores.probabilities[output] = model.network.probability(output, logit, scores.windows);
        }
        scores
    }

    /// Makes the normal form and the tokens of `text`.
    fn prepare(&mut self, text: &str) {
        self.normal.set(text);
        self.tokens.clear();
        tokenize(self.normal.as_str(), &mut self.tokens);
    }

    /// Scores the windows of `text`, which is prepared. `place`: where it
    /// stands in for another, whose offsets are wanted. `wordless`: also the
    /// windows without a word.
    fn add(
        &mut self,
        model: &Model,
        text: &str,
        dense: &(impl Dense + ?Sized),
        place: Option<Place>,
        wordless: bool,
        scores: &mut Scores,
    ) {
        let normal = self.normal.as_str();
        blocks(
            model,
            normal,
            &self.tokens,
            &mut self.rows,
            &mut self.blocks,
        );
        self.notes.clear();
        let notes = self.tokens.iter().map(|t| dense.note(&self.normal, t));
        self.notes.extend(notes);
        scores.len = model.outputs.len();
        for range in windows(self.blocks.len()) {
            let window = Window {
                text,
                normal: &self.normal,
                tokens: &self.tokens,
                notes: &self.notes,
                first: range.start * model.block,
                last: (range.end * model.block).min(self.tokens.len()),
            };
            let is_word = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::Glyph);
            if !wordless && !window.tokens().iter().any(is_word) {
                continue;
            }
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
                        Some(place) => place.range.clone(),
                        None => self.normal.origin(window.range()),
                    };
                    *best = Best {
                        logit,
                        start: span.start,
                        end: span.end,
                        encoding: place.as_ref().map(|place| place.encoding),
                    };
                }
            }
        }
    }
}
