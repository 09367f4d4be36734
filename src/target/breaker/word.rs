//! The state in 64 bits, and how it changes: pure functions.

use super::{BreakerSettings, Forced};

/// Failures in a row are counted up to here.
pub(super) const MAX_FAILURES: u32 = u32::MAX;
const MAX_TRIPS: u32 = 31;
const PAYLOAD: u32 = 40;
/// Milliseconds in 40 bits: some 34 years.
const MAX_MILLIS: u64 = (1 << PAYLOAD) - 1;
const COUNT: u32 = 10;
const MAX_COUNT: u64 = (1 << COUNT) - 1;
/// Seconds in the 20 bits that the counts leave, from which they start again.
const CYCLE: u64 = 1 << (PAYLOAD - 2 * COUNT);

/// From the top: 3 bits of phase, 5 of trips, 16 of epoch, 40 of the phase's
/// own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) epoch: u16,
    /// How often it has opened since a call went well while it was closed.
    pub(super) trips: u32,
    pub(super) phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Closed {
        /// In a row.
        failures: u32,
    },
    Open {
        /// In milliseconds.
        until: u64,
    },
    HalfOpen {
        /// In seconds, modulo `CYCLE`.
        since: u64,
        in_flight: u64,
        successes: u64,
    },
    ForcedOpen,
    ForcedClosed,
}

/// A call that may be made.
pub(super) struct Admitted {
    pub(super) word: Word,
    pub(super) epoch: u16,
    pub(super) probe: bool,
}

/// How a half-open breaker admits calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HalfOpenRule {
    /// Probes under way at once.
    most: u64,
    /// In seconds: a probe that never ends must not shut everyone out.
    patience: u64,
}

impl HalfOpenRule {
    pub(super) fn of(settings: &BreakerSettings) -> Self {
        Self {
            most: u64::from(settings.half_open_max_requests),
            // What waits longer has gone round.
            patience: settings.recovery_timeout.as_secs().clamp(1, CYCLE - 1),
        }
    }

    pub(super) fn to_bits(self) -> u64 {
        self.most << 32 | self.patience
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        Self {
            most: bits >> 32,
            patience: bits & u64::from(u32::MAX),
        }
    }

    /// How long the next call has to wait, in milliseconds, if it has to. The last probe was let
    /// through at `since`, in seconds.
    pub(super) fn wait(self, since: u64, in_flight: u64, now: u64) -> Option<u64> {
        let waited = (now / 1000 % CYCLE + CYCLE - since) % CYCLE;
        let left = self.patience.saturating_sub(waited);
        (in_flight >= self.most && left > 0).then(|| (left * 1000).min(1000))
    }
}

impl Word {
    pub(super) const NEW: Self = Self {
        epoch: 0,
        trips: 0,
        phase: Phase::Closed { failures: 0 },
    };

    pub(super) fn to_bits(self) -> u64 {
        let (tag, payload) = match self.phase {
            Phase::Closed { failures } => (0, u64::from(failures)),
            Phase::Open { until } => (1, until.min(MAX_MILLIS)),
            Phase::HalfOpen {
                since,
                in_flight,
                successes,
            } => (
                2,
                (since % CYCLE) << (2 * COUNT)
                    | in_flight.min(MAX_COUNT) << COUNT
                    | successes.min(MAX_COUNT),
            ),
            Phase::ForcedOpen => (3, 0),
            Phase::ForcedClosed => (4, 0),
        };
        let trips = u64::from(self.trips.min(MAX_TRIPS));
        tag << 61 | trips << 56 | u64::from(self.epoch) << PAYLOAD | payload
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        let payload = bits & MAX_MILLIS;
        let phase = match bits >> 61 {
            0 => Phase::Closed {
                failures: payload as u32,
            },
            1 => Phase::Open { until: payload },
            2 => Phase::HalfOpen {
                since: payload >> (2 * COUNT),
                in_flight: payload >> COUNT & MAX_COUNT,
                successes: payload & MAX_COUNT,
            },
            3 => Phase::ForcedOpen,
            _ => Phase::ForcedClosed,
        };
        Self {
            epoch: (bits >> PAYLOAD) as u16,
            trips: (bits >> 56) as u32 & MAX_TRIPS,
            phase,
        }
    }

    /// The next epoch.
    fn turn(self, phase: Phase) -> Self {
        Self {
            epoch: self.epoch.wrapping_add(1),
            phase,
            ..self
        }
    }

    /// Whether what a call of `epoch` reports counts in the closed state.
    pub(super) fn counts(self, epoch: u16) -> bool {
        self.epoch == epoch && matches!(self.phase, Phase::Closed { .. })
    }

