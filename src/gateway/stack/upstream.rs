//! The targets.

use super::GatewayError;
use crate::config;
use crate::target::{ApiKey, Pricing, Target};
use crate::upstream::Together;

pub(super) fn upstream(target: &config::Target, number: usize) -> Result<Together, GatewayError> {
    Ok(Together::to(self::target(target, number)?))
}

fn target(settings: &config::Target, number: usize) -> Result<Target, GatewayError> {
    let unusable =
        |why: String| GatewayError::Target(format!("providers.targets[{number}]: {why}"));
    let id = settings.id.as_str();
    let mut target = match (settings.provider, settings.base_url()) {
        (config::Provider::Together, _) => Target::together(id),
        (config::Provider::OpenAi, _) => Target::openai(id),
        (config::Provider::OpenAiCompatible, Some(url)) => {
            Target::compatible(id, url).map_err(|error| unusable(error.to_string()))?
        }
        (config::Provider::OpenAiCompatible, None) => {
            return Err(unusable("base_url is missing".to_owned()));
        }
    };
    if let Some(url) = &settings.base_url {
        target = target
            .base_url(url)
            .map_err(|error| unusable(error.to_string()))?;
    }
    target = target
        .timeout(settings.timeout())
        .stream_timeout(settings.stream_timeout())
        .connect_timeout(settings.connect_timeout())
        .weight(settings.weight);
    if let Some(model) = &settings.model {
        target = target.model(model.as_str());
    }
    if let Some(pricing) = settings.pricing {
        target = target.pricing(Pricing::new(pricing.prompt, pricing.completion));
    }
    let Some(variable) = settings.key_env() else {
        return Ok(target.without_key());
    };
    let key = ApiKey::from_env(variable).ok_or_else(|| {
        let provider = target.provider().title();
        GatewayError::MissingKey(format!(
            "{provider} API key not configured: set {variable} or \
             providers.targets[{number}].secret_key_ref.env"
        ))
    })?;
    let together = settings.provider == config::Provider::Together && settings.base_url.is_none();
    if together && !key.looks_like_together() {
        tracing::warn!(
            variable,
            "the key does not look like one of Together's, which begin with tgp_v1_"
        );
    }
    Ok(target.api_key(key))
}
