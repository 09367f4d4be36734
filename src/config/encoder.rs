//! A judge that runs in the gateway's own process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::names;

names! {
    /// How the outputs of a model become scores from 0 to 1.
    pub enum EncoderSquash as "value" {
        built {
            /// The labels exclude one another; those that are looked for are added up.
            Softmax = "softmax",
            /// Each label is a question of its own; the highest counts.
            Sigmoid = "sigmoid",
        }
        planned {}
    }
}

/// A text classifier in ONNX.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EncoderConfig {
    /// The directory of the model, or its file: `model.onnx`.
    #[schemars(length(min = 1, max = 4096), extend("x-rule" = "printable"))]
    pub model: String,
    /// The model's `tokenizer.json`; by default beside the model, or one directory up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096), extend("x-rule" = "printable"))]
    pub tokenizer: Option<String>,
    /// The labels to look for, by name or number; by default those whose names say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), inner(length(min = 1, max = 256)))]
    pub labels: Option<Vec<String>>,
    /// How outputs become scores; by default as the model's `config.json` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub squash: Option<EncoderSquash>,
    /// What outputs are divided by before that.
    #[serde(default = "EncoderConfig::default_temperature")]
    #[schemars(range(min = 0.01, max = 100))]
    pub temperature: f64,
    /// How many tokens are read at once.
    #[serde(default = "EncoderConfig::default_tokens")]
    #[schemars(range(min = 16, max = 65_536))]
    pub max_tokens: u32,
    /// How many windows of so many tokens, each overlapping the next by a quarter, a text may have.
    #[serde(default = "EncoderConfig::default_windows")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_windows: u32,
    /// How many threads read one text.
    #[serde(default = "EncoderConfig::default_threads")]
    #[schemars(range(min = 1, max = 1024))]
    pub threads: u32,
    /// How many texts are read at a time; by default as many as there are cores for their threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrent: Option<u32>,
}

impl EncoderConfig {
    /// The model there, with every default.
    pub fn at(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            tokenizer: None,
            labels: None,
            squash: None,
            temperature: Self::default_temperature(),
            max_tokens: Self::default_tokens(),
            max_windows: Self::default_windows(),
            threads: Self::default_threads(),
            max_concurrent: None,
        }
    }

    const fn default_temperature() -> f64 {
        1.0
    }

    const fn default_tokens() -> u32 {
        512
    }

    const fn default_windows() -> u32 {
        32
    }

    const fn default_threads() -> u32 {
        1
    }
}
