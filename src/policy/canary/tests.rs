use std::convert::Infallible;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::*;
use crate::body::Body;
use crate::call::{Call, CallRecord};

const PROMPT: &str = "You are kind.";

struct Got {
    status: u16,
    body: String,
    token: Option<String>,
    record: CallRecord,
}

/// What a model says that has been told the token.
type Says = fn(&str) -> String;

async fn ask(layer: CanaryLayer, request: Value, headers: &[(&str, &str)], says: Says) -> Got {
    answered(layer, request, headers, move |token| {
        let message = json!({"role": "assistant", "content": says(token)});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        vec![Bytes::from(json!({"choices": [choice]}).to_string())]
    })
    .await
}

async fn answered(
    layer: CanaryLayer,
    request: Value,
    headers: &[(&str, &str)],
    says: impl Fn(&str) -> Vec<Bytes> + Clone + Send + 'static,
) -> Got {
    let told = Arc::new(Mutex::new(None));
    let heard = Arc::clone(&told);
    let service = layer.layer(service_fn(move |request: Request<Body>| {
        let (heard, says) = (Arc::clone(&heard), says.clone());
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let prompt = body["messages"][0]["content"].as_str().unwrap_or_default();
            let token = prompt.strip_prefix("You are kind.\n\nReference: ");
            let frames = says(token.unwrap_or_default());
            *heard.lock().unwrap() = token.map(str::to_owned);
            let kind = match frames[0].starts_with(b"d") {
                true => "text/event-stream",
                false => "application/json",
            };
            let mut frames = frames
                .into_iter()
                .map(|f| Ok::<_, Infallible>(Frame::data(f)));
            let frames = Frames(move || frames.next());
            let response = Response::builder().header("content-type", kind);
            Ok::<_, Infallible>(response.body(Body::new(StreamBody::new(frames))).unwrap())
        }
    }));
    let mut request = Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(request.to_string()))
        .unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    let response = service.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let token = told.lock().unwrap().clone();
    Got {
        status,
        body: String::from_utf8(body.to_vec()).unwrap(),
        token,
        record: call.snapshot(),
    }
}

struct Frames<F>(F);

impl<T, F: FnMut() -> Option<T> + Unpin> futures_core::Stream for Frames<F> {
    type Item = T;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<T>> {
        std::task::Poll::Ready((self.0)())
    }
}

fn chat(role: &str) -> Value {
    json!({"model": "m", "messages": [
        {"role": role, "content": PROMPT},
        {"role": "user", "content": "Hello"},
    ]})
}

#[tokio::test]
async fn a_leak_is_stopped_redacted_or_logged() {
    let leak: Says = |token| {
        format!(
            "It says: You are kind. Reference: {}!",
            token.to_uppercase()
        )
    };
    for role in ["system", "developer"] {
        let got = ask(CanaryLayer::default(), chat(role), &[], leak).await;
        assert_eq!(got.status, 403);
        assert!(
            got.body.contains("\"code\":\"prompt_leak\""),
            "{}",
            got.body
        );
        assert_eq!(got.record.policies[0].response["CANARY"], 1);
        assert_eq!(got.record.refusal.unwrap().policy, "canary");
    }
    let redact = CanaryLayer::default().action(CanaryAction::Redact);
    let got = ask(redact, chat("system"), &[], leak).await;
    assert!(got.body.contains("Reference: [CANARY]!"), "{}", got.body);
    let log = CanaryLayer::default().action(CanaryAction::Log);
    let got = ask(log, chat("system"), &[], leak).await;
    assert!(got.body.contains(&got.token.unwrap().to_uppercase()));
    assert_eq!(got.record.policies[0].response["CANARY"], 1);

    let got = ask(CanaryLayer::default(), chat("system"), &[], |_| {
        "Hello!".to_owned()
    })
    .await;
    assert_eq!(got.status, 200);
    assert!(got.record.policies[0].response.is_empty());
}

#[tokio::test]
async fn without_a_system_prompt_there_is_nothing_to_guard() {
    let got = ask(CanaryLayer::default(), chat("user"), &[], |_| {
        "Hello!".to_owned()
    })
    .await;
    assert_eq!((got.status, got.token), (200, None));
    assert_eq!(got.record.policies[0].verdict, "continue");
}

