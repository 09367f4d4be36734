use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use proptest::prelude::*;
use tokio::time::Instant;
use tower::retry::budget::{Budget, TpsBudget};
use tower::{Layer, ServiceExt};

use super::policy::Settings;
use super::*;
use crate::body::{Body, Document, TimedOut};
use crate::resilience::testing::{
    Answer, Step, Upstream, connect, ok, request, reset, status, steps,
};
use crate::target::Failure;
use crate::upstream::UpstreamError;

const MS: Duration = Duration::from_millis(1);

fn layer() -> RetryLayer {
    RetryLayer::default()
}

async fn call(layer: RetryLayer, upstream: &Upstream) -> Answer {
    layer
        .layer(upstream.clone())
        .oneshot(request("hello"))
        .await
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_again() {
    let timeout = || Err(UpstreamError::Timeout(TimedOut { limit: MS }));
    let cases: [(fn() -> Answer, bool); 17] = [
        (|| status(200), false),
        (|| status(302), false),
        (|| status(400), false),
        (|| status(401), false),
        (|| status(404), false),
        (|| status(408), false),
        (|| status(422), false),
        (|| status(429), true),
        (|| status(500), true),
        (|| status(501), false),
        (|| status(502), true),
        (|| status(503), true),
        (|| status(504), true),
        (|| status(529), true),
        (connect, true),
        (reset, true),
        (timeout, false),
    ];
    for (number, (answer, again)) in cases.into_iter().enumerate() {
        let upstream = Upstream::new(move |_| answer());
        let last = call(layer(), &upstream).await;
        assert_eq!(upstream.calls(), if again { 3 } else { 1 }, "case {number}");
        // The last answer is the client's.
        match (last, answer()) {
            (Ok(last), Ok(said)) => assert_eq!(last.status(), said.status()),
            (Err(last), Err(said)) => assert_eq!(last.kind(), said.kind()),
            _ => panic!("case {number}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_try_is_the_same_and_the_first_good_one_counts() {
    let upstream = Upstream::script(vec![status(503), reset(), ok("third")]);
    let mut request = request("the body");
    let key = http::HeaderValue::from_static("key-1");
    request.headers_mut().insert("idempotency-key", key.clone());
    let service = layer().layer(upstream.clone());
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let asked = upstream.asked();
    assert_eq!(asked.len(), 3);
    for asked in asked {
        assert_eq!(asked.body, "the body");
        assert_eq!(asked.headers.get("idempotency-key"), Some(&key));
    }
}

#[tokio::test(start_paused = true)]
async fn edits_of_one_try_are_not_in_the_next() {
    let upstream = Upstream::script(vec![status(503)]);
    let inner = upstream.clone();
    let edit = tower::service_fn(move |mut request: http::Request<Body>| {
        let document = request.body_mut().as_document_mut();
        document.expect("it stays parsed").set_string("model", "b");
        inner.clone().oneshot(request)
    });
    let body = Body::document(Document::json(r#"{"model":"a"}"#).unwrap());
    let service = layer().layer(edit);
    service.oneshot(http::Request::new(body)).await.unwrap();
    let asked: Vec<_> = upstream.asked().into_iter().map(|a| a.body).collect();
    assert_eq!(asked, [r#"{"model":"b"}"#; 2]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_up_to_a_limit() {
    let asks = |value: String| {
        move |_| {
            let mut response = status(429)?;
            let value = http::HeaderValue::try_from(&value).unwrap();
            response.headers_mut().insert("retry-after", value);
            Ok(response)
        }
    };
    let upstream = Upstream::new(asks("3".to_owned()));
    let start = Instant::now();
    call(layer(), &upstream).await.unwrap();
    let at: Vec<_> = upstream.asked().iter().map(|a| a.at - start).collect();
    assert_eq!(at.len(), 3);
    assert!((3_000 * MS..3_251 * MS).contains(&at[1]), "{at:?}");
    assert!(
        (3_000 * MS..3_251 * MS).contains(&(at[2] - at[1])),
        "{at:?}"
    );

    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(10));
    let upstream = Upstream::new(asks(date));
    let start = Instant::now();
    call(layer().max_retries(1), &upstream).await.unwrap();
    let waited = upstream.asked()[1].at - start;
    // The date is cut to whole seconds.
    assert!((8_500 * MS..10_251 * MS).contains(&waited), "{waited:?}");

    let upstream = Upstream::new(asks("21".to_owned()));
    let response = call(layer(), &upstream).await.unwrap();
    assert_eq!(upstream.calls(), 1);
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "21");
}

#[tokio::test(start_paused = true)]
async fn answers_of_our_own_layers_are_final() {
    for failure in [Failure::CircuitOpen, Failure::Overloaded, Failure::Timeout] {
        let upstream = Upstream::new(move |_| {
            let mut response = status(503)?;
            response.extensions_mut().insert(failure);
            Ok(response)
        });
        call(layer(), &upstream).await.unwrap();
        assert_eq!(upstream.calls(), 1, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_begun_is_never_tried_again() {
    let upstream = Upstream::new(|_| steps(true, [Step::Data("data: {}\n\n"), Step::Break]));
    let response = call(layer(), &upstream).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body()).await;
    assert!(body.is_err());
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_too_long_to_keep_is_sent_once_and_whole() {
    let upstream = Upstream::new(|_| status(503));
    let long = Bytes::from(vec![b'x'; 8 * 1024 * 1024 + 1]);
    let body = Body::new(http_body_util::Full::new(long.clone()));
    let service = layer().layer(upstream.clone());
    let response = service.oneshot(http::Request::new(body)).await.unwrap();
    assert_eq!(response.status(), 503);
    let asked = upstream.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].body, long);
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_random_and_its_limit_doubles() {
    let layer = layer()
        .max_retries(4)
        .initial_backoff(100 * MS)
        .max_backoff(300 * MS)
        .budget(Arc::new(RetryBudget::new(10.0)));
    let mut waits: [Vec<Duration>; 4] = Default::default();
    for _ in 0..400 {
        let upstream = Upstream::new(|_| status(503));
        call(layer.clone(), &upstream).await.unwrap();
        let asked = upstream.asked();
        assert_eq!(asked.len(), 5);
        for (number, pair) in asked.windows(2).enumerate() {
            waits[number].push(pair[1].at - pair[0].at);
        }
    }
    for (waits, limit) in waits.iter().zip([100, 200, 300, 300]) {
        // tokio's clock goes by the millisecond.
        let limit = (limit + 2) * MS;
        assert!(waits.iter().all(|wait| *wait <= limit), "{limit:?}");
        let mean = waits.iter().sum::<Duration>() / waits.len() as u32;
        assert!((limit * 2 / 5..limit * 3 / 5).contains(&mean), "{mean:?}");
        assert!(waits.iter().any(|wait| *wait < limit / 10));
    }
}

#[test]
fn backoff_cannot_overflow() {
    let mut settings = Settings::default();
    assert_eq!(settings.ceiling(0), 250 * MS);
    assert_eq!(settings.ceiling(u32::MAX), 8_000 * MS);
    settings.initial_backoff = Duration::MAX;
    assert_eq!(settings.ceiling(31), 8_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn another_budget_can_be_given() {
    // No reserve, and one retry for each call.
    let budget = TpsBudget::new(Duration::from_secs(10), 0, 1.0);
    let upstream = Upstream::new(|_| status(503));
    call(layer().budget(Arc::new(budget)), &upstream)
        .await
        .unwrap();
    assert_eq!(upstream.calls(), 2);
}

#[derive(Clone, Copy, Debug)]
enum Weather {
    Fine,
    Down,
    Refused,
    Resets,
    /// Down in every other tenth of a second.
    Flaps,
    /// 429, come back in a second.
    Storm,
    /// One call in three fails.
    Brownout,
}

fn weather() -> impl Strategy<Value = (Weather, u64)> {
    let kind = prop_oneof![
        Just(Weather::Fine),
        Just(Weather::Down),
        Just(Weather::Refused),
        Just(Weather::Resets),
        Just(Weather::Flaps),
        Just(Weather::Storm),
        Just(Weather::Brownout),
    ];
    (kind, 1_u64..30)
}

impl Weather {
    fn answer(self, number: usize, at: Duration) -> Answer {
        let bad = match self {
            Self::Fine => false,
            Self::Down | Self::Refused | Self::Resets | Self::Storm => true,
            Self::Flaps => (at.as_millis() / 100).is_multiple_of(2),
            Self::Brownout => number.is_multiple_of(3),
        };
        match self {
            _ if !bad => ok("fine"),
            Self::Refused => connect(),
            Self::Resets => reset(),
            Self::Storm => {
                let mut response = status(429)?;
                let second = http::HeaderValue::from_static("1");
                response.headers_mut().insert("retry-after", second);
                Ok(response)
            }
            _ => status(503),
        }
    }
}

/// How often the upstream is asked while `rate` calls come in each second.
async fn season(weather: &[(Weather, u64)], rate: u64, layer: RetryLayer) -> (usize, usize) {
    let start = Instant::now();
    let seconds: u64 = weather.iter().map(|(_, seconds)| seconds).sum();
    let forecast = weather.to_vec();
    let upstream = Upstream::new(move |number| {
        let at = start.elapsed();
        let mut until = 0;
        let now = forecast.iter().find(|(_, seconds)| {
            until += seconds;
            at.as_secs() < until
        });
        now.map_or(Weather::Fine, |now| now.0).answer(number, at)
    })
    .delay(5 * MS);
    let service = layer.layer(upstream.clone());
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..seconds * rate {
        tokio::time::sleep_until(start + Duration::from_secs(1) * number as u32 / rate as u32)
            .await;
        calls.spawn(service.clone().oneshot(request("hello")));
        while calls.try_join_next().is_some() {}
    }
    let calls_made = (seconds * rate) as usize;
    while calls.join_next().await.is_some() {}
    (calls_made, upstream.calls())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever fails, and whenever one stops to count, the upstream has been
    /// asked 1.1 times as often as the clients have asked, and the ten times
    /// that a quiet gateway has.
    #[test]
    fn an_outage_is_not_multiplied(
        forecast in proptest::collection::vec(weather(), 1..6),
        rate in 10_u64..60,
        retries in 1_u32..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let mut forecast = forecast;
        forecast.push((Weather::Down, 10));
        let layer = layer().max_retries(retries);
        let (calls, tries) = runtime.block_on(season(&forecast, rate, layer));
        let most = 1.1 * calls as f64 + 10.0;
        prop_assert!(tries as f64 <= most, "{tries} tries of {calls} calls");
        prop_assert!(tries > calls, "the budget is there to be used");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_uses_the_budget_to_the_full_and_a_quiet_gateway_has_some() {
    // Without a budget it would be three times the calls.
    let (calls, tries) = season(&[(Weather::Down, 60)], 50, layer()).await;
    let ratio = tries as f64 / calls as f64;
    assert!((1.09..=1.1).contains(&ratio), "{ratio}");
    // One call in two seconds: each is tried three times.
    let upstream = Upstream::new(|_| status(503));
    let service = layer().layer(upstream.clone());
    for _ in 0..20 {
        service.clone().oneshot(request("hello")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(upstream.calls(), 60);
}

#[test]
fn the_budget_holds_under_threads() {
    let budget = RetryBudget::new(0.1).min_retries(0);
    let granted = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    budget.deposit();
                    if budget.withdraw() {
                        granted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let granted = granted.into_inner();
    assert!((15_500..=16_000).contains(&granted), "{granted}");
}

#[tokio::test(start_paused = true)]
async fn the_budget_forgets() {
    let budget = RetryBudget::new(0.5).min_retries(0);
    for _ in 0..10 {
        budget.deposit();
    }
    assert!((0..5).all(|_| budget.withdraw()));
    assert!(!budget.withdraw());
    tokio::time::advance(Duration::from_secs(11)).await;
    assert!(!budget.withdraw(), "nothing is left of the calls");
    budget.deposit();
    budget.deposit();
    assert!(budget.withdraw(), "nor of the retries");
    assert!(!budget.withdraw());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_it_waits_is_not_tried_for_again() {
    let upstream = Upstream::new(|_| status(503));
    let service = layer()
        .initial_backoff(Duration::from_secs(1000))
        .max_backoff(Duration::from_secs(1000))
        .layer(upstream.clone());
    let gone = tokio::time::timeout(500 * MS, service.oneshot(request("hello"))).await;
    assert!(gone.is_err());
    tokio::time::sleep(Duration::from_secs(2000)).await;
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_of_a_status_that_is_not_listed() {
    let teapot = StatusCode::IM_A_TEAPOT;
    let upstream = Upstream::script(vec![status(418), status(503)]);
    let response: Response<Body> = call(layer().retryable_statuses([teapot]), &upstream)
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(upstream.calls(), 2);
}

/// However long it is.
#[tokio::test(start_paused = true)]
async fn a_wait_beyond_reckoning_is_no_fault() {
    let upstream = Upstream::new(|_| {
        let mut response = status(429)?;
        let long = http::HeaderValue::from_static("18446744073709549568");
        response.headers_mut().insert("retry-after", long);
        Ok(response)
    });
    let patient = layer()
        .max_retry_after(Duration::MAX)
        .initial_backoff(Duration::MAX)
        .max_backoff(Duration::MAX);
    let waits = tokio::time::timeout(Duration::from_secs(3600), call(patient, &upstream));
    assert!(waits.await.is_err());
    assert_eq!(upstream.calls(), 1);
}

/// A job that may have been begun is not begun once more.
#[tokio::test(start_paused = true)]
async fn what_is_kept_is_not_made_twice() {
    type Case = (fn() -> Answer, &'static str, &'static str, bool, usize);
    let cases: [Case; 9] = [
        (reset, "POST", "/v1/fine-tunes", false, 1),
        (|| status(500), "POST", "/v1/files", false, 1),
        (|| status(504), "POST", "/v1/batches", false, 1),
        (|| status(429), "POST", "/v1/batches", false, 3),
        (|| status(503), "POST", "/v1/batches", false, 3),
        (connect, "POST", "/v1/files", false, 3),
        (reset, "GET", "/v1/files", false, 3),
        (reset, "POST", "/v1/files", true, 3),
        (reset, "POST", "/v1/chat/completions", false, 3),
    ];
    for (answer, method, path, keyed, tries) in cases {
        let upstream = Upstream::new(move |_| answer());
        let mut request = request("hello");
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = http::Uri::from_static(path);
        if keyed {
            let key = http::HeaderValue::from_static("k1");
            request.headers_mut().insert("idempotency-key", key);
        }
        let _ = layer().layer(upstream.clone()).oneshot(request).await;
        assert_eq!(upstream.calls(), tries, "{method} {path}");
        let keys = upstream.asked();
        let keys = keys
            .iter()
            .filter(|asked| asked.headers.contains_key("idempotency-key"));
        assert_eq!(keys.count(), if keyed { tries } else { 0 });
    }
}
