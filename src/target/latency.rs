//! How long a target's answers took to begin, over a sliding window.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Samples kept.
const SLOTS: usize = 64;
/// Samples count for this long, in seconds.
const WINDOW_SECONDS: u32 = 60;
/// Parts of a second in which the age of a sample is told.
const TICKS: u32 = 16;
/// In place of a time: there was no answer.
const NEVER: u32 = u32::MAX;

/// How long a target's answers took to begin: the last 64 within a minute.
///
/// A try that came to nothing counts as an answer that took forever, or a
/// target that fails at once would look quick. Written and read without locks;
/// the median is worked out when it is first asked for after a sample.
///
/// ```
/// use portcullis::target::LatencyWindow;
/// use std::time::Duration;
/// use tokio::time::Instant;
///
/// let window = LatencyWindow::default();
/// let now = Instant::now();
/// assert_eq!(window.median(now), None);
/// for ms in [30, 10, 20] {
///     window.record(Duration::from_millis(ms), now);
/// }
/// assert_eq!(window.median(now), Some(Duration::from_millis(20)));
/// assert_eq!(window.median(now + Duration::from_secs(120)), None);
/// ```
pub struct LatencyWindow {
    epoch: Instant,
    next: AtomicUsize,
    /// When it came, in ticks from 1, and how long it took, in microseconds.
    slots: [AtomicU64; SLOTS],
    /// A count of samples, and their median.
    median: AtomicU64,
}

fn pack(tick: u32, micros: u32) -> u64 {
    u64::from(tick) << 32 | u64::from(micros)
}

fn unpack(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

fn duration(micros: u32) -> Duration {
    match micros {
        NEVER => Duration::MAX,
        micros => Duration::from_micros(micros.into()),
    }
}

impl LatencyWindow {
    /// Counted from 1, as 0 marks a slot without a sample.
    fn tick(&self, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.epoch);
        let part = since.subsec_millis() * TICKS / 1000;
        let seconds = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
        seconds.saturating_mul(TICKS).saturating_add(part + 1)
    }

    /// An answer has begun after `latency`.
    pub fn record(&self, latency: Duration, now: Instant) {
        let micros = u32::try_from(latency.as_micros()).unwrap_or(NEVER);
        self.add(micros.min(NEVER - 1), now);
    }

    /// A try has come to nothing.
    pub fn record_failure(&self, now: Instant) {
        self.add(NEVER, now);
    }

    fn add(&self, micros: u32, now: Instant) {
        let tick = self.tick(now);
        let at = self.next.fetch_add(1, Ordering::Relaxed) % SLOTS;
        self.slots[at].store(pack(tick, micros), Ordering::Relaxed);
    }

    /// Forgets all samples, as after a long outage.
    pub fn clear(&self) {
        for slot in &self.slots {
            slot.store(0, Ordering::Relaxed);
        }
        self.median.store(0, Ordering::Relaxed);
    }

    /// The median, worked out when it is first asked for after a sample. `None`
    /// when the last sample has left the window; [`Duration::MAX`] when most
    /// tries have failed.
    #[must_use]
    pub fn median(&self, now: Instant) -> Option<Duration> {
        let tick = self.tick(now);
        let next = self.next.load(Ordering::Relaxed);
        let last = &self.slots[next.wrapping_sub(1) % SLOTS];
        if !is_recent(unpack(last.load(Ordering::Relaxed)).0, tick) {
            return None;
        }
        // It is marked with the count of samples that it is of.
        let count = next as u32;
        let (of, median) = unpack(self.median.load(Ordering::Relaxed));
        if of == count {
            return Some(duration(median));
        }
        let median = self.rank(0.5, tick)?;
        self.median.store(pack(count, median), Ordering::Relaxed);
        Some(duration(median))
    }

    /// The time within which this part of the answers, from 0 to 1, began:
    /// 0.95 for the slowest but one in twenty.
    #[must_use]
    pub fn quantile(&self, part: f64, now: Instant) -> Option<Duration> {
        self.rank(part, self.tick(now)).map(duration)
    }

    /// How many samples are in the window.
    #[must_use]
    pub fn samples(&self, now: Instant) -> usize {
        let now = self.tick(now);
        let slots = self.slots.iter();
        slots
            .filter(|slot| is_recent(unpack(slot.load(Ordering::Relaxed)).0, now))
            .count()
    }

    /// The nearest-rank quantile.
    fn rank(&self, part: f64, now: u32) -> Option<u32> {
        let mut recent = [0; SLOTS];
        let mut len = 0;
        for slot in &self.slots {
            let (tick, micros) = unpack(slot.load(Ordering::Relaxed));
            if is_recent(tick, now) {
                recent[len] = micros;
                len += 1;
            }
        }
        let last = len.checked_sub(1)?;
        // A cast saturates, and what is not a number becomes 0.
        let rank = ((part * len as f64).ceil() as usize).saturating_sub(1);
        let (_, found, _) = recent[..len].select_nth_unstable(rank.min(last));
        Some(*found)
    }
}

fn is_recent(tick: u32, now: u32) -> bool {
    tick > 0 && now.saturating_sub(tick) <= WINDOW_SECONDS * TICKS
}

impl Default for LatencyWindow {
    fn default() -> Self {
        Self {
            epoch: Instant::now(),
            next: AtomicUsize::new(0),
            slots: [const { AtomicU64::new(0) }; SLOTS],
            median: AtomicU64::new(0),
        }
    }
}

impl fmt::Debug for LatencyWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = Instant::now();
        f.debug_struct("LatencyWindow")
            .field("samples", &self.samples(now))
            .field("median", &self.median(now))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn failures_take_forever_and_leave_the_window() {
        let window = LatencyWindow::default();
        let now = Instant::now();
        for _ in 0..3 {
            window.record_failure(now);
        }
        window.record(5 * MS, now);
        assert_eq!(window.median(now), Some(Duration::MAX));
        assert_eq!(window.quantile(0.25, now), Some(5 * MS));
        let later = now + Duration::from_secs(61);
        assert_eq!(window.quantile(0.5, later), None);
        window.record(7 * MS, later);
        assert_eq!(window.median(later), Some(7 * MS));
        assert_eq!(window.samples(later), 1);
        window.clear();
        assert_eq!(window.median(later), None);
    }

    #[test]
    fn the_last_samples_count() {
        let window = LatencyWindow::default();
        let now = Instant::now();
        for ms in 0..200u32 {
            window.record(ms * MS, now);
        }
        assert_eq!(window.samples(now), SLOTS);
        // 136 to 199 are left.
        assert_eq!(window.quantile(0.0, now), Some(136 * MS));
        assert_eq!(window.median(now), Some(167 * MS));
        assert_eq!(window.quantile(1.0, now), Some(199 * MS));
        assert_eq!(window.quantile(f64::NAN, now), Some(136 * MS));
        assert_eq!(window.quantile(9.0, now), Some(199 * MS));
    }
}
