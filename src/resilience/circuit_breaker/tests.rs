use std::time::Duration;

use http::Response;
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use super::*;
use crate::body::{Body, TimedOut};
use crate::policy::{Policy, PolicyLayer, PolicyRequest, Verdict};
use crate::resilience::testing::{
    Answer, Step, Upstream, connect, ok, request, reset, status, steps,
};
use crate::target::{BreakerSettings, BreakerState, Failure, Forced, LastResort, Target};
use crate::upstream::UpstreamError;

const MS: Duration = Duration::from_millis(1);
const EVENT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";

fn layer() -> CircuitBreakerLayer {
    CircuitBreakerLayer::new(
        BreakerSettings::default()
            .failure_threshold(3)
            .recovery_timeout(Duration::from_secs(10))
            .jitter(0.0),
    )
}

async fn call(layer: &CircuitBreakerLayer, upstream: &Upstream) -> Answer {
    let service = layer.layer(upstream.clone());
    service.oneshot(request("hello")).await
}

/// The body to its end, or to where it breaks off.
async fn read(answer: Answer) -> bool {
    match answer {
        Ok(response) => response.into_body().collect().await.is_ok(),
        Err(_) => false,
    }
}

async fn trip(layer: &CircuitBreakerLayer) {
    let down = Upstream::new(|_| connect());
    for _ in 0..3 {
        let _ = call(layer, &down).await;
    }
}

fn is_open(layer: &CircuitBreakerLayer) -> bool {
    matches!(
        layer.breaker().state(Instant::now()),
        BreakerState::Open { .. }
    )
}

