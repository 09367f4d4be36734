//! From a configuration to a stack of layers.

mod injection;
mod pii;
mod safety;
mod upstream;

use std::sync::Arc;

use http::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder};

pub(super) use self::injection::injection;
pub(super) use self::pii::pii;
pub(super) use self::safety::safety;
use super::GatewayError;
use super::surface::Stack;
use crate::audit::{AuditLayer, JsonLinesSink};
use crate::body::Body;
use crate::call::{CallReader, CallRecord, Outcome};
use crate::config::{AuditConfig, Config, PolicyName};
use crate::upstream::ErrorResponseLayer;

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
        .service(upstream::upstream(target, 0)?);
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
            PolicyName::PromptInjection => {
                boxed(&injection(&config.policy.prompt_injection)?, stack)
            }
            PolicyName::PiiDetector => boxed(&pii(&config.policy.pii_detector)?, stack),
            PolicyName::SafetyFilter => boxed(&safety(&config.policy.safety_filter), stack),
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
