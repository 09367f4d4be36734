//! The layers between the router and the upstream.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceBuilder};

use super::upstream::Upstream;
use crate::body::Body;
use crate::config;
use crate::resilience::{
    CircuitBreakerLayer, ConcurrencyLimitLayer, HealthProbe, HealthProbeLayer, HedgeLayer,
    RetryBudget, RetryLayer, TimeoutLayer,
};
use crate::target::{BreakerSettings, FailureRate, HealthThresholds, Target, UpstreamError};

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

fn millis(millis: u32) -> Duration {
    Duration::from_millis(millis.into())
}

/// The service of the upstream, with what keeps calls alive around it.
pub(super) fn resilient<S>(
    providers: &config::Providers,
    targets: &[Target],
    service: S,
) -> Upstream
where
    S: Service<Request<Body>, Response = Response<Body>, Error = UpstreamError>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    BoxCloneSyncService::new(
        ServiceBuilder::new()
            .option_layer(circuit_breaker(&providers.circuit_breaker))
            .option_layer(retry(&providers.retry))
            .option_layer(concurrency(&providers.concurrency))
            .layer(timeouts(&providers.timeouts))
            .layer(health(providers, targets))
            .service(service),
    )
}

fn circuit_breaker(settings: &config::CircuitBreakerConfig) -> Option<CircuitBreakerLayer> {
    if !settings.enabled {
        return None;
    }
    let mut breaker = BreakerSettings::default()
        .failure_threshold(settings.failure_threshold)
        .recovery_timeout(seconds(settings.recovery_timeout_seconds))
        .max_recovery_timeout(seconds(settings.max_recovery_timeout_seconds))
        .half_open_max_requests(settings.half_open_max_requests)
        .success_threshold(settings.success_threshold)
        .count_rate_limits(settings.count_rate_limits);
    if let Some(rate) = &settings.failure_rate {
        let window = seconds(rate.window_seconds);
        breaker = breaker.failure_rate(
            FailureRate::new(f64::from(rate.percent) / 100.0, window)
                .minimum_calls(rate.minimum_calls),
        );
    }
    Some(CircuitBreakerLayer::new(breaker))
}

fn retry(settings: &config::RetryConfig) -> Option<RetryLayer> {
    if !settings.enabled {
        return None;
    }
    let budget = RetryBudget::new(f64::from(settings.budget_percent) / 100.0)
        .min_retries(settings.budget_min_retries);
    let statuses = settings.retryable_status_codes.iter();
    Some(
        RetryLayer::new()
            .max_retries(settings.max_retries)
            .initial_backoff(millis(settings.initial_backoff_ms))
            .max_backoff(millis(settings.max_backoff_ms))
            .max_retry_after(seconds(settings.max_retry_after_seconds))
            .retryable_statuses(statuses.filter_map(|code| StatusCode::from_u16(*code).ok()))
            .budget(Arc::new(budget)),
    )
}

fn concurrency(settings: &config::ConcurrencyConfig) -> Option<ConcurrencyLimitLayer> {
    settings.enabled.then(|| {
        ConcurrencyLimitLayer::new(settings.max_calls as usize)
            .max_queue(settings.max_queue as usize)
            .queue_timeout(millis(settings.queue_timeout_ms))
    })
}

fn timeouts(settings: &config::TimeoutsConfig) -> TimeoutLayer {
    TimeoutLayer::new()
        .first_byte(seconds(settings.first_byte_seconds))
        .idle(seconds(settings.idle_seconds))
}

fn health(providers: &config::Providers, targets: &[Target]) -> HealthProbeLayer {
    let mut layer = HealthProbeLayer::new();
    for (target, settings) in targets.iter().zip(&providers.targets) {
        let settings = &settings.health_probe;
        if settings.enabled {
            let probe = HealthProbe::default()
                .interval(seconds(settings.interval_seconds))
                .timeout(seconds(settings.timeout_seconds))
                .one_token(settings.one_token)
                .thresholds(thresholds(settings));
            layer = layer.probe(target, probe);
        } else {
            // What a former configuration's probe has found is not asked again.
            target.state().health().forget();
        }
    }
    layer
}

fn thresholds(settings: &config::HealthProbe) -> HealthThresholds {
    HealthThresholds {
        degraded_after: settings.degraded_after,
        down_after: settings.down_after,
        up_after: settings.up_after,
    }
}

/// Around the router, which finds the second target.
pub(super) fn hedge(settings: &config::HedgeConfig) -> Option<HedgeLayer> {
    settings.enabled.then(|| {
        HedgeLayer::new()
            .quantile(f64::from(settings.percentile) / 100.0)
            .min_delay(millis(settings.min_delay_ms))
            .max_extra(f64::from(settings.max_extra_percent) / 100.0)
    })
}