#[tokio::test(start_paused = true)]
async fn what_counts() {
    let timeout = || Err(UpstreamError::Timeout(TimedOut { limit: MS }));
    let local = || {
        let mut response = status(503)?;
        response.extensions_mut().insert(Failure::Overloaded);
        Ok(response)
    };
    let timed_out = || {
        let mut response = status(504)?;
        response.extensions_mut().insert(Failure::Timeout);
        Ok(response)
    };
    // Failures in a row after two of them and this.
    let cases: [(fn() -> Answer, u32); 15] = [
        (|| ok("fine"), 0),
        (|| status(400), 0),
        (|| status(401), 0),
        (|| status(404), 0),
        (|| status(429), 2),
        (local, 2),
        (|| status(500), 3),
        (|| status(503), 3),
        (|| status(504), 3),
        (timed_out, 3),
        (timeout, 3),
        (connect, 3),
        (reset, 3),
        (|| steps(false, [Step::Data("a"), Step::Break]), 3),
        (|| steps(true, [Step::Data(EVENT), Step::Break]), 3),
    ];
    for (number, (answer, expected)) in cases.into_iter().enumerate() {
        let layer = CircuitBreakerLayer::new(BreakerSettings::default().failure_threshold(9));
        let upstream = Upstream::script(vec![reset(), reset(), answer()]);
        for _ in 0..3 {
            read(call(&layer, &upstream).await).await;
        }
        assert_eq!(layer.breaker().failures(), expected, "case {number}");
    }
    let settings = BreakerSettings::default().count_rate_limits(true);
    let layer = CircuitBreakerLayer::new(settings);
    let _ = call(&layer, &Upstream::new(|_| status(429))).await;
    assert_eq!(layer.breaker().failures(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_event_counts_and_what_comes_after_the_end_does_not() {
    const ERROR: &str = "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
    let layer = layer();
    let upstream = Upstream::new(|_| steps(true, [Step::Data(EVENT), Step::Data(ERROR)]));
    assert!(read(call(&layer, &upstream).await).await);
    assert_eq!(layer.breaker().failures(), 1);
    // A client that has heard the error may leave.
    let mut response = call(&layer, &upstream).await.unwrap();
    for _ in 0..2 {
        response.body_mut().frame().await;
    }
    drop(response);
    assert_eq!(layer.breaker().failures(), 2);
    // One that has heard [DONE] may leave too, and it went well.
    let upstream = Upstream::new(|_| {
        let wait = Step::Wait(1000 * MS);
        steps(
            true,
            [Step::Data(EVENT), Step::Data("data: [DONE]\n\n"), wait],
        )
    });
    let mut response = call(&layer, &upstream).await.unwrap();
    for _ in 0..2 {
        response.body_mut().frame().await;
    }
    drop(response);
    assert_eq!(layer.breaker().failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_counts_as_nothing() {
    let layer = layer();
    let _ = call(&layer, &Upstream::new(|_| connect())).await;
    // Before the head.
    let slow = Upstream::new(|_| ok("late")).delay(Duration::from_secs(60));
    let gone = tokio::time::timeout(MS, call(&layer, &slow)).await;
    assert!(gone.is_err());
    // In the middle of the answer.
    let upstream = Upstream::new(|_| {
        let wait = Step::Wait(Duration::from_secs(60));
        steps(true, [Step::Data(EVENT), wait, Step::Data(EVENT)])
    });
    let mut response = call(&layer, &upstream).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    assert_eq!(layer.breaker().failures(), 1);
    // As a probe: the next one has its place.
    trip(&layer).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let gone = tokio::time::timeout(MS, call(&layer, &slow)).await;
    assert!(gone.is_err());
    assert!(read(call(&layer, &Upstream::new(|_| ok("fine"))).await).await);
    assert_eq!(layer.breaker().state(Instant::now()), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn it_opens_answers_at_once_and_recovers() {
    let layer = layer();
    trip(&layer).await;
    let upstream = Upstream::new(|_| ok("fine"));
    let response = call(&layer, &upstream).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "10");
    assert_eq!(Failure::of_response(&response), Some(Failure::CircuitOpen));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        body,
        r#"{"error":{"message":"the circuit breaker of upstream is open: too many calls have failed","type":"server_error","param":null,"code":"circuit_open"}}"#
    );
    assert_eq!(upstream.calls(), 0);
    tokio::time::sleep(Duration::from_secs(10)).await;
    // One probe, and nobody else while it is under way.
    let slow = upstream.clone().delay(Duration::from_secs(1));
    let (probe, other) = tokio::join!(call(&layer, &slow), async {
        tokio::time::sleep(500 * MS).await;
        call(&layer, &upstream).await
    });
    assert_eq!(other.unwrap().status(), 503);
    assert!(read(probe).await);
    assert_eq!(call(&layer, &upstream).await.unwrap().status(), 200);
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_streamed_probe_lets_others_in_once_it_has_begun() {
    let layer = layer();
    trip(&layer).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let upstream = Upstream::new(|_| {
        let wait = Step::Wait(Duration::from_secs(60));
        steps(true, [Step::Data(EVENT), wait, Step::Break])
    });
    let mut probe = call(&layer, &upstream).await.unwrap();
    assert_eq!(
        layer.breaker().state(Instant::now()),
        BreakerState::HalfOpen
    );
    probe.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(layer.breaker().state(Instant::now()), BreakerState::Closed);
    assert_eq!(layer.breaker().failures(), 0);
    // That it breaks off later still counts.
    assert!(!read(Ok(probe)).await);
    assert_eq!(layer.breaker().failures(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_target_has_its_own() {
    let layer = layer();
    let one = Target::compatible("one", "http://127.0.0.1:1/v1").unwrap();
    let other = Target::compatible("other", "http://127.0.0.1:1/v1").unwrap();
    let ask = async |target: &Target| -> Response<Body> {
        let mut request = request("hello");
        request.extensions_mut().insert(target.clone());
        let down = Upstream::new(|_| status(500));
        layer.layer(down).oneshot(request).await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(ask(&one).await.status(), 500);
    }
    let refused = ask(&one).await;
    assert_eq!(refused.status(), 503);
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(body.windows(14).any(|at| at == b"breaker of one"));
    assert_eq!(ask(&other).await.status(), 500);
    let now = Instant::now();
    assert!(!one.is_available(now) && other.is_available(now));
    assert_eq!(one.recovers_at(), Some(now + Duration::from_secs(10)));
    assert_eq!(layer.breaker().state(now), BreakerState::Closed);
    // Where all are out, it is tried before its time.
    let mut request = request("hello");
    request.extensions_mut().insert(one.clone());
    request.extensions_mut().insert(LastResort);
    let well = layer.layer(Upstream::new(|_| ok("fine")));
    assert_eq!(well.oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_operator_has_the_last_word() {
    let layer = layer();
    let upstream = Upstream::new(|_| connect());
    layer.breaker().force(Forced::Closed);
    for _ in 0..9 {
        assert!(call(&layer, &upstream).await.is_err());
    }
    layer.breaker().force(Forced::Open);
    let refused = call(&layer, &upstream).await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(upstream.calls(), 9);
    assert_eq!(layer.breaker().recovers_at(), None);
    layer.breaker().force(Forced::Automatic);
    trip(&layer).await;
    assert!(is_open(&layer));
}

struct Reads;

impl Policy for Reads {
    fn name(&self) -> &'static str {
        "reads"
    }

    fn judge(&self, _: &PolicyRequest<'_>) -> Result<Verdict, crate::BoxError> {
        Ok(Verdict::proceed().with_filter(Nothing))
    }
}

struct Nothing;

impl crate::body::ResponseFilter for Nothing {
    fn filter(
        &mut self,
        window: &crate::body::Window<'_>,
        _: &mut crate::text::Edits,
    ) -> crate::body::Flow {
        crate::body::Flow::Release(window.text().len())
    }
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_while_a_policy_reads_it_counts() {
    let layer = layer();
    let upstream = Upstream::new(|_| {
        let mut response = steps(false, [Step::Data("{\"a\":"), Step::Break])?;
        let json = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert("content-type", json);
        Ok(response)
    });
    let service = PolicyLayer::new(Reads).layer(layer.layer(upstream));
    let response = service.oneshot(request("hello")).await.unwrap();
    assert_eq!(response.status(), 502);
    assert_eq!(layer.breaker().failures(), 1);
}

/// What was answered without asking the upstream says nothing of it.
#[tokio::test(start_paused = true)]
async fn an_answer_of_our_own_closes_nothing() {
    let ours: [fn() -> Answer; 2] = [
        || {
            let mut response = status(400)?;
            response.extensions_mut().insert(Failure::Rejected);
            Ok(response)
        },
        || Err(UpstreamError::MissingKey("no key".to_owned())),
    ];
    for answer in ours {
        let layer = layer();
        trip(&layer).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let _ = call(&layer, &Upstream::new(move |_| answer())).await;
        let state = layer.breaker().state(Instant::now());
        assert_eq!(state, BreakerState::HalfOpen);
        // The place is free for a real probe.
        assert!(read(call(&layer, &Upstream::new(|_| ok("fine"))).await).await);
        assert_eq!(layer.breaker().state(Instant::now()), BreakerState::Closed);
    }
}

/// The bytes that the connection ends with, behind the end of the stream.
#[tokio::test(start_paused = true)]
async fn what_is_cut_behind_the_end_went_well() {
    let layer = layer();
    let upstream = Upstream::new(|_| {
        let done = Step::Data("data: [DONE]\n\n");
        steps(true, [Step::Data(EVENT), done, Step::Break])
    });
    for _ in 0..5 {
        assert!(!read(call(&layer, &upstream).await).await);
    }
    assert_eq!(layer.breaker().failures(), 0);
}
