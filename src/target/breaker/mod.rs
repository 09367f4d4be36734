//! The state of a circuit breaker: whether a target may be called.
//!
//! Closed, calls pass and failures are counted. Too many of them, and it opens:
//! calls are refused at once until a time to recover has passed. Then it is
//! half open: a few calls pass as probes, and by them it closes or opens again,
//! for longer (Nygard, *Release It!*, "Circuit Breaker").
//!
//! The state is one word, and every transition one compare-and-swap. A call
//! admitted by a closed breaker reads the word once, and writes nothing when it
//! succeeds. Each transition starts a new *epoch*; what calls of an older one
//! report is too late to say anything about the state now, and is ignored.

mod permit;
mod settings;
#[cfg(test)]
mod tests;
mod window;
mod word;

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

pub use self::permit::{Permit, Refused};
pub use self::settings::{BreakerSettings, FailureRate};
use self::window::Window;
use self::word::{HalfOpenRule, Phase, Word};

/// The breaker of one target. Clones are handles to the same state.
///
/// ```
/// use portcullis::target::{Breaker, BreakerSettings, BreakerState};
/// use std::{sync::Arc, time::Duration};
/// use tokio::time::Instant;
///
/// let settings = Arc::new(BreakerSettings::default().failure_threshold(2));
/// let breaker = Breaker::new("primary");
/// let now = Instant::now();
/// for _ in 0..2 {
///     let permit = breaker.admit(&settings, now).unwrap();
///     permit.failure(now);
/// }
/// let refused = breaker.admit(&settings, now).unwrap_err();
/// assert!(refused.retry_after >= Duration::from_secs(30));
/// assert!(matches!(breaker.state(now), BreakerState::Open { .. }));
/// ```
#[derive(Clone)]
pub struct Breaker {
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    /// Times in the word count from here.
    base: Instant,
    word: AtomicU64,
    /// By whose settings it is half open: those who ask whether it is available have none.
    rule: AtomicU64,
    window: Window,
    /// Chooses the jitter.
    seed: u64,
    opened: AtomicU64,
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// They pass.
    Closed,
    /// They are refused.
    Open {
        /// For how long yet.
        retry_after: Duration,
    },
    /// A few pass, as probes.
    HalfOpen,
    /// They are refused, until an operator says otherwise.
    ForcedOpen,
    /// They pass, whatever becomes of them, until an operator says otherwise.
    ForcedClosed,
}

impl BreakerState {
    /// One word, for records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::ForcedClosed => "forced_closed",
        }
    }
}

/// What an operator wants of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forced {
    /// Refuse every call.
    Open,
    /// Let every call pass.
    Closed,
    /// Decide by what becomes of the calls, from closed.
    Automatic,
}

