use std::fmt;

use super::turns::Turns;
use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// The targets in turns, each as often as the others.
#[derive(Default)]
pub struct RoundRobin {
    turns: Turns,
}

/// Sends calls to the targets in turns.
pub type RoundRobinLayer = RouteLayer<RoundRobin>;

impl Strategy for RoundRobin {
    fn name(&self) -> &'static str {
        "round_robin"
    }

    fn order(&self, _: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>) {
        let next = self.turns.next(targets.len(), order, |_| 1);
        if let Some(at) = next.and_then(|next| order.iter().position(|&at| at == next)) {
            order.rotate_left(at);
        }
    }
}

/// Counts for itself.
impl Clone for RoundRobin {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for RoundRobin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoundRobin")
    }
}
