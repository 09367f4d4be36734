//! How an encoder is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokenizers::Tokenizer;

use super::labels::{Labels, ModelConfig};
use super::network::{Graph, Network, Shape};
use super::{Encoder, EncoderError};

/// How an [`Encoder`] is opened, and how it reads.
///
/// ```
/// use portcullis::policy::encoder::EncoderOptions;
///
/// let encoder = EncoderOptions::new()
///     .label("INJECTION")
///     .max_tokens(256)
///     .open("tests/fixtures/encoder/model.onnx")?;
/// assert!(encoder.looks_for().eq(["INJECTION"]));
/// # Ok::<(), portcullis::policy::encoder::EncoderError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderOptions {
    tokenizer: Option<PathBuf>,
    labels: Vec<String>,
    squash: Option<Squash>,
    temperature: f32,
    max_tokens: usize,
    overlap: Option<usize>,
    max_windows: usize,
    threads: usize,
    max_concurrent: Option<usize>,
    timeout: Duration,
    cache_entries: usize,
}

/// How the outputs of a model become scores from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Squash {
    /// The labels exclude one another; those that are looked for are added up.
    Softmax,
    /// Each label is a question of its own; the highest of them counts.
    Sigmoid,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            tokenizer: None,
            labels: Vec::new(),
            squash: None,
            temperature: 1.0,
            max_tokens: 512,
            overlap: None,
            max_windows: 32,
            threads: 1,
            max_concurrent: None,
            timeout: Duration::from_secs(10),
            cache_entries: 10_000,
        }
    }
}

impl EncoderOptions {
    /// The options as they are by default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the `tokenizer.json` is; by default beside the model, or one
    /// directory up.
    #[must_use]
    pub fn tokenizer(mut self, path: impl Into<PathBuf>) -> Self {
        self.tokenizer = Some(path.into());
        self
    }

