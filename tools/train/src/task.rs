//! What there is to learn.

use std::ops::Range;

use portcullis::text::{Dense, NgramSpec, Views};

use crate::data::Row;
use crate::grammar::Random;

/// A text to learn from.
#[derive(Clone, Debug)]
pub struct Example {
    pub text: String,
    /// For each output 0 or 1; NaN where it is not known.
    pub labels: Vec<f32>,
    /// How much it counts.
    pub weight: f32,
    pub source: String,
    pub kind: String,
    /// What of the text makes it positive, in bytes, for the first output that is. Only windows that touch it are learned as
    /// positive; without it, the window that scores highest.
    pub payload: Option<Range<usize>>,
}

/// The shape of a model, and how it is fitted.
#[derive(Clone, Debug)]
pub struct Shape {
    pub version: String,
    /// Tokens a block; a window has two.
    pub block: u16,
    /// The hashed features, and how many columns they have: 1, 2, 4, 8 or 16.
    pub ngrams: Option<(NgramSpec, usize)>,
    /// Word vectors: how many neighbouring words a column sees (1 or 3), and how many columns.
    pub words: Option<(usize, usize)>,
    /// Units of the hidden layer.
    pub hidden: usize,
    pub epochs: usize,
    /// Step of the n-gram table, and of everything else.
    pub rate: f32,
    pub dense_rate: f32,
    /// Weight decay of the table's rows that an example touches.
    pub decay: f32,
    /// Of a hundred features of an example, how many are left out in each epoch.
    pub dropout: usize,
    /// Over how many of the last hundredths of its way a model is averaged; 0 for its last state.
    pub averaged: usize,
    /// How far from 0 and 1 the labels are taken to lie.
    pub smooth: f32,
    /// At most so many windows of a text are learned from in an epoch.
    pub windows: usize,
    /// How likely a positive text is for the calibration.
    pub prior: f32,
    /// Shares of the harmless texts of sources left out, and the scores that so many of them are to
    /// exceed: these then settle the first output's calibration rather than the prior.
    pub alarms: Option<[(f64, f32); 2]>,
    pub seed: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            version: "1".into(),
            block: 32,
            ngrams: Some((NgramSpec::default(), 1)),
            words: None,
            hidden: 0,
            epochs: 8,
            rate: 0.03,
            dense_rate: 0.03,
            decay: 0.0,
            dropout: 0,
            averaged: 50,
            smooth: 0.0,
            windows: 8,
            prior: 0.3,
            alarms: None,
            seed: 1,
        }
    }
}

/// One model to train.
pub trait Task {
    /// Its name, which is the model's and its file's.
    fn name(&self) -> &'static str;

    /// The outputs' names; the verdict first.
    fn outputs(&self) -> Vec<String>;

    /// The model's shape.
    fn shape(&self) -> Shape;

    /// The dense features for an example.
    fn dense(&self, example: &Example) -> Box<dyn Dense>;

    /// The output by whose left-out scores an output is calibrated, and what its offset gains.
    fn calibrated_by(&self, output: usize) -> (usize, f32) {
        (output, 0.0)
    }

    /// What is hidden in a text that was left out counts as it does when the model is served.
    fn views(&self) -> Views {
        Views::NONE
    }

    /// The output that judges a text of this role.
    fn judges(&self, _role: &str, _probabilities: &[f32]) -> usize {
        0
    }

    /// What to learn from: the rows that are given, weighed, and what is generated.
    fn examples(&self, rows: Vec<Row>, random: &mut Random) -> Vec<Example>;

    /// Whether the labels of a source are noisy: its rows count by how far the texts of our own
    /// making bear their labels out.
    fn doubts(&self, _source: &str) -> bool {
        false
    }

    /// The group that a source is left out with; none if it always is in training.
    fn fold(&self, source: &str) -> Option<String>;
}
