use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::*;
use crate::body::Body;
use crate::call::{Attempt, Call, Try};
use crate::resilience::testing::{Upstream, ok, request, status};
use crate::target::{Avoid, Chosen, Target};

const MS: Duration = Duration::from_millis(1);

/// Answers call `n` after the `n`th delay, with its number.
#[derive(Clone, Default)]
struct Racers {
    delays: Arc<Vec<(u64, u16)>>,
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

struct Running(Arc<AtomicUsize>, bool);

impl Drop for Running {
    fn drop(&mut self) {
        if !self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn racers(
    delays: &[(u64, u16)],
) -> (
    Racers,
    impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static,
) {
    let racers = Racers {
        delays: Arc::new(delays.to_vec()),
        ..Racers::default()
    };
    let inner = racers.clone();
    let service = service_fn(move |request: Request<Body>| {
        let number = inner.begun.fetch_add(1, Ordering::SeqCst);
        let (delay, code) = inner.delays[number % inner.delays.len()];
        let running = Running(inner.dropped.clone(), false);
        let hedge = Try::of(request.extensions()).hedge;
        let call = Call::of(request.extensions()).cloned();
        async move {
            let mut running = running;
            tokio::time::sleep(delay as u32 * MS).await;
            running.1 = true;
            if let Some(call) = call {
                let mut attempt = Attempt::new("t", MS);
                attempt.hedge = hedge;
                call.attempt(attempt);
            }
            let mut response = Response::new(Body::from(number.to_string()));
            *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
            Ok(response)
        }
    });
    (racers, service)
}

#[tokio::test(start_paused = true)]
async fn the_first_good_answer_wins_and_the_other_is_dropped() {
    // Delays and statuses of both, who wins, after how long, how many dropped.
    type Case = ([(u64, u16); 2], &'static str, u64, usize);
    let cases: [Case; 7] = [
        ([(10, 200), (0, 200)], "0", 10, 0),
        ([(100, 200), (10, 200)], "1", 60, 1),
        ([(70, 200), (90, 200)], "0", 70, 1),
        ([(100, 200), (10, 503)], "0", 100, 0),
        ([(70, 500), (90, 200)], "1", 140, 0),
        ([(70, 500), (90, 503)], "0", 140, 0),
        ([(60, 404), (90, 200)], "0", 60, 1),
    ];
    for (number, (delays, winner, after, dropped)) in cases.into_iter().enumerate() {
        let (racers, service) = racers(&delays);
        let start = Instant::now();
        let service = HedgeLayer::new().delay(50 * MS).layer(service);
        let response = service.oneshot(request("hello")).await.unwrap();
        let waited = start.elapsed().as_millis() as u64;
        assert!(
            (after..after + 3).contains(&waited),
            "case {number}: {waited}"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, winner, "case {number}");
        assert_eq!(
            racers.dropped.load(Ordering::SeqCst),
            dropped,
            "case {number}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_as_long_as_nineteen_of_twenty_take() {
    // Nineteen take 120 ms, the twentieth 200.
    let delays: Vec<_> = (0..20)
        .map(|n| (if n == 19 { 200 } else { 120 }, 200))
        .collect();
    let (racers, service) = racers(&delays);
    let service = HedgeLayer::new().layer(service);
    for number in 0..20 {
        service.clone().oneshot(request("hello")).await.unwrap();
        assert_eq!(racers.begun.load(Ordering::SeqCst), number + 1);
    }
    // The next one that takes long is not waited for alone.
    for _ in 0..19 {
        service.clone().oneshot(request("hello")).await.unwrap();
    }
    let before = racers.begun.load(Ordering::SeqCst);
    let start = Instant::now();
    service.clone().oneshot(request("hello")).await.unwrap();
    let after = racers.begun.load(Ordering::SeqCst);
    assert_eq!(after - before, 2, "one, and its hedge");
    assert!(
        start.elapsed() >= 200 * MS,
        "the first was faster all the same"
    );
}

#[tokio::test(start_paused = true)]
async fn hedges_are_a_tenth_of_the_calls() {
    let upstream = Upstream::new(|_| ok("late")).delay(80 * MS);
    let service = HedgeLayer::new().delay(50 * MS).layer(upstream.clone());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..500 {
        calls.spawn(service.clone().oneshot(request("hello")));
    }
    calls.join_all().await;
    assert_eq!(upstream.calls(), 550);
}

#[tokio::test(start_paused = true)]
async fn both_are_on_the_record() {
    for (delays, lost) in [
        ([(100, 200), (10, 200)], false),
        ([(70, 200), (90, 200)], true),
    ] {
        let (_, service) = racers(&delays);
        let mut request = request("hello");
        let call = Call::new(&request);
        request.extensions_mut().insert(call.clone());
        let service = HedgeLayer::new().delay(50 * MS).layer(service);
        service.oneshot(request).await.unwrap();
        // The loser's own note is the upstream's to make.
        let attempts = call.snapshot().attempts;
        assert_eq!(attempts.len(), 1);
        assert_eq!((attempts[0].hedge, attempts[0].error), (!lost, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_learns_whom_to_avoid_and_tells_whom_it_chose() {
    let target = Target::compatible("one", "http://127.0.0.1:1/v1").unwrap();
    let chosen = target.clone();
    let router = service_fn(move |request: Request<Body>| {
        let chosen = chosen.clone();
        async move {
            if let Some(Avoid(avoid)) = request.extensions().get() {
                assert_eq!(avoid, &chosen);
                return ok("the second");
            }
            Chosen::note(request.extensions(), &chosen);
            tokio::time::sleep(Duration::from_secs(9)).await;
            status(500)
        }
    });
    let now = Instant::now();
    for _ in 0..20 {
        target.state().latency().record(300 * MS, now);
    }
    let service = HedgeLayer::new().layer(router);
    let start = Instant::now();
    let response = service.oneshot(request("hello")).await.unwrap();
    assert_eq!(response.status(), 200);
    let waited = start.elapsed();
    assert!((299 * MS..303 * MS).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_not_made_twice() {
    for (path, asked) in [("/v1/files", 1), ("/v1/chat/completions", 2)] {
        let (racers, service) = racers(&[(1000, 200)]);
        let layer = HedgeLayer::new().delay(10 * MS);
        let mut request = request("hello");
        *request.uri_mut() = http::Uri::from_static(path);
        layer.layer(service).oneshot(request).await.unwrap();
        assert_eq!(racers.begun.load(Ordering::SeqCst), asked, "{path}");
    }
}
