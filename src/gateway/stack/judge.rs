//! Judges of one's own, for whichever policy asks them.

use std::fmt;
use std::time::Duration;

use super::{GatewayError, secret};
use crate::config::{self, JudgeConfig};
use crate::policy::OnFailure;
#[cfg(feature = "encoder")]
use crate::policy::encoder::{Encoder, EncoderOptions, Squash};
use crate::policy::judge::{Combine, Judge, JudgeFuture, JudgeRule, Judgement};
use crate::policy::judge::{Streamed, Subject, When};
use crate::policy::remote::{Dialect, RemoteJudge};
use crate::target::BreakerSettings;
use crate::upstream::{ApiKey, Together};

/// A judge that a file names, wherever it runs.
#[derive(Clone)]
pub(super) enum Named {
    Remote(RemoteJudge),
    #[cfg(feature = "encoder")]
    Encoder(Encoder),
}

impl Judge for Named {
    fn judge(&self, subject: Subject) -> JudgeFuture {
        match self {
            Self::Remote(judge) => judge.judge(subject),
            #[cfg(feature = "encoder")]
            Self::Encoder(judge) => judge.judge(subject),
        }
    }

    fn remembered(&self, subject: &Subject) -> Option<Judgement> {
        match self {
            Self::Remote(judge) => judge.remembered(subject),
            #[cfg(feature = "encoder")]
            Self::Encoder(judge) => judge.remembered(subject),
        }
    }
}

/// The judge of these settings, which stand at `path`.
pub(super) fn named(path: &str, settings: &JudgeConfig) -> Result<Named, GatewayError> {
    match &settings.encoder {
        None => judge(path, settings).map(Named::Remote),
        Some(encoder) => self::encoder(path, settings, encoder),
    }
}

#[cfg(not(feature = "encoder"))]
fn encoder(path: &str, _: &JudgeConfig, _: &config::EncoderConfig) -> Result<Named, GatewayError> {
    Err(GatewayError::Policy(format!(
        "{path}.encoder: this program was built without encoders; build it with the feature \
         `encoder`"
    )))
}

#[cfg(feature = "encoder")]
fn encoder(
    path: &str,
    judge: &JudgeConfig,
    settings: &config::EncoderConfig,
) -> Result<Named, GatewayError> {
    let mut options = EncoderOptions::new()
        .temperature(settings.temperature as f32)
        .max_tokens(settings.max_tokens as usize)
        .max_windows(settings.max_windows as usize)
        .threads(settings.threads as usize)
        .timeout(judge.timeout())
        .cache_entries(judge.cache_entries as usize);
    if let Some(tokenizer) = &settings.tokenizer {
        options = options.tokenizer(tokenizer);
    }
    for label in settings.labels.iter().flatten() {
        options = options.label(label.as_str());
    }
    options = match settings.squash {
        Some(config::EncoderSquash::Softmax) => options.squash(Squash::Softmax),
        Some(config::EncoderSquash::Sigmoid) => options.squash(Squash::Sigmoid),
        None => options,
    };
    if let Some(most) = settings.max_concurrent {
        options = options.max_concurrent(most as usize);
    }
    options
        .open(&settings.model)
        .map(Named::Encoder)
        .map_err(|error| GatewayError::Policy(format!("{path}.encoder: {error}")))
}

/// The judge behind a URL of these settings, which stand at `path`.
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
    let url = settings
        .url
        .as_deref()
        .ok_or_else(|| unusable("url", &"is missing; say where the judge is"))?;
    let timeout = settings.timeout();
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
        Some(config::JudgeCombine::Mean) => rule = rule.combine(Combine::Mean),
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
