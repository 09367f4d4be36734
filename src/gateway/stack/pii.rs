//! The policy `pii-detector`.

use std::fmt;
use std::time::Duration;

use http::HeaderName;

use super::GatewayError;
use crate::body::{Inspection, Uninspectable};
use crate::call::Direction;
use crate::config::{self, PiiDetectorConfig};
use crate::policy::pii::{
    Action, Entity, HashKey, Label, Locale, MarkerFormat, PiiRedactLayer, Redaction,
};

pub(in crate::gateway) fn pii(
    settings: &PiiDetectorConfig,
) -> Result<PiiRedactLayer, GatewayError> {
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
        .enforce(settings.enforce)
        .directions(directions)
        .action(action(settings.action))
        .threshold(settings.threshold as f32)
        .allow(&settings.allow_list)
        .report_header(settings.report_header);

    if let Some(entities) = &settings.entities {
        let known = entities.iter();
        layer = layer.entities(known.filter_map(|entity| Entity::from_label(entity.as_str())));
    }
    if let Some(locales) = &settings.locales {
        let known = locales.iter();
        layer = layer.locales(known.filter_map(|locale| Locale::from_code(locale.as_str())));
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
