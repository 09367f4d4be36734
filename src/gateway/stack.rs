//! From a configuration to a stack of layers.

use std::sync::Arc;

use http::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder};

use super::GatewayError;
use super::surface::Stack;
use crate::audit::{AuditLayer, JsonLinesSink};
use crate::body::{Body, Inspection, Uninspectable};
use crate::call::{CallReader, CallRecord, Direction, Outcome};
use crate::config::{self, AuditConfig, Config, PiiDetectorConfig, PolicyName, Provider, Target};
use crate::policy::pii::{Entity, PiiRedactLayer};
use crate::upstream::{ApiKey, ErrorResponseLayer, Together, UpstreamError};

/// The policies of the chain around the target, the first outermost.
pub(super) fn build(
    config: &Config,
    audit: Option<Arc<dyn CallReader>>,
) -> Result<Stack, GatewayError> {
    let target = config.providers.targets.first().ok_or_else(|| {
        GatewayError::Target("providers.targets is empty: there is nothing to call".to_owned())
    })?;
    let service = ServiceBuilder::new()
        .layer(ErrorResponseLayer::new())
        .service(upstream(target, 0)?);
    let mut stack = BoxCloneSyncService::new(service);
    let mut chain: Vec<_> = config.active_policies().collect();
    // Wherever it is named: it is to see what the client got, and never what
    // has not been redacted yet.
    chain.sort_by_key(|policy| *policy != PolicyName::Audit);
    for policy in chain.into_iter().rev() {
        stack = match policy {
            PolicyName::Audit => {
                let settings = &config.policy.audit;
                let sink = match &audit {
                    Some(sink) => Arc::clone(sink),
                    None => open_audit(settings)?,
                };
                let layer = AuditLayer::shared(sink).include_text(settings.include_text);
                boxed(&layer, stack)
            }
            PolicyName::PiiDetector => boxed(&pii(&config.policy.pii_detector)?, stack),
        };
    }
    Ok(boxed(&AuditLayer::new(Log), stack))
}

fn boxed<L>(layer: &L, stack: Stack) -> Stack
where
    L: Layer<Stack>,
    L::Service: Service<Request<Body>, Response = Response<Body>, Error = std::convert::Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    <L::Service as Service<Request<Body>>>::Future: Send + 'static,
{
    BoxCloneSyncService::new(layer.layer(stack))
}

fn open_audit(settings: &AuditConfig) -> Result<Arc<dyn CallReader>, GatewayError> {
    let queue = settings.queue as usize;
    if settings.path == "-" {
        return Ok(Arc::new(JsonLinesSink::with_queue(
            std::io::stdout(),
            queue,
        )));
    }
    match JsonLinesSink::append_with_queue(&settings.path, queue) {
        Ok(sink) => Ok(Arc::new(sink)),
        Err(source) => Err(GatewayError::Audit {
            path: settings.path.clone(),
            source,
        }),
    }
}

pub(super) fn pii(settings: &PiiDetectorConfig) -> Result<PiiRedactLayer, GatewayError> {
    let entities = settings
        .entities
        .iter()
        .filter_map(|entity| Entity::from_label(entity.as_str()));
    let directions = settings.directions.iter().map(|direction| match direction {
        config::Direction::Request => Direction::Request,
        config::Direction::Response => Direction::Response,
    });
    let rule = match settings.uninspectable {
        config::Uninspectable::Refuse => Uninspectable::Refuse,
        config::Uninspectable::Pass => Uninspectable::Pass,
    };
    let inspection = Inspection::default()
        .max_request_bytes(settings.max_body_bytes as usize)
        .uninspectable(rule);
    Ok(PiiRedactLayer::default()
        .entities(entities)
        .directions(directions)
        .inspection(inspection))
}

fn upstream(target: &Target, number: usize) -> Result<Together, GatewayError> {
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

/// Writes one line of log for each call.
struct Log;

impl CallReader for Log {
    fn call_ended(&self, call: &CallRecord) {
        let model = call.model.as_deref().unwrap_or_default();
        let ms = call.total.as_millis() as u64;
        let (id, method, path) = (&call.id, &call.method, &call.path);
        let (status, outcome) = (call.status.unwrap_or_default(), call.outcome);
        match outcome {
            Outcome::Finished | Outcome::ClientGone => {
                tracing::info!(id, method, path, status, ?outcome, model, ms, "call");
            }
            _ => tracing::warn!(id, method, path, status, ?outcome, model, ms, "call"),
        }
    }
}
