use super::random::Dice;
use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// Of two targets taken by chance, the one with fewer calls in flight.
///
/// As good as looking at all of them, and no herd: calls that come at the same
/// time do not all see the same one as the least busy (M. Mitzenmacher, *The
/// power of two choices in randomized load balancing*, 2001).
#[derive(Clone, Debug, Default)]
pub struct LeastInFlight {
    dice: Dice,
}

/// Sends calls to the less busy of two targets.
pub type LeastInFlightLayer = RouteLayer<LeastInFlight>;

impl LeastInFlight {
    /// The same choices in every run, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            dice: Dice::seeded(seed),
        }
    }
}

impl Strategy for LeastInFlight {
    fn name(&self) -> &'static str {
        "least_in_flight"
    }

    fn order(&self, _: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>) {
        if order.len() < 2 {
            return;
        }
        let first = self.dice.below(order.len());
        order.swap(0, first);
        let second = 1 + self.dice.below(order.len() - 1);
        order.swap(1, second);
        let busy = |at: usize| targets[at].state().in_flight();
        if busy(order[1]) < busy(order[0]) {
            order.swap(0, 1);
        }
        // What follows if it fails: the least busy of the rest.
        // Counts change while they are compared.
        order[1..].sort_by_cached_key(|&at| busy(at));
    }
}
