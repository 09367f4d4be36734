use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Response;
use http_body_util::BodyExt as _;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use super::*;
use crate::body::Body;
use crate::resilience::testing::{Answer, Step, Upstream, ok, request, reset, steps};
use crate::target::{Failure, Target};

const MS: Duration = Duration::from_millis(1);

async fn call(layer: &ConcurrencyLimitLayer, upstream: &Upstream) -> Answer {
    let service = layer.layer(upstream.clone());
    service.oneshot(request("hello")).await
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_are_under_way_and_the_others_wait_in_order() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let inner = {
        let (now, most) = (now.clone(), most.clone());
        tower::service_fn(move |request: http::Request<Body>| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(10 * MS).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
            }
        })
    };
    let service = ConcurrencyLimitLayer::new(7).max_queue(193).layer(inner);
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let service = service.clone();
        calls.spawn(async move {
            let response = service.oneshot(request("hello")).await.unwrap();
            let status = response.status();
            assert_eq!(
                response.into_body().collect().await.unwrap().to_bytes(),
                "hello"
            );
            (number, status.as_u16())
        });
        tokio::task::yield_now().await;
    }
    let mut order = Vec::new();
    while let Some(done) = calls.join_next().await {
        let (number, status) = done.unwrap();
        assert_eq!(status, 200);
        order.push(number);
    }
    assert_eq!(most.load(Ordering::SeqCst), 7);
    assert!(order.is_sorted(), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn those_that_find_the_queue_full_or_wait_too_long_are_told_so() {
    let layer = ConcurrencyLimitLayer::new(1)
        .max_queue(1)
        .queue_timeout(100 * MS);
    let slow = Upstream::new(|_| ok("late")).delay(Duration::from_secs(1));
    let start = Instant::now();
    let told = |answer: Answer, after: u64| {
        let response = answer.unwrap();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(Failure::of_response(&response), Some(Failure::Overloaded));
        let waited = start.elapsed().as_millis() as u64;
        assert!((after..after + 3).contains(&waited), "{waited}");
    };
    let (first, ..) = tokio::join!(
        call(&layer, &slow),
        async { told(call(&layer, &slow).await, 100) },
        async { told(call(&layer, &slow).await, 0) },
    );
    assert_eq!(first.unwrap().status(), 200);
    assert_eq!(slow.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_again_however_the_call_ends() {
    let layer = ConcurrencyLimitLayer::new(1).max_queue(0);
    let held = async || {
        let upstream = Upstream::new(|_| ok("x"));
        call(&layer, &upstream).await.unwrap().status() == 503
    };
    let endless = || steps(true, [Step::Data("a"), Step::Wait(Duration::from_secs(9))]);
    // To the end of the body.
    let response = call(&layer, &Upstream::new(move |_| endless()))
        .await
        .unwrap();
    assert!(held().await);
    response.into_body().collect().await.unwrap();
    assert!(!held().await);
    // Dropped in the middle.
    let mut response = call(&layer, &Upstream::new(move |_| endless()))
        .await
        .unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    assert!(held().await);
    drop(response);
    assert!(!held().await);
    // Broken off.
    let breaks = Upstream::new(|_| steps(true, [Step::Data("a"), Step::Break]));
    let response = call(&layer, &breaks).await.unwrap();
    assert!(held().await);
    assert!(response.into_body().collect().await.is_err());
    assert!(!held().await);
    // Failed.
    assert!(call(&layer, &Upstream::new(|_| reset())).await.is_err());
    assert!(!held().await);
    // Given up before the head, and while waiting.
    let slow = Upstream::new(|_| ok("late")).delay(Duration::from_secs(9));
    let layer = layer.clone().max_queue(1);
    let gone = tokio::time::timeout(MS, async {
        tokio::join!(call(&layer, &slow), call(&layer, &slow))
    });
    assert!(gone.await.is_err());
    assert!(!held().await);
    assert_eq!(slow.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_target_has_its_own_and_the_limit_may_change() {
    let target = Target::compatible("one", "http://127.0.0.1:1/v1").unwrap();
    let ask = async |layer: &ConcurrencyLimitLayer, target: &Target| {
        let upstream = Upstream::new(|_| ok("x"));
        let mut request = request("hello");
        request.extensions_mut().insert(target.clone());
        layer.layer(upstream).oneshot(request).await.unwrap()
    };
    let two = ConcurrencyLimitLayer::new(2).max_queue(0);
    let held = [ask(&two, &target).await, ask(&two, &target).await];
    let refused = ask(&two, &target).await;
    assert_eq!(refused.status(), 503);
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(body.windows(11).any(|at| at == b"one is busy"), "{body:?}");
    let other = Target::compatible("other", "http://127.0.0.1:1/v1").unwrap();
    assert_eq!(ask(&two, &other).await.status(), 200);
    // A new configuration, for the same target.
    let three = ConcurrencyLimitLayer::new(3).max_queue(0);
    let third = ask(&three, &target).await;
    assert_eq!(third.status(), 200);
    let one = ConcurrencyLimitLayer::new(1).max_queue(0);
    assert_eq!(ask(&one, &target).await.status(), 503);
    drop(held);
    assert_eq!(
        ask(&one, &target).await.status(),
        503,
        "the third is there yet"
    );
    drop(third);
    let held = ask(&one, &target).await;
    assert_eq!(held.status(), 200);
    assert_eq!(ask(&one, &target).await.status(), 503);
}

/// A lower limit counts although there is always somebody who waits.
#[tokio::test(start_paused = true)]
async fn a_lower_limit_counts_while_calls_wait() {
    let target = Target::compatible("one", "http://127.0.0.1:1/v1").unwrap();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let inner = {
        let (now, most) = (now.clone(), most.clone());
        tower::service_fn(move |request: http::Request<Body>| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(10 * MS).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
            }
        })
    };
    let mut calls = JoinSet::new();
    let mut begin = |limit: usize, count: usize| {
        for _ in 0..count {
            let service = ConcurrencyLimitLayer::new(limit)
                .max_queue(1000)
                .layer(inner.clone());
            let mut request = request("hello");
            request.extensions_mut().insert(target.clone());
            // Its answer holds a place.
            calls.spawn(async move { drop(service.oneshot(request).await) });
        }
    };
    begin(8, 50);
    tokio::time::sleep(15 * MS).await;
    assert_eq!(most.load(Ordering::SeqCst), 8);
    begin(2, 50);
    tokio::time::sleep(20 * MS).await;
    most.store(0, Ordering::SeqCst);
    tokio::time::sleep(50 * MS).await;
    assert_eq!(most.load(Ordering::SeqCst), 2);
    // And a higher one, again.
    begin(5, 1);
    tokio::time::sleep(50 * MS).await;
    assert_eq!(most.load(Ordering::SeqCst), 5);
    calls.join_all().await;
    assert_eq!(target.state().gate().waiting(), 0);
}
