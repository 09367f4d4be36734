//! The settings of the policy `pii-detector`.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::entity::Entity;
use super::locale::Locale;
use super::names::names;
use super::provider::SecretRef;

/// The type of what a deny list without names finds.
pub(super) const DENY_LIST: &str = "DENY_LIST";
/// How many patterns, lists and values of a list there may be. Each is compiled as the file is
/// read, and once more with those before it.
pub(super) const MOST_PATTERNS: usize = 64;
pub(super) const MOST_DENY_LISTS: usize = 16;
pub(super) const MOST_DENIED: usize = 1000;
/// How long a regular expression may be, in characters.
pub(super) const LONGEST_REGEX: usize = 4096;
/// What the name of a pattern may be: it becomes a part of markers, headers and key paths.
const NAME_PATTERN: &str = "^[A-Za-z0-9_-]+$";

names! {
    /// What is done with personal data that was found.
    #[derive(Default)]
    pub enum PiiAction as "action" {
        built {
            /// Each find is replaced by a marker.
            #[default]
            Redact = "redact",
            /// Its letters and digits are replaced by asterisks.
            Mask = "mask",
            /// It is replaced by a keyed hash: equal values stay equal.
            Hash = "hash",
            /// It is replaced by a placeholder, and put back in the answer.
            Pseudonymize = "pseudonymize",
            /// The call is refused.
            Block = "block",
            /// It stays, and is counted.
            Log = "log",
        }
        planned {}
    }
}

names! {
    /// How a redacted value is marked.
    #[derive(Default)]
    pub enum MarkerFormat as "marker format" {
        built {
            /// By its type in brackets: `[EMAIL_ADDRESS]`.
            #[default]
            Label = "label",
            /// By as many asterisks as it has characters.
            Asterisks = "asterisks",
            /// By asterisks and a little of the value: `j***@example.com`.
            Partial = "partial",
        }
        planned {}
    }
}

names! {
    /// A direction of the traffic.
    pub enum Direction as "direction" {
        built {
            /// From the client to the model.
            Request = "request",
            /// From the model to the client.
            Response = "response",
        }
        planned {}
    }
}

names! {
    /// What happens to a body that cannot be read: too large, or in an unknown format.
    #[derive(Default)]
    pub enum Uninspectable as "value" {
        built {
            /// It is refused, so that nothing passes unread.
            #[default]
            Refuse = "refuse",
            /// It passes as it is.
            Pass = "pass",
        }
        planned {}
    }
}

/// Settings of the policy `pii-detector`.
///
/// A *type* is the name of an [`Entity`], of one of [`detect_patterns`](Self::detect_patterns), or
/// of a [`deny_list`](Self::deny_list).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PiiDetectorConfig {
    /// Whether the policy is applied when it stands in the chain.
    pub enabled: bool,
    /// Whether it is enforced; with `false` it changes nothing, and the record says what it would
    /// have done.
    pub enforce: bool,
    /// What is done with personal data that was found. URL and DOMAIN_NAME are only counted
    /// unless `actions` names them.
    pub action: PiiAction,
    /// What is done with single types.
    #[schemars(schema_with = "by_type::<PiiAction>")]
    pub actions: BTreeMap<String, PiiAction>,
    /// What is done with requests, where it differs.
    pub request: DirectionActions,
    /// What is done with answers, where it differs.
    pub response: DirectionActions,
    /// The kinds of personal data looked for; by default all but those of `names`,
    /// `healthcare_mode` and `pci_mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub entities: Option<Vec<Entity>>,
    /// The countries whose identifiers, addresses and national telephone numbers are looked for;
    /// all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub locales: Option<Vec<Locale>>,
    /// Whether medical record, NPI, DEA and health insurance numbers are looked for too.
    pub healthcare_mode: bool,
    /// Whether the security code, expiry and holder of payment cards are looked for too.
    pub pci_mode: bool,
    /// Whether names of people, places and organisations are looked for too.
    pub names: bool,
    /// How sure the detector must be of a find, from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub threshold: f64,
    /// How sure it must be of single types.
    #[schemars(schema_with = "by_type::<Score>")]
    pub thresholds: BTreeMap<String, f64>,
    /// Values that are let alone, whatever their type. Upper and lower case are one.
    #[schemars(length(max = 10_000), inner(length(min = 1, max = 1024)))]
    pub allow_list: Vec<String>,
    /// Values that are found wherever they stand as words: a list, found as the type DENY_LIST, or
    /// lists by the name of their type. Upper and lower case are one.
    #[serde(deserialize_with = "deny_lists")]
    #[schemars(schema_with = "deny_lists_schema")]
    pub deny_list: BTreeMap<String, Vec<String>>,
    /// Regular expressions whose matches are found: by the name of their type, or as a list.
    #[serde(deserialize_with = "detect_patterns")]
    #[schemars(schema_with = "detect_patterns_schema")]
    pub detect_patterns: Vec<DetectPattern>,
    /// How redacted values are marked.
    pub redaction: PiiRedaction,
    /// Where the key of the action `hash` is found; by default a new one at every start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_key_ref: Option<SecretRef>,
    /// Keeps the placeholders of `pseudonymize` for a conversation rather than for a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Conversation>,
    /// Whether answers say, in the header `x-portcullis-pii`, what was found in the request.
    pub report_header: bool,
    /// The directions inspected; both by default.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub directions: Vec<Direction>,
    /// The largest body, in bytes, that is inspected.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub max_body_bytes: u64,
    /// What happens to a body that cannot be inspected.
    pub uninspectable: Uninspectable,
}

