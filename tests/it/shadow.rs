//! Policies that are not enforced change nothing, and say what they would have
//! done.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write as _;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use portcullis::call::{Call, CallRecord};
use portcullis::policy::pii::Action;
use portcullis::policy::quality::{QualityAction, QualityScoreLayer};
use portcullis::{Body, PiiRedactLayer};
use proptest::prelude::*;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

use crate::streams::tokio_stream;

/// What the upstream and the client got, and the record of the call.
struct Got {
    seen: Bytes,
    head: HeaderMap,
    body: Bytes,
    record: CallRecord,
}

async fn through<L>(layer: L, request: Request<Bytes>, answer: Response<Vec<Bytes>>) -> Got
where
    L: Layer<
            tower::util::BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
            Service: tower::Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        >,
{
    let (tell, told) = std::sync::mpsc::channel();
    let answer = std::sync::Arc::new(answer);
    let inner = service_fn(move |request: Request<Body>| {
        let (tell, answer) = (tell.clone(), answer.clone());
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            tell.send(body).unwrap();
            let frames = answer.body().clone().into_iter();
            let frames = frames.map(|f| Ok::<_, Infallible>(http_body::Frame::data(f)));
            let mut response = Response::new(Body::new(StreamBody::new(tokio_stream(frames))));
            *response.headers_mut() = answer.headers().clone();
            *response.status_mut() = answer.status();
            Ok(response)
        }
    });
    let service = layer.layer(tower::util::BoxCloneSyncService::new(inner));
    let mut request = request.map(|bytes| Body::new(Full::from(bytes)));
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    let response = service.oneshot(request).await.unwrap();
    let head = response.headers().clone();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Got {
        seen: told.recv().unwrap_or_default(),
        head,
        body,
        record: call.snapshot(),
    }
}

fn request(content: &str) -> Request<Bytes> {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": content}]});
    Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Bytes::from(format!(" {body}\n")))
        .unwrap()
}

fn answer(kind: &str, frames: Vec<Bytes>) -> Response<Vec<Bytes>> {
    Response::builder()
        .header("content-type", kind)
        .header("etag", "\"1\"")
        .body(frames)
        .unwrap()
}

fn gzip(text: &str) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().into()
}

fn joined(frames: &[Bytes]) -> Bytes {
    frames.concat().into()
}

fn plain(content: &str) -> String {
    let message = json!({"role": "assistant", "content": content});
    json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).to_string()
}

#[tokio::test]
async fn requests_and_answers_pass_as_they_came() {
    let shadow = PiiRedactLayer::default().enforce(false);
    let sent = request("I am jane@example.com");
    let said = answer(
        "application/json",
        vec![plain("Ask joe@example.com").into()],
    );
    let got = through(shadow.clone(), sent.clone(), said.clone()).await;
    assert_eq!(got.seen, sent.body());
    assert_eq!(got.body, joined(said.body()));
    assert_eq!(&got.head, said.headers());
    let policy = &got.record.policies[0];
    assert_eq!(policy.verdict, "would_rewrite");
    assert_eq!(policy.request["EMAIL_ADDRESS"], 1);
    assert_eq!(policy.response["EMAIL_ADDRESS"], 1);
    assert_eq!(got.record.refusal, None);

    let clean = answer("application/json", vec![plain("Nobody").into()]);
    let got = through(shadow, request("Who?"), clean).await;
    assert_eq!(got.record.policies[0].verdict, "continue");
}

#[tokio::test]
async fn encoded_bodies_are_read_and_pass_encoded() {
    let shadow = PiiRedactLayer::default().enforce(false);
    let mut sent = request("I am jane@example.com").map(|b| gzip(std::str::from_utf8(&b).unwrap()));
    let encoding = || "gzip".parse().unwrap();
    sent.headers_mut().insert("content-encoding", encoding());
    let mut said = answer(
        "application/json",
        vec![gzip(&plain("Ask joe@example.com"))],
    );
    said.headers_mut().insert("content-encoding", encoding());
    let got = through(shadow, sent.clone(), said.clone()).await;
    assert_eq!(got.seen, sent.body());
    assert_eq!(got.body, joined(said.body()));
    assert_eq!(&got.head, said.headers());
    let policy = &got.record.policies[0];
    assert_eq!(policy.verdict, "would_rewrite");
    assert_eq!((policy.request.len(), policy.response.len()), (1, 1));
}

/// A policy that is only watched has to read as well: an upstream that would compress is asked
/// not to, and nothing else of the request changes.
#[tokio::test]
async fn answers_are_asked_for_in_a_form_that_can_be_read() {
    let shadow = PiiRedactLayer::default().enforce(false);
    let service = shadow.layer(service_fn(|request: Request<Body>| async move {
        let accepted = request.headers()["accept-encoding"].to_str().unwrap();
        let zips = accepted.contains("gzip");
        let said = event("Ask joe@example.com");
        let body = if zips { gzip(&said) } else { said.into() };
        let mut response = Response::builder().header("content-type", "text/event-stream");
        if zips {
            response = response.header("content-encoding", "gzip");
        }
        Ok::<_, Infallible>(response.body(Body::new(Full::from(body))).unwrap())
    }));
    let mut request = request("x").map(|bytes| Body::new(Full::from(bytes)));
    let headers = request.headers_mut();
    headers.insert("accept-encoding", "gzip, br".parse().unwrap());
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    let response = service.oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, event("Ask joe@example.com"));
    assert_eq!(call.snapshot().policies[0].response["EMAIL_ADDRESS"], 1);
}

