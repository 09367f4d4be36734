//! Scoring a text that grows.

use super::score::Memory;
use super::{Dense, Model, Scores};
use crate::text::Views;

/// How much of the text before is seen together with what is new, in bytes.
const TAIL: usize = 768;

/// Scores a text that comes in pieces, best sentence by sentence.
///
/// Each piece is judged together with the end of what came before, so the work
/// for a piece does not depend on how much came before it.
///
/// ```no_run
/// use portcullis::text::{Model, NoDense, StreamScorer, Views};
///
/// # fn run(model: &Model, sentences: &[&str]) {
/// let mut stream = StreamScorer::new(Views::NONE);
/// for sentence in sentences {
///     if stream.push(model, sentence, &NoDense).verdict() > 0.8 {
///         break;
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StreamScorer {
    views: Views,
    memory: Memory,
    tail: String,
    /// Where the tail begins in the text.
    offset: usize,
    best: Scores,
}

impl StreamScorer {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(views: Views) -> Self {
        Self {
            views,
            memory: Memory::default(),
            tail: String::new(),
            offset: 0,
            best: Scores::default(),
        }
    }

    /// The scores of `piece` and the end of what came before; spans are
    /// offsets in all that came.
    pub fn push(&mut self, model: &Model, piece: &str, dense: &(impl Dense + ?Sized)) -> Scores {
        self.tail.push_str(piece);
        let scores = self.memory.judge(model, &self.tail, dense, self.views);
        let scores = scores.shifted(self.offset);
        self.best = self.best.max(&scores);
        if self.tail.len() > TAIL {
            let cut = self.tail.ceil_char_boundary(self.tail.len() - TAIL);
            let rest = &self.tail[cut..];
            // A word that is cut would be another word.
            let space = rest.find(char::is_whitespace).unwrap_or(0);
            self.offset += cut + space;
            self.tail.drain(..cut + space);
        }
        scores
    }

    /// For each output the highest score so far.
    #[must_use]
    pub fn best(&self) -> &Scores {
        &self.best
    }
}
