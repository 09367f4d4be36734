use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::Body;

const TEXT: &str = "I am jane@example.org, card 4111 1111 1111 1111, see https://docs.rs/tower";

/// Sends `text` as a prompt; `answer` makes the answer from what arrives.
async fn ask(
    layer: &PiiRedactLayer,
    text: &str,
    headers: &[(&'static str, &'static str)],
    answer: impl Fn(&str) -> Vec<String> + Clone + Send + 'static,
    stream: bool,
) -> (Response<Bytes>, String) {
    let (seen, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let service = layer.layer(service_fn(move |request: Request<Body>| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let prompt = body["messages"][0]["content"].as_str().unwrap().to_owned();
            let pieces = answer(&prompt);
            seen.send(prompt).unwrap();
            let mut body = String::new();
            let kind = if stream {
                for piece in pieces {
                    let piece = serde_json::to_string(&piece).unwrap();
                    body += &format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{piece}}}}}]}}\n\n");
                }
                "text/event-stream"
            } else {
                let text = serde_json::to_string(&pieces.concat()).unwrap();
                body = format!("{{\"choices\":[{{\"index\":0,\"message\":{{\"content\":{text}}}}}]}}");
                "application/json"
            };
            let response = Response::builder().header("content-type", kind);
            Ok::<_, Infallible>(response.body(Full::<Bytes>::from(body)).unwrap())
        }
    }));
    let body = serde_json::json!({"model": "m", "messages": [{"role": "user", "content": text}]});
    let mut request = Request::post("/").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let seen = sent.try_recv().unwrap_or_default();
    (Response::from_parts(parts, body), seen)
}

