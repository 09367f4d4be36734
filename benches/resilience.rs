//! What resilience costs when all is well: `cargo bench --bench resilience`.
//!
//! Compare rows within one run; the row of the bare service is to be taken off.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run may stop")]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{HeaderValue, Request, Response};
use http_body::Frame;
use portcullis::Body;
use portcullis::body::Document;
use portcullis::resilience::{
    CircuitBreakerLayer, ConcurrencyLimitLayer, RetryBudget, RetryLayer, TimeoutLayer,
};
use portcullis::route::{
    Cost, Fallback, FallbackLayer, Latency, LeastInFlight, Random, RoundRobin, RouteLayer, Single,
    SingleLayer, Strategy, WeightedRoundRobin,
};
use portcullis::target::{Breaker, BreakerSettings, FailureRate, Pricing, Target};
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

/// Like [`inner`], with an answer as an upstream gives it.
fn answering(
    kind: &'static str,
    frames: &'static [&'static str],
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    service_fn(move |request: Request<Body>| {
        black_box(request.into_body());
        let mut response = Response::new(Body::new(Frames(frames)));
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert("content-type", kind);
        std::future::ready(Ok(response))
    })
}

/// A body that comes frame by frame, as from a connection.
struct Frames(&'static [&'static str]);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some((first, rest)) = self.0.split_first() else {
            return Poll::Ready(None);
        };
        self.0 = rest;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(first.as_bytes())))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

const PLAIN: &[&str] = &[
    r#"{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Fine, thank you."},"finish_reason":"stop"}]}"#,
];
const STREAM: &[&str] = &[
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Fine\"}}]}\n\n",
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
];

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

/// The three, around a service.
macro_rules! three {
    ($route:expr, $service:expr) => {
        ServiceBuilder::new()
            .layer($route)
            .layer(CircuitBreakerLayer::default())
            .layer(RetryLayer::default())
            .service($service)
    };
}

/// Calls from several threads at once, which share the targets' state.
#[divan::bench(sample_size = 200, threads = [1, 2])]
fn b4_two_targets_and_many_threads(bencher: Bencher<'_, '_>) {
    let route = FallbackLayer::new([target("one"), target("two")]);
    call(bencher, three!(route, inner()));
}

#[divan::bench(sample_size = 200, threads = [1, 2])]
fn b5_bare_service_and_many_threads(bencher: Bencher<'_, '_>) {
    call(bencher, inner());
}

/// With the headers of a client's library, what a gateway has put into the
/// extensions, and targets with models.
fn call_as_clients_do<S>(bencher: Bencher<'_, '_>, service: S)
where
    S: Service<Request<Body>, Error = Infallible> + Clone + Sync,
{
    #[derive(Clone)]
    struct Peer(#[allow(dead_code, reason = "it is there to be copied")] [u8; 32]);

    let document = Document::json(CHAT).unwrap();
    let headers = [
        "host: gateway.example:8080",
        "accept: application/json",
        "content-type: application/json",
        "content-length: 81",
        "authorization: Bearer 0123456789abcdef0123456789abcdef",
        "user-agent: OpenAI/Python 1.99.1",
        "accept-encoding: gzip, deflate",
        "x-stainless-lang: python",
        "x-stainless-os: Linux",
        "x-stainless-retry-count: 0",
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "x-request-id: 0123456789abcdef",
    ];
    bencher
        .with_inputs(|| {
            let mut request = Request::post("/v1/chat/completions")
                .body(Body::document(document.clone()))
                .unwrap();
            // One buffer holds them all, as with hyper.
            let text = Bytes::from(headers.join("\n"));
            for line in text.split(|&byte| byte == b'\n') {
                let at = line.iter().position(|&byte| byte == b':').unwrap();
                let name = http::HeaderName::from_bytes(&line[..at]).unwrap();
                let value = text.slice_ref(&line[at + 2..]);
                let value = HeaderValue::from_maybe_shared(value).unwrap();
                request.headers_mut().insert(name, value);
            }
            request.extensions_mut().insert(Peer([0; 32]));
            (service.clone(), request)
        })
        .bench_values(|(mut service, request)| ready(service.call(request)));
}

#[divan::bench(sample_size = 200)]
fn d1_client_and_bare_service(bencher: Bencher<'_, '_>) {
    call_as_clients_do(bencher, inner());
}

#[divan::bench(sample_size = 200)]
fn d2_client_and_all_three(bencher: Bencher<'_, '_>) {
    let targets = ["one", "two"].map(|id| target(id).model("m"));
    call_as_clients_do(bencher, three!(FallbackLayer::new(targets), inner()));
}

#[divan::bench(sample_size = 200)]
fn d3_plain_answer_and_bare_service(bencher: Bencher<'_, '_>) {
    call(bencher, answering("application/json", PLAIN));
}

#[divan::bench(sample_size = 200)]
fn d4_plain_answer_and_all_three(bencher: Bencher<'_, '_>) {
    let route = FallbackLayer::new([target("one"), target("two")]);
    call(bencher, three!(route, answering("application/json", PLAIN)));
}

#[divan::bench(sample_size = 200)]
fn d5_stream_and_bare_service(bencher: Bencher<'_, '_>) {
    call(bencher, answering("text/event-stream", STREAM));
}

#[divan::bench(sample_size = 200)]
fn d6_stream_and_all_three(bencher: Bencher<'_, '_>) {
    let route = FallbackLayer::new([target("one"), target("two")]);
    call(
        bencher,
        three!(route, answering("text/event-stream", STREAM)),
    );
}

/// All three, with eight targets, as each strategy chooses.
#[divan::bench(
    sample_size = 200,
    types = [
        Single, Fallback, RoundRobin, WeightedRoundRobin, LeastInFlight, Latency, Cost, Random,
    ],
)]
fn e1_eight_targets<S: Strategy + Default>(bencher: Bencher<'_, '_>) {
    let targets: Vec<Target> = (1..=8)
        .map(|number| {
            target(&format!("target-{number}"))
                .weight(number)
                .pricing(Pricing::new(f64::from(number), 1.0))
        })
        .collect();
    let route: RouteLayer<S> = RouteLayer::new(targets);
    call(bencher, three!(route, inner()));
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