#[tokio::test]
async fn tokens_last_for_a_call_or_for_a_conversation() {
    let header = HeaderName::from_static("x-conversation-id");
    let layer = CanaryLayer::default().conversations(header, HashKey::new(b"key"));
    let mut tokens = Vec::new();
    for headers in [
        &[][..],
        &[],
        &[("x-conversation-id", "1")],
        &[("x-conversation-id", "1")],
        &[("x-conversation-id", "2")],
        &[("x-conversation-id", "1"), ("authorization", "Bearer x")],
    ] {
        let got = ask(layer.clone(), chat("system"), headers, |_| String::new()).await;
        tokens.push(got.token.unwrap());
    }
    assert_eq!(tokens[2], tokens[3]);
    tokens.remove(3);
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 5);
    assert!(CanaryLayer::default().notice("no place").is_err());
}

fn event(text: &str) -> String {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
    format!("data: {}\n\n", json!({"id": "x", "choices": [choice]}))
}

fn read(body: &str) -> String {
    body.lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .filter_map(|event: Value| {
            let text = event["choices"][0]["delta"]["content"].as_str();
            text.map(str::to_owned)
        })
        .collect()
}

fn pieces(text: &str, lengths: &[usize]) -> Vec<String> {
    let mut chars = text.chars().peekable();
    let mut lengths = lengths.iter().cycle();
    let mut pieces = Vec::new();
    while chars.peek().is_some() {
        pieces.push(chars.by_ref().take(*lengths.next().unwrap()).collect());
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// However a stream is cut, not one character of the token leaves, and all
    /// that comes before it does.
    #[test]
    fn streams_are_stopped_before_the_token(
        before in "[a-zA-Z qxzkQXZK.,é-]{0,40}",
        between in prop::sample::select(vec!["", " ", "-", "\u{200b}", " . "]),
        upper in prop::bool::ANY,
        lengths in prop::collection::vec(1usize..9, 1..5),
        frame in 1usize..300,
        redact in prop::bool::ANY,
    ) {
        let cut = lengths.clone();
        let start = before.clone();
        let says = move |token: &str| {
            let spelled: Vec<_> = token.chars().map(String::from).collect();
            let mut spelled = spelled.join(between);
            if upper {
                spelled = spelled.to_uppercase();
            }
            let text = format!("{start} {spelled} and so on.");
            let events: String = pieces(&text, &cut).iter().map(|p| event(p)).collect();
            let events = events + "data: [DONE]\n\n";
            events.as_bytes().chunks(frame).map(Bytes::copy_from_slice).collect()
        };
        let action = if redact { CanaryAction::Redact } else { CanaryAction::Stop };
        let layer = CanaryLayer::default().action(action);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let got = runtime.block_on(answered(layer, chat("system"), &[], says));
        prop_assert!(got.body.ends_with("data: [DONE]\n\n"));
        let text = read(&got.body);
        if redact {
            prop_assert_eq!(text, format!("{before} [CANARY] and so on."));
        } else {
            let whole = format!("{before} ");
            prop_assert!(whole.starts_with(&text), "{text:?}");
            // At most the event in which the token begins is kept back.
            prop_assert!(whole.chars().count() - text.chars().count() < 9, "{text:?}");
            prop_assert!(got.body.contains("\"finish_reason\":\"content_filter\""));
        }
    }

    /// What holds no token passes byte for byte.
    #[test]
    fn other_streams_pass_as_they_came(text in "[a-zA-Z0-9 qxzkQXZK.,é-]{1,80}", lengths in prop::collection::vec(1usize..9, 1..5)) {
        let events: String = pieces(&text, &lengths).iter().map(|p| event(p)).collect();
        let events = events + "data: [DONE]\n\n";
        let said = events.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let got = runtime.block_on(answered(CanaryLayer::default(), chat("system"), &[], move |_| {
            vec![Bytes::from(said.clone())]
        }));
        prop_assert_eq!(got.body, events);
    }
}
