use std::time::Duration;

use tokio::time::Instant;

use super::random::Dice;
use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// The targets whose answers begin soonest.
///
/// By the median time to the first byte over a sliding window
/// ([`LatencyWindow`](crate::target::LatencyWindow)), in which a failure is an
/// answer that took forever. A target that takes twice as long as the quickest
/// gets a 64th of its calls: `share ~ (quickest / own)^6`. There is no step in
/// it, so that targets which are about as quick share the calls, and not all
/// clients change sides at once. None gets less than a 50th, or nobody would
/// see that it has become quick again.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    dice: Dice,
}

/// Sends calls to the targets whose answers begin soonest.
pub type LatencyLayer = RouteLayer<Latency>;

/// Share of the calls that a target gets at least, beside the quickest's.
const EXPLORE: f64 = 0.02;
const STEEP: i32 = 6;

impl Latency {
    /// The same choices in every run, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            dice: Dice::seeded(seed),
        }
    }
}

impl Strategy for Latency {
    fn name(&self) -> &'static str {
        "latency"
    }

    fn order(&self, _: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>) {
        if order.len() < 2 {
            return;
        }
        let now = Instant::now();
        let median = |at: usize| targets[at].state().latency().median(now);
        // Those that nobody knows follow those that are known to answer.
        // Each is asked once: medians change while they are compared.
        order.sort_by_cached_key(|&at| match median(at) {
            Some(Duration::MAX) => (2, Duration::MAX),
            Some(median) => (0, median),
            None => (1, Duration::ZERO),
        });
        let quickest = median(order[0]).filter(|median| *median < Duration::MAX);
        let chosen = self.dice.choose(order, |&at| match (quickest, median(at)) {
            (Some(quickest), Some(own)) => {
                let ratio = quickest.as_secs_f64() / own.as_secs_f64().max(1e-6);
                ratio.min(1.0).powi(STEEP).max(EXPLORE)
            }
            (Some(_), None) => EXPLORE,
            // Nothing to go by.
            (None, _) => 1.0,
        });
        if let Some(at) = chosen {
            order[..=at].rotate_right(1);
        }
    }
}
