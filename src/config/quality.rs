//! The settings of the policy `quality-scorer`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::judge::JudgeConfig;
use super::names::names;
use crate::policy::quality::Signal;

names! {
    /// What is done with an answer whose score is too low.
    #[derive(Default)]
    pub enum QualityAction as "action" {
        built {
            /// It passes, and is on the record.
            #[default]
            Log = "log",
            /// It passes, and a header says so; a stream is on the record only.
            Flag = "flag",
            /// Another answer is asked for, once; a stream is on the record only.
            Retry = "retry",
            /// It is withheld; a stream ends with `content_filter`.
            Block = "block",
        }
        planned {}
    }
}

/// Settings of the policy `quality-scorer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct QualityScorerConfig {
    /// Whether the policy is applied when it stands in the chain.
    pub enabled: bool,
    /// Whether it is enforced; with `false` it changes nothing, and the record says what it would
    /// have done.
    pub enforce: bool,
    /// What is done with an answer whose score is too low.
    pub action: QualityAction,
    /// The score, from 0 to 1, below which something is done.
    #[schemars(range(min = 0, max = 1))]
    pub min_score: f64,
    /// How much of the score each signal takes away, from 0 (it is only recorded) to 1.
    pub weights: QualityWeights,
    /// A classifier of one's own, asked beside what is built in; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeConfig>,
    /// Whether a stream that says the same over and over is stopped.
    pub stop_loops: bool,
    /// The fewest characters an answer may have; none by default.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub min_chars: u32,
    /// The most characters an answer may have; any number by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_chars: Option<u32>,
}

impl Default for QualityScorerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            enforce: true,
            action: QualityAction::default(),
            min_score: 0.5,
            weights: QualityWeights::default(),
            judge: None,
            stop_loops: true,
            min_chars: 0,
            max_chars: None,
        }
    }
}

/// Writes, from one table, the structure of the weights and the list of them.
macro_rules! weights {
    ($( $(#[$meta:meta])* $field:ident = $signal:ident $default:literal ),+ $(,)?) => {
        /// How much of the score each signal takes away.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct QualityWeights {
            $(
                $(#[$meta])*
                #[schemars(range(min = 0, max = 1))]
                pub $field: f64,
            )+
        }

        impl Default for QualityWeights {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl QualityWeights {
            /// Each signal with its weight.
            pub fn all(&self) -> impl Iterator<Item = (Signal, f64)> {
                [$( (Signal::$signal, self.$field) ),+].into_iter()
            }
        }
    };
}

weights! {
    /// The answer says nothing.
    empty = Empty 1.0,
    /// It was cut off.
    truncated = Truncated 0.5,
    /// It declines.
    refusal = Refusal 0.6,
    /// It says the same over and over to its end.
    r#loop = Loop 0.9,
    /// Much of it is said more than once.
    repetition = Repetition 0.5,
    /// It is in another language than the question.
    language_mismatch = LanguageMismatch 0.5,
    /// It is not the JSON that was asked for.
    invalid_json = InvalidJson 0.8,
    /// It is JSON, and does not fit the schema.
    schema_mismatch = SchemaMismatch 0.6,
    /// A code block has no end.
    unclosed_fence = UnclosedFence 0.2,
    /// It cites sources that were not given.
    unmatched_citation = UnmatchedCitation 0.4,
    /// It is shorter than `min_chars`.
    too_short = TooShort 0.3,
    /// It is longer than `max_chars`.
    too_long = TooLong 0.3,
}
