//! What resilience costs when all is well: `cargo bench --bench resilience`.
//!
//! Compare rows within one run; the row of the bare service is to be taken off.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run may stop")]

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};

use divan::{Bencher, black_box};
use http::{Request, Response};
use portcullis::Body;
use portcullis::body::Document;
use portcullis::resilience::{
    CircuitBreakerLayer, ConcurrencyLimitLayer, RetryBudget, RetryLayer, TimeoutLayer,
};
use portcullis::route::{FallbackLayer, SingleLayer};
use portcullis::target::{Breaker, BreakerSettings, FailureRate, Target};
use tokio::time::Instant;
use tower::retry::budget::{Budget as _, TpsBudget};
use tower::{Layer, Service, ServiceBuilder, service_fn};

fn main() {
    // Timers want a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    divan::main();
}

const CHAT: &str =
    r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello, how are you?"}]}"#;

/// Runs what never waits.
fn ready<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn inner()
-> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    service_fn(|request: Request<Body>| {
        black_box(request.into_body());
        std::future::ready(Ok(Response::new(Body::empty())))
    })
}

fn target(id: &str) -> Target {
    Target::compatible(id, "http://127.0.0.1:8000/v1").unwrap()
}

fn request(document: &Document) -> Request<Body> {
    let mut request = Request::new(Body::document(document.clone()));
    let headers = request.headers_mut();
    for (name, value) in [
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("user-agent", "bench/1.0"),
        ("x-request-id", "0123456789abcdef"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    request
}

fn call<S>(bencher: Bencher<'_, '_>, service: S)
where
    S: Service<Request<Body>, Error = Infallible> + Clone + Sync,
{
    let document = Document::json(CHAT).unwrap();
    bencher
        .with_inputs(|| (service.clone(), request(&document)))
        .bench_values(|(mut service, request)| ready(service.call(request)));
}

#[divan::bench(sample_size = 200)]
fn a1_bare_service(bencher: Bencher<'_, '_>) {
    call(bencher, inner());
}

#[divan::bench(sample_size = 200)]
fn a2_breaker(bencher: Bencher<'_, '_>) {
    call(bencher, CircuitBreakerLayer::default().layer(inner()));
}

#[divan::bench(sample_size = 200)]
fn a3_retry(bencher: Bencher<'_, '_>) {
    call(bencher, RetryLayer::default().layer(inner()));
}

#[divan::bench(sample_size = 200)]
fn a4_route_to_the_one_target(bencher: Bencher<'_, '_>) {
    call(bencher, SingleLayer::new([target("one")]).layer(inner()));
}

#[divan::bench(sample_size = 200)]
fn a5_route_to_the_first_of_two(bencher: Bencher<'_, '_>) {
    let targets = [target("one"), target("two")];
    call(bencher, FallbackLayer::new(targets).layer(inner()));
}

#[divan::bench(sample_size = 200)]
fn b1_route_breaker_and_retry_with_one_target(bencher: Bencher<'_, '_>) {
    let service = ServiceBuilder::new()
        .layer(SingleLayer::new([target("one")]))
        .layer(CircuitBreakerLayer::default())
        .layer(RetryLayer::default())
        .service(inner());
    call(bencher, service);
}

#[divan::bench(sample_size = 200)]
fn b2_route_breaker_and_retry_with_two_targets(bencher: Bencher<'_, '_>) {
    let service = ServiceBuilder::new()
        .layer(FallbackLayer::new([target("one"), target("two")]))
        .layer(CircuitBreakerLayer::default())
        .layer(RetryLayer::default())
        .service(inner());
    call(bencher, service);
}

#[divan::bench(sample_size = 200)]
fn b3_and_a_limit_and_timeouts(bencher: Bencher<'_, '_>) {
    let service = ServiceBuilder::new()
        .layer(FallbackLayer::new([target("one"), target("two")]))
        .layer(CircuitBreakerLayer::default())
        .layer(RetryLayer::default())
        .layer(ConcurrencyLimitLayer::new(64))
        .layer(TimeoutLayer::default())
        .service(inner());
    call(bencher, service);
}

fn admit(bencher: Bencher<'_, '_>, settings: BreakerSettings) {
    let (breaker, settings) = (Breaker::new("one"), settings.into());
    bencher.bench(|| {
        let now = Instant::now();
        breaker.admit(&settings, now).unwrap().success(now);
    });
}

#[divan::bench(threads = [1, 2])]
fn c1_breaker_admits_and_hears(bencher: Bencher<'_, '_>) {
    admit(bencher, BreakerSettings::default());
}

#[divan::bench(threads = [1, 2])]
fn c2_breaker_with_a_rate(bencher: Bencher<'_, '_>) {
    let rate = FailureRate::new(0.5, std::time::Duration::from_secs(60));
    admit(bencher, BreakerSettings::default().failure_rate(rate));
}

#[divan::bench(threads = [1, 2])]
fn c3_retry_budget(bencher: Bencher<'_, '_>) {
    let budget = RetryBudget::default();
    bencher.bench(|| budget.deposit());
}

#[divan::bench(threads = [1, 2])]
fn c4_retry_budget_of_tower(bencher: Bencher<'_, '_>) {
    let budget = TpsBudget::default();
    bencher.bench(|| budget.deposit());
}
