//! The targets.

use super::GatewayError;
use crate::config::{Provider, Target};
use crate::upstream::{ApiKey, Together, UpstreamError};

pub(super) fn upstream(target: &Target, number: usize) -> Result<Together, GatewayError> {
    let unusable =
        |why: String| GatewayError::Target(format!("providers.targets[{number}]: {why}"));
    let url = target
        .base_url()
        .ok_or_else(|| unusable("base_url is missing".to_owned()))?;
    let mut upstream = Together::new()
        .connect_timeout(target.connect_timeout())
        .id(target.id.as_str())
        .timeout(target.timeout())
        .stream_timeout(target.stream_timeout())
        .base_url(url)
        .map_err(|error| unusable(error.to_string()))?;
    if let Some(model) = &target.model {
        upstream = upstream.model(model.as_str());
    }
    let Some(variable) = target.key_env() else {
        return Ok(upstream.without_key());
    };
    let together = target.provider == Provider::Together;
    let name = if together {
        "Together"
    } else {
        target.provider.as_str()
    };
    let key = ApiKey::from_env(variable).ok_or_else(|| {
        let error = UpstreamError::missing_key(name, variable, number);
        GatewayError::MissingKey(error.to_string())
    })?;
    let own = target.base_url.is_none();
    if together && own && !key.looks_like_together() {
        tracing::warn!(
            variable,
            "the key does not look like one of Together's, which begin with tgp_v1_"
        );
    }
    Ok(upstream.api_key(key))
}
