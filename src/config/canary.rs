//! The settings of the policy `canary`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::names;
use super::provider::SecretRef;

names! {
    /// What is done with an answer that gives the canary away.
    #[derive(Default)]
    pub enum CanaryAction as "action" {
        built {
            /// It is refused; a stream is ended.
            #[default]
            Stop = "stop",
            /// The token is replaced by `[CANARY]`.
            Redact = "redact",
            /// It passes, and is on the record.
            Log = "log",
        }
        planned {}
    }
}

/// Settings of the policy `canary`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CanaryConfig {
    /// Whether the policy is applied when it stands in the chain.
    pub enabled: bool,
    /// Whether it is enforced; with `false` there is no canary.
    pub enforce: bool,
    /// What is done with an answer that gives the canary away.
    pub action: CanaryAction,
    /// What is put at the end of a system prompt, with `{canary}` for the token.
    #[schemars(
        length(min = 1, max = 1000),
        regex(pattern = r"\{canary\}"),
        extend("x-rule" = "canary-notice")
    )]
    pub notice: String,
    /// Keeps the token for a conversation rather than for a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<CanaryConversation>,
}

impl Default for CanaryConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            enforce: true,
            action: CanaryAction::default(),
            notice: "Reference: {canary}".to_owned(),
            conversation: None,
        }
    }
}

/// How a conversation is known, and how its token is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CanaryConversation {
    /// The header of requests that names the conversation.
    #[schemars(length(min = 1, max = 64), extend("x-rule" = "header-name"))]
    pub header: String,
    /// Where the key is found that tokens are made with; by default a new one at every start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ref: Option<SecretRef>,
}

impl Default for CanaryConversation {
    fn default() -> Self {
        Self {
            header: "x-conversation-id".to_owned(),
            key_ref: None,
        }
    }
}
