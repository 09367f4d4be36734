//! The policy `canary`.

use std::fmt;

use http::HeaderName;

use super::{GatewayError, secret};
use crate::config::{self, CanaryConfig};
use crate::policy::HashKey;
use crate::policy::canary::{CanaryAction, CanaryLayer};

pub(super) fn canary(settings: &CanaryConfig) -> Result<CanaryLayer, GatewayError> {
    const PATH: &str = "policy.canary";
    let unusable =
        |key: &str, why: &dyn fmt::Display| GatewayError::Policy(format!("{PATH}.{key}: {why}"));
    let action = match settings.action {
        config::CanaryAction::Stop => CanaryAction::Stop,
        config::CanaryAction::Redact => CanaryAction::Redact,
        config::CanaryAction::Log => CanaryAction::Log,
    };
    let layer = CanaryLayer::default()
        .enforce(settings.enforce)
        .action(action)
        .notice(&settings.notice)
        .map_err(|error| unusable("notice", &error))?;
    let Some(conversation) = &settings.conversation else {
        return Ok(layer);
    };
    let header = HeaderName::from_bytes(conversation.header.as_bytes())
        .map_err(|error| unusable("conversation.header", &error))?;
    let key = match &conversation.key_ref {
        Some(reference) => {
            let key = secret(reference, "the key of the tokens")
                .map_err(|why| unusable("conversation.key_ref", &why))?;
            HashKey::new(key.as_bytes())
        }
        None => HashKey::random(),
    };
    Ok(layer.conversations(header, key))
}
