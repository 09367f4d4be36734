//! The settings of the policy `remote-judge`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cases::Speaker;
use super::judge::JudgeConfig;
use super::names::names;
use super::provider::SecretRef;

names! {
    /// How a judge is asked.
    #[derive(Default)]
    pub enum RemoteKind as "kind" {
        built {
            /// `POST /moderations`, as OpenAI has it.
            #[default]
            Moderation = "moderation",
            /// A chat model that answers `safe`, or `unsafe` and the codes of what is hurt.
            LlamaGuard = "llama-guard",
            /// `POST` with `{"text"}`, answered by `{"score", "categories"}`.
            Contract = "contract",
            /// A chat model that grades answers; for the policy `quality-scorer`.
            Grader = "grader",
        }
        planned {}
    }
}

names! {
    /// What is done with a request whose score is too high.
    #[derive(Default)]
    pub enum RemoteAction as "action" {
        built {
            /// It is refused.
            #[default]
            Block = "block",
            /// It passes, and a header of the answer says so.
            Flag = "flag",
            /// It passes, and is on the record.
            Log = "log",
        }
        planned {}
    }
}

names! {
    /// What becomes of a call when there is no judgement.
    #[derive(Default)]
    pub enum OnFailure as "value" {
        built {
            /// It is refused.
            #[default]
            Refuse = "refuse",
            /// It goes on, and the record says so.
            Continue = "continue",
        }
        planned {}
    }
}

/// Settings of the policy `remote-judge`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RemoteJudgeConfig {
    /// Whether the policy is applied when it stands in the chain.
    pub enabled: bool,
    /// Whether it is enforced; with `false` it changes nothing, and the record says what it would
    /// have done.
    pub enforce: bool,
    /// How the judge is asked.
    pub kind: RemoteKind,
    /// Where the judge is: the URL its paths stand under, or, of a `contract`, the one that is
    /// asked. Must be given when the policy is in the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), extend("format" = "uri", "x-rule" = "base-url"))]
    pub url: Option<String>,
    /// The model that is asked; a `llama-guard` must have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), extend("x-rule" = "model"))]
    pub model: Option<String>,
    /// Where the judge's key is found; none is sent by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretRef>,
    /// The score, from 0 to 1, from which something is done.
    #[schemars(range(min = 0, max = 1))]
    pub threshold: f64,
    /// What is done with a request whose score is too high.
    pub action: RemoteAction,
    /// What the client is told.
    pub response: RemoteResponse,
    /// Whose messages are judged.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub roles: Vec<Speaker>,
    /// Milliseconds a judgement may take.
    #[schemars(range(min = 1, max = 600_000))]
    pub timeout_ms: u32,
    /// What becomes of a call when there is no judgement.
    pub on_failure: OnFailure,
    /// How many judgements are remembered.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub cache_entries: u32,
    /// How many questions may be open at a time.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrent: u32,
    /// The longest text, in bytes, that is judged.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub max_text_bytes: u32,
    /// When the judge is left alone.
    pub circuit_breaker: RemoteBreaker,
}

impl Default for RemoteJudgeConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            enforce: true,
            kind: RemoteKind::default(),
            url: None,
            model: None,
            secret_key_ref: None,
            threshold: 0.5,
            action: RemoteAction::default(),
            response: RemoteResponse::default(),
            roles: vec![Speaker::User, Speaker::Tool],
            timeout_ms: 2000,
            on_failure: OnFailure::default(),
            cache_entries: 10_000,
            max_concurrent: 16,
            max_text_bytes: 64 * 1024,
            circuit_breaker: RemoteBreaker::default(),
        }
    }
}

impl RemoteJudgeConfig {
    /// How the judge is asked. `None`: it is not said where it is.
    pub fn judge(&self) -> Option<JudgeConfig> {
        let mut judge = JudgeConfig::at(self.url.clone()?);
        judge.kind = self.kind;
        judge.model.clone_from(&self.model);
        judge.secret_key_ref.clone_from(&self.secret_key_ref);
        judge.timeout_ms = Some(self.timeout_ms);
        judge.cache_entries = self.cache_entries;
        judge.max_concurrent = self.max_concurrent;
        judge.max_text_bytes = self.max_text_bytes;
        judge.circuit_breaker = self.circuit_breaker.clone();
        Some(judge)
    }
}

/// What a client is told whose request is blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RemoteResponse {
    /// The message of the error.
    #[schemars(length(min = 1, max = 1000))]
    pub message: String,
}

impl Default for RemoteResponse {
    fn default() -> Self {
        Self {
            message: "the request is not allowed here".to_owned(),
        }
    }
}

/// When a judge is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RemoteBreaker {
    /// After how many failures in a row.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failure_threshold: u32,
    /// For how many seconds.
    #[schemars(range(min = 1, max = 86_400))]
    pub recovery_timeout_seconds: u32,
}

impl Default for RemoteBreaker {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            recovery_timeout_seconds: 30,
        }
    }
}
