//! A model with its tokenizer: from a text to a score.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use tokenizers::utils::truncation::TruncationDirection;
use tokenizers::{Encoding, PostProcessor, Tokenizer};

use super::labels::Labels;
use super::{EncoderError, Score, Squash};

/// No tokenizer makes longer tokens than this on average, in bytes, of a text that is one. It bounds
/// the work before the tokens are counted.
const LONGEST_TOKEN: usize = 16;

/// Read once, and never changed.
pub(super) struct Network {
    model: Model,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
    tokenizer: Tokenizer,
    pub(super) labels: Labels,
    squash: Squash,
    temperature: f32,
    /// How many tokens of a text are read at once.
    room: usize,
    overlap: usize,
    max_windows: usize,
}

#[derive(Clone, Copy)]
enum Input {
    Ids,
    Mask,
    Types,
}

/// How texts are cut and scores made.
pub(super) struct Shape {
    pub(super) max_tokens: usize,
    pub(super) overlap: usize,
    pub(super) max_windows: usize,
    pub(super) temperature: f32,
}

/// A model that has been read, without its labels.
pub(super) struct Graph {
    model: Model,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
}

impl Graph {
    pub(super) fn open(path: &Path) -> Result<Self, EncoderError> {
        let unusable = |problem: String| EncoderError::file(path, problem);
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(path)
            .map_err(|error| {
                unusable(format!(
                    "not a model that can be read ({error}); export it to ONNX with weights of 32 \
                     bits, or quantized to 8"
                ))
            })?;
        let mut inputs = Vec::new();
        for id in model.input_ids() {
            let info = model.node_info(*id);
            let name = info.as_ref().and_then(|info| info.name());
            let input = match name.unwrap_or_default() {
                "input_ids" => Input::Ids,
                "attention_mask" => Input::Mask,
                "token_type_ids" => Input::Types,
                other => {
                    return Err(unusable(format!(
                        "the model has an input {other:?}; a text classifier has input_ids, \
                         attention_mask and perhaps token_type_ids"
                    )));
                }
            };
            let shape = info.and_then(|info| info.shape()).unwrap_or_default();
            if let Some(Dimension::Fixed(tokens)) = shape.get(1) {
                return Err(unusable(format!(
                    "the model was exported for texts of exactly {tokens} tokens; export it with a \
                     dynamic length"
                )));
            }
            inputs.push((*id, input));
        }
        if !inputs.iter().any(|(_, input)| matches!(input, Input::Ids)) {
            return Err(unusable(
                "the model has no input \"input_ids\"; is it a text classifier?".to_owned(),
            ));
        }
        let named = model.find_node("logits");
        let output = named
            .filter(|id| model.output_ids().contains(id))
            .or_else(|| model.output_ids().first().copied())
            .ok_or_else(|| unusable("the model has no output".to_owned()))?;
        Ok(Self {
            model,
            inputs,
            output,
        })
    }

    /// How many outputs it has, as a first text shows.
    pub(super) fn outputs(
        &self,
        path: &Path,
        tokenizer: &Tokenizer,
    ) -> Result<usize, EncoderError> {
        let cannot = |error: &dyn fmt::Display| {
            EncoderError::file(path, format!("the model cannot be run: {error}"))
        };
        let encoding = tokenizer
            .encode("hello", true)
            .map_err(|error| cannot(&error))?;
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let logits = run(&self.model, &self.inputs, self.output, &encoding, &pool)
            .map_err(|error| cannot(&error))?;
        Ok(logits.len())
    }
}

