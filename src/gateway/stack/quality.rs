//! The policy `quality-scorer`.

use crate::config::{self, QualityScorerConfig};
use crate::policy::quality::{QualityAction, QualityScoreLayer};

pub(super) fn quality(settings: &QualityScorerConfig) -> QualityScoreLayer {
    let action = match settings.action {
        config::QualityAction::Log => QualityAction::Log,
        config::QualityAction::Flag => QualityAction::Flag,
        config::QualityAction::Retry => QualityAction::Retry,
        config::QualityAction::Block => QualityAction::Block,
    };
    let longest = settings.max_chars.map_or(usize::MAX, |most| most as usize);
    let layer = QualityScoreLayer::default()
        .enforce(settings.enforce)
        .action(action)
        .min_score(settings.min_score as f32)
        .stop_loops(settings.stop_loops)
        .length(settings.min_chars as usize..=longest);
    let weights = settings.weights.all();
    weights.fold(layer, |layer, (signal, weight)| {
        layer.weight(signal, weight as f32)
    })
}
