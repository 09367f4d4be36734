//! The model providers requests go to.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::names::names;
use super::resilience::{
    CircuitBreakerConfig, ConcurrencyConfig, HedgeConfig, RetryConfig, TimeoutsConfig,
};
use super::routing::{
    Fallback, MidStream, ModelGroups, Sticky, Strategy, UnknownModels, model_groups,
};

names! {
    /// A provider of models.
    pub enum Provider as "provider" {
        built {
            /// Together AI.
            Together = "together" | "together-ai",
            /// OpenAI.
            OpenAi = "openai",
            /// Any server that speaks OpenAI's protocol; its `base_url` must be given.
            OpenAiCompatible = "openai-compatible",
        }
        planned {}
    }
}

impl Provider {
    /// The base URL of a target that gives none.
    pub const fn default_base_url(self) -> Option<&'static str> {
        match self {
            Self::Together => Some("https://api.together.xyz/v1"),
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::OpenAiCompatible => None,
        }
    }

    /// The environment variable of the key of a target that names none.
    pub const fn default_key_env(self) -> Option<&'static str> {
        match self {
            Self::Together => Some("TOGETHER_API_KEY"),
            Self::OpenAi => Some("OPENAI_API_KEY"),
            Self::OpenAiCompatible => None,
        }
    }
}

names! {
    /// The protocol a target speaks.
    #[derive(Default)]
    pub enum Format as "format" {
        built {
            /// OpenAI's chat completions.
            #[default]
            OpenAi = "openai",
        }
        planned {}
    }
}

names! {
    /// A precision model weights are stored in.
    pub enum Quantization as "quantization" {
        built {
            /// 4-bit integers.
            Int4 = "int4",
            /// 8-bit integers.
            Int8 = "int8",
            /// 4-bit floating point.
            Fp4 = "fp4",
            /// 6-bit floating point.
            Fp6 = "fp6",
            /// 8-bit floating point.
            Fp8 = "fp8",
            /// 16-bit floating point.
            Fp16 = "fp16",
            /// 16-bit brain floating point.
            Bf16 = "bf16",
            /// 32-bit floating point.
            Fp32 = "fp32",
        }
        planned {}
    }
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Providers {
    /// How a target is chosen for a request. By default `single` for one target, and `fallback`
    /// for several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Strategy")]
    pub strategy: Option<Strategy>,
    /// Keeps requests that have this in common with one target, for `weighted_round_robin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Whether and when a request goes to another target.
    pub fallback: Fallback,
    /// What becomes of a stream that breaks off after its first token.
    pub mid_stream: MidStream,
    /// Names that requests may ask for as for models, each with the ids of the targets that answer
    /// for it.
    #[schemars(schema_with = "model_groups")]
    pub model_groups: ModelGroups,
    /// What becomes of a request for a model that no target is known to have.
    pub unknown_models: UnknownModels,
    /// When a call is tried again at the same target.
    pub retry: RetryConfig,
    /// When a target that keeps failing is not called any more.
    pub circuit_breaker: CircuitBreakerConfig,
    /// How long the parts of a streamed answer may take.
    pub timeouts: TimeoutsConfig,
    /// How many calls at once a target gets.
    pub concurrency: ConcurrencyConfig,
    /// When a second target is asked because the first takes long.
    pub hedge: HedgeConfig,
    /// A file with certificates (PEM) of authorities that are trusted beside those of the web, for
    /// targets in one's own house.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096), extend("x-rule" = "printable"))]
    pub ca_file: Option<String>,
    /// The targets; one Together target by default.
    #[schemars(length(min = 1))]
    pub targets: Vec<Target>,
}

impl Providers {
    /// How a target is chosen: as it is set, or `single` for one target and `fallback` for several.
    pub fn strategy(&self) -> Strategy {
        self.strategy.unwrap_or(match self.targets.len() {
            ..=1 => Strategy::Single,
            _ => Strategy::Fallback,
        })
    }
}

impl Default for Providers {
    fn default() -> Self {
        Self {
            strategy: None,
            sticky: None,
            fallback: Fallback::default(),
            mid_stream: MidStream::default(),
            model_groups: ModelGroups::new(),
            unknown_models: UnknownModels::default(),
            retry: RetryConfig::default(),
            circuit_breaker: CircuitBreakerConfig::default(),
            timeouts: TimeoutsConfig::default(),
            concurrency: ConcurrencyConfig::default(),
            hedge: HedgeConfig::default(),
            ca_file: None,
            targets: vec![Target::new(Provider::Together)],
        }
    }
}

/// One upstream that answers requests.
///
/// ```
/// use portcullis::config::{Provider, Target};
///
/// let mut target = Target::new(Provider::Together);
/// target.timeout_seconds = 20;
/// assert_eq!(target.base_url(), Some("https://api.together.xyz/v1"));
/// assert_eq!(target.key_env(), Some("TOGETHER_API_KEY"));
/// assert_eq!(target.stream_timeout().as_secs(), 20);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Target {
    /// The name of the target in logs and audit lines; each target has its own.
    #[serde(default = "Target::default_id")]
    #[schemars(length(min = 1, max = 64), extend("x-rule" = "identifier"))]
    pub id: String,
    /// The provider, or the shorthand `<provider>:chat:<model>`.
    #[schemars(schema_with = "provider_or_shorthand")]
    pub provider: Provider,
    /// The model asked for; by default the one each request names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), extend("x-rule" = "model"))]
    pub model: Option<String>,
    /// The URL the provider's paths stand under; by default the provider's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), extend("format" = "uri", "x-rule" = "base-url"))]
    pub base_url: Option<String>,
    /// Where the key is found; by default the provider's usual environment variable, and no key
    /// for `openai-compatible`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretRef>,
    /// Seconds an answer may take.
    #[serde(default = "Target::default_timeout")]
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: u32,
    /// Seconds a streamed answer may take; by default `timeout_seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub stream_timeout_seconds: Option<u32>,
    /// Seconds a connection may take to open.
    #[serde(default = "Target::default_connect_timeout")]
    #[schemars(range(min = 1, max = 3_600))]
    pub connect_timeout_seconds: u32,
    /// The protocol the target speaks.
    #[serde(default)]
    pub format: Format,
    /// A note for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
    /// The share of requests, for the strategies that weigh targets.
    #[serde(default = "Target::default_weight")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub weight: u32,
    /// What the target costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    /// Whether and how the target's health is watched.
    #[serde(default)]
    pub health_probe: HealthProbe,
    /// The precisions the model may be served in; any by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub quantizations: Vec<Quantization>,
}

