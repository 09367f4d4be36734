use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;
use tower::retry::budget::Budget;

/// One second each, so that the window is of ten.
const SLOTS: u64 = 10;
const COUNT: u32 = 20;
const MAX_COUNT: u64 = (1 << COUNT) - 1;

/// How many retries all calls together may cause: in any ten seconds, as many
/// as a tenth of the calls, or ten where calls are few.
///
/// So an outage, however it looks, is answered with 1.1 times the calls that
/// come in, where a hundred or more come in ten seconds. tower's `TpsBudget`
/// adds its minimum to the tenth, and takes a lock for every call; this one does
/// neither. Calls are counted by the second.
///
/// ```
/// use portcullis::resilience::RetryBudget;
/// use tower::retry::budget::Budget;
///
/// let budget = RetryBudget::new(0.1).min_retries(3);
/// for _ in 0..40 {
///     budget.deposit();
/// }
/// let granted = (0..40).filter(|_| budget.withdraw()).count();
/// assert_eq!(granted, 4);
/// ```
pub struct RetryBudget {
    ratio: f64,
    min_retries: u32,
    base: Instant,
    /// 24 bits for the second, 20 for its calls, 20 for its retries.
    slots: [AtomicU64; SLOTS as usize],
}

#[derive(Clone, Copy)]
struct Slot {
    second: u64,
    calls: u64,
    retries: u64,
}

impl Slot {
    fn from_bits(bits: u64) -> Self {
        Self {
            second: bits >> (2 * COUNT),
            calls: bits >> COUNT & MAX_COUNT,
            retries: bits & MAX_COUNT,
        }
    }

    fn to_bits(self) -> u64 {
        self.second << (2 * COUNT)
            | self.calls.min(MAX_COUNT) << COUNT
            | self.retries.min(MAX_COUNT)
    }

    /// The slot at this second, empty if it was of another one.
    fn at(bits: u64, second: u64) -> Self {
        let slot = Self::from_bits(bits);
        match slot.second == second {
            true => slot,
            false => Self {
                second,
                calls: 0,
                retries: 0,
            },
        }
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(0.1)
    }
}

impl RetryBudget {
    /// As many retries as this share of the calls.
    #[must_use]
    pub fn new(ratio: f64) -> Self {
        Self {
            ratio: if ratio.is_nan() { 0.0 } else { ratio.max(0.0) },
            min_retries: 10,
            base: Instant::now(),
            slots: [const { AtomicU64::new(0) }; SLOTS as usize],
        }
    }

    /// How many retries there may be in ten seconds whatever the calls: 10.
    #[must_use]
    pub fn min_retries(mut self, retries: u32) -> Self {
        self.min_retries = retries;
        self
    }

    /// Seconds, from 1, and again after half a year.
    fn second(&self) -> u64 {
        (self.base.elapsed().as_secs() + 1) & ((1 << 24) - 1)
    }

    fn slot(&self, second: u64) -> &AtomicU64 {
        &self.slots[(second % SLOTS) as usize]
    }
}

impl Budget for RetryBudget {
    /// A call has begun.
    fn deposit(&self) {
        let second = self.second();
        // It cannot fail: the function always gives a word.
        let _ = self
            .slot(second)
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |bits| {
                let mut slot = Slot::at(bits, second);
                slot.calls += 1;
                Some(slot.to_bits())
            });
    }

    /// Whether a call may be tried again.
    fn withdraw(&self) -> bool {
        let second = self.second();
        let (mut calls, mut retries) = (0, 0);
        for back in 1..SLOTS {
            let Some(second) = second.checked_sub(back) else {
                break;
            };
            let slot = Slot::at(self.slot(second).load(Ordering::Acquire), second);
            calls += slot.calls;
            retries += slot.retries;
        }
        // Two that ask at once meet in this slot, and the second one counts
        // the first.
        self.slot(second)
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |bits| {
                let mut slot = Slot::at(bits, second);
                let share = self.ratio * (calls + slot.calls) as f64;
                let most = share.max(f64::from(self.min_retries));
                slot.retries += 1;
                ((retries + slot.retries) as f64 <= most).then(|| slot.to_bits())
            })
            .is_ok()
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("ratio", &self.ratio)
            .field("min_retries", &self.min_retries)
            .finish_non_exhaustive()
    }
}
