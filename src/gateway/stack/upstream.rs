//! The targets.

use std::time::Duration;

use http::{HeaderName, Request, Response};
use tokio::time::Instant;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder};

use super::resilience::{hedge, resilient};
use super::{GatewayError, Parts};
use crate::body::Body;
use crate::config;
use crate::route::{
    Cost, Fallback, Latency, LeastInFlight, MidStream, Random, RoundRobin, RouteLayer, Single,
    StickyKey, Strategy, Trigger, UnknownModels, WeightedRoundRobin,
};
use crate::target::{ApiKey, BreakerState, Forced, Pricing, Target, UpstreamError};
use crate::upstream::Together;

/// Calls one of the targets, and others when it fails.
pub(in crate::gateway) type Upstream =
    BoxCloneSyncService<Request<Body>, Response<Body>, UpstreamError>;

/// Targets whose settings have stayed keep their state.
pub(super) fn upstream(
    providers: &config::Providers,
    parts: &mut Parts<'_>,
) -> Result<Upstream, GatewayError> {
    let mut targets = Vec::with_capacity(providers.targets.len());
    for (number, settings) in providers.targets.iter().enumerate() {
        let before = parts.before::<config::Target, Target>(&settings.id);
        let build = |settings: &config::Target| {
            let target = target(settings, number)?;
            if let Some(before) = before {
                keep_word(before, &target);
            }
            Ok(target)
        };
        targets.push(parts.part(&settings.id, settings, build)?);
    }
    parts.part("providers", providers, |providers| {
        connected(providers, targets)
    })
}

/// What an operator has said of a target stays when its settings change.
fn keep_word(before: &Target, target: &Target) {
    let word = match before.state().breaker().state(Instant::now()) {
        BreakerState::ForcedOpen => Forced::Open,
        BreakerState::ForcedClosed => Forced::Closed,
        _ => return,
    };
    target.state().breaker().force(word);
}

fn connected(
    providers: &config::Providers,
    targets: Vec<Target>,
) -> Result<Upstream, GatewayError> {
    let Some(first) = targets.first() else {
        return Err(GatewayError::Target(
            "providers.targets is empty: there is nothing to call".to_owned(),
        ));
    };
    let mut together = Together::to(first.clone());
    if let Some(file) = &providers.ca_file {
        let unusable =
            |why: String| GatewayError::Target(format!("providers.ca_file: {file}: {why}"));
        let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        together = together
            .root_certificates(&pem)
            .map_err(|error| unusable(error.to_string()))?;
    }
    let service = resilient(providers, &targets, together);
    Ok(match providers.strategy() {
        config::Strategy::Single => routed(Single::default(), targets, providers, service)?,
        config::Strategy::Fallback => routed(Fallback::default(), targets, providers, service)?,
        config::Strategy::WeightedRoundRobin => {
            let mut strategy = WeightedRoundRobin::default();
            if let Some(sticky) = &providers.sticky {
                for key in sticky_keys(sticky)? {
                    strategy = strategy.sticky(key);
                }
            }
            routed(strategy, targets, providers, service)?
        }
        config::Strategy::RoundRobin => routed(RoundRobin::default(), targets, providers, service)?,
        config::Strategy::Latency => routed(Latency::default(), targets, providers, service)?,
        config::Strategy::LeastInFlight => {
            routed(LeastInFlight::default(), targets, providers, service)?
        }
        config::Strategy::Cost => routed(Cost::default(), targets, providers, service)?,
        config::Strategy::Random => routed(Random::default(), targets, providers, service)?,
    })
}

fn routed<S: Strategy, Svc>(
    strategy: S,
    targets: Vec<Target>,
    providers: &config::Providers,
    service: Svc,
) -> Result<Upstream, GatewayError>
where
    Svc: Service<Request<Body>, Response = Response<Body>, Error = UpstreamError>
        + Clone
        + Send
        + Sync
        + 'static,
    Svc::Future: Send,
{
    let fallback = &providers.fallback;
    let attempts = match fallback.enabled {
        true => fallback.max_fallback_attempts as usize,
        false => 0,
    };
    let mut layer = RouteLayer::with_strategy(strategy, targets)
        .triggers(fallback.triggers.iter().copied().map(trigger))
        .max_fallback_attempts(attempts)
        .first_token_timeout(Duration::from_secs(
            fallback.first_token_timeout_seconds.into(),
        ))
        .mid_stream(match providers.mid_stream {
            config::MidStream::Fail => MidStream::Fail,
            config::MidStream::Continue => MidStream::Continue,
        })
        .unknown_models(match providers.unknown_models {
            config::UnknownModels::Pass => UnknownModels::Pass,
            config::UnknownModels::Refuse => UnknownModels::Refuse,
        });
    for (name, ids) in &providers.model_groups {
        layer = layer
            .group(name, ids)
            .map_err(|error| GatewayError::Target(format!("providers.model_groups: {error}")))?;
    }
    Ok(BoxCloneSyncService::new(
        ServiceBuilder::new()
            .option_layer(hedge(&providers.hedge))
            .layer(layer)
            .service(service),
    ))
}

fn trigger(trigger: config::Trigger) -> Trigger {
    match trigger {
        config::Trigger::RateLimitExceeded => Trigger::RateLimitExceeded,
        config::Trigger::Timeout => Trigger::Timeout,
        config::Trigger::ServiceUnavailable => Trigger::ServiceUnavailable,
        config::Trigger::ServerError => Trigger::ServerError,
        config::Trigger::Auth => Trigger::Auth,
        config::Trigger::ContentPolicy => Trigger::ContentPolicy,
        config::Trigger::ContextWindow => Trigger::ContextWindow,
    }
}

fn sticky_keys(sticky: &config::Sticky) -> Result<Vec<StickyKey>, GatewayError> {
    let mut keys = Vec::new();
    if let Some(name) = &sticky.header {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|error| GatewayError::Target(format!("providers.sticky.header: {error}")))?;
        keys.push(StickyKey::Header(name));
    }
    keys.extend(sticky.field.clone().map(StickyKey::Field));
    Ok(keys)
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