/// What the model gives for the tokens of one window.
fn run(
    model: &Model,
    inputs: &[(NodeId, Input)],
    output: NodeId,
    window: &Encoding,
    pool: &Arc<ThreadPool>,
) -> Result<Vec<f32>, EncoderError> {
    let failed = |error: &dyn fmt::Display| EncoderError::failed(error);
    let mut values: Vec<(NodeId, ValueOrView<'_>)> = Vec::with_capacity(inputs.len());
    for (id, input) in inputs {
        let numbers = match input {
            Input::Ids => window.get_ids(),
            Input::Mask => window.get_attention_mask(),
            Input::Types => window.get_type_ids(),
        };
        // No vocabulary is that large.
        let numbers = numbers
            .iter()
            .map(|n| i32::try_from(*n).unwrap_or(i32::MAX));
        let value = Value::from_shape([1, window.len()], numbers.collect::<Vec<i32>>());
        values.push((*id, value.map_err(|error| failed(&error))?.into()));
    }
    let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
    let mut given = model
        .run(values, &[output], Some(options))
        .map_err(|error| failed(&error))?;
    let Some(logits) = given.pop() else {
        return Err(failed(&"no output"));
    };
    let ([texts, _], logits) = logits
        .into_shape_vec::<f32, 2>()
        .map_err(|_| failed(&"its output is no list of scores for a text"))?;
    if texts != 1 || logits.is_empty() || !logits.iter().all(|logit| logit.is_finite()) {
        return Err(failed(&"its output is no list of scores for a text"));
    }
    Ok(logits)
}

impl Network {
    pub(super) fn new(
        graph: Graph,
        mut tokenizer: Tokenizer,
        labels: Labels,
        squash: Squash,
        shape: &Shape,
    ) -> Result<Self, tokenizers::Error> {
        tokenizer.with_padding(None);
        // Windows are cut here: the tokenizer would keep the first two only.
        tokenizer.with_truncation(None)?;
        let around = tokenizer.get_post_processor();
        let around = around.map_or(0, |processor| processor.added_tokens(false));
        // Nobody is to end a window by writing the word for it.
        tokenizer.set_encode_special_tokens(true);
        Ok(Self {
            model: graph.model,
            inputs: graph.inputs,
            output: graph.output,
            tokenizer,
            labels,
            squash,
            temperature: shape.temperature,
            room: shape.max_tokens.saturating_sub(around).max(1),
            overlap: shape.overlap,
            max_windows: shape.max_windows,
        })
    }

    /// Whether a text is worth cutting up.
    pub(super) fn admits(&self, text: &str) -> Result<(), EncoderError> {
        let tokens = self.max_windows.saturating_mul(self.room);
        match text.len() <= tokens.saturating_mul(LONGEST_TOKEN) {
            true => Ok(()),
            false => Err(EncoderError::TooLong),
        }
    }

    /// Reads a text window by window; gives up between two when told to `stop`.
    pub(super) fn score(
        &self,
        text: &str,
        pool: &Arc<ThreadPool>,
        stop: &AtomicBool,
    ) -> Result<Score, EncoderError> {
        let go_on = || match stop.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(EncoderError::Cancelled),
        };
        go_on()?;
        let failed = |error: tokenizers::Error| EncoderError::failed(&error);
        let mut first = self.tokenizer.encode(text, false).map_err(failed)?;
        let overlap = self.overlap.min(self.room - 1);
        first.truncate(self.room, overlap, TruncationDirection::Right);
        let others = first.take_overflowing();
        let windows = 1 + others.len();
        if windows > self.max_windows {
            return Err(EncoderError::TooLong);
        }
        let mut worst: Option<Score> = None;
        for window in std::iter::once(first).chain(others) {
            go_on()?;
            let window = self
                .tokenizer
                .post_process(window, None, true)
                .map_err(failed)?;
            let logits = run(&self.model, &self.inputs, self.output, &window, pool)?;
            let (score, each) = self.labels.score(&logits, self.squash, self.temperature);
            if worst.as_ref().is_some_and(|worst| worst.score >= score) {
                continue;
            }
            let most = each.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
            let name = |id: usize| self.labels.name(id).to_owned();
            worst = Some(Score {
                score,
                label: most.map(|(id, _)| name(*id)).unwrap_or_default(),
                labels: each.iter().map(|(id, score)| (name(*id), *score)).collect(),
                span: span(&window),
                windows,
            });
        }
        worst.ok_or_else(|| EncoderError::failed(&"it had nothing to read"))
    }
}

/// Where the text of a window stands, in bytes.
fn span(window: &Encoding) -> std::ops::Range<usize> {
    let tokens = window.get_offsets().iter();
    let mut own = tokens
        .zip(window.get_special_tokens_mask())
        .filter(|(_, special)| **special == 0)
        .map(|(offsets, _)| offsets);
    match own.next() {
        Some(&(start, end)) => start..own.next_back().map_or(end, |(_, end)| *end),
        None => 0..0,
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("labels", &self.labels)
            .field("squash", &self.squash)
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}
