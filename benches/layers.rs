//! What governing costs: `cargo bench --bench layers`.
//!
//! Compare rows within one run; machines differ, and are noisy.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run may stop")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use http::{Request, Response};
use http_body::Frame;
use portcullis::body::{BoxError, Document};
use portcullis::policy::canary::CanaryLayer;
use portcullis::policy::pii::PiiRedact;
use portcullis::policy::quality::QualityScoreLayer;
use portcullis::policy::{Policy, PolicyLayer, PolicyRequest, Verdict};
use portcullis::{Body, PiiRedactLayer};
use tower::{Layer, Service, service_fn};

fn main() {
    divan::main();
}

const PROSE: &str = "The committee met in the old town hall to talk about the plan for the new \
    bridge, which many people had asked for since the flood. Nobody spoke against it, though the \
    cost was a worry to some, and the river would have to be closed for a season or two. ";

/// A chat request of about 1 KB.
fn request_json(text: &str) -> String {
    let content = text.repeat(900 / text.len() + 1);
    let content = &content[..900];
    format!(
        r#"{{"model":"meta-llama/Llama-3.3-70B-Instruct-Turbo","temperature":0.7,"messages":[{{"role":"user","content":"{content}"}}]}}"#
    )
}

fn event(text: &str) -> String {
    format!(
        "data: {{\"id\":\"o1a2b3c-4d5e6f\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"meta-llama/Llama-3.3-70B-Instruct-Turbo\",\"choices\":[{{\"index\":0,\"text\":\"{text}\",\"delta\":{{\"role\":\"assistant\",\"content\":\"{text}\",\"token_id\":279}},\"logprobs\":null,\"finish_reason\":null,\"seed\":null}}],\"usage\":null}}\n\n"
    )
}

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

struct Noop;

impl Policy for Noop {
    fn name(&self) -> &'static str {
        "noop"
    }

    fn judge(&self, _: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        Ok(Verdict::proceed())
    }
}

fn inner() -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone {
    service_fn(|request: Request<Body>| {
        black_box(request.into_body());
        std::future::ready(Ok(Response::new(Body::empty())))
    })
}

fn call<S>(bencher: Bencher<'_, '_>, service: S, body: impl Fn() -> Body + Sync)
where
    S: Service<Request<Body>, Error = Infallible> + Clone + Sync,
{
    bencher
        .with_inputs(|| (service.clone(), Request::new(body())))
        .bench_values(|(mut service, request)| ready(service.call(request)));
}

fn document() -> Body {
    Body::document(Document::json(request_json(PROSE)).unwrap())
}

#[divan::bench]
fn a1_bare_service_on_a_ready_document(bencher: Bencher<'_, '_>) {
    call(bencher, inner(), document);
}

#[divan::bench]
fn a2_noop_policy_on_a_ready_document(bencher: Bencher<'_, '_>) {
    call(bencher, PolicyLayer::new(Noop).layer(inner()), document);
}

#[divan::bench]
fn b1_noop_policy_reading_1_kb(bencher: Bencher<'_, '_>) {
    let bytes = Bytes::from(request_json(PROSE));
    let service = PolicyLayer::new(Noop).layer(inner());
    call(bencher, service, move || Body::from(bytes.clone()));
}

#[divan::bench]
fn b2_pii_layer_on_1_kb_of_prose(bencher: Bencher<'_, '_>) {
    let bytes = Bytes::from(request_json(PROSE));
    let service = PiiRedactLayer::default().layer(inner());
    call(bencher, service, move || Body::from(bytes.clone()));
}

#[divan::bench]
fn b3_pii_layer_on_1_kb_with_4_findings(bencher: Bencher<'_, '_>) {
    let text = format!("{} jane@example.com ", &PROSE[..200]);
    let bytes = Bytes::from(request_json(&text));
    let service = PiiRedactLayer::default().layer(inner());
    call(bencher, service, move || Body::from(bytes.clone()));
}

/// A stream of frames, one event each.
struct Frames {
    frames: std::vec::IntoIter<Bytes>,
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.frames.next().map(|frame| Ok(Frame::data(frame))))
    }
}

const EVENTS: usize = 1000;

