//! Small models that score a text: hashed n-grams, word vectors and a policy's
//! own features, joined by a network with one hidden layer.
//!
//! A text is scored in windows of two blocks of tokens, each window overlapping
//! the next by one block, and the highest window counts: an attack in a long
//! document is found and located, and the cost stays linear. For each window
//!
//! ```text
//! lin[f]  = scale[f] · Σ table[row][f] / √n        over its n hashed features
//! h[t]    = relu(Σₖ word[t + k]) for each word t     mean and maximum over the window
//! x       = (lin, ln(1 + n) / 8, mean h, max h, dense)
//! logit   = W₂ · relu(W₁ · x + b₁) + S · x + b₂
//! ```
//!
//! and for the text: the sigmoid of `a · (max logit − c · ln windows) + b`
//! (Platt scaling), one for each output. Table and word vectors are signed
//! bytes, summed as integers. Everything but the network is optional.

mod accumulate;
mod dense;
mod extract;
mod format;
mod network;
mod score;
mod stream;
mod words;

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use sha2::{Digest, Sha256};

pub use self::dense::{Dense, NoDense, Window};
pub use self::extract::{Extracted, ExtractedBlock, Extractor};
pub use self::format::{ModelError, Parts, WordParts};
pub use self::network::Network;
pub use self::score::{Scorer, Scores};
pub use self::stream::StreamScorer;
use self::words::Words;
use super::features::NgramSpec;

/// The most outputs a model has, and the most columns of its n-gram table.
pub const MOST_OUTPUTS: usize = 16;
/// The most columns of the word vectors.
pub const MOST_COLUMNS: usize = 64;

/// A trained model.
#[derive(Clone)]
pub struct Model {
    name: String,
    version: String,
    outputs: Vec<String>,
    dense: Vec<String>,
    block: usize,
    ngrams: Option<Ngrams>,
    words: Option<Words>,
    network: Network,
    source: Bytes,
    digest: OnceLock<String>,
}

/// The table of hashed features: `columns` signed bytes a row.
#[derive(Clone)]
struct Ngrams {
    spec: NgramSpec,
    columns: usize,
    scales: Vec<f32>,
    table: Bytes,
}

impl Model {
    /// Reads a model that is part of the program.
    ///
    /// # Errors
    /// When the bytes are no model of this version.
    pub fn from_static(bytes: &'static [u8]) -> Result<Self, ModelError> {
        Self::from_bytes(Bytes::from_static(bytes))
    }

    /// Reads a model. Tables stay where they are.
    ///
    /// # Errors
    /// When the bytes are no model of this version.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, ModelError> {
        format::read(bytes)
    }

    /// What it judges.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The SHA-256 of the file, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| {
            let hash = Sha256::digest(&self.source);
            hash.iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }

    /// The names of its outputs; the first is the verdict, the others its
    /// categories.
    #[must_use]
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// The names of the dense features it was trained with.
    #[must_use]
    pub fn dense(&self) -> &[String] {
        &self.dense
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("outputs", &self.outputs)
            .field("bytes", &self.source.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