    /// A call that may be made, or how long to wait, in milliseconds. An
    /// `early` one does not wait for the time to recover to be over.
    pub(super) fn admit(
        self,
        settings: &BreakerSettings,
        now: u64,
        early: bool,
    ) -> Result<Admitted, u64> {
        let seconds = now / 1000 % CYCLE;
        let as_probe = |word: Self| Admitted {
            word,
            epoch: word.epoch,
            probe: true,
        };
        let first_probe = Phase::HalfOpen {
            since: seconds,
            in_flight: 1,
            successes: 0,
        };
        match self.phase {
            Phase::Closed { .. } | Phase::ForcedClosed => Ok(Admitted {
                word: self,
                epoch: self.epoch,
                probe: false,
            }),
            Phase::ForcedOpen => Err(settings.open_for(0, 0.0)),
            Phase::Open { until } if now < until && early => {
                // Should it fail, it stays open no longer than before.
                let trips = self.trips.saturating_sub(1);
                Ok(as_probe(Self { trips, ..self }.turn(first_probe)))
            }
            Phase::Open { until } if now < until => Err(until - now),
            Phase::Open { .. } => Ok(as_probe(self.turn(first_probe))),
            Phase::HalfOpen {
                since,
                in_flight,
                successes,
            } => {
                let rule = HalfOpenRule::of(settings);
                if in_flight < rule.most {
                    return Ok(as_probe(Self {
                        phase: Phase::HalfOpen {
                            since: seconds,
                            in_flight: in_flight + 1,
                            successes,
                        },
                        ..self
                    }));
                }
                match rule.wait(since, in_flight, now) {
                    Some(wait) => Err(wait),
                    None => Ok(as_probe(self.turn(first_probe))),
                }
            }
        }
    }

    pub(super) fn success(self, settings: &BreakerSettings, epoch: u16, probe: bool) -> Self {
        if self.epoch != epoch {
            return self;
        }
        match self.phase {
            Phase::Closed { .. } => Self {
                trips: 0,
                phase: Phase::Closed { failures: 0 },
                ..self
            },
            Phase::HalfOpen {
                since,
                in_flight,
                successes,
            } if probe => {
                let successes = successes + 1;
                if successes >= u64::from(settings.success_threshold) {
                    return self.turn(Phase::Closed { failures: 0 });
                }
                Self {
                    phase: Phase::HalfOpen {
                        since,
                        in_flight: in_flight.saturating_sub(1),
                        successes,
                    },
                    ..self
                }
            }
            _ => self,
        }
    }

    /// `over`: too large a share of the calls fails.
    pub(super) fn failure(
        self,
        settings: &BreakerSettings,
        epoch: u16,
        over: bool,
        now: u64,
        seed: u64,
    ) -> Self {
        if self.epoch != epoch {
            return self;
        }
        match self.phase {
            Phase::Closed { failures } => {
                let failures = failures.saturating_add(1);
                if over || failures >= settings.failure_threshold {
                    return self.open(settings, now, seed);
                }
                Self {
                    phase: Phase::Closed { failures },
                    ..self
                }
            }
            Phase::HalfOpen { .. } => self.open(settings, now, seed),
            _ => self,
        }
    }

    fn open(self, settings: &BreakerSettings, now: u64, seed: u64) -> Self {
        let random = random(seed ^ u64::from(self.epoch));
        let until = now.saturating_add(settings.open_for(self.trips, random));
        let opened = self.turn(Phase::Open {
            until: until.min(MAX_MILLIS),
        });
        Self {
            trips: (self.trips + 1).min(MAX_TRIPS),
            ..opened
        }
    }

    /// A probe has gone, and nothing is known of it.
    pub(super) fn release(self, epoch: u16) -> Self {
        match self.phase {
            Phase::HalfOpen {
                since,
                in_flight,
                successes,
            } if self.epoch == epoch => Self {
                phase: Phase::HalfOpen {
                    since,
                    in_flight: in_flight.saturating_sub(1),
                    successes,
                },
                ..self
            },
            _ => self,
        }
    }

    pub(super) fn force(self, state: Forced) -> Self {
        let turned = self.turn(match state {
            Forced::Open => Phase::ForcedOpen,
            Forced::Closed => Phase::ForcedClosed,
            Forced::Automatic => Phase::Closed { failures: 0 },
        });
        Self { trips: 0, ..turned }
    }
}

/// A number from 0 to 1, by the finaliser of SplitMix64 (Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", 2014).
fn random(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}
