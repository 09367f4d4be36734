//! What the probe of a target has found: healthy, degraded or down.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What the probe of a target has found. Without a probe, nothing: the target
/// may be called.
///
/// It goes down by steps, and comes up by steps, each after several probes in
/// a row, so that one lost packet moves no traffic and one lucky answer brings
/// none back.
///
/// ```
/// use portcullis::target::{Health, HealthState, HealthThresholds, Probed};
/// use std::time::Duration;
/// use tokio::time::Instant;
///
/// let health = Health::default();
/// let (thresholds, now) = (HealthThresholds::default(), Instant::now());
/// let next = now + Duration::from_secs(30);
/// for expected in [HealthState::Degraded, HealthState::Degraded, HealthState::Down] {
///     health.probed(&thresholds, Probed::Failed, next);
///     assert_eq!(health.state(), expected);
/// }
/// assert!(!health.is_available());
/// assert_eq!(health.recovers_at().map(|at| at >= now), Some(true));
/// ```
pub struct Health {
    base: Instant,
    /// From the top: 38 bits for the time of the next probe, in milliseconds;
    /// 2 of state; 8 each of probes in a row that failed, or were slow, or went
    /// well.
    word: AtomicU64,
}

/// How a target is, by its probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthState {
    /// Its probes go well, or it has none.
    #[default]
    Healthy,
    /// A probe has failed or was slow, or it has just come back. It is called,
    /// where no healthy one is.
    Degraded,
    /// Several probes in a row have failed. It is not called.
    Down,
}

impl HealthState {
    /// One word, for records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// What one probe has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Probed {
    /// A good answer in good time.
    Well,
    /// A good answer, late.
    Slow,
    /// No good answer.
    Failed,
}

/// How many probes in a row change the state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthThresholds {
    /// Slow or failed, from healthy to degraded: 1.
    pub degraded_after: u8,
    /// Failed, to down: 3.
    pub down_after: u8,
    /// Gone well, from down to degraded, and once more to healthy: 2.
    pub up_after: u8,
}

impl Default for HealthThresholds {
    fn default() -> Self {
        Self {
            degraded_after: 1,
            down_after: 3,
            up_after: 2,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    next: u64,
    state: HealthState,
    failed: u8,
    /// Slow or failed.
    bad: u8,
    well: u8,
}

impl Word {
    fn from_bits(bits: u64) -> Self {
        Self {
            next: bits >> 26,
            state: match bits >> 24 & 3 {
                0 => HealthState::Healthy,
                1 => HealthState::Degraded,
                _ => HealthState::Down,
            },
            failed: (bits >> 16) as u8,
            bad: (bits >> 8) as u8,
            well: bits as u8,
        }
    }

    fn to_bits(self) -> u64 {
        let state = match self.state {
            HealthState::Healthy => 0,
            HealthState::Degraded => 1,
            HealthState::Down => 2,
        };
        self.next.min((1 << 38) - 1) << 26
            | state << 24
            | u64::from(self.failed) << 16
            | u64::from(self.bad) << 8
            | u64::from(self.well)
    }

    fn probed(mut self, thresholds: &HealthThresholds, found: Probed) -> Self {
        match found {
            Probed::Well => {
                (self.failed, self.bad) = (0, 0);
                self.well = self.well.saturating_add(1);
                if self.state != HealthState::Healthy && self.well >= thresholds.up_after.max(1) {
                    self.well = 0;
                    self.state = match self.state {
                        HealthState::Down => HealthState::Degraded,
                        _ => HealthState::Healthy,
                    };
                }
            }
            Probed::Slow | Probed::Failed => {
                self.well = 0;
                self.bad = self.bad.saturating_add(1);
                self.failed = match found {
                    Probed::Failed => self.failed.saturating_add(1),
                    _ => 0,
                };
                if self.failed >= thresholds.down_after.max(1) {
                    self.state = HealthState::Down;
                } else if self.state == HealthState::Healthy
                    && self.bad >= thresholds.degraded_after.max(1)
                {
                    self.state = HealthState::Degraded;
                }
            }
        }
        self
    }
}

impl Health {
    /// How the target is.
    #[must_use]
    pub fn state(&self) -> HealthState {
        self.word().state
    }

    /// Whether calls may go there.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.state() != HealthState::Down
    }

    /// When it is asked again, if it is down.
    #[must_use]
    pub fn recovers_at(&self) -> Option<Instant> {
        let word = self.word();
        let at = self.base.checked_add(Duration::from_millis(word.next));
        at.filter(|_| word.state == HealthState::Down)
    }

    /// A probe has come to its end, and the next will be made at `next`. Gives
    /// the state before and after.
    pub fn probed(
        &self,
        thresholds: &HealthThresholds,
        found: Probed,
        next: Instant,
    ) -> (HealthState, HealthState) {
        let next = next.saturating_duration_since(self.base).as_millis();
        let next = u64::try_from(next).unwrap_or(u64::MAX);
        let mut bits = self.word.load(Ordering::Acquire);
        loop {
            let before = Word::from_bits(bits);
            let after = Word { next, ..before }.probed(thresholds, found);
            let order = Ordering::AcqRel;
            match self
                .word
                .compare_exchange_weak(bits, after.to_bits(), order, Ordering::Acquire)
            {
                Ok(_) => return (before.state, after.state),
                Err(current) => bits = current,
            }
        }
    }

    /// Nobody asks any more: what probes have found no longer counts.
    pub fn forget(&self) {
        self.word.store(0, Ordering::Release);
    }

    fn word(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }
}

impl Default for Health {
    fn default() -> Self {
        Self {
            base: Instant::now(),
            word: AtomicU64::new(0),
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.state()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_down_and_comes_up_by_steps() {
        use HealthState::{Degraded, Down, Healthy};
        use Probed::{Failed, Slow, Well};
        let health = Health::default();
        let next = Instant::now() + Duration::from_secs(1);
        let thresholds = HealthThresholds::default();
        for (number, (found, expected)) in [
            (Well, Healthy),
            (Slow, Degraded),
            (Slow, Degraded),
            (Slow, Degraded),
            (Slow, Degraded),
            (Failed, Degraded),
            (Well, Degraded),
            (Failed, Degraded),
            (Failed, Degraded),
            (Slow, Degraded),
            (Failed, Degraded),
            (Failed, Degraded),
            (Failed, Down),
            (Well, Down),
            (Failed, Down),
            (Well, Down),
            (Slow, Down),
            (Well, Down),
            (Well, Degraded),
            (Well, Degraded),
            (Well, Healthy),
            (Well, Healthy),
        ]
        .into_iter()
        .enumerate()
        {
            let (_, after) = health.probed(&thresholds, found, next);
            assert_eq!(after, expected, "{number}");
            assert_eq!(health.state(), expected);
            assert_eq!(health.recovers_at().is_some(), expected == Down);
            assert_eq!(health.is_available(), expected != Down);
        }
        for _ in 0..300 {
            health.probed(&thresholds, Failed, next);
        }
        assert_eq!(health.state(), Down);
        health.forget();
        assert_eq!(health.state(), Healthy);
    }
}