impl Default for PiiDetectorConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            enforce: true,
            action: PiiAction::default(),
            actions: BTreeMap::new(),
            request: DirectionActions::default(),
            response: DirectionActions::default(),
            entities: None,
            locales: None,
            healthcare_mode: false,
            pci_mode: false,
            names: false,
            threshold: 0.5,
            thresholds: BTreeMap::new(),
            allow_list: Vec::new(),
            deny_list: BTreeMap::new(),
            detect_patterns: Vec::new(),
            redaction: PiiRedaction::default(),
            hash_key_ref: None,
            conversation: None,
            report_header: false,
            directions: Direction::ALL.to_vec(),
            max_body_bytes: 8 * 1024 * 1024,
            uninspectable: Uninspectable::default(),
        }
    }
}

/// What is done in one direction, where it differs from the other. A type's own action goes before
/// a general one: `request.actions`, then `actions`, then `request.action`, then `action`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DirectionActions {
    /// What is done with personal data found in this direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<PiiAction>,
    /// What is done with single types in this direction.
    #[schemars(schema_with = "by_type::<PiiAction>")]
    pub actions: BTreeMap<String, PiiAction>,
}

/// A regular expression whose matches are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DetectPattern {
    /// The type its matches are found as.
    #[schemars(
        length(min = 1, max = 64),
        regex(pattern = "^[A-Za-z0-9_-]+$"),
        extend("x-rule" = "label")
    )]
    pub name: String,
    /// The regular expression, in the syntax of the Rust crate `regex`.
    #[schemars(length(min = 1, max = 4096))]
    pub regex: String,
    /// How sure a match is, from 0 to 1: one below the threshold is passed over.
    #[serde(default = "DetectPattern::default_score")]
    #[schemars(range(min = 0, max = 1))]
    pub score: f64,
}

impl DetectPattern {
    /// A pattern whose matches are certain.
    pub fn new(name: impl Into<String>, regex: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            regex: regex.into(),
            score: Self::default_score(),
        }
    }

    const fn default_score() -> f64 {
        1.0
    }
}

/// How redacted values are marked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PiiRedaction {
    /// How a value is marked.
    pub marker_format: MarkerFormat,
    /// Whether labels say how long the value was, in characters: `[EMAIL_ADDRESS:16]`.
    pub include_metadata: bool,
    /// Whether markers are cut or filled up to the length of the value.
    pub preserve_length: bool,
    /// Markers of single types.
    #[schemars(schema_with = "by_type::<Marker>")]
    pub custom_markers: BTreeMap<String, String>,
}

/// How a conversation is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Conversation {
    /// The header of requests that names the conversation.
    #[schemars(length(min = 1, max = 64), extend("x-rule" = "header-name"))]
    pub header: String,
    /// Seconds after which a conversation nobody continues is forgotten.
    #[schemars(range(min = 1, max = 604_800))]
    pub idle_seconds: u32,
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            header: "x-conversation-id".to_owned(),
            idle_seconds: 1800,
        }
    }
}

/// How sure the detector must be, from 0 to 1.
// Only for the schema, as the next one.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Score(
    #[schemars(range(min = 0, max = 1))]
    #[expect(dead_code)]
    f64,
);

/// What takes the place of a value.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Marker(
    #[schemars(length(max = 256), extend("x-rule" = "printable"))]
    #[expect(dead_code)]
    String,
);

/// A mapping from types. Which there are depends on the file: `patterns` holds them against it.
fn by_type<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let entities: Vec<_> = Entity::ALL.iter().map(|entity| entity.as_str()).collect();
    json_schema!({
        "type": "object",
        "propertyNames": { "anyOf": [{ "enum": entities }, { "pattern": NAME_PATTERN }] },
        "additionalProperties": T::json_schema(generator),
        "x-types": true,
    })
}

/// The name of a pattern, as a key.
fn pattern_name() -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "pattern": NAME_PATTERN,
        "x-rule": "label",
    })
}

fn deny_lists_schema(_: &mut SchemaGenerator) -> Schema {
    let list = json_schema!({
        "type": "array",
        "items": { "type": "string", "minLength": 1, "maxLength": 256 },
        "maxItems": MOST_DENIED,
    });
    json_schema!({ "oneOf": [
        list,
        {
            "type": "object",
            "propertyNames": pattern_name(),
            "additionalProperties": list,
            "maxProperties": MOST_DENY_LISTS,
        },
    ] })
}

fn detect_patterns_schema(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "oneOf": [
        {
            "type": "array",
            "items": DetectPattern::json_schema(generator),
            "maxItems": MOST_PATTERNS,
        },
        {
            "type": "object",
            "propertyNames": pattern_name(),
            "additionalProperties": { "type": "string", "minLength": 1, "maxLength": LONGEST_REGEX },
            "maxProperties": MOST_PATTERNS,
        },
    ] })
}

fn deny_lists<'de, D>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        List(Vec<String>),
        ByName(BTreeMap<String, Vec<String>>),
    }
    Ok(match Form::deserialize(deserializer)? {
        Form::List(values) if values.is_empty() => BTreeMap::new(),
        Form::List(values) => BTreeMap::from([(DENY_LIST.to_owned(), values)]),
        Form::ByName(lists) => lists,
    })
}

fn detect_patterns<'de, D>(deserializer: D) -> Result<Vec<DetectPattern>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        List(Vec<DetectPattern>),
        ByName(BTreeMap<String, String>),
    }
    Ok(match Form::deserialize(deserializer)? {
        Form::List(patterns) => patterns,
        Form::ByName(patterns) => {
            let patterns = patterns.into_iter();
            patterns
                .map(|(name, regex)| DetectPattern::new(name, regex))
                .collect()
        }
    })
}
