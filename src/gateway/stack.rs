//! From a configuration to a stack of layers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder};

use super::GatewayError;
use super::surface::Stack;
use crate::audit::{AuditLayer, JsonLinesSink};
use crate::body::{Body, Inspection, Uninspectable};
use crate::call::{CallReader, CallRecord, Direction, Outcome};
use crate::config::{self, AuditConfig, Config, PiiDetectorConfig, PolicyName, Provider, Target};
use crate::policy::pii::{Action, Entity, HashKey, Label, MarkerFormat, PiiRedactLayer, Redaction};
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
    const PATH: &str = "policy.pii-detector";
    let unusable =
        |key: &str, why: &dyn fmt::Display| GatewayError::Policy(format!("{PATH}.{key}: {why}"));
    let action = |action: config::PiiAction| match action {
        config::PiiAction::Redact => Action::Redact,
        config::PiiAction::Mask => Action::Mask,
        config::PiiAction::Hash => Action::Hash,
        config::PiiAction::Pseudonymize => Action::Pseudonymize,
        config::PiiAction::Block => Action::Block,
        config::PiiAction::Log => Action::Log,
    };
    let rule = match settings.uninspectable {
        config::Uninspectable::Refuse => Uninspectable::Refuse,
        config::Uninspectable::Pass => Uninspectable::Pass,
    };
    let inspection = Inspection::default()
        .max_request_bytes(settings.max_body_bytes as usize)
        .uninspectable(rule);
    let directions = settings.directions.iter().map(|direction| match direction {
        config::Direction::Request => Direction::Request,
        config::Direction::Response => Direction::Response,
    });
    // Actions are kept for the directions worked on, so those come first.
    let mut layer = PiiRedactLayer::default()
        .inspection(inspection)
        .directions(directions)
        .action(action(settings.action))
        .threshold(settings.threshold as f32)
        .allow(&settings.allow_list)
        .report_header(settings.report_header);

    if let Some(entities) = &settings.entities {
        let known = entities.iter();
        layer = layer.entities(known.filter_map(|entity| Entity::from_label(entity.as_str())));
    }
    // Turned off they would take away what `entities` names.
    if settings.healthcare_mode {
        layer = layer.healthcare_mode(true);
    }
    if settings.pci_mode {
        layer = layer.pci_mode(true);
    }
    if settings.names {
        layer = layer.names(true);
    }
    for (name, score) in &settings.thresholds {
        layer = layer.threshold_for(Label::custom(name), *score as f32);
    }

    for (name, of_type) in &settings.actions {
        layer = layer.action_for(Label::custom(name), action(*of_type));
    }
    for (direction, own) in [
        (Direction::Request, &settings.request),
        (Direction::Response, &settings.response),
    ] {
        if let Some(general) = own.action {
            layer = layer.action_in(direction, None, action(general));
        }
        for (name, of_type) in &own.actions {
            layer = layer.action_in(direction, Some(Label::custom(name)), action(*of_type));
        }
    }

    for (name, values) in &settings.deny_list {
        layer = layer
            .deny(name, values)
            .map_err(|error| unusable("deny_list", &error))?;
    }
    let patterns = settings.detect_patterns.iter();
    layer = layer
        .patterns(patterns.map(|p| (p.name.as_str(), p.regex.as_str(), p.score as f32)))
        .map_err(|error| unusable("detect_patterns", &error))?;

    let format = match settings.redaction.marker_format {
        config::MarkerFormat::Label => MarkerFormat::Label,
        config::MarkerFormat::Asterisks => MarkerFormat::Asterisks,
        config::MarkerFormat::Partial => MarkerFormat::Partial,
    };
    let mut redaction = Redaction::new()
        .marker_format(format)
        .include_metadata(settings.redaction.include_metadata)
        .preserve_length(settings.redaction.preserve_length);
    for (name, marker) in &settings.redaction.custom_markers {
        redaction = redaction.custom_marker(name, marker);
    }
    layer = layer.redaction(redaction);

    if let Some(reference) = &settings.hash_key_ref {
        let variable = &reference.env;
        let key = std::env::var(variable).unwrap_or_default();
        if key.is_empty() {
            let why = format!(
                "the environment variable {variable} is not set; set it to the key of the action \
                 hash, such as 32 random bytes in hexadecimal digits, or remove hash_key_ref for \
                 a new key at every start"
            );
            return Err(unusable("hash_key_ref", &why));
        }
        layer = layer.hash_key(HashKey::new(key.as_bytes()));
    }
    if let Some(conversation) = &settings.conversation {
        let header = HeaderName::from_bytes(conversation.header.as_bytes())
            .map_err(|error| unusable("conversation.header", &error))?;
        let idle = Duration::from_secs(conversation.idle_seconds.into());
        layer = layer.conversations(header, Some(idle));
    }
    Ok(layer)
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
