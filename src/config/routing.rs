//! How a target is chosen for a request, and what follows when it fails.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::names::names;

names! {
    /// How a target is chosen for a request.
    pub enum Strategy as "strategy" {
        built {
            /// There is one target, and every request goes to it.
            Single = "single",
            /// The first target, and the next when it fails.
            Fallback = "fallback" | "ordered",
            /// The targets in turns, by their weights.
            WeightedRoundRobin = "weighted_round_robin",
            /// The targets in turns.
            RoundRobin = "round_robin",
            /// The targets whose answers begin soonest.
            Latency = "latency",
            /// The less busy of two targets.
            LeastInFlight = "least_in_flight",
            /// The cheapest target, by the prices of the targets.
            Cost = "cost",
            /// A target by chance, by their weights.
            Random = "random",
        }
        planned {}
    }
}

names! {
    /// A failure that sends a request to another target.
    pub enum Trigger as "trigger" {
        built {
            /// Too many requests.
            RateLimitExceeded = "rate_limit_exceeded",
            /// It took too long, or stalled before the first token.
            Timeout = "timeout",
            /// It cannot be reached, or is out of service.
            ServiceUnavailable = "service_unavailable",
            /// Any other error of the server's.
            ServerError = "server_error",
            /// The key is missing or was not accepted.
            Auth = "auth",
            /// The request is against its content policy.
            ContentPolicy = "content_policy",
            /// The request is too long for its model.
            ContextWindow = "context_window",
        }
        planned {}
    }
}

names! {
    /// What becomes of a stream that breaks off after its first token.
    #[derive(Default)]
    pub enum MidStream as "way" {
        built {
            /// It ends with an event that says so.
            #[default]
            Fail = "fail",
            /// Another target goes on with the answer, as well as it can.
            Continue = "continue",
        }
        planned {}
    }
}

names! {
    /// What becomes of a request for a model that no target is known to have.
    #[derive(Default)]
    pub enum UnknownModels as "way" {
        built {
            /// It goes to a target as if it had named none.
            #[default]
            Pass = "pass",
            /// It is refused with a 404, unless a target takes any model.
            Refuse = "refuse",
        }
        planned {}
    }
}

/// Whether and when a request goes to another target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Fallback {
    /// Whether a request whose target fails goes to another.
    pub enabled: bool,
    /// The failures that count.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub triggers: Vec<Trigger>,
    /// How many targets may be tried after the first.
    #[schemars(range(min = 1, max = 100))]
    pub max_fallback_attempts: u32,
    /// Seconds a stream may take to its first token while there is another target to try.
    #[schemars(range(min = 1, max = 3_600))]
    pub first_token_timeout_seconds: u32,
}

impl Default for Fallback {
    fn default() -> Self {
        Self {
            enabled: true,
            triggers: vec![
                Trigger::RateLimitExceeded,
                Trigger::Timeout,
                Trigger::ServiceUnavailable,
                Trigger::ServerError,
                Trigger::Auth,
            ],
            max_fallback_attempts: 3,
            first_token_timeout_seconds: 30,
        }
    }
}

/// What requests have in common that are to go to the same target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Sticky {
    /// The value of this header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("x-rule" = "header-name"))]
    pub header: Option<String>,
    /// Where there is no such header, the member of the request of this name, such as `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("x-rule" = "label"))]
    pub field: Option<String>,
}

/// The ids of the targets that answer for a name.
pub(super) type ModelGroups = BTreeMap<String, Vec<String>>;

/// Names such as those of models, each with the ids of targets.
pub(super) fn model_groups(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 1000,
        "propertyNames": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "x-rule": "model",
        },
        "additionalProperties": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "uniqueItems": true,
            "items": { "type": "string", "minLength": 1, "maxLength": 64, "x-rule": "identifier" },
        },
    })
}