impl Breaker {
    /// A closed breaker; events call it by this name, a target's id.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self::seeded(name, RandomState::new().hash_one(0))
    }

    /// One whose jitter is the same in every run.
    pub fn seeded(name: impl Into<Arc<str>>, seed: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                base: Instant::now(),
                word: AtomicU64::new(Word::NEW.to_bits()),
                rule: AtomicU64::new(0),
                window: Window::default(),
                seed,
                opened: AtomicU64::new(0),
            }),
        }
    }

    /// Its name, as events have it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Asks to make a call. What becomes of it is to be said to the permit.
    ///
    /// # Errors
    /// When it is open, or half open with as many probes under way as there
    /// may be.
    pub fn admit(&self, settings: &Arc<BreakerSettings>, now: Instant) -> Result<Permit, Refused> {
        let word = self.word();
        // The way of all calls but a few.
        if let Phase::Closed { .. } = word.phase {
            return Ok(Permit::new(self, settings, word.epoch, false));
        }
        self.admit_as(word, settings, now, false)
    }

    /// Like [`admit`](Self::admit), now. The time is asked only if it matters.
    pub(crate) fn admit_now(&self, settings: &Arc<BreakerSettings>) -> Result<Permit, Refused> {
        let word = self.word();
        if let Phase::Closed { .. } = word.phase {
            return Ok(Permit::new(self, settings, word.epoch, false));
        }
        self.admit_as(word, settings, Instant::now(), false)
    }

    /// Whether a success changes nothing.
    fn has_nothing_to_note(&self, settings: &BreakerSettings) -> bool {
        let word = self.word();
        word.phase == Phase::Closed { failures: 0 } && word.trips == 0 && settings.rate().is_none()
    }

    /// Like [`admit`](Self::admit), for a call that has nowhere else to go: if
    /// it is open, its time to recover is over.
    pub(crate) fn admit_early(
        &self,
        settings: &Arc<BreakerSettings>,
        now: Instant,
    ) -> Result<Permit, Refused> {
        self.admit_as(self.word(), settings, now, true)
    }

    fn admit_as(
        &self,
        mut word: Word,
        settings: &Arc<BreakerSettings>,
        now: Instant,
        early: bool,
    ) -> Result<Permit, Refused> {
        let now_ms = self.millis(now);
        let rule = HalfOpenRule::of(settings).to_bits();
        self.shared.rule.store(rule, Ordering::Release);
        loop {
            let admitted = word
                .admit(settings, now_ms, early)
                .map_err(|wait| Refused {
                    retry_after: Duration::from_millis(wait),
                    state: self.state_of(word, now_ms),
                })?;
            match self.swap(word, admitted.word, now_ms) {
                Ok(()) => return Ok(Permit::new(self, settings, admitted.epoch, admitted.probe)),
                Err(current) => word = current,
            }
        }
    }

    /// Whether a call would be admitted now, for all that can be known without
    /// asking.
    #[must_use]
    pub fn is_available(&self, now: Instant) -> bool {
        match self.word().phase {
            Phase::Closed { .. } | Phase::ForcedClosed => true,
            Phase::Open { until } => self.millis(now) >= until,
            Phase::HalfOpen {
                since, in_flight, ..
            } => {
                let rule = HalfOpenRule::from_bits(self.shared.rule.load(Ordering::Acquire));
                rule.wait(since, in_flight, self.millis(now)).is_none()
            }
            Phase::ForcedOpen => false,
        }
    }

    /// Like [`is_available`](Self::is_available), now. The time is asked only if
    /// it matters.
    pub(crate) fn is_available_now(&self) -> bool {
        match self.word().phase {
            Phase::Closed { .. } => true,
            _ => self.is_available(Instant::now()),
        }
    }

    /// When it will let calls pass again, if it is open; never, if an operator
    /// holds it open.
    #[must_use]
    pub fn recovers_at(&self) -> Option<Instant> {
        match self.word().phase {
            Phase::Open { until } => Some(self.shared.base + Duration::from_millis(until)),
            _ => None,
        }
    }

    /// What it does with calls now.
    #[must_use]
    pub fn state(&self, now: Instant) -> BreakerState {
        self.state_of(self.word(), self.millis(now))
    }

    /// Failures in a row, while it is closed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        match self.word().phase {
            Phase::Closed { failures } => failures,
            _ => 0,
        }
    }

    /// How often it has opened of itself.
    #[must_use]
    pub fn times_opened(&self) -> u64 {
        self.shared.opened.load(Ordering::Relaxed)
    }

    /// Sets the state, for an operator. Permits given out before say nothing
    /// any more.
    pub fn force(&self, state: Forced) {
        let now = self.millis(Instant::now());
        let mut word = self.word();
        while let Err(current) = self.swap(word, word.force(state), now) {
            word = current;
        }
    }

    fn state_of(&self, word: Word, now: u64) -> BreakerState {
        match word.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until } if now >= until => BreakerState::HalfOpen,
            Phase::Open { until } => BreakerState::Open {
                retry_after: Duration::from_millis(until - now),
            },
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
            Phase::ForcedOpen => BreakerState::ForcedOpen,
            Phase::ForcedClosed => BreakerState::ForcedClosed,
        }
    }

    fn word(&self) -> Word {
        Word::from_bits(self.shared.word.load(Ordering::Acquire))
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.shared.base);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Puts `next` in the place of `word`, unless another came first.
    fn swap(&self, word: Word, next: Word, now: u64) -> Result<(), Word> {
        if word == next {
            return Ok(());
        }
        let swapped = self.shared.word.compare_exchange(
            word.to_bits(),
            next.to_bits(),
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        match swapped {
            Ok(_) => {
                if std::mem::discriminant(&word.phase) != std::mem::discriminant(&next.phase) {
                    self.tell(word, next, now);
                }
                Ok(())
            }
            Err(current) => Err(Word::from_bits(current)),
        }
    }

    #[cold]
    fn tell(&self, from: Word, to: Word, now: u64) {
        let name = self.name();
        // An open one that recovers is told of as open, whatever the time.
        let from = match from.phase {
            Phase::Open { .. } => "open",
            _ => self.state_of(from, now).as_str(),
        };
        match to.phase {
            Phase::Open { until } => {
                self.shared.opened.fetch_add(1, Ordering::Relaxed);
                let retry_after_ms = until.saturating_sub(now);
                let trips = to.trips;
                tracing::warn!(
                    target_id = name,
                    from,
                    to = "open",
                    retry_after_ms,
                    trips,
                    "circuit breaker"
                );
            }
            _ => {
                let to = self.state_of(to, now).as_str();
                tracing::info!(target_id = name, from, to, "circuit breaker");
            }
        }
    }

    /// Gives the call's epoch from now on: a new one, if it has closed by this
    /// call.
    fn succeeded(&self, settings: &BreakerSettings, epoch: u16, probe: bool, now: Instant) -> u16 {
        let now = self.millis(now);
        let mut word = self.word();
        if let Some(rate) = settings.rate()
            && word.counts(epoch)
        {
            self.shared.window.note(rate, epoch, now, false);
        }
        loop {
            let next = word.success(settings, epoch, probe);
            match self.swap(word, next, now) {
                Ok(()) if word.epoch == epoch => return next.epoch,
                Ok(()) => return epoch,
                Err(current) => word = current,
            }
        }
    }

    fn failed(&self, settings: &BreakerSettings, epoch: u16, now: Instant) {
        let now = self.millis(now);
        let mut word = self.word();
        let over = match settings.rate() {
            Some(rate) if word.counts(epoch) => {
                self.shared.window.note(rate, epoch, now, true);
                self.shared.window.is_over(rate, epoch, now)
            }
            _ => false,
        };
        loop {
            let next = word.failure(settings, epoch, over, now, self.shared.seed);
            match self.swap(word, next, now) {
                Ok(()) => return,
                Err(current) => word = current,
            }
        }
    }

    /// A probe has gone, and nothing is known of it.
    fn released(&self, epoch: u16) {
        let mut word = self.word();
        while let Err(current) = self.swap(word, word.release(epoch), 0) {
            word = current;
        }
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name())
            .field("word", &self.word())
            .field("opened", &self.times_opened())
            .finish()
    }
}
