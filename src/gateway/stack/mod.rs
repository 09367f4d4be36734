//! From a configuration to a stack of layers.

mod canary;
mod injection;
mod judge;
mod kept;
mod pii;
mod quality;
mod remote;
mod resilience;
mod safety;
mod upstream;

use std::sync::Arc;

use http::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder};

pub(super) use self::kept::{Kept, Parts};
pub(super) use self::pii::pii;
pub(super) use self::upstream::Upstream;
use super::GatewayError;
use super::surface::Stack;
use crate::audit::{AuditLayer, JsonLinesSink};
use crate::body::Body;
use crate::call::{CallReader, CallRecord, Outcome};
use crate::config::{
    AuditConfig, Config, JudgeConfig, PolicyName, PromptInjectionConfig, SafetyFilterConfig,
    SecretRef,
};
use crate::upstream::ErrorResponseLayer;
use crate::{PromptInjectionLayer, SafetyFilterLayer};

/// The policies of the chain around the target, the first outermost. Takes over
/// what it can of the stack before.
pub(super) fn build(
    config: &Config,
    audit: Option<Arc<dyn CallReader>>,
    parts: &mut Parts<'_>,
) -> Result<Stack, GatewayError> {
    let service = ServiceBuilder::new()
        .layer(ErrorResponseLayer::new())
        .service(upstream::upstream(&config.providers, parts)?);
    let stack = around(config, audit, parts, BoxCloneSyncService::new(service))?;
    Ok(boxed(&AuditLayer::new(Log), stack))
}

/// The policies of the chain around a service.
pub(super) fn around(
    config: &Config,
    audit: Option<Arc<dyn CallReader>>,
    parts: &mut Parts<'_>,
    service: Stack,
) -> Result<Stack, GatewayError> {
    let mut stack = service;
    let policy = &config.policy;
    let mut chain: Vec<_> = config.active_policies().collect();
    // Wherever it is named: it is to see what the client got, and never what
    // has not been redacted yet.
    // The canary is innermost: no other policy is to read it.
    chain.sort_by_key(|policy| match policy {
        PolicyName::Audit => 0,
        PolicyName::Canary => 2,
        _ => 1,
    });
    for name in chain.into_iter().rev() {
        stack = match name {
            PolicyName::Audit => {
                let settings = &policy.audit;
                let sink = match &audit {
                    Some(sink) => Arc::clone(sink),
                    None => parts.part("audit", settings, open_audit)?,
                };
                let layer = AuditLayer::shared(sink).include_text(settings.include_text);
                boxed(&layer, stack)
            }
            PolicyName::PiiDetector => boxed(&parts.part("pii", &policy.pii_detector, pii)?, stack),
            PolicyName::PromptInjection => {
                boxed(&injection(&policy.prompt_injection, parts)?, stack)
            }
            PolicyName::SafetyFilter => boxed(&safety(&policy.safety_filter, parts)?, stack),
            PolicyName::Canary => boxed(
                &parts.part("canary", &policy.canary, canary::canary)?,
                stack,
            ),
            PolicyName::RemoteJudge => {
                let layer = parts.part("remote", &policy.remote_judge, remote::remote)?;
                boxed(&layer, stack)
            }
            PolicyName::QualityScorer => {
                let mut layer = quality::quality(&policy.quality_scorer);
                if let Some(settings) = &policy.quality_scorer.judge {
                    let judge = judge_of(name, settings, parts)?;
                    layer = layer.judge(judge).judge_rule(judge::rule(settings));
                }
                boxed(&layer, stack)
            }
        };
    }
    Ok(stack)
}

/// `prompt-injection` with its judge.
pub(super) fn injection(
    settings: &PromptInjectionConfig,
    parts: &mut Parts<'_>,
) -> Result<PromptInjectionLayer, GatewayError> {
    let layer = injection::injection(settings)?;
    let Some(settings) = &settings.judge else {
        return Ok(layer);
    };
    let judge = judge_of(PolicyName::PromptInjection, settings, parts)?;
    Ok(layer.judge(judge).judge_rule(judge::rule(settings)))
}

/// `safety-filter` with its judge.
pub(super) fn safety(
    settings: &SafetyFilterConfig,
    parts: &mut Parts<'_>,
) -> Result<SafetyFilterLayer, GatewayError> {
    let layer = safety::safety(settings);
    let Some(settings) = &settings.judge else {
        return Ok(layer);
    };
    let judge = judge_of(PolicyName::SafetyFilter, settings, parts)?;
    Ok(layer.judge(judge).judge_rule(judge::rule(settings)))
}

/// The judge beside a policy's own. Its memory and its breaker outlast a reload.
fn judge_of(
    policy: PolicyName,
    settings: &JudgeConfig,
    parts: &mut Parts<'_>,
) -> Result<judge::Named, GatewayError> {
    let path = format!("policy.{policy}.judge");
    parts.part(&path, settings, |settings| judge::named(&path, settings))
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

/// A secret from the environment; the error says how to set it.
fn secret(reference: &SecretRef, what: &str) -> Result<String, String> {
    let variable = &reference.env;
    match std::env::var(variable) {
        Ok(secret) if !secret.is_empty() => Ok(secret),
        _ => Err(format!(
            "the environment variable {variable} is not set; set it to {what}, or remove the \
             reference to it"
        )),
    }
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
