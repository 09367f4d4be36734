//! The settings of the policy `prompt-injection`.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::judge::JudgeConfig;
use super::names::names;
use super::pii::Uninspectable;

/// How many patterns there may be, and how long each, in characters.
const MOST_PATTERNS: usize = 64;
const LONGEST_REGEX: usize = 4096;

names! {
    /// What is done with a text that orders the model about.
    #[derive(Default)]
    pub enum InjectionAction as "action" {
        built {
            /// The request is refused.
            #[default]
            Block = "block",
            /// The sentences that carry the order are replaced by a marker.
            Sanitize = "sanitize",
            /// It passes, is counted, and the answer's header `x-portcullis-injection` says so.
            Flag = "flag",
            /// It passes, and is counted.
            Log = "log",
        }
        planned {}
    }
}

names! {
    /// Whose words a text of a request is.
    #[derive(PartialOrd, Ord)]
    pub enum InjectionOrigin as "origin" {
        built {
            /// The person who asks.
            User = "user",
            /// The result of a tool.
            Tool = "tool",
            /// A document that comes with the request.
            Document = "document",
            /// System and developer messages.
            System = "system",
            /// What the model said in earlier turns.
            Assistant = "assistant",
            /// Names, descriptions and schemas of tools on offer.
            ToolDefinition = "tool_definition",
        }
        planned {}
    }
}

/// Settings of the policy `prompt-injection`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PromptInjectionConfig {
    /// Whether the policy is applied when it stands in the chain.
    pub enabled: bool,
    /// Whether it is enforced; with `false` it changes nothing, and the record says what it would
    /// have done.
    pub enforce: bool,
    /// The score, from 0 to 1, from which a text is an attack.
    #[schemars(range(min = 0, max = 1))]
    pub threshold: f64,
    /// The thresholds of single origins.
    #[schemars(schema_with = "by_origin")]
    pub thresholds: BTreeMap<InjectionOrigin, f64>,
    /// What is done with attacks.
    pub action: InjectionAction,
    /// Whose words are judged.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub scope: Vec<InjectionOrigin>,
    /// What texts are read through.
    pub encoding: InjectionEncoding,
    /// What is an attack besides what the model finds.
    pub detection: InjectionDetection,
    /// A classifier of one's own, asked beside what is built in; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeConfig>,
    /// What is said to a client whose call is refused.
    pub response: InjectionResponse,
    /// The largest body, in bytes, that is inspected.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub max_body_bytes: u64,
    /// What happens to a body that cannot be inspected.
    pub uninspectable: Uninspectable,
}

impl Default for PromptInjectionConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            enforce: true,
            threshold: 0.8,
            thresholds: BTreeMap::new(),
            action: InjectionAction::default(),
            scope: vec![
                InjectionOrigin::User,
                InjectionOrigin::Tool,
                InjectionOrigin::Document,
            ],
            encoding: InjectionEncoding::default(),
            detection: InjectionDetection::default(),
            judge: None,
            response: InjectionResponse::default(),
            max_body_bytes: 8 * 1024 * 1024,
            uninspectable: Uninspectable::default(),
        }
    }
}

/// What texts are read through. That a text is encoded is no guilt by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct InjectionEncoding {
    /// Base64.
    pub decode_base64: bool,
    /// Hexadecimal and binary digits, URL and HTML escapes, escapes of programming languages.
    pub decode_escapes: bool,
    /// Leetspeak, letters turned by thirteen places, and text written backwards.
    pub decode_ciphers: bool,
    /// Invisible characters, tags, and the many forms in which Unicode has the same letter.
    pub normalize_unicode: bool,
    /// Letters of another script that look like Latin ones.
    pub detect_homoglyphs: bool,
}

impl Default for InjectionEncoding {
    fn default() -> Self {
        Self {
            decode_base64: true,
            decode_escapes: true,
            decode_ciphers: true,
            normalize_unicode: true,
            detect_homoglyphs: true,
        }
    }
}

/// What is an attack besides what the model finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct InjectionDetection {
    /// Regular expressions, in the syntax of the Rust crate `regex`, that make a text an attack.
    /// Upper and lower case are one; what `encoding` reads through is read through for them too.
    #[schemars(schema_with = "patterns")]
    pub attack_patterns: Vec<String>,
}

/// What is said to a client whose call is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct InjectionResponse {
    /// The message of the error; by default it says whose words were stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub message: Option<String>,
}

fn patterns(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "minLength": 1, "maxLength": LONGEST_REGEX },
        "maxItems": MOST_PATTERNS,
    })
}

/// The schema of a mapping from origins to scores.
fn by_origin(_: &mut SchemaGenerator) -> Schema {
    let score = |origin: &InjectionOrigin| {
        serde_json::json!({
            "type": "number", "minimum": 0, "maximum": 1, "title": origin.as_str(),
            "description": format!("The threshold for texts of the origin {origin}."),
        })
    };
    let properties: serde_json::Map<_, _> = InjectionOrigin::ALL
        .iter()
        .map(|origin| (origin.as_str().to_owned(), score(origin)))
        .collect();
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}
