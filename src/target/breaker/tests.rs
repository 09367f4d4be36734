//! The breaker against a reference model that keeps every event, and under
//! threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

/// What a breaker is to do, told the long way: nothing packed, no epochs, each
/// call of the present state by its number.
struct Model {
    settings: BreakerSettings,
    rate: Option<(f64, u64, usize)>,
    state: State,
    /// How long it is to be open next, in milliseconds.
    next: u64,
    /// How long it was open last.
    last: u64,
    times_opened: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Closed {
        failures: u32,
        /// When each call ended, and whether it failed.
        ended: Vec<(u64, bool)>,
        /// Those whose word counts.
        calls: Vec<usize>,
    },
    Open {
        until: u64,
    },
    HalfOpen {
        /// Under way.
        probes: Vec<usize>,
        /// Begun well; should they break off, that counts.
        proved: Vec<usize>,
        successes: u32,
        since: u64,
    },
    Forced {
        open: bool,
    },
}

impl Model {
    fn closed() -> State {
        State::Closed {
            failures: 0,
            ended: Vec::new(),
            calls: Vec::new(),
        }
    }

    fn open(&mut self, now: u64) {
        let most = self.settings.max_recovery_timeout.as_millis() as u64;
        self.state = State::Open {
            until: now + self.next,
        };
        self.last = self.next;
        self.next = (self.next * 2).min(most);
        self.times_opened += 1;
    }

    fn shortest(&self) -> u64 {
        self.settings.recovery_timeout.as_millis() as u64
    }

    fn admit(&mut self, call: usize, now: u64, early: bool) -> bool {
        let patience = self.settings.recovery_timeout.as_secs().max(1);
        let fresh = State::HalfOpen {
            probes: vec![call],
            proved: Vec::new(),
            successes: 0,
            since: now / 1000,
        };
        match &mut self.state {
            State::Closed { calls, .. } => {
                calls.push(call);
                true
            }
            State::Forced { open } => !*open,
            State::Open { until } if now < *until && !early => false,
            State::Open { until } => {
                // It has not had its time: should it fail, it stays open no
                // longer than now.
                if now < *until {
                    self.next = self.last;
                }
                self.state = fresh;
                true
            }
            State::HalfOpen { probes, since, .. } => {
                if probes.len() < self.settings.half_open_max_requests as usize {
                    probes.push(call);
                    *since = now / 1000;
                    return true;
                }
                if now / 1000 - *since >= patience {
                    self.state = fresh;
                    return true;
                }
                false
            }
        }
    }

    /// Whether the next call would be admitted.
    fn available(&self, now: u64) -> bool {
        let patience = self.settings.recovery_timeout.as_secs().max(1);
        match &self.state {
            State::Closed { .. } => true,
            State::Forced { open } => !*open,
            State::Open { until } => now >= *until,
            State::HalfOpen { probes, since, .. } => {
                probes.len() < self.settings.half_open_max_requests as usize
                    || now / 1000 - *since >= patience
            }
        }
    }

    fn began(&mut self, call: usize) {
        if let State::HalfOpen {
            probes,
            proved,
            successes,
            ..
        } = &mut self.state
            && probes.contains(&call)
        {
            probes.retain(|probe| *probe != call);
            *successes += 1;
            proved.push(call);
            if *successes >= self.settings.success_threshold {
                let mut closed = Self::closed();
                if let State::Closed { calls, .. } = &mut closed {
                    calls.push(call);
                }
                self.state = closed;
            }
        }
    }

    fn success(&mut self, call: usize, now: u64) {
        let shortest = self.shortest();
        match &mut self.state {
            State::Closed {
                failures,
                ended,
                calls,
            } if calls.contains(&call) => {
                calls.retain(|other| *other != call);
                ended.push((now, false));
                *failures = 0;
                self.next = shortest;
            }
            State::HalfOpen { probes, .. } if probes.contains(&call) => {
                self.began(call);
            }
            _ => {}
        }
    }

    fn failure(&mut self, call: usize, now: u64) {
        let opens = match &mut self.state {
            State::Closed {
                failures,
                ended,
                calls,
            } if calls.contains(&call) => {
                calls.retain(|other| *other != call);
                ended.push((now, true));
                *failures += 1;
                let over = self.rate.is_some_and(|(ratio, window, minimum)| {
                    let slot = (window / 10).max(1);
                    let recent = ended.iter().filter(|(at, _)| now / slot - at / slot < 10);
                    let recent: Vec<_> = recent.collect();
                    let failed = recent.iter().filter(|(_, failed)| *failed).count();
                    recent.len() >= minimum && failed as f64 >= ratio * recent.len() as f64
                });
                over || *failures >= self.settings.failure_threshold
            }
            State::HalfOpen { probes, proved, .. } => {
                probes.contains(&call) || proved.contains(&call)
            }
            _ => false,
        };
        if opens {
            self.open(now);
        }
    }