    /// A label to look for: its name in `id2label` of the model's
    /// `config.json`, or its number. May be said several times. By default
    /// those whose names say so (`INJECTION`, `JAILBREAK`, `MALICIOUS`,
    /// `UNSAFE` …), or `LABEL_1` of two.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>) -> Self {
        self.labels.push(name.into());
        self
    }

    /// How outputs become scores; by default softmax, and a sigmoid where there
    /// is one output, or `config.json` says `multi_label_classification`.
    #[must_use]
    pub fn squash(mut self, squash: Squash) -> Self {
        self.squash = Some(squash);
        self
    }

    /// What the outputs are divided by before that: 1. More makes the scores
    /// less sure of themselves.
    #[must_use]
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.temperature = temperature;
        self
    }

    /// How many tokens are read at once: 512, and never more than
    /// `max_position_embeddings` of the model's `config.json`.
    #[must_use]
    pub fn max_tokens(mut self, most: usize) -> Self {
        self.max_tokens = most;
        self
    }

    /// How many tokens a window shares with the one before: a quarter.
    #[must_use]
    pub fn overlap(mut self, tokens: usize) -> Self {
        self.overlap = Some(tokens);
        self
    }

    /// How many windows a text may have: 32. There is no score of a longer one.
    #[must_use]
    pub fn max_windows(mut self, most: usize) -> Self {
        self.max_windows = most;
        self
    }

    /// How many threads read one text: 1.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// How many texts are read at a time; by default as many as there are cores
    /// for their threads. The others wait.
    #[must_use]
    pub fn max_concurrent(mut self, most: usize) -> Self {
        self.max_concurrent = Some(most);
        self
    }

    /// How long a score may take, the wait included: 10 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many judgements are remembered, by a keyed hash of the text: 10,000.
    /// For an encoder that is asked as a [judge](crate::policy::judge::Judge).
    #[must_use]
    pub fn cache_entries(mut self, entries: usize) -> Self {
        self.cache_entries = entries;
        self
    }

    /// Reads the files, and tries the model. `path` is a directory with
    /// `model.onnx` (or `onnx/model.onnx`), or the file of the model.
    ///
    /// # Errors
    /// When a file is missing or is not what it should be, when it cannot be
    /// told which label to look for, or an option cannot be met; the error names
    /// the file or the option, and what to do.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Encoder, EncoderError> {
        self.check()?;
        let model = model(path.as_ref())?;
        let tokenizer_path = match &self.tokenizer {
            Some(path) => path.clone(),
            None => beside(&model, "tokenizer.json").ok_or_else(|| {
                EncoderError::file(
                    &model,
                    "there is no tokenizer.json beside it; say where the model's tokenizer is",
                )
            })?,
        };
        let tokenizer = tokenizer(&tokenizer_path)?;
        let (config_path, config) = match beside(&model, "config.json") {
            Some(path) => {
                let config = config(&path)?;
                (path, config)
            }
            None => (model.clone(), ModelConfig::default()),
        };
        let graph = Graph::open(&model)?;
        let outputs = graph.outputs(&model, &tokenizer)?;
        let labels = Labels::of(&config, outputs, &self.labels)
            .map_err(|problem| EncoderError::file(&config_path, problem))?;
        let many = config.problem_type.as_deref() == Some("multi_label_classification");
        let squash = self.squash.unwrap_or(match outputs == 1 || many {
            true => Squash::Sigmoid,
            false => Squash::Softmax,
        });
        let most = config.max_position_embeddings.unwrap_or(usize::MAX);
        let max_tokens = self.max_tokens.min(most);
        let shape = Shape {
            max_tokens,
            overlap: self.overlap.unwrap_or(max_tokens / 4).min(max_tokens / 2),
            max_windows: self.max_windows,
            temperature: self.temperature,
        };
        let network = Network::new(graph, tokenizer, labels, squash, &shape)
            .map_err(|error| EncoderError::file(&tokenizer_path, error.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let places = self.max_concurrent.unwrap_or(cores / self.threads);
        let places = places.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        let encoder = Encoder::new(
            network,
            self.timeout,
            self.threads,
            places,
            self.cache_entries,
        );
        Ok(encoder)
    }

    fn check(&self) -> Result<(), EncoderError> {
        let wrong = |name, problem: &str| {
            Err(EncoderError::Option {
                name,
                problem: problem.to_owned(),
            })
        };
        if self.max_tokens < 16 {
            return wrong("max_tokens", "must be 16 or more");
        }
        if self
            .overlap
            .is_some_and(|tokens| tokens > self.max_tokens / 2)
        {
            return wrong("overlap", "must be no more than half of max_tokens");
        }
        if self.max_windows == 0 || self.threads == 0 {
            return wrong("max_windows, threads", "must be 1 or more");
        }
        // Not so of NaN, either.
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return wrong("temperature", "must be a number above 0");
        }
        Ok(())
    }
}

/// The file of the model.
fn model(path: &Path) -> Result<PathBuf, EncoderError> {
    if path.is_dir() {
        let names = ["model.onnx", "onnx/model.onnx"];
        let known = names.iter().map(|name| path.join(name));
        return known.into_iter().find(|file| file.is_file()).ok_or_else(|| {
            EncoderError::file(
                path,
                "no model.onnx is there; export the model to ONNX, or name the file of the model",
            )
        });
    }
    if !path.is_file() {
        return Err(EncoderError::file(
            path,
            "there is no such file; name the model, or its directory",
        ));
    }
    Ok(path.to_owned())
}

/// A file beside the model, or one directory up, where exports have it.
fn beside(model: &Path, name: &str) -> Option<PathBuf> {
    let directories = model.ancestors().skip(1).take(2);
    let mut files = directories.map(|directory| directory.join(name));
    files.find(|file| file.is_file())
}

fn read(path: &Path) -> Result<Vec<u8>, EncoderError> {
    std::fs::read(path)
        .map_err(|error| EncoderError::file(path, format!("cannot be read: {error}")))
}

fn tokenizer(path: &Path) -> Result<Tokenizer, EncoderError> {
    Tokenizer::from_bytes(read(path)?).map_err(|error| {
        EncoderError::file(
            path,
            format!("not a tokenizer.json of Hugging Face's tokenizers: {error}"),
        )
    })
}

fn config(path: &Path) -> Result<ModelConfig, EncoderError> {
    serde_json::from_slice(&read(path)?).map_err(|error| {
        EncoderError::file(path, format!("not the config.json of a model: {error}"))
    })
}
