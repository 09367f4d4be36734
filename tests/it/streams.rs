//! The law of streams, with the real detectors: a stream reads as the whole
//! text does, however it is cut.

use std::collections::BTreeMap;
use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use portcullis::policy::pii::PiiRedact;
use portcullis::{Body, PiiRedactLayer};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

fn event(choice: u32, field: &str, text: &str) -> String {
    let delta = match field {
        "arguments" => json!({"tool_calls": [{"index": 1, "function": {"arguments": text}}]}),
        field => json!({field: text}),
    };
    let choice = json!({"index": choice, "delta": delta, "finish_reason": null});
    format!("data: {}\n\n", json!({"id": "x", "choices": [choice]}))
}

/// Cuts `text` after these numbers of characters, over and over.
pub(crate) fn cut(text: &str, lengths: &[usize]) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut chars = text.chars().peekable();
    let mut lengths = lengths.iter().cycle();
    while chars.peek().is_some() {
        let length = *lengths.next().unwrap();
        pieces.push(chars.by_ref().take(length).collect());
    }
    pieces
}

async fn filtered(frames: Vec<Bytes>) -> Vec<u8> {
    let service = PiiRedactLayer::default().layer(service_fn(move |_: Request<Body>| {
        let frames = frames.clone();
        async move {
            let frames = frames
                .into_iter()
                .map(|f| Ok::<_, Infallible>(Frame::data(f)));
            let body = StreamBody::new(tokio_stream(frames));
            let mut response = Response::new(body);
            let kind = "text/event-stream; charset=utf-8".parse().unwrap();
            response.headers_mut().insert("content-type", kind);
            Ok::<_, Infallible>(response)
        }
    }));
    let request = Request::new(Full::<Bytes>::default());
    let response = service.oneshot(request).await.unwrap();
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec()
}

pub(crate) fn tokio_stream<I: Iterator + Unpin>(
    mut items: I,
) -> impl futures_core::Stream<Item = I::Item> {
    struct Items<F>(F);
    impl<T, F: FnMut() -> Option<T> + Unpin> futures_core::Stream for Items<F> {
        type Item = T;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<T>> {
            std::task::Poll::Ready((self.0)())
        }
    }
    Items(move || items.next())
}

fn read(stream: &[u8]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for event in std::str::from_utf8(stream).unwrap().split("\n\n") {
        let Some(data) = event.strip_prefix("data: ").filter(|d| *d != "[DONE]") else {
            continue;
        };
        let event: Value = serde_json::from_str(data).unwrap();
        for choice in event["choices"].as_array().unwrap() {
            for (field, value) in choice["delta"].as_object().unwrap() {
                let (field, text) = match value.as_array() {
                    Some(calls) => ("arguments", &calls[0]["function"]["arguments"]),
                    None => (field.as_str(), value),
                };
                let all: &mut String = texts
                    .entry(format!("{} {field}", choice["index"]))
                    .or_default();
                all.push_str(text.as_str().unwrap());
            }
        }
    }
    texts
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-zA-Z]{1,9}[ ,.]",
        "[0-9]{1,6}[ .-]?",
        Just("jane.doe@example.com".to_owned()),
        Just("4111 1111 1111 1111".to_owned()),
        Just("5500-0055-5555-5559".to_owned()),
        Just("DE89 3704 0044 0532 0130 00".to_owned()),
        Just("GB82WEST12345698765432".to_owned()),
        Just("+1 415-555-0132".to_owned()),
        Just("(415) 555-0132 x12".to_owned()),
        Just("219-09-9999".to_owned()),
        Just("192.168.0.1".to_owned()),
        Just("2001:db8::1".to_owned()),
        Just("::ffff:10.0.0.1".to_owned()),
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("é😀".to_owned()),
        Just("@".to_owned()),
        Just(".".to_owned()),
    ];
    prop::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_stream_reads_as_the_whole_text_does(
        texts in prop::collection::vec(text(), 1..5),
        lengths in prop::collection::vec(1usize..12, 1..6),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        frames in prop::collection::vec(1usize..400, 1..6),
    ) {
        let lanes = [(0, "content"), (1, "content"), (0, "reasoning"), (1, "arguments")];
        let mut pieces: Vec<_> = texts.iter().map(|text| cut(text, &lengths)).collect();
        let mut expected = BTreeMap::new();
        for (text, (choice, field)) in texts.iter().zip(lanes) {
            if !text.is_empty() {
                expected.insert(format!("{choice} {field}"), PiiRedact::default().redact(text));
            }
        }
        let mut stream = String::new();
        let mut order = order.iter().cycle();
        while pieces.iter().any(|p| !p.is_empty()) {
            let open: Vec<_> = (0..pieces.len()).filter(|&at| !pieces[at].is_empty()).collect();
            let at = open[order.next().unwrap().index(open.len())];
            let (choice, field) = lanes[at];
            stream.push_str(&event(choice, field, &pieces[at].remove(0)));
        }
        stream.push_str("data: [DONE]\n\n");
        let mut rest = Bytes::from(stream);
        let mut cuts = Vec::new();
        let mut sizes = frames.iter().cycle();
        while !rest.is_empty() {
            let size = (*sizes.next().unwrap()).min(rest.len());
            cuts.push(rest.split_to(size));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let got = runtime.block_on(filtered(cuts));
        prop_assert!(got.ends_with(b"data: [DONE]\n\n"));
        prop_assert_eq!(read(&got), expected);
    }
}

#[test]
fn at_every_byte_and_every_event_boundary() {
    let text = "Ask jane.doe@example.com, +1 415-555-0132, card 4111 1111 1111 1111, DE89 3704 0044 0532 0130 00, 219-09-9999 at 192.168.0.1 or 2001:db8::1.";
    let whole = PiiRedact::default().redact(text);
    assert_eq!(whole.matches('[').count(), 7, "{whole}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    // The text in two events, cut at every character.
    for at in 0..=text.len() {
        let stream = event(0, "content", &text[..at]) + &event(0, "content", &text[at..]);
        let got = runtime.block_on(filtered(vec![Bytes::from(stream)]));
        assert_eq!(read(&got)["0 content"], whole, "cut at {at}");
    }
    // One event a character, in two frames cut at every byte.
    let stream: String = text
        .chars()
        .map(|c| event(0, "content", &c.to_string()))
        .collect();
    let stream = Bytes::from(stream);
    for at in (0..stream.len()).step_by(7) {
        let frames = vec![stream.slice(..at), stream.slice(at..)];
        let got = runtime.block_on(filtered(frames));
        assert_eq!(read(&got)["0 content"], whole, "cut at {at}");
    }
}
