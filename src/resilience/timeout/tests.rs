use std::time::Duration;

use http::Response;
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use super::*;
use crate::body::{Body, BoxError, Document, TimedOut};
use crate::call::Call;
use crate::resilience::testing::{Step, Upstream, ok, steps};
use crate::target::{Failure, Target};

const MS: Duration = Duration::from_millis(1);

fn layer() -> TimeoutLayer {
    TimeoutLayer::default()
        .first_byte(100 * MS)
        .idle(50 * MS)
        .total(200 * MS)
        .stream_total(1000 * MS)
}

fn request(json: &str) -> http::Request<Body> {
    http::Request::new(Document::json(json).unwrap().into())
}

const PLAIN: &str = r#"{"stream":false}"#;
const STREAM: &str = r#"{"stream":true}"#;

async fn read(response: Response<Body>) -> Result<usize, BoxError> {
    let body = response.into_body().collect().await?;
    Ok(body.to_bytes().len())
}

fn waited(start: Instant, expected: u64) {
    let waited = start.elapsed().as_millis() as u64;
    assert!((expected..=expected + 2).contains(&waited), "{waited} ms");
}

#[tokio::test(start_paused = true)]
async fn the_head_has_a_limit_by_the_kind_of_call() {
    for (body, limit) in [(PLAIN, 200), (STREAM, 100), ("[]", 200)] {
        let never = Upstream::new(|_| ok("late")).delay(Duration::from_secs(60));
        let start = Instant::now();
        let mut request = request(body);
        let call = Call::new(&request);
        request.extensions_mut().insert(call.clone());
        let response = layer().layer(never).oneshot(request).await.unwrap();
        waited(start, limit);
        assert_eq!(response.status(), 504);
        assert_eq!(Failure::of_response(&response), Some(Failure::Timeout));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = std::str::from_utf8(&body).unwrap();
        assert!(body.contains("upstream_timeout"), "{body}");
    }
    // Not parsed, it may be a stream.
    let never = Upstream::new(|_| ok("late")).delay(Duration::from_secs(60));
    let start = Instant::now();
    let opaque = http::Request::new(Body::from(STREAM));
    layer().layer(never).oneshot(opaque).await.unwrap();
    waited(start, 1000);
}

#[tokio::test(start_paused = true)]
async fn a_plain_answer_may_pause_but_not_take_too_long() {
    let slow = |pause: u64| {
        Upstream::new(move |_| {
            let pause = pause as u32 * MS;
            steps(false, [Step::Data("a"), Step::Wait(pause), Step::Data("b")])
        })
    };
    let ask = async |upstream| {
        let response = layer().layer(upstream).oneshot(request(PLAIN)).await;
        read(response.unwrap()).await
    };
    assert_eq!(ask(slow(190)).await.unwrap(), 2);
    let start = Instant::now();
    let error = ask(slow(300)).await.unwrap_err();
    waited(start, 200);
    assert_eq!(error.downcast_ref(), Some(&TimedOut { limit: 200 * MS }));
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_a_limit_for_its_first_byte_its_pauses_and_the_whole() {
    let ask = async |pauses: &'static [u32]| {
        let upstream = Upstream::new(|_| {
            let steps_of = |pause: &u32| [Step::Wait(*pause * MS), Step::Data("ab")];
            steps(true, pauses.iter().flat_map(steps_of).collect::<Vec<_>>())
        });
        let response = layer().layer(upstream).oneshot(request(STREAM)).await;
        read(response.unwrap()).await
    };
    assert_eq!(ask(&[95, 45, 45, 45]).await.unwrap(), 8);
    for (pauses, limit, after) in [
        (&[105][..], 100, 100),
        (&[95, 45, 55], 50, 95 + 45 + 50),
        (&[0, 55], 50, 50),
        (&[40; 30], 1000, 1000),
    ] {
        let start = Instant::now();
        let error = ask(pauses).await.unwrap_err();
        waited(start, after);
        let limit = limit * MS;
        assert_eq!(error.downcast_ref(), Some(&TimedOut { limit }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_not_cut_off_for_a_pause() {
    let upstream = Upstream::new(|_| steps(true, (0..5).map(|_| Step::Data("ab"))));
    let response = layer().layer(upstream).oneshot(request(STREAM)).await;
    let mut body = response.unwrap().into_body();
    for _ in 0..5 {
        body.frame().await.unwrap().unwrap();
        tokio::time::sleep(120 * MS).await;
    }
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_always_has_more_has_a_limit() {
    struct Endless;
    impl http_body::Body for Endless {
        type Data = bytes::Bytes;
        type Error = BoxError;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, BoxError>>> {
            let data = bytes::Bytes::from_static(b"x");
            std::task::Poll::Ready(Some(Ok(http_body::Frame::data(data))))
        }
    }
    let upstream = tower::service_fn(|_| async move {
        Ok::<_, std::convert::Infallible>(Response::new(Body::new(Endless)))
    });
    let response = layer().layer(upstream).oneshot(request(PLAIN)).await;
    let mut body = response.unwrap().into_body();
    let start = Instant::now();
    loop {
        match body.frame().await.unwrap() {
            Ok(_) => tokio::time::sleep(7 * MS).await,
            Err(_) => break,
        }
        assert!(start.elapsed() < 300 * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_has_its_own() {
    let never = Upstream::new(|_| ok("late")).delay(Duration::from_secs(60));
    let target = Target::compatible("slow", "http://127.0.0.1:1/v1").unwrap();
    let mut request = request(PLAIN);
    request.extensions_mut().insert(target.timeout(777 * MS));
    let start = Instant::now();
    layer().layer(never).oneshot(request).await.unwrap();
    waited(start, 777);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_dropped_and_on_the_record() {
    struct Held(std::sync::Arc<()>);
    let held = std::sync::Arc::new(());
    let inner = Held(held.clone());
    let upstream = tower::service_fn(move |_: http::Request<Body>| {
        let held = Held(inner.0.clone());
        async move {
            let _held = held;
            std::future::pending::<Result<Response<Body>, BoxError>>().await
        }
    });
    let service = layer().layer(upstream.clone());
    let mut answer = Box::pin(service.oneshot(request(STREAM)));
    let response = (&mut answer).await.unwrap();
    drop(upstream);
    // The future is there still; what was in it is not.
    assert_eq!(response.status(), 504);
    drop(answer);
    assert_eq!(std::sync::Arc::strong_count(&held), 1);

    let upstream = Upstream::new(|_| steps(true, [Step::Data("a"), Step::Wait(9_000 * MS)]));
    let mut request = request(STREAM);
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    call.attempt(crate::call::Attempt::new("t", MS));
    let response = layer().layer(upstream).oneshot(request).await.unwrap();
    assert!(read(response).await.is_err());
    assert_eq!(call.snapshot().attempts[0].error, Some("timeout"));
}
