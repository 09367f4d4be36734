//! Calls and failures over a sliding window, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use super::FailureRate;

const SLOTS: usize = 10;
const MAX_COUNT: u64 = u16::MAX as u64;

/// Ten slots, each a word: 12 bits of epoch, 20 of the slot's number in time,
/// 16 of calls, 16 of failures. A slot of another epoch or time is empty.
#[derive(Default)]
pub(super) struct Window {
    slots: [AtomicU64; SLOTS],
}

impl Window {
    /// A slot's number in time.
    fn place(rate: &FailureRate, now: u64) -> u64 {
        let slot_ms = (rate.window.as_millis() as u64 / SLOTS as u64).max(1);
        now / slot_ms + 1
    }

    /// The upper half of a slot's word.
    fn mark(epoch: u16, place: u64) -> u64 {
        u64::from(epoch & 0xfff) << 20 | place & 0xf_ffff
    }

    pub(super) fn note(&self, rate: &FailureRate, epoch: u16, now: u64, failed: bool) {
        let place = Self::place(rate, now);
        let mark = Self::mark(epoch, place);
        let slot = &self.slots[(place % SLOTS as u64) as usize];
        // It cannot fail: the function always gives a word.
        let _ = slot.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let (mut calls, mut failures) = match word >> 32 == mark {
                true => (word >> 16 & MAX_COUNT, word & MAX_COUNT),
                false => (0, 0),
            };
            if calls == MAX_COUNT {
                (calls, failures) = (calls / 2, failures / 2);
            }
            Some(mark << 32 | (calls + 1) << 16 | (failures + u64::from(failed)))
        });
    }

    /// Whether too large a share of the calls has failed.
    pub(super) fn is_over(&self, rate: &FailureRate, epoch: u16, now: u64) -> bool {
        let last = Self::place(rate, now);
        let first = last.saturating_sub(SLOTS as u64 - 1).max(1);
        let (mut calls, mut failures) = (0, 0);
        for place in first..=last {
            let slot = &self.slots[(place % SLOTS as u64) as usize];
            let word = slot.load(Ordering::Acquire);
            if word >> 32 == Self::mark(epoch, place) {
                calls += word >> 16 & MAX_COUNT;
                failures += word & MAX_COUNT;
            }
        }
        calls >= u64::from(rate.minimum_calls) && failures as f64 >= rate.ratio * calls as f64
    }
}
