//! The policy `safety-filter`.

use crate::body::{Inspection, Uninspectable};
use crate::call::Direction;
use crate::config::{self, SafetyFilterConfig};
use crate::policy::safety::{Action, Category, Mode, SafetyFilterLayer};

pub(super) fn safety(settings: &SafetyFilterConfig) -> SafetyFilterLayer {
    let rule = match settings.uninspectable {
        config::Uninspectable::Refuse => Uninspectable::Refuse,
        config::Uninspectable::Pass => Uninspectable::Pass,
    };
    let inspection = Inspection::default()
        .max_request_bytes(settings.max_body_bytes as usize)
        .uninspectable(rule);
    let mode = match settings.mode {
        config::SafetyMode::Strict => Mode::Strict,
        config::SafetyMode::Standard => Mode::Standard,
        config::SafetyMode::Lenient => Mode::Lenient,
    };
    let action = match settings.action {
        config::SafetyAction::Block => Action::Block,
        config::SafetyAction::Redact => Action::Redact,
        config::SafetyAction::Flag => Action::Flag,
        config::SafetyAction::Log => Action::Log,
    };
    let directions = settings.directions.iter().map(|direction| match direction {
        config::Direction::Request => Direction::Request,
        config::Direction::Response => Direction::Response,
    });
    // A test holds the names of the two lists against each other.
    let category = |known: &config::SafetyCategory| Category::parse(known.as_str());
    let mut layer = SafetyFilterLayer::default()
        .inspection(inspection)
        .enforce(settings.enforce)
        .mode(mode)
        .action(action)
        .directions(directions)
        .block_if(&settings.block_if)
        .allow_if(&settings.allow_if);
    if let Some(categories) = &settings.categories {
        layer = layer.categories(categories.iter().filter_map(category));
    }
    for (known, score) in &settings.thresholds {
        if let Some(known) = category(known) {
            layer = layer.threshold_for(known, *score as f32);
        }
    }
    if let Some(message) = &settings.response.message {
        layer = layer.message(message.as_str());
    }
    layer
}
