use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// The targets in random order, by their weights.
#[derive(Clone, Debug, Default)]
pub struct Random {
    dice: Dice,
}

/// Sends each call to a target by chance, by their weights.
pub type RandomLayer = RouteLayer<Random>;

impl Random {
    /// The same choices in every run, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            dice: Dice::seeded(seed),
        }
    }
}

impl Strategy for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn order(&self, _: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>) {
        for done in 0..order.len() {
            let rest = &order[done..];
            let Some(at) = self.dice.choose(rest, |&at| f64::from(targets[at].share())) else {
                return;
            };
            order.swap(done, done + at);
        }
    }
}

/// Random numbers that need no lock: a counter, mixed (splitmix64, by
/// G. Steele, D. Lea, C. Flood, 2014).
pub(super) struct Dice {
    state: AtomicU64,
}

impl Dice {
    pub(super) fn seeded(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }

    pub(super) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        mix(self.state.fetch_add(STEP, Ordering::Relaxed))
    }

    /// Between 0 and 1, and neither.
    pub(super) fn unit(&self) -> f64 {
        unit(self.next())
    }

    /// Below `limit`, which is not 0.
    pub(super) fn below(&self, limit: usize) -> usize {
        // By multiplication (D. Lemire, 2019); the bias is below 2^-32.
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }

    /// One of them, by weight; without any weight, the first.
    pub(super) fn choose<T>(&self, of: &[T], weight: impl Fn(&T) -> f64) -> Option<usize> {
        let total: f64 = of.iter().map(&weight).sum();
        let mut left = self.unit() * total;
        let mut chosen = None;
        for (at, one) in of.iter().enumerate() {
            let weight = weight(one);
            if chosen.is_none() || weight > 0.0 {
                chosen = Some(at);
            }
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        chosen
    }
}

pub(super) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

pub(super) fn unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

impl Default for Dice {
    fn default() -> Self {
        Self::seeded(RandomState::new().hash_one(0))
    }
}

/// Throws dice of its own.
impl Clone for Dice {
    fn clone(&self) -> Self {
        Self::seeded(self.next())
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dice")
    }
}