#[tokio::test]
async fn what_would_be_refused_passes() {
    let shadow = || PiiRedactLayer::default().enforce(false);
    let good = || answer("application/json", vec![plain("Fine").into()]);
    let blocks = shadow().action(Action::Block);
    let stream: Vec<Bytes> = ["jane@exam", "ple.com is", " all"]
        .map(|text| event(text).into())
        .into();
    let mut broken = request("x");
    *broken.body_mut() = "{\"a\":".into();
    let mut encoded = answer("application/json", vec!["?".into()]);
    let brotli = "br".parse().unwrap();
    encoded.headers_mut().insert("content-encoding", brotli);
    for (layer, sent, said) in [
        (blocks.clone(), request("I am jane@example.com"), good()),
        (
            blocks.clone(),
            request("x"),
            answer("text/event-stream", stream),
        ),
        (shadow(), broken, good()),
        (shadow(), request("x"), encoded),
        (
            shadow(),
            request("x"),
            answer("application/json", vec!["{\"a\"".into()]),
        ),
        (
            shadow(),
            request("x"),
            answer(
                "text/event-stream",
                vec!["data: {\"choices\":[{\"x\n\n".into()],
            ),
        ),
    ] {
        let got = through(layer, sent.clone(), said.clone()).await;
        assert_eq!(got.seen, sent.body());
        assert_eq!(got.body, joined(said.body()));
        assert_eq!(&got.head, said.headers());
        assert_eq!(got.record.refusal, None);
        let malformed = got.body.starts_with(b"data: {\"choices\":[{\"x");
        let verdict = if malformed {
            "continue"
        } else {
            "would_refuse"
        };
        assert_eq!(got.record.policies[0].verdict, verdict);
    }
}

#[tokio::test]
async fn scores_are_taken_and_nothing_is_asked_again() {
    for (action, verdict) in [
        (QualityAction::Retry, "would_ask_again"),
        (QualityAction::Block, "would_refuse"),
        (QualityAction::Flag, "continue"),
    ] {
        let layer = QualityScoreLayer::default().action(action).enforce(false);
        let said = answer("application/json", vec![plain("").into()]);
        let got = through(layer, request("x"), said.clone()).await;
        assert_eq!(got.body, joined(said.body()));
        assert_eq!(&got.head, said.headers());
        let policy = &got.record.policies[0];
        assert_eq!((policy.verdict, policy.scores["quality"]), (verdict, 0.0));
    }
}

#[tokio::test]
async fn an_event_too_long_to_read_passes() {
    let mut frames: Vec<Bytes> = vec![event("jane@example.com and").into()];
    frames.push(Bytes::from("data: "));
    frames.extend(vec![Bytes::from(vec![b'x'; 1 << 20]); 20]);
    frames.push(Bytes::from("\n\n"));
    let said = answer("text/event-stream", frames);
    let shadow = PiiRedactLayer::default().enforce(false);
    let got = through(shadow, request("x"), said.clone()).await;
    assert!(got.body == joined(said.body()), "{} bytes", got.body.len());
    assert_eq!(got.record.policies[0].response["EMAIL_ADDRESS"], 1);
}

fn event(text: &str) -> String {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
    format!("data: {}\n\n", json!({"id": "x", "choices": [choice]}))
}

const WORDS: &[&str] = &[
    "jane@example.com",
    "plain",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "é",
    ",",
    "+1 415-555-0132",
    "jane@",
    "10.1.2.3",
    "word",
    "\n",
    "DE89 3704",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a stream is cut, it passes as it came, and what is found is what
    /// the policy finds when it is enforced.
    #[test]
    fn streams_pass_byte_for_byte(
        words in prop::collection::vec(prop::sample::select(WORDS), 1..30),
        lengths in prop::collection::vec(1usize..12, 1..5),
        frame in 1usize..200,
        long in prop::bool::ANY,
    ) {
        let mut text = words.join(" ");
        if long {
            text = format!("{} {text}", "lorem ipsum ".repeat(600));
        }
        let mut stream: String = crate::streams::cut(&text, &lengths).iter().map(|p| event(p)).collect();
        stream += "data: [DONE]\n\n";
        let frames: Vec<Bytes> = stream.as_bytes().chunks(frame).map(Bytes::copy_from_slice).collect();
        let said = answer("text/event-stream", frames);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (shadow, enforced) = runtime.block_on(async {
            let layer = PiiRedactLayer::default();
            let shadow = layer.clone().enforce(false);
            (
                through(shadow, request("x"), said.clone()).await,
                through(layer, request("x"), said.clone()).await,
            )
        });
        prop_assert_eq!(&shadow.body, &joined(said.body()));
        prop_assert_eq!(&shadow.head, said.headers());
        let found = |got: &Got| -> BTreeMap<_, _> { got.record.policies.first().map(|p| p.response.clone()).unwrap_or_default() };
        prop_assert_eq!(found(&shadow), found(&enforced));
    }
}