impl Target {
    /// The id of a target that gives none.
    pub(super) const DEFAULT_ID: &'static str = "primary";

    /// A target with every default of this provider.
    pub fn new(provider: Provider) -> Self {
        Self {
            id: Self::default_id(),
            provider,
            model: None,
            base_url: None,
            secret_key_ref: None,
            timeout_seconds: Self::default_timeout(),
            stream_timeout_seconds: None,
            connect_timeout_seconds: Self::default_connect_timeout(),
            format: Format::default(),
            description: None,
            weight: Self::default_weight(),
            pricing: None,
            health_probe: HealthProbe::default(),
            quantizations: Vec::new(),
        }
    }

    /// The URL the provider's paths stand under, the provider's own when none is given.
    ///
    /// `None` only for an `openai-compatible` target without `base_url`, which
    /// [`Config::validate`](super::Config::validate) refuses.
    pub fn base_url(&self) -> Option<&str> {
        self.base_url
            .as_deref()
            .or(self.provider.default_base_url())
    }

    /// The environment variable that holds the key; `None` when no key is sent.
    pub fn key_env(&self) -> Option<&str> {
        match &self.secret_key_ref {
            Some(reference) => Some(&reference.env),
            None => self.provider.default_key_env(),
        }
    }

    /// How long an answer may take.
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds as u64)
    }

    /// How long a streamed answer may take.
    pub const fn stream_timeout(&self) -> Duration {
        match self.stream_timeout_seconds {
            Some(seconds) => Duration::from_secs(seconds as u64),
            None => self.timeout(),
        }
    }

    /// How long a connection may take to open.
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_seconds as u64)
    }

    fn default_id() -> String {
        Self::DEFAULT_ID.to_owned()
    }

    const fn default_timeout() -> u32 {
        60
    }

    const fn default_connect_timeout() -> u32 {
        10
    }

    const fn default_weight() -> u32 {
        1
    }
}

/// The name of a provider alone, or with a kind of model and a model.
fn provider_or_shorthand(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Provider::json_schema(generator);
    if let Some(names) = schema.remove("enum") {
        let shorthand = json_schema!({ "pattern": "^[^:]+:chat:[^\\s]+$" });
        schema.insert(
            "anyOf".to_owned(),
            serde_json::json!([{ "enum": names }, shorthand]),
        );
    }
    schema
}

/// Where a secret is found. The secret itself never stands in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-secret" = true))]
#[non_exhaustive]
pub struct SecretRef {
    /// The name of an environment variable.
    #[schemars(
        length(min = 1, max = 64),
        regex(pattern = "^[A-Z_][A-Z0-9_]*$"),
        extend("x-rule" = "env-name")
    )]
    pub env: String,
}

impl SecretRef {
    /// A secret in the environment variable of this name.
    pub fn env(name: impl Into<String>) -> Self {
        Self { env: name.into() }
    }
}

/// What a target costs, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pricing {
    /// The price of a million tokens sent.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub prompt: f64,
    /// The price of a million tokens received.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub completion: f64,
}

impl Pricing {
    /// The prices of a million tokens sent and of a million received.
    pub const fn new(prompt: f64, completion: f64) -> Self {
        Self { prompt, completion }
    }
}

/// How the health of a target is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HealthProbe {
    /// Whether the target is asked for its health.
    pub enabled: bool,
    /// Seconds between two questions.
    #[schemars(range(min = 1, max = 86_400))]
    pub interval_seconds: u32,
    /// Seconds an answer may take.
    #[schemars(range(min = 1, max = 3_600))]
    pub timeout_seconds: u32,
    /// Whether the target's model is asked for one token, which costs a little and sees more than
    /// the list of models, which is asked for otherwise.
    pub one_token: bool,
    /// After how many answers in a row that are late or bad other targets go first.
    #[schemars(range(min = 1, max = 255))]
    pub degraded_after: u8,
    /// After how many bad answers in a row the target is not called any more.
    #[schemars(range(min = 1, max = 255))]
    pub down_after: u8,
    /// After how many good answers in a row it is a step better.
    #[schemars(range(min = 1, max = 255))]
    pub up_after: u8,
}

impl Default for HealthProbe {
    fn default() -> Self {
        Self {
            enabled: false,
            interval_seconds: 30,
            timeout_seconds: 5,
            one_token: false,
            degraded_after: 1,
            down_after: 3,
            up_after: 2,
        }
    }
}
