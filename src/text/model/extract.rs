//! What a trainer sees of a text: the same features that scoring sums up.

use std::ops::Range;

use super::Dense;
use super::dense::Window;
use super::score::windows;
use super::words::Index;
use crate::text::features::ngrams;
use crate::text::{NgramSpec, Normal, tokens, word_hash};

/// Extracts features for training.
#[derive(Clone, Debug)]
pub struct Extractor {
    ngrams: Option<NgramSpec>,
    block: usize,
    index: Index,
}

/// The features of a text.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Extracted {
    /// Its blocks of tokens.
    pub blocks: Vec<ExtractedBlock>,
    /// Its windows: their blocks, their dense features, and their bytes in the
    /// original.
    pub windows: Vec<(Range<usize>, Vec<f32>, Range<usize>)>,
}

/// The features of a block.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExtractedBlock {
    /// Rows of the n-gram table, as often as they occur.
    pub features: Vec<u32>,
    /// Entries of the vocabulary: each with the one before and the one after.
    pub words: Vec<[Option<u16>; 3]>,
}

impl Extractor {
    /// Extracts these n-grams and these words (`##` before those that go on
    /// within a word), by blocks of `block` tokens.
    #[must_use]
    pub fn new<'a>(
        ngrams: Option<NgramSpec>,
        block: u16,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let hashes: Vec<u32> = words.into_iter().map(word_hash).collect();
        Self {
            ngrams,
            block: usize::from(block.max(1)),
            index: Index::new(&hashes),
        }
    }

    /// The features of `text`.
    #[must_use]
    pub fn extract(&self, text: &str, dense: &(impl Dense + ?Sized)) -> Extracted {
        let normal = Normal::new(text);
        let tokens = tokens(normal.as_str());
        let count = tokens.len().div_ceil(self.block).max(1);
        let mut blocks = vec![ExtractedBlock::default(); count];
        if let Some(spec) = &self.ngrams {
            ngrams(normal.as_str(), &tokens, spec, |place, row| {
                blocks[place / self.block].features.push(row);
            });
        }
        let mut rows = Vec::new();
        for (place, token) in tokens.iter().enumerate() {
            self.index.rows(normal.as_str(), token, |row| {
                rows.push((row, place / self.block))
            });
        }
        let row = |at: usize| rows.get(at).map(|&(row, _)| row);
        for (at, &(own, block)) in rows.iter().enumerate() {
            let before = at.checked_sub(1).and_then(row);
            blocks[block].words.push([before, Some(own), row(at + 1)]);
        }
        let notes: Vec<u32> = tokens.iter().map(|t| dense.note(&normal, t)).collect();
        let windows = windows(count).map(|range| {
            let window = Window {
                text,
                normal: &normal,
                tokens: &tokens,
                notes: &notes,
                first: range.start * self.block,
                last: (range.end * self.block).min(tokens.len()),
            };
            let mut values = vec![0.0; dense.names().len()];
            dense.fill(&window, &mut values);
            (range, values, normal.origin(window.range()))
        });
        Extracted {
            windows: windows.collect(),
            blocks,
        }
    }
}