/// Times reading a stream of 1000 events to its end; divide by that.
fn stream(bencher: Bencher<'_, '_>, words: &[&str], layer: impl Fn(Body) -> Body + Sync) {
    let frames: Vec<_> = words
        .iter()
        .cycle()
        .take(EVENTS)
        .map(|word| Bytes::from(event(word)))
        .collect();
    let bytes: usize = frames.iter().map(Bytes::len).sum();
    bencher
        .counter(ItemsCount::new(EVENTS))
        .counter(BytesCount::new(bytes))
        .with_inputs(|| {
            layer(Body::new(Frames {
                frames: frames.clone().into_iter(),
            }))
        })
        .bench_values(|mut body| {
            let mut cx = Context::from_waker(Waker::noop());
            while let Poll::Ready(Some(frame)) =
                http_body::Body::poll_frame(Pin::new(&mut body), &mut cx)
            {
                black_box(frame.ok());
            }
        });
}

const WORDS: [&str; 8] = [
    " the", " plan", " for", " the", " new", " bridge", ", which", " many",
];

fn filtered(body: Body) -> Body {
    filtered_by(PiiRedactLayer::default(), request_json(PROSE), body)
}

fn filtered_by<P: Policy>(layer: PolicyLayer<P>, request: String, body: Body) -> Body {
    let body = Arc::new(Mutex::new(Some(body)));
    let mut service = layer.layer(service_fn(move |_: Request<Body>| {
        let mut response = Response::new(body.lock().unwrap().take().unwrap_or_default());
        let events = http::HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert("content-type", events);
        std::future::ready(Ok::<_, Infallible>(response))
    }));
    let response = ready(service.call(Request::new(Body::from(request))));
    response.map_or_else(|error| match error {}, Response::into_body)
}

#[divan::bench]
fn c1_stream_unfiltered(bencher: Bencher<'_, '_>) {
    stream(bencher, &WORDS, |body| body);
}

#[divan::bench]
fn c2_stream_through_the_pii_filter(bencher: Bencher<'_, '_>) {
    stream(bencher, &WORDS, filtered);
}

#[divan::bench]
fn c3_stream_with_a_finding_in_each_9_events(bencher: Bencher<'_, '_>) {
    let words = [
        " the", " plan", " of", " jan", "e@exam", "ple.com", " is", " new", ".",
    ];
    stream(bencher, &words, filtered);
}

/// Words of which none runs in a loop.
fn varied() -> Vec<String> {
    (0..EVENTS).map(|n| format!(" w{}", n * n % 997)).collect()
}

fn stream_by<P: Policy>(bencher: Bencher<'_, '_>, layer: &(impl Fn() -> PolicyLayer<P> + Sync)) {
    let words = varied();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let request = request_json(PROSE).replace("user", "system");
    stream(bencher, &words, |body| {
        filtered_by(layer(), request.clone(), body)
    });
}

#[divan::bench]
fn c4_stream_through_the_quality_scorer(bencher: Bencher<'_, '_>) {
    stream_by(bencher, &QualityScoreLayer::default);
}

#[divan::bench]
fn c5_stream_past_the_canary(bencher: Bencher<'_, '_>) {
    stream_by(bencher, &CanaryLayer::default);
}

#[divan::bench]
fn c6_stream_through_the_pii_filter_in_shadow(bencher: Bencher<'_, '_>) {
    stream_by(bencher, &|| PiiRedactLayer::default().enforce(false));
}

#[divan::bench]
fn d0_quality_of_a_plain_answer_of_1_kb(bencher: Bencher<'_, '_>) {
    let content = PROSE.repeat(4);
    let answer = format!(
        r#"{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"{content}"}},"finish_reason":"stop"}}]}}"#
    );
    let bytes = Bytes::from(request_json(PROSE));
    let service = QualityScoreLayer::default().layer(service_fn(move |_: Request<Body>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::from(
            answer.clone(),
        ))))
    }));
    call(bencher, service, move || Body::from(bytes.clone()));
}

#[divan::bench]
fn d1_parse_1_kb(bencher: Bencher<'_, '_>) {
    let json = bytestring::ByteString::from(request_json(PROSE));
    bencher
        .counter(BytesCount::new(json.len()))
        .bench(|| Document::json(black_box(json.clone())));
}

#[divan::bench]
fn d2_scan_prose(bencher: Bencher<'_, '_>) {
    let text = PROSE.repeat(64);
    let policy = PiiRedact::default();
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| policy.scan(black_box(&text)));
}
