//! The settings of the policy `safety-filter`.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::judge::JudgeConfig;
use super::names::names;
use super::pii::{Direction, Uninspectable};

names! {
    /// How much the safety filter lets through.
    #[derive(Default)]
    pub enum SafetyMode as "mode" {
        built {
            /// Little.
            Strict = "strict",
            /// What most services want.
            #[default]
            Standard = "standard",
            /// Much.
            Lenient = "lenient",
        }
        planned {}
    }
}

names! {
    /// What is done with a harmful text.
    #[derive(Default)]
    pub enum SafetyAction as "action" {
        built {
            /// The request is refused; an answer is refused, or ends there.
            #[default]
            Block = "block",
            /// The harmful sentences are replaced by a marker.
            Redact = "redact",
            /// It passes, is counted, and the answer's header `x-portcullis-safety` says so.
            Flag = "flag",
            /// It passes, and is counted.
            Log = "log",
        }
        planned {}
    }
}

names! {
    /// A hazard the safety filter knows.
    #[derive(PartialOrd, Ord)]
    pub enum SafetyCategory as "category" {
        built {
            /// Murder, assault, kidnapping, terrorism, cruelty to animals.
            ViolentCrimes = "violent_crimes",
            /// Theft, burglary, drugs, trafficking, bribery, vandalism.
            NonViolentCrimes = "non_violent_crimes",
            /// Scams, forgery, identity theft, cooking the books.
            Fraud = "fraud",
            /// Malicious software, break-ins into accounts and systems, attacks on them.
            Malware = "malware",
            /// Explosives, guns outside the law, chemical, biological and nuclear arms.
            Weapons = "weapons",
            /// Demeaning people for what they are.
            Hate = "hate",
            /// Threats, bullying and abuse of a person.
            Harassment = "harassment",
            /// Suicide, self-injury, disordered eating.
            SelfHarm = "self_harm",
            /// Pornography and paid sex.
            SexualContent = "sexual_content",
            /// Rape, groping, secret recordings, sexual blackmail.
            SexualCrimes = "sexual_crimes",
            /// Sexual content about minors, and grooming.
            ChildExploitation = "child_exploitation",
            /// Stalking, spying, exposing private data.
            Privacy = "privacy",
            /// Invented facts about people, elections, health and the world.
            Misinformation = "misinformation",
            /// Piracy, counterfeits, stolen secrets.
            IntellectualProperty = "intellectual_property",
            /// Medical, legal and financial advice that takes the place of an expert's.
            SpecializedAdvice = "specialized_advice",
        }
        planned {}
    }
}

/// Settings of the policy `safety-filter`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SafetyFilterConfig {
    /// Whether the policy is applied when it stands in the chain.
    pub enabled: bool,
    /// Whether it is enforced; with `false` it changes nothing, and the record says what it would
    /// have done.
    pub enforce: bool,
    /// How much is let through.
    pub mode: SafetyMode,
    /// What is done with harmful texts.
    pub action: SafetyAction,
    /// The hazards looked for; all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub categories: Option<Vec<SafetyCategory>>,
    /// The score, from 0 to 1, from which a text of a hazard is harmful, whatever the mode.
    #[schemars(schema_with = "by_category")]
    pub thresholds: BTreeMap<SafetyCategory, f64>,
    /// Words and phrases that make a text harmful. Upper and lower case are one.
    #[schemars(length(max = 1000), inner(length(min = 1, max = 256)))]
    pub block_if: Vec<String>,
    /// Words and phrases that let a text pass, unless one of `block_if` stands there too.
    #[schemars(length(max = 1000), inner(length(min = 1, max = 256)))]
    pub allow_if: Vec<String>,
    /// A classifier of one's own, asked beside what is built in; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeConfig>,
    /// What is said to a client whose call is stopped.
    pub response: SafetyResponse,
    /// The directions inspected; both by default.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub directions: Vec<Direction>,
    /// The largest body, in bytes, that is inspected.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub max_body_bytes: u64,
    /// What happens to a body that cannot be inspected.
    pub uninspectable: Uninspectable,
}

impl Default for SafetyFilterConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            enforce: true,
            mode: SafetyMode::default(),
            action: SafetyAction::default(),
            categories: None,
            thresholds: BTreeMap::new(),
            block_if: Vec::new(),
            allow_if: Vec::new(),
            judge: None,
            response: SafetyResponse::default(),
            directions: Direction::ALL.to_vec(),
            max_body_bytes: 8 * 1024 * 1024,
            uninspectable: Uninspectable::default(),
        }
    }
}

/// What is said to a client whose call is stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SafetyResponse {
    /// The message of the error; by default it names the hazard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub message: Option<String>,
}

/// The schema of a mapping from hazards to scores.
fn by_category(_: &mut SchemaGenerator) -> Schema {
    let score = |category: &SafetyCategory| {
        serde_json::json!({
            "type": "number", "minimum": 0, "maximum": 1, "title": category.as_str(),
            "description": format!("The threshold for texts of the hazard {category}."),
        })
    };
    let properties: serde_json::Map<_, _> = SafetyCategory::ALL
        .iter()
        .map(|category| (category.as_str().to_owned(), score(category)))
        .collect();
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}
