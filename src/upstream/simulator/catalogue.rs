//! The models on offer, and `GET /models`.

use serde::Serialize;

use super::answer::Answer;
use super::wire::CREATED;

/// Models of the default catalogue: identifier, name shown, type, context length, and the price of
/// a million tokens in and out.
const DEFAULT: &[(&str, &str, &str, u32, f64, f64)] = &[
    (
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "Llama 3.3 70B Instruct Turbo",
        "chat",
        131_072,
        0.88,
        0.88,
    ),
    ("Qwen/Qwen3.5-9B", "Qwen3.5 9B", "chat", 262_144, 0.1, 0.15),
    (
        "deepseek-ai/DeepSeek-R1",
        "DeepSeek R1",
        "chat",
        163_840,
        3.0,
        7.0,
    ),
    (
        "openai/gpt-oss-20b",
        "GPT-OSS 20B",
        "chat",
        131_072,
        0.05,
        0.2,
    ),
    (
        "mistralai/Mixtral-8x7B-Instruct-v0.1",
        "Mixtral 8x7B Instruct v0.1",
        "chat",
        32_768,
        0.6,
        0.6,
    ),
    (
        "togethercomputer/m2-bert-80M-8k-retrieval",
        "M2-BERT 80M 8K Retrieval",
        "embedding",
        8192,
        0.01,
        0.0,
    ),
    (
        "BAAI/bge-large-en-v1.5",
        "BGE Large EN v1.5",
        "embedding",
        512,
        0.02,
        0.0,
    ),
    (
        "Salesforce/Llama-Rank-v1",
        "Llama Rank v1",
        "rerank",
        8192,
        0.1,
        0.1,
    ),
    (
        "black-forest-labs/FLUX.1-schnell",
        "FLUX.1 schnell",
        "image",
        0,
        0.0,
        0.0,
    ),
];

/// Models served but not listed: the type of a listed model has no value for speech.
const UNLISTED: &[&str] = &[
    "cartesia/sonic",
    "cartesia/sonic-2",
    "hexgrad/Kokoro-82M",
    "canopylabs/orpheus-3b-0.1-ft",
];

/// The models on offer.
#[derive(Clone)]
pub(super) struct Catalogue {
    added: Vec<String>,
    any: bool,
}

impl Catalogue {
    pub(super) fn new() -> Self {
        Self {
            added: Vec::new(),
            any: false,
        }
    }

    pub(super) fn add(&mut self, model: String) {
        if !self.added.contains(&model) {
            self.added.push(model);
        }
    }

    pub(super) fn serve_any(&mut self) {
        self.any = true;
    }

    /// Whether a request may name this model; case does not matter.
    pub(super) fn serves(&self, model: &str) -> bool {
        let listed = DEFAULT.iter().map(|(id, ..)| *id);
        let added = self.added.iter().map(String::as_str);
        self.any
            || listed
                .chain(UNLISTED.iter().copied())
                .chain(added)
                .any(|id| id.eq_ignore_ascii_case(model))
    }

    /// The list, a plain array as Together sends it.
    pub(super) fn list(&self) -> Answer {
        let default = DEFAULT
            .iter()
            .map(|(id, name, kind, context, input, output)| {
                Model::new(id, name, kind, *context, *input, *output)
            });
        let added = self
            .added
            .iter()
            .map(|id| Model::new(id, id, "chat", 8192, 0.0, 0.0));
        let models: Vec<Model<'_>> = default.chain(added).collect();
        Answer::json(&models)
    }
}

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    #[serde(rename = "type")]
    kind: &'a str,
    running: bool,
    display_name: &'a str,
    organization: &'a str,
    link: &'static str,
    license: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u32>,
    pricing: Pricing,
}

#[derive(Serialize)]
struct Pricing {
    hourly: f64,
    input: f64,
    output: f64,
    base: f64,
    finetune: f64,
}

impl<'a> Model<'a> {
    fn new(
        id: &'a str,
        display_name: &'a str,
        kind: &'a str,
        context: u32,
        input: f64,
        output: f64,
    ) -> Self {
        Self {
            id,
            object: "model",
            created: CREATED,
            kind,
            running: false,
            display_name,
            organization: id.split('/').next().unwrap_or_default(),
            link: "",
            license: "other",
            context_length: Some(context).filter(|context| *context > 0),
            pricing: Pricing {
                hourly: 0.0,
                input,
                output,
                base: 0.0,
                finetune: 0.0,
            },
        }
    }
}
