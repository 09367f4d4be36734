//! The policy `prompt-injection`.

use super::GatewayError;
use crate::body::{Inspection, Uninspectable};
use crate::config::{self, PromptInjectionConfig};
use crate::policy::injection::{Action, Origin, PromptInjectionLayer};
use crate::text::{Encoding, Folding, Views};

pub(super) fn injection(
    settings: &PromptInjectionConfig,
) -> Result<PromptInjectionLayer, GatewayError> {
    let rule = match settings.uninspectable {
        config::Uninspectable::Refuse => Uninspectable::Refuse,
        config::Uninspectable::Pass => Uninspectable::Pass,
    };
    let inspection = Inspection::default()
        .max_request_bytes(settings.max_body_bytes as usize)
        .uninspectable(rule);
    let action = match settings.action {
        config::InjectionAction::Block => Action::Block,
        config::InjectionAction::Sanitize => Action::Sanitize,
        config::InjectionAction::Flag => Action::Flag,
        config::InjectionAction::Log => Action::Log,
    };
    let origin = |origin: &config::InjectionOrigin| match origin {
        config::InjectionOrigin::User => Origin::User,
        config::InjectionOrigin::Tool => Origin::Tool,
        config::InjectionOrigin::Document => Origin::Document,
        config::InjectionOrigin::System => Origin::System,
        config::InjectionOrigin::Assistant => Origin::Assistant,
        config::InjectionOrigin::ToolDefinition => Origin::ToolDefinition,
    };
    let encoding = &settings.encoding;
    let views = Encoding::ALL.into_iter().filter(|view| match view {
        Encoding::Base64 => encoding.decode_base64,
        Encoding::Leet | Encoding::Rot13 | Encoding::Reversed | Encoding::ReversedWords => {
            encoding.decode_ciphers
        }
        _ => encoding.decode_escapes,
    });
    let folding = Folding::default()
        .with_unicode(encoding.normalize_unicode)
        .with_homoglyphs(encoding.detect_homoglyphs);
    let mut layer = PromptInjectionLayer::default()
        .inspection(inspection)
        .enforce(settings.enforce)
        .threshold(settings.threshold as f32)
        .action(action)
        .scope(settings.scope.iter().map(origin))
        .views(views.fold(Views::NONE, Views::with))
        .folding(folding);
    for (known, score) in &settings.thresholds {
        layer = layer.threshold_for(origin(known), *score as f32);
    }
    let patterns = settings.detection.attack_patterns.iter();
    let named: Vec<_> = patterns
        .enumerate()
        .map(|(number, regex)| (format!("attack_patterns[{number}]"), regex))
        .collect();
    layer = layer
        .attack_patterns(
            named
                .iter()
                .map(|(name, regex)| (name.as_str(), regex.as_str())),
        )
        .map_err(|error| {
            GatewayError::Policy(format!("policy.prompt-injection.detection: {error}"))
        })?;
    if let Some(message) = &settings.response.message {
        layer = layer.message(message.as_str());
    }
    Ok(layer)
}