    fn gone(&mut self, call: usize) {
        match &mut self.state {
            State::Closed { calls, .. } => calls.retain(|other| *other != call),
            State::HalfOpen { probes, .. } => probes.retain(|other| *other != call),
            _ => {}
        }
    }

    fn force(&mut self, forced: Forced) {
        self.next = self.shortest();
        self.state = match forced {
            Forced::Automatic => Self::closed(),
            forced => State::Forced {
                open: forced == Forced::Open,
            },
        };
    }

    fn shown(&self, now: u64) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open {
                retry_after: Duration::from_millis(until - now),
            },
            State::Open { .. } | State::HalfOpen { .. } => BreakerState::HalfOpen,
            State::Forced { open: true } => BreakerState::ForcedOpen,
            State::Forced { open: false } => BreakerState::ForcedClosed,
        }
    }
}

#[derive(Clone, Debug)]
enum Event {
    Pass(u64),
    Admit {
        early: bool,
    },
    /// What becomes of one of the calls under way.
    Began(usize),
    Success(usize),
    Failure(usize),
    Gone(usize),
    Force(Forced),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u64..400).prop_map(Event::Pass),
        1 => (0_u64..9_000).prop_map(Event::Pass),
        12 => Just(Event::Admit { early: false }),
        1 => Just(Event::Admit { early: true }),
        2 => any::<usize>().prop_map(Event::Began),
        4 => any::<usize>().prop_map(Event::Success),
        6 => any::<usize>().prop_map(Event::Failure),
        2 => any::<usize>().prop_map(Event::Gone),
        1 => prop_oneof![
            1 => Just(Forced::Open),
            1 => Just(Forced::Closed),
            4 => Just(Forced::Automatic)
        ].prop_map(Event::Force),
    ]
}

