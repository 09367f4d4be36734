//! Whose turn it is, by weight.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Takes turns by weight, without a lock.
///
/// After any number of turns each target has had its share of them, rounded
/// up or down: the quota method of apportionment (M. Balinski, H. P. Young,
/// *The quota method of apportionment*, 1975). Of those that have not yet had
/// their share rounded up, the one with the most weight for its next turn is
/// next. The order is as smooth as whole turns can be.
///
/// When a target comes or goes, counting starts anew: one that was out is not
/// to catch up on what it has missed.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Which targets are counted, and how often that has changed.
    epoch: AtomicU64,
    /// The epoch of a count, and the count.
    counts: OnceLock<Box<[AtomicU64]>>,
}

const COUNT_BITS: u32 = 40;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
/// Counting starts anew in time for the products to fit.
const MOST: u64 = COUNT / 2;
const EPOCHS: u64 = (1 << 24) - 1;

impl Turns {
    /// The next of `candidates` (numbers below `targets`), by their weights;
    /// those without weight are not chosen unless none has any.
    pub(super) fn next(
        &self,
        targets: usize,
        candidates: &[usize],
        weight: impl Fn(usize) -> u32,
    ) -> Option<usize> {
        let counts = self
            .counts
            .get_or_init(|| (0..targets).map(|_| AtomicU64::new(0)).collect());
        let none = candidates.iter().all(|&at| weight(at) == 0);
        let weight = |at| if none { 1 } else { u64::from(weight(at)) };
        let total: u64 = candidates.iter().map(|&at| weight(at)).sum();
        let mark = fingerprint(candidates);
        loop {
            let epoch = self.enter(mark);
            let count = |at: usize| -> (u64, u64) {
                let packed = counts
                    .get(at)
                    .map_or(0, |count| count.load(Ordering::Acquire));
                let count = if packed >> COUNT_BITS == epoch {
                    packed & COUNT
                } else {
                    0
                };
                (packed, count)
            };
            let turn = 1 + candidates.iter().map(|&at| count(at).1).sum::<u64>();
            let mut best: Option<(usize, u64, u64)> = None;
            for &at in candidates {
                let (packed, count) = count(at);
                let share = u128::from(turn) * u128::from(weight(at));
                if u128::from(count) * u128::from(total) >= share {
                    continue;
                }
                // More weight for its next turn, by cross-multiplication.
                let better = best.is_none_or(|(other, _, others)| {
                    u128::from(weight(at)) * u128::from(others + 1)
                        > u128::from(weight(other)) * u128::from(count + 1)
                });
                if better {
                    best = Some((at, packed, count));
                }
            }
            // Counts that others change while they are read may leave nobody
            // with a share; read again, they do.
            let Some((at, packed, count)) = best else {
                if candidates.is_empty() || total == 0 {
                    return None;
                }
                std::hint::spin_loop();
                continue;
            };
            if count >= MOST {
                self.start_anew(mark);
                continue;
            }
            let next = epoch << COUNT_BITS | (count + 1);
            let taken = counts.get(at)?.compare_exchange_weak(
                packed,
                next,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if taken.is_ok() {
                return Some(at);
            }
        }
    }

    /// The epoch in which these targets are counted.
    fn enter(&self, mark: u32) -> u64 {
        let mut epoch = self.epoch.load(Ordering::Acquire);
        while epoch >> 32 != u64::from(mark) {
            match self.change(epoch, mark) {
                Ok(new) => return new & EPOCHS,
                Err(now) => epoch = now,
            }
        }
        epoch & EPOCHS
    }

    fn start_anew(&self, mark: u32) {
        let epoch = self.epoch.load(Ordering::Acquire);
        // If it fails, another has done it.
        let _ = self.change(epoch, mark);
    }

    fn change(&self, from: u64, mark: u32) -> Result<u64, u64> {
        let to = u64::from(mark) << 32 | ((from & EPOCHS) + 1) & EPOCHS;
        self.epoch
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .map(|_| to)
    }
}

/// FNV-1a, over the numbers.
fn fingerprint(candidates: &[usize]) -> u32 {
    candidates.iter().fold(0x811c_9dc5, |hash, &at| {
        (hash ^ (at as u32).wrapping_add(1)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_are_kept_at_every_turn(
            weights in prop::collection::vec(0u32..1000, 1..7),
            turns in 1usize..600,
        ) {
            let all: Vec<usize> = (0..weights.len()).collect();
            let none = weights.iter().all(|&w| w == 0);
            let share = |at: usize| if none { 1.0 } else { f64::from(weights[at]) };
            let total: f64 = all.iter().map(|&at| share(at)).sum();
            let line = Turns::default();
            let mut had = vec![0u32; weights.len()];
            for turn in 1..=turns {
                had[line.next(weights.len(), &all, |at| weights[at]).unwrap()] += 1;
                for &at in &all {
                    let due = turn as f64 * share(at) / total;
                    prop_assert!((f64::from(had[at]) - due).abs() < 1.0 + 1e-9);
                }
            }
        }

        #[test]
        fn any_window_of_a_period_is_exact(
            weights in prop::collection::vec(1u32..12, 1..6),
            start in 0usize..100,
        ) {
            let all: Vec<usize> = (0..weights.len()).collect();
            let period: u32 = weights.iter().sum();
            let line = Turns::default();
            let turns: Vec<usize> = (0..start + period as usize)
                .map(|_| line.next(weights.len(), &all, |at| weights[at]).unwrap())
                .collect();
            for &at in &all {
                let had = turns[start..].iter().filter(|&&turn| turn == at).count();
                prop_assert_eq!(had, weights[at] as usize);
            }
        }
    }

    #[test]
    fn who_was_out_does_not_catch_up() {
        let line = Turns::default();
        let turn = |of: &[usize]| line.next(2, of, |_| 1).unwrap();
        for _ in 0..10 {
            turn(&[0, 1]);
        }
        for _ in 0..1000 {
            assert_eq!(turn(&[0]), 0);
        }
        let back: Vec<_> = (0..10).map(|_| turn(&[0, 1])).collect();
        assert_eq!(back.iter().filter(|&&at| at == 1).count(), 5);
    }

    #[test]
    fn threads_share_turns_exactly() {
        let line = Turns::default();
        let weights = [5u32, 2, 1];
        let had: Vec<AtomicU64> = (0..3).map(|_| AtomicU64::new(0)).collect();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2000 {
                        let at = line.next(3, &[0, 1, 2], |at| weights[at]).unwrap();
                        had[at].fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let had: Vec<u64> = had.into_iter().map(AtomicU64::into_inner).collect();
        assert_eq!(had, [5000, 2000, 1000]);
    }
}
