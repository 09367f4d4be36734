//! Judges behind a URL, for whichever policy asks them.

use std::fmt;
use std::time::Duration;

use super::{GatewayError, secret};
use crate::config::{self, JudgeConfig};
use crate::policy::OnFailure;
use crate::policy::judge::{Combine, JudgeRule, Streamed, When};
use crate::policy::remote::{Dialect, RemoteJudge};
use crate::target::BreakerSettings;
use crate::upstream::{ApiKey, Together};

/// The judge of these settings, which stand at `path`.
pub(super) fn judge(path: &str, settings: &JudgeConfig) -> Result<RemoteJudge, GatewayError> {
    let unusable =
        |key: &str, why: &dyn fmt::Display| GatewayError::Policy(format!("{path}.{key}: {why}"));
    let model = || {
        let model = settings.model.clone();
        model.ok_or_else(|| unusable("model", &"is missing; name the model that judges"))
    };
    let dialect = match settings.kind {
        config::RemoteKind::Moderation => Dialect::Moderation {
            model: settings.model.clone(),
        },
        config::RemoteKind::LlamaGuard => Dialect::LlamaGuard { model: model()? },
        config::RemoteKind::Contract => Dialect::Contract,
        config::RemoteKind::Grader => Dialect::Grader {
            model: model()?,
            rubric: settings.rubric.clone(),
        },
    };
    let url = &settings.url;
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
    let breaker = &settings.circuit_breaker;
    let recovery = Duration::from_secs(breaker.recovery_timeout_seconds.into());
    let judge = RemoteJudge::new(service, dialect)
        .timeout(timeout)
        .max_text_bytes(settings.max_text_bytes as usize)
        .cache_entries(settings.cache_entries as usize)
        .max_concurrent(settings.max_concurrent as usize)
        .breaker(
            BreakerSettings::default()
                .failure_threshold(breaker.failure_threshold)
                .recovery_timeout(recovery),
        );
    let has_path = url
        .splitn(4, '/')
        .nth(3)
        .is_some_and(|path| !path.is_empty());
    Ok(match settings.kind {
        // What stands behind it is the URL's own path, to the letter.
        config::RemoteKind::Contract if has_path => judge.path("/v1"),
        _ => judge,
    })
}

/// When it is asked, and what its word counts.
pub(super) fn rule(settings: &JudgeConfig) -> JudgeRule {
    let mut rule = JudgeRule::default().threshold(settings.threshold as f32);
    match settings.when {
        Some(config::JudgeWhen::Always) => rule = rule.when(When::Always),
        Some(config::JudgeWhen::Uncertain) => rule = rule.when(When::Uncertain),
        None => {}
    }
    match settings.combine {
        Some(config::JudgeCombine::Replace) => rule = rule.combine(Combine::Replace),
        Some(config::JudgeCombine::Worst) => rule = rule.combine(Combine::Worst),
        None => {}
    }
    if let Some(from) = settings.band.from {
        rule = rule.band_from(from as f32);
    }
    if let Some(to) = settings.band.to {
        rule = rule.band_to(to as f32);
    }
    if let Some(on_failure) = settings.on_failure {
        rule = rule.on_failure(self::on_failure(on_failure));
    }
    if let Some(directions) = &settings.directions {
        rule = rule.requests(directions.contains(&config::Direction::Request));
    }
    match settings.streamed_answers {
        Some(config::StreamedAnswers::Embedded) => rule.answers(Streamed::Embedded),
        Some(config::StreamedAnswers::Record) => rule.answers(Streamed::Record),
        Some(config::StreamedAnswers::Refuse) => rule.answers(Streamed::Refuse),
        None => rule,
    }
}

pub(super) fn on_failure(setting: config::OnFailure) -> OnFailure {
    match setting {
        config::OnFailure::Refuse => OnFailure::Refuse,
        config::OnFailure::Continue => OnFailure::Continue,
    }
}