prop_compose! {
    fn settings()(
        failures in 1_u32..5,
        rate in proptest::option::of((0.1_f64..1.0, 10_u64..5_000, 1_u32..6)),
        recovery in 1_u64..3_000,
        probes in 1_u32..4,
        successes in 1_u32..4,
    ) -> (BreakerSettings, Option<(f64, u64, usize)>) {
        let mut settings = BreakerSettings::default()
            .failure_threshold(failures)
            .recovery_timeout(recovery as u32 * MS)
            .max_recovery_timeout(10_000 * MS)
            .jitter(0.0)
            .half_open_max_requests(probes)
            .success_threshold(successes);
        if let Some((ratio, window, minimum)) = rate {
            let rate = FailureRate::new(ratio, window as u32 * MS).minimum_calls(minimum);
            settings = settings.failure_rate(rate);
        }
        (settings, rate.map(|(ratio, window, minimum)| (ratio, window, minimum as usize)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn it_does_what_the_model_does(
        (settings, rate) in settings(),
        events in proptest::collection::vec(event(), 1..200),
    ) {
        let breaker = Breaker::seeded("t", 1);
        let mut now = 0;
        let settings = Arc::new(settings);
        let next = settings.recovery_timeout.as_millis() as u64;
        let mut model = Model {
            settings: (*settings).clone(),
            rate,
            state: Model::closed(),
            next,
            last: next,
            times_opened: 0,
        };
        let mut under_way: Vec<(usize, Permit)> = Vec::new();
        for (number, event) in events.into_iter().enumerate() {
            let at = breaker.shared.base + Duration::from_millis(now);
            let chosen = |which: usize, under_way: &Vec<_>| {
                (!under_way.is_empty()).then(|| which % under_way.len())
            };
            match event {
                Event::Pass(ms) => now += ms,
                Event::Admit { early } => {
                    let admitted = match early {
                        true => breaker.admit_early(&settings, at),
                        false => breaker.admit(&settings, at),
                    };
                    prop_assert_eq!(admitted.is_ok(), model.admit(number, now, early));
                    match admitted {
                        Ok(permit) => under_way.push((number, permit)),
                        Err(refused) => prop_assert!(refused.retry_after > Duration::ZERO),
                    }
                }
                Event::Began(which) => if let Some(which) = chosen(which, &under_way) {
                    let (number, permit) = &mut under_way[which];
                    permit.began(at);
                    model.began(*number);
                },
                Event::Success(which) => if let Some(which) = chosen(which, &under_way) {
                    let (number, permit) = under_way.remove(which);
                    permit.success(at);
                    model.success(number, now);
                },
                Event::Failure(which) => if let Some(which) = chosen(which, &under_way) {
                    let (number, permit) = under_way.remove(which);
                    permit.failure(at);
                    model.failure(number, now);
                },
                Event::Gone(which) => if let Some(which) = chosen(which, &under_way) {
                    let (number, permit) = under_way.remove(which);
                    drop(permit);
                    model.gone(number);
                },
                Event::Force(state) => {
                    breaker.force(state);
                    model.force(state);
                }
            }
            let at = breaker.shared.base + Duration::from_millis(now);
            prop_assert_eq!(breaker.state(at), model.shown(now));
            prop_assert_eq!(breaker.is_available(at), model.available(now));
            prop_assert_eq!(breaker.times_opened(), model.times_opened);
            if let State::Closed { failures, .. } = model.state {
                prop_assert_eq!(breaker.failures(), failures);
            }
        }
    }

    #[test]
    fn a_word_is_its_bits(bits: u64) {
        let word = Word::from_bits(bits);
        prop_assert_eq!(Word::from_bits(word.to_bits()), word);
    }
}

fn opened(settings: &Arc<BreakerSettings>, breaker: &Breaker, now: Instant) {
    while let Ok(permit) = breaker.admit(settings, now) {
        permit.failure(now);
    }
}

#[test]
fn it_stays_open_longer_each_time_up_to_a_limit_and_with_jitter() {
    let settings = Arc::new(
        BreakerSettings::default()
            .recovery_timeout(10_000 * MS)
            .max_recovery_timeout(60_000 * MS)
            .jitter(0.5),
    );
    let mut seen = Vec::new();
    for seed in 0..40 {
        let breaker = Breaker::seeded("t", seed);
        let mut now = breaker.shared.base;
        opened(&settings, &breaker, now);
        for expected in [10, 20, 40, 60, 60] {
            let BreakerState::Open { retry_after } = breaker.state(now) else {
                panic!("{breaker:?}");
            };
            let share = retry_after.as_secs_f64() / f64::from(expected);
            assert!((1.0..1.51).contains(&share), "{share}");
            seen.push(share);
            assert!(!breaker.is_available(now));
            now += retry_after;
            assert_eq!(breaker.recovers_at(), Some(now));
            assert!(breaker.is_available(now));
            // The probe fails.
            breaker.admit(&settings, now).unwrap().failure(now);
        }
        now = breaker.recovers_at().unwrap();
        breaker.admit(&settings, now).unwrap().success(now);
        // Once a call has gone well, it begins anew.
        breaker.admit(&settings, now).unwrap().success(now);
        opened(&settings, &breaker, now);
        let until = breaker.recovers_at().unwrap() - now;
        assert!(until <= 15_001 * MS, "{until:?}");
    }
    let mean = seen.iter().sum::<f64>() / seen.len() as f64;
    assert!((1.15..1.35).contains(&mean), "spread evenly: {mean}");
}

/// Threads that call for a long time in a short one: whatever they do, the
/// probes of one half-open state are never more than there may be, and it
/// closes in the end.
#[test]
fn under_threads_the_probes_are_never_too_many() {
    const PROBES: u32 = 3;
    let settings = Arc::new(
        BreakerSettings::default()
            .failure_threshold(3)
            .recovery_timeout(MS)
            .max_recovery_timeout(MS)
            .half_open_max_requests(PROBES)
            .success_threshold(2),
    );
    let breaker = Breaker::seeded("t", 3);
    let probes: Vec<_> = (0..=u16::MAX).map(|_| AtomicUsize::new(0)).collect();
    let most = AtomicUsize::new(0);
    let (admitted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let (breaker, settings) = (breaker.clone(), &settings);
            let (probes, most) = (&probes, &most);
            let (admitted, refused) = (&admitted, &refused);
            scope.spawn(move || {
                let mut random = thread + 1;
                for turn in 0..20_000_u64 {
                    // Time passes for all alike, and far too little for a
                    // probe to be given up.
                    let now = breaker.shared.base + Duration::from_micros(turn * 20);
                    let Ok(permit) = breaker.admit(settings, now) else {
                        refused.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    admitted.fetch_add(1, Ordering::Relaxed);
                    let probe = permit.is_probe();
                    if probe {
                        let probes = &probes[usize::from(permit.epoch)];
                        let now = probes.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        probes.fetch_sub(1, Ordering::SeqCst);
                    }
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    match random % 8 {
                        0..=3 => permit.failure(now),
                        4..=6 => permit.success(now),
                        _ => drop(permit),
                    }
                }
            });
        }
    });
    let most = most.load(Ordering::SeqCst);
    assert!(most <= PROBES as usize, "{most} probes at once");
    assert!(breaker.times_opened() > 10, "{breaker:?}");
    assert!(refused.load(Ordering::Relaxed) > 0 && admitted.load(Ordering::Relaxed) > 0);
    // No place of a probe has been lost: two that go well close it.
    let mut now = breaker.shared.base + Duration::from_secs(9);
    for _ in 0..2 {
        if breaker.state(now) != BreakerState::Closed {
            breaker.admit(&settings, now).unwrap().success(now);
        }
        now += MS;
    }
    assert_eq!(breaker.state(now), BreakerState::Closed);
}

#[test]
fn under_threads_no_failure_is_lost() {
    let settings = Arc::new(BreakerSettings::default().failure_threshold(8_001));
    let breaker = Breaker::seeded("t", 3);
    let now = breaker.shared.base;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    breaker.admit(&settings, now).unwrap().failure(now);
                }
            });
        }
    });
    assert_eq!(breaker.failures(), 8_000);
    breaker.admit(&settings, now).unwrap().failure(now);
    assert!(matches!(breaker.state(now), BreakerState::Open { .. }));
}
