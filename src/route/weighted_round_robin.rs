use std::fmt;
use std::sync::Arc;

use http::HeaderName;

use super::turns::Turns;
use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// The targets in turns, as often as their weights say.
///
/// After every turn each has had its share, rounded up or down; over as many
/// calls as the weights add up to, exactly. Made [sticky](Self::sticky), the
/// calls of one user, say, go to the same target as long as it is there, and
/// the shares are those of users.
#[derive(Default)]
pub struct WeightedRoundRobin {
    turns: Turns,
    sticky: Arc<Vec<StickyKey>>,
}

/// Sends calls to the targets in turns, by their weights.
pub type WeightedRoundRobinLayer = RouteLayer<WeightedRoundRobin>;

/// What calls have in common that are to go to the same target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StickyKey {
    /// The value of a header.
    Header(HeaderName),
    /// The member of the request of this name, such as `user`.
    Field(String),
}

impl StickyKey {
    fn of<'a>(&self, ask: &Ask<'a>) -> Option<&'a [u8]> {
        let key = match self {
            Self::Header(name) => ask.headers().get(name)?.as_bytes(),
            Self::Field(name) => ask.document()?.field(name)?.as_bytes(),
        };
        (!key.is_empty()).then_some(key)
    }
}

impl WeightedRoundRobin {
    /// Sends calls with the same key to the same target; those without take
    /// turns. Of several keys, the first that a call has counts.
    #[must_use]
    pub fn sticky(mut self, key: StickyKey) -> Self {
        Arc::make_mut(&mut self.sticky).push(key);
        self
    }
}

impl Strategy for WeightedRoundRobin {
    fn name(&self) -> &'static str {
        "weighted_round_robin"
    }

    fn order(&self, ask: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>) {
        if let Some(key) = self.sticky.iter().find_map(|key| key.of(ask)) {
            order.sort_by(|&a, &b| score(key, &targets[b]).total_cmp(&score(key, &targets[a])));
            return;
        }
        let next = self
            .turns
            .next(targets.len(), order, |at| targets[at].share());
        if let Some(at) = next.and_then(|next| order.iter().position(|&at| at == next)) {
            order[..=at].rotate_right(1);
        }
    }
}

/// Weighted rendezvous hashing: the highest score wins, with a probability as
/// its weight, and a target that goes takes nobody along but its own (D. G.
/// Thaler, C. V. Ravishankar, 1998; the weights as by J. Schindelhauer, G.
/// Schomaker, 2005).
fn score(key: &[u8], target: &Target) -> f64 {
    let id = target.id().as_bytes();
    // FNV-1a, which is the same in every run, and what mixes it (splitmix64).
    let hash = key
        .iter()
        .chain(&[0])
        .chain(id)
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let unit = super::random::unit(super::random::mix(hash));
    f64::from(target.share()) / -unit.ln()
}

/// Counts for itself.
impl Clone for WeightedRoundRobin {
    fn clone(&self) -> Self {
        Self {
            turns: Turns::default(),
            sticky: Arc::clone(&self.sticky),
        }
    }
}

impl fmt::Debug for WeightedRoundRobin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeightedRoundRobin")
            .field("sticky", &self.sticky)
            .finish_non_exhaustive()
    }
}
