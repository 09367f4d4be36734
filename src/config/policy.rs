//! The policies: which exist, in what order they run, and the settings of each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::canary::CanaryConfig;
use super::injection::PromptInjectionConfig;
use super::names::names;
use super::pii::PiiDetectorConfig;
use super::quality::QualityScorerConfig;
use super::remote::RemoteJudgeConfig;
use super::safety::SafetyFilterConfig;

/// Writes, from one table, the names of the policies and the structure that holds their settings.
macro_rules! policies {
    (
        built {
            $( $(#[$meta:meta])* $row:ident = $text:literal => $field:ident: $settings:ty ),+ $(,)?
        }
        planned { $($planned:literal),* $(,)? }
    ) => {
        names! {
            /// A policy that can stand in `policies.chain`.
            pub enum PolicyName as "policy" {
                built { $( $(#[$meta])* $row = $text ),+ }
                planned { $($planned),* }
            }
        }

        /// The settings of each policy, under the policy's name. What is left out has its default.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        #[schemars(extend("x-names" = {
            "noun": "policy", "built": PolicyName::ALL, "planned": PolicyName::PLANNED,
        }))]
        #[non_exhaustive]
        pub struct PolicySettings {
            $(
                $(#[$meta])*
                #[serde(rename = $text)]
                pub $field: $settings,
            )+
        }

        impl PolicySettings {
            /// Whether the settings of this policy say `enabled: true`.
            pub const fn is_enabled(&self, policy: PolicyName) -> bool {
                match policy { $( PolicyName::$row => self.$field.enabled, )+ }
            }
        }
    };
}

// To build a policy: write the structure of its settings (with a field `enabled`), and move
// its name from `planned` to a row of `built`. To announce one: add its name to `planned`.
policies! {
    built {
        /// Writes one line for every exchange to a file or to standard output.
        Audit = "audit" => audit: AuditConfig,
        /// Finds personal data in requests and answers, and replaces it by placeholders.
        PiiDetector = "pii-detector" => pii_detector: PiiDetectorConfig,
        /// Finds orders to the model that the application did not give.
        PromptInjection = "prompt-injection" => prompt_injection: PromptInjectionConfig,
        /// Finds harmful requests and answers, and stops them.
        SafetyFilter = "safety-filter" => safety_filter: SafetyFilterConfig,
        /// Puts a secret in system prompts, and stops answers that give it away.
        Canary = "canary" => canary: CanaryConfig,
        /// Asks a classifier elsewhere about requests.
        RemoteJudge = "remote-judge" => remote_judge: RemoteJudgeConfig,
        /// Scores answers on what can be computed of them.
        QualityScorer = "quality-scorer" => quality_scorer: QualityScorerConfig,
    }
    planned {
        "api-key", "rate-limit", "budget",
    }
}

/// Which policies govern the traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policies {
    /// The policies in order, the outermost first: it sees a request first and its answer last.
    /// An empty list applies none.
    #[schemars(extend("uniqueItems" = true))]
    pub chain: Vec<PolicyName>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            chain: vec![PolicyName::Audit, PolicyName::PiiDetector],
        }
    }
}

/// Settings of the policy `audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditConfig {
    /// Whether the policy is applied when it stands in the chain.
    pub enabled: bool,
    /// The file lines are added to; `-` is standard output.
    #[schemars(length(min = 1, max = 4096), extend("x-rule" = "printable"))]
    pub path: String,
    /// How many lines may wait to be written.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: u32,
    /// Whether lines keep the text of the exchange, after redaction.
    pub include_text: bool,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "audit.jsonl".to_owned(),
            queue: 4096,
            include_text: false,
        }
    }
}
