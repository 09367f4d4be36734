//! Leaving a judge alone that fails.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Says whether a judge may be asked, and is told how that went.
pub(super) trait Breaker: Send + Sync {
    /// Whether it may be asked now.
    fn admits(&self) -> bool;
    /// It has answered, or failed to. Nothing is said of a question that was
    /// given up.
    fn report(&self, answered: bool);
}

/// Opens after so many failures in a row, and lets one question through when
/// the recovery time has passed.
#[derive(Debug)]
pub(super) struct InARow {
    threshold: u32,
    recovery: Duration,
    born: Instant,
    failures: AtomicU32,
    /// Milliseconds since `born` from which a question is let through.
    until: AtomicU64,
}

impl InARow {
    pub(super) fn new(threshold: u32, recovery: Duration) -> Self {
        Self {
            threshold: threshold.max(1),
            recovery,
            born: Instant::now(),
            failures: AtomicU32::new(0),
            until: AtomicU64::new(0),
        }
    }

    fn millis(&self, extra: Duration) -> u64 {
        let time = self.born.elapsed().saturating_add(extra);
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Breaker for InARow {
    fn admits(&self) -> bool {
        if self.failures.load(Ordering::Acquire) < self.threshold {
            return true;
        }
        let until = self.until.load(Ordering::Acquire);
        // Of those who come at that time, one goes through.
        self.millis(Duration::ZERO) >= until
            && self
                .until
                .compare_exchange(
                    until,
                    self.millis(self.recovery),
                    Ordering::AcqRel,
                    Ordering::Acquire,
                )
                .is_ok()
    }

    fn report(&self, answered: bool) {
        if answered {
            self.failures.store(0, Ordering::Release);
            return;
        }
        // First the time: whoever sees the count sees it.
        self.until
            .store(self.millis(self.recovery), Ordering::Release);
        let _ = self
            .failures
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_opens_lets_one_through_and_closes() {
        let recovery = Duration::from_secs(30);
        let breaker = InARow::new(2, recovery);
        breaker.report(false);
        breaker.report(true);
        breaker.report(false);
        assert!(breaker.admits());
        breaker.report(false);
        assert!(!breaker.admits());
        tokio::time::advance(recovery).await;
        assert!(breaker.admits());
        assert!(!breaker.admits(), "one only");
        breaker.report(false);
        tokio::time::advance(recovery - Duration::from_millis(1)).await;
        assert!(!breaker.admits());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(breaker.admits());
        breaker.report(true);
        assert!(breaker.admits() && breaker.admits());
    }
}
