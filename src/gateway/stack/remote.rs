//! The policy `remote-judge`.

use std::fmt;
use std::time::Duration;

use super::{GatewayError, secret};
use crate::body::Role;
use crate::config::{self, RemoteJudgeConfig, Speaker};
use crate::policy::OnFailure;
use crate::policy::remote::{Dialect, RemoteAction, RemoteJudge, RemoteJudgeLayer};
use crate::upstream::{ApiKey, Together};

pub(super) fn remote(settings: &RemoteJudgeConfig) -> Result<RemoteJudgeLayer, GatewayError> {
    const PATH: &str = "policy.remote-judge";
    let unusable =
        |key: &str, why: &dyn fmt::Display| GatewayError::Policy(format!("{PATH}.{key}: {why}"));
    let url = settings
        .url
        .as_deref()
        .ok_or_else(|| unusable("url", &"is missing; say where the judge is"))?;
    let dialect = match settings.kind {
        config::RemoteKind::Moderation => Dialect::Moderation {
            model: settings.model.clone(),
        },
        config::RemoteKind::LlamaGuard => Dialect::LlamaGuard {
            model: settings
                .model
                .clone()
                .ok_or_else(|| unusable("model", &"is missing; name the model that judges"))?,
        },
        config::RemoteKind::Contract => Dialect::Contract,
    };
    let timeout = Duration::from_millis(settings.timeout_ms.into());
    let mut service = Together::new()
        .connect_timeout(timeout)
        .timeout(timeout)
        .base_url(url)
        .map_err(|error| unusable("url", &error))?
        .without_key();
    if let Some(reference) = &settings.secret_key_ref {
        let key = secret(reference, "the key of the judge")
            .map_err(|why| unusable("secret_key_ref", &why))?;
        let key = ApiKey::new(&key)
            .ok_or_else(|| unusable("secret_key_ref", &"the key cannot stand in a header"))?;
        service = service.api_key(key);
    }
    let mut judge = RemoteJudge::new(service, dialect)
        .timeout(timeout)
        .max_text_bytes(settings.max_text_bytes as usize)
        .cache_entries(settings.cache_entries as usize)
        .max_concurrent(settings.max_concurrent as usize)
        .breaker(
            settings.circuit_breaker.failure_threshold,
            Duration::from_secs(settings.circuit_breaker.recovery_timeout_seconds.into()),
        );
    let has_path = url
        .splitn(4, '/')
        .nth(3)
        .is_some_and(|path| !path.is_empty());
    if settings.kind == config::RemoteKind::Contract && has_path {
        // What stands behind it is the URL's own path, to the letter.
        judge = judge.path("/v1");
    }
    let action = match settings.action {
        config::RemoteAction::Block => RemoteAction::Block,
        config::RemoteAction::Flag => RemoteAction::Flag,
        config::RemoteAction::Log => RemoteAction::Log,
    };
    let on_failure = match settings.on_failure {
        config::OnFailure::Refuse => OnFailure::Refuse,
        config::OnFailure::Continue => OnFailure::Continue,
    };
    let roles = settings.roles.iter().map(|role| match role {
        Speaker::System => Role::System,
        Speaker::Developer => Role::Developer,
        Speaker::User => Role::User,
        Speaker::Assistant => Role::Assistant,
        Speaker::Tool => Role::Tool,
    });
    Ok(RemoteJudgeLayer::asking(judge)
        .enforce(settings.enforce)
        .on_failure(on_failure)
        .threshold(settings.threshold as f32)
        .action(action)
        .message(settings.response.message.clone())
        .roles(roles))
}
