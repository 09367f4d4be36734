//! A judge beside a policy's own: `judge` in `prompt-injection`, `safety-filter` and
//! `quality-scorer`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encoder::EncoderConfig;
use super::names::names;
use super::pii::Direction;
use super::provider::SecretRef;
use super::remote::{OnFailure, RemoteBreaker, RemoteKind};

names! {
    /// When a judge is asked.
    pub enum JudgeWhen as "value" {
        built {
            /// About every text.
            Always = "always",
            /// About texts whose own score lies within `band`.
            Uncertain = "uncertain",
        }
        planned {}
    }
}

names! {
    /// What the word of a judge counts.
    pub enum JudgeCombine as "value" {
        built {
            /// It takes the place of the policy's own score.
            Replace = "replace",
            /// The worse of the two counts.
            Worst = "worst",
            /// Both count alike: the mean of their log-odds, each from its own threshold on.
            Mean = "mean",
        }
        planned {}
    }
}

names! {
    /// What becomes of a streamed answer where answers are judged.
    pub enum StreamedAnswers as "value" {
        built {
            /// The policy judges it alone.
            Embedded = "embedded",
            /// The policy judges it, and the judge is asked at its end, for the record.
            Record = "record",
            /// A request for a stream is refused.
            Refuse = "refuse",
        }
        planned {}
    }
}

/// A classifier that a policy asks beside its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct JudgeConfig {
    /// How the judge is asked; of `quality-scorer` it must be a `contract` or a `grader`.
    #[serde(default)]
    pub kind: RemoteKind,
    /// Where the judge is: the URL its paths stand under, or, of a `contract`, the one that is
    /// asked. Every judge has this, or `encoder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), extend("format" = "uri", "x-rule" = "base-url"))]
    pub url: Option<String>,
    /// A model that runs in this process, in place of a URL; needs a gateway that was built with
    /// the feature `encoder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<EncoderConfig>,
    /// The model that is asked; a `llama-guard` and a `grader` must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), extend("x-rule" = "model"))]
    pub model: Option<String>,
    /// What a `grader` is told that a good answer is; by default that it is correct, complete,
    /// clear and to the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8192))]
    pub rubric: Option<String>,
    /// Where the judge's key is found; none is sent by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretRef>,
    /// When it is asked; where the policy is uncertain by default, and by `quality-scorer` always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<JudgeWhen>,
    /// Which scores of the policy's own are uncertain.
    #[serde(default)]
    pub band: JudgeBand,
    /// What its word counts; it takes the place of the policy's own by default, and with
    /// `quality-scorer` the worse of the two counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combine: Option<JudgeCombine>,
    /// The judge's score, from 0 to 1, from which a text is bad; of no use to `quality-scorer`.
    #[serde(default = "JudgeConfig::default_threshold")]
    #[schemars(range(min = 0, max = 1))]
    pub threshold: f64,
    /// What is judged; requests by default. `quality-scorer` always has answers judged,
    /// `prompt-injection` requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub directions: Option<Vec<Direction>>,
    /// What becomes of streamed answers, which no judge can read as a whole before the client does;
    /// must be given where `directions` has answers judged. By default `quality-scorer` judges
    /// them at their end, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streamed_answers: Option<StreamedAnswers>,
    /// Milliseconds a judgement may take: 2000 behind a URL by default, and 10000 in this process,
    /// where a long text takes seconds and waits for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 600_000))]
    pub timeout_ms: Option<u32>,
    /// What becomes of a call when there is no judgement: it is refused, or the policy's own
    /// verdict stands. Refused by default; with `quality-scorer` its own score stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// How many judgements are remembered.
    #[serde(default = "JudgeConfig::default_cache")]
    #[schemars(range(min = 0, max = 10_000_000))]
    pub cache_entries: u32,
    /// How many questions may be open at a time.
    #[serde(default = "JudgeConfig::default_places")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrent: u32,
    /// The longest text, in bytes, that is judged.
    #[serde(default = "JudgeConfig::default_text")]
    #[schemars(range(min = 1, max = 16_777_216))]
    pub max_text_bytes: u32,
    /// When the judge is left alone.
    #[serde(default)]
    pub circuit_breaker: RemoteBreaker,
}

impl JudgeConfig {
    /// A judge at this URL, with every default.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: Some(url.into()),
            ..Self::nowhere()
        }
    }

    /// A judge that runs in this process, with every default.
    pub fn encoder(encoder: EncoderConfig) -> Self {
        Self {
            encoder: Some(encoder),
            ..Self::nowhere()
        }
    }

    fn nowhere() -> Self {
        Self {
            kind: RemoteKind::default(),
            url: None,
            encoder: None,
            model: None,
            rubric: None,
            secret_key_ref: None,
            when: None,
            band: JudgeBand::default(),
            combine: None,
            threshold: Self::default_threshold(),
            directions: None,
            streamed_answers: None,
            timeout_ms: None,
            on_failure: None,
            cache_entries: Self::default_cache(),
            max_concurrent: Self::default_places(),
            max_text_bytes: Self::default_text(),
            circuit_breaker: RemoteBreaker::default(),
        }
    }

    const fn default_threshold() -> f64 {
        0.5
    }

    /// How long a judgement may take.
    pub fn timeout(&self) -> std::time::Duration {
        let default = match self.encoder {
            Some(_) => 10_000,
            None => 2000,
        };
        std::time::Duration::from_millis(self.timeout_ms.unwrap_or(default).into())
    }

    const fn default_cache() -> u32 {
        10_000
    }

    const fn default_places() -> u32 {
        16
    }

    const fn default_text() -> u32 {
        64 * 1024
    }
}

/// Which scores of a policy's own are uncertain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct JudgeBand {
    /// From this one on: 0.3 by default, and for `quality-scorer` its `min_score`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub from: Option<f64>,
    /// Up to, but not including, this one: the text's threshold by default, and for
    /// `quality-scorer` 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub to: Option<f64>,
}