fn read(body: &[u8]) -> String {
    let body = std::str::from_utf8(body).unwrap();
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(body) {
        return json["choices"][0]["message"]["content"]
            .as_str()
            .unwrap_or(body)
            .to_owned();
    }
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str::<serde_json::Value>(data).unwrap())
        .map(|event| {
            event["choices"][0]["delta"]["content"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

#[test]
fn each_action_does_what_it_says() {
    let base = PiiRedactLayer::default;
    let redact = |layer: PiiRedactLayer| layer.policy().redact(TEXT);
    assert_eq!(
        redact(base()),
        "I am [EMAIL_ADDRESS], card [CREDIT_CARD], see https://docs.rs/tower"
    );
    assert_eq!(
        redact(base().action(Action::Mask)),
        "I am ****@*******.***, card **** **** **** ****, see https://docs.rs/tower"
    );
    assert_eq!(redact(base().action(Action::Log)), TEXT);
    let blocked = base().action_for(Entity::CreditCard, Action::Block);
    assert_eq!(redact(blocked), redact(base()));
    let json = base().policy().redact(r#"{"card":4111111111111111}"#);
    assert_eq!(json, r#"{"card":"[CREDIT_CARD]"}"#);
    assert_eq!(
        redact(
            base()
                .action_for(Entity::Url, Action::Redact)
                .action_for(Entity::CreditCard, Action::Log)
        ),
        "I am [EMAIL_ADDRESS], card 4111 1111 1111 1111, see [URL]"
    );
    let hashed = redact(base().action(Action::Hash).hash_key(HashKey::new(b"k")));
    assert!(hashed.starts_with("I am [EMAIL_ADDRESS:"), "{hashed}");
    assert_eq!(
        hashed,
        redact(base().action(Action::Hash).hash_key(HashKey::new(b"k")))
    );
}

#[test]
fn spellings_that_hide_a_value_are_read() {
    let policy = PiiRedact::default();
    for (text, expected) in [
        ("mail jane@example．com now", "mail [EMAIL_ADDRESS] now"),
        (
            "card ４１１１ １１１１ １１１１ １１１１.",
            "card [CREDIT_CARD].",
        ),
        ("jane (at) example (dot) com", "[EMAIL_ADDRESS]"),
        ("jane&#64;example&#46;com", "[EMAIL_ADDRESS]"),
        ("to=jane%40example.com&x=1", "to=[EMAIL_ADDRESS]&x=1"),
        ("ja\u{200b}ne@exam\u{200b}ple.com", "[EMAIL_ADDRESS]"),
        (
            r#"{"a":"jane\u0040example.com"}"#,
            r#"{"a":"[EMAIL_ADDRESS]"}"#,
        ),
    ] {
        assert_eq!(policy.redact(text), expected);
        let mut stream = policy.stream();
        let mut found: Vec<_> = text
            .chars()
            .flat_map(|c| stream.push(&c.to_string()))
            .collect();
        found.extend(stream.finish());
        assert_eq!(found, policy.scan(text), "{text}");
    }
}

#[test]
fn values_can_be_let_alone_and_denied() {
    let layer = PiiRedactLayer::default()
        .allow(["JANE@example.org"])
        .deny("PROJECT", ["Blue Harvest", "c++"])
        .unwrap()
        .pattern("EMPLOYEE_ID", "EMP-[0-9]{6}")
        .unwrap();
    let redact = |text: &str| layer.policy().redact(text);
    assert_eq!(
        redact("jane@example.org joe@example.org"),
        "jane@example.org [EMAIL_ADDRESS]"
    );
    assert_eq!(
        redact("the blue harvest, in C++!"),
        "the [PROJECT], in [PROJECT]!"
    );
    assert_eq!(redact("blue harvester"), "blue harvester");
    assert_eq!(
        redact("id EMP-123456, EMP-12345"),
        "id [EMPLOYEE_ID], EMP-12345"
    );
    let strict = PiiRedactLayer::default().threshold_for(Entity::EmailAddress, 1.1);
    assert_eq!(
        strict.policy().redact("a jane@example.org"),
        "a jane@example.org"
    );
}

#[test]
fn patterns_that_cannot_be_used_say_why() {
    for (regex, why) in [
        ("(", "unclosed group"),
        ("a*", "empty"),
        (r"\bword\b", r"(?-u:\b)"),
        ("[ab]*a[ab]{20}", "limit"),
        ("a{1000}{1000}{1000}", "limit"),
    ] {
        let error = PiiRedactLayer::default()
            .pattern("X", regex)
            .unwrap_err()
            .to_string();
        assert!(error.contains(why) && error.contains("\"X\""), "{error}");
    }
}

#[tokio::test]
async fn a_blocked_kind_refuses_requests_and_ends_answers() {
    let layer = PiiRedactLayer::default().action_for(Entity::CreditCard, Action::Block);
    let (response, seen) = ask(&layer, TEXT, &[], |_| vec!["ok".into()], false).await;
    assert_eq!(
        (response.status(), seen.as_str()),
        (StatusCode::FORBIDDEN, "")
    );
    let answer = |_: &str| {
        vec![
            "fine ".into(),
            "4111 1111".into(),
            " 1111 1111".into(),
            " x".into(),
        ]
    };
    let (response, _) = ask(&layer, "hi", &[], answer, true).await;
    let body = String::from_utf8(response.into_body().to_vec()).unwrap();
    assert!(body.contains("content_filter") && body.contains("fine") && !body.contains("1111"));
    let (response, _) = ask(&layer, "hi", &[], answer, false).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_model_works_with_placeholders_and_the_client_reads_the_originals() {
    let layer = PiiRedactLayer::default().action(Action::Pseudonymize);
    let text =
        "Mail jane@corp.test and bob@corp.test, again jane@corp.test, card 4111 1111 1111 1111";
    let echo = |prompt: &str| prompt.chars().map(String::from).collect();
    for stream in [false, true] {
        let (response, seen) = ask(&layer, text, &[], echo, stream).await;
        assert_eq!(
            seen,
            "Mail person1@example.com and person2@example.com, again person1@example.com, card [CREDIT_CARD_1]"
        );
        assert_eq!(read(response.body()), text, "stream: {stream}");
    }
    let twisted = |_: &str| {
        let text =
            "**PERSON1@Example.com** \\[CREDIT\\_CARD\\_1\\] person12@example.com new@corp.test";
        text.chars().map(String::from).collect()
    };
    for stream in [false, true] {
        let (response, _) = ask(&layer, text, &[], twisted, stream).await;
        assert_eq!(
            read(response.body()),
            "**jane@corp.test** 4111 1111 1111 1111 [EMAIL_ADDRESS] [EMAIL_ADDRESS]"
        );
    }
}

#[tokio::test]
async fn a_placeholder_is_nothing_that_the_request_says_already() {
    let layer = PiiRedactLayer::default()
        .action(Action::Pseudonymize)
        .action_for(Entity::IpAddress, Action::Log);
    let text = "[CREDIT_CARD_1] is not 4111 1111 1111 1111";
    let (response, seen) = ask(&layer, text, &[], |p| vec![p.to_owned()], false).await;
    assert_eq!(seen, "[CREDIT_CARD_1] is not [CREDIT_CARD_2]");
    assert_eq!(read(response.body()), text);
}

#[tokio::test]
async fn a_conversation_keeps_its_placeholders_to_itself() {
    let header = http::HeaderName::from_static("x-conversation");
    let layer = PiiRedactLayer::default()
        .action(Action::Pseudonymize)
        .conversations(header, None);
    let echo = |prompt: &str| vec![prompt.to_owned()];
    let say = async |text: &str, headers: &[(&'static str, &'static str)]| {
        let (response, seen) = ask(&layer, text, headers, echo, false).await;
        (seen, read(response.body()))
    };
    let first = [("x-conversation", "1"), ("authorization", "a")];
    let (seen, _) = say("a@corp.test", &first).await;
    assert_eq!(seen, "person1@example.com");
    let (seen, _) = say("b@corp.test a@corp.test", &first).await;
    assert_eq!(seen, "person2@example.com person1@example.com");
    let (_, got) = say("hello", &first).await;
    assert_eq!(got, "hello");
    // Another client that names its conversation alike reads none of it.
    let other = [("x-conversation", "1"), ("authorization", "b")];
    let (seen, _) = say("c@corp.test", &other).await;
    assert_eq!(seen, "person1@example.com");
    assert!(!format!("{layer:?}").contains("corp.test"));
}

#[tokio::test]
async fn the_answer_says_what_was_found_when_asked_for() {
    let layer = PiiRedactLayer::default().report_header(true);
    let (response, _) = ask(&layer, TEXT, &[], |_| vec!["ok".into()], true).await;
    assert_eq!(
        response.headers()["x-portcullis-pii"],
        "CREDIT_CARD=1, EMAIL_ADDRESS=1, URL=1"
    );
    let (response, _) = ask(&layer, "hi", &[], |_| vec!["ok".into()], true).await;
    assert!(!response.headers().contains_key("x-portcullis-pii"));
}

#[test]
fn arguments_stay_json() {
    let layer = PiiRedactLayer::default();
    let policy = layer.policy();
    let recorder = crate::policy::Recorder {
        policy: "pii-detector",
        call: None,
    };
    let mut filter = PiiFilter {
        settings: Arc::clone(&policy.settings),
        recorder,
        vault: None,
        arguments: Vec::new(),
        scanner: Scanner::default(),
    };
    let lane = Lane {
        kind: crate::body::SegmentKind::ToolArguments,
        choice: Some(0),
        tool_call: Some(0),
    };
    let text = r#"{"card": 4111111111111111, "mail": "a \"b\" jane@example.org", "n": 1}"#;
    let expected = r#"{"card": "[CREDIT_CARD]", "mail": "a \"b\" [EMAIL_ADDRESS]", "n": 1}"#;
    let mut edits = Edits::new();
    crate::body::ResponseFilter::filter(&mut filter, &Window::new(text, 0, true, lane), &mut edits);
    assert_eq!(edits.apply(text), expected);
}

#[tokio::test]
async fn the_result_of_a_tool_stays_json() {
    let layer = PiiRedactLayer::default();
    let text = r#"{"card": 4111111111111111, "mail": "jane@example.org"}"#;
    let (_, seen) = ask(&layer, text, &[], |_| vec!["ok".into()], false).await;
    assert_eq!(
        seen,
        r#"{"card": "[CREDIT_CARD]", "mail": "[EMAIL_ADDRESS]"}"#
    );
    let (_, seen) = ask(
        &layer,
        "{ 4111111111111111 }",
        &[],
        |_| vec!["ok".into()],
        false,
    )
    .await;
    assert_eq!(seen, "{ [CREDIT_CARD] }");
}

/// Feeds `text` to a finder in windows, as a stream does.
fn chunked(
    layer: &PiiRedactLayer,
    vault: Option<&Vault>,
    text: &str,
    cuts: &[usize],
) -> Vec<(std::ops::Range<usize>, Hit)> {
    let finder = &layer.policy().settings.finder;
    let mut found = Vec::new();
    let mut scanner = Scanner::default();
    let mut start = 0;
    for &cut in cuts {
        let cut = text.floor_char_boundary(cut.min(text.len()));
        if cut > start {
            // No more context than a stream keeps.
            let from = text.floor_char_boundary(start.saturating_sub(finder::LOOKBEHIND));
            start = from
                + finder.find(
                    &text[from..cut],
                    start - from,
                    false,
                    vault,
                    &mut scanner,
                    |range, hit| {
                        found.push((range.start + from..range.end + from, hit));
                    },
                );
        }
    }
    let from = text.floor_char_boundary(start.saturating_sub(finder::LOOKBEHIND));
    let (text, start) = (&text[from..], start - from);
    finder.find(text, start, true, vault, &mut scanner, |range, hit| {
        found.push((range.start + from..range.end + from, hit));
    });
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn patterns_and_placeholders_are_exact_in_streams(
        parts in prop::collection::vec(prop_oneof![
            Just("EMP-123456".to_owned()), Just("EMP-1".to_owned()), Just("aab".to_owned()),
            Just("aaaa".to_owned()), Just("person1@example.com".to_owned()), Just("PERSON1@".to_owned()),
            Just("[US\\_SSN\\_1]".to_owned()), Just("[US_SSN_1".to_owned()), Just("secret word".to_owned()),
            Just("4111 1111 1111 1111".to_owned()), Just("é".to_owned()), Just("foo\nbar".to_owned()),
            "[ a-c0-9@.\\[\\]-]{0,6}",
        ], 0..12),
        cuts in prop::collection::vec(0usize..200, 0..40),
    ) {
        let layer = PiiRedactLayer::default()
            .pattern("EMPLOYEE_ID", "EMP-[0-9]{3,6}").unwrap()
            .pattern("RUN", "a+b|aa").unwrap()
            .pattern("LINE", r"(?m)^bar$").unwrap()
            .pattern("EDGE", r"(?-u:\b)[0-9]{2}(?-u:\b)").unwrap()
            .deny("WORD", ["secret word"]).unwrap();
        let vault = Vault::default();
        vault.placeholder(&Entity::EmailAddress.into(), "x@corp.test", |_| false);
        vault.placeholder(&Entity::UsSsn.into(), "219-09-9999", |_| false);
        let text = parts.concat();
        let whole = chunked(&layer, Some(&vault), &text, &[]);
        let mut cuts = cuts;
        cuts.sort_unstable();
        prop_assert_eq!(&chunked(&layer, Some(&vault), &text, &cuts), &whole);
        let every: Vec<_> = (0..text.len()).collect();
        prop_assert_eq!(&chunked(&layer, Some(&vault), &text, &every), &whole);
    }
}
