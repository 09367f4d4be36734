use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::*;
use crate::body::Body;
use crate::call::Call;
use crate::policy::AskedAgain;

struct Got {
    status: u16,
    body: String,
    flag: Option<String>,
    findings: BTreeMap<String, u64>,
    score: Option<f32>,
    asked: usize,
}

/// Asks `request` of a service that gives these answers, the last one again.
async fn ask(layer: QualityScoreLayer, request: Value, answers: Vec<(u16, String)>) -> Got {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let service = layer.layer(service_fn(move |request: Request<Body>| {
        let at = seen.fetch_add(1, Ordering::SeqCst);
        assert_eq!(request.extensions().get::<AskedAgain>().is_some(), at > 0);
        let (status, body) = answers[at.min(answers.len() - 1)].clone();
        let kind = match body.starts_with("data:") {
            true => "text/event-stream",
            false => "application/json",
        };
        let response = Response::builder()
            .status(status)
            .header("content-type", kind);
        std::future::ready(Ok::<_, Infallible>(
            response.body(Body::from(body)).unwrap(),
        ))
    }));
    let mut request = Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(request.to_string()))
        .unwrap();
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    let response = service.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let flag = response.headers().get("x-portcullis-quality");
    let flag = flag.map(|flag| flag.to_str().unwrap().to_owned());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let record = &call.snapshot().policies[0];
    let findings = record.response.iter();
    Got {
        status,
        body: String::from_utf8(body.to_vec()).unwrap(),
        flag,
        findings: findings.map(|(label, n)| (label.to_string(), *n)).collect(),
        score: record.scores.get("quality").copied(),
        asked: asked.load(Ordering::SeqCst),
    }
}

fn question(text: &str) -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": text}]})
}

fn plain(message: Value, reason: &str) -> (u16, String) {
    let choice = json!({"index": 0, "message": message, "finish_reason": reason});
    (200, json!({"choices": [choice]}).to_string())
}

fn text(content: &str) -> (u16, String) {
    plain(json!({"role": "assistant", "content": content}), "stop")
}

fn event(delta: Value, reason: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
    format!("data: {}\n\n", json!({"id": "x", "choices": [choice]}))
}

fn streamed(pieces: &[&str], reason: &str) -> (u16, String) {
    let mut body: String = pieces
        .iter()
        .map(|piece| event(json!({"content": piece}), None))
        .collect();
    body += &event(json!({}), Some(reason));
    body += "data: [DONE]\n\n";
    (200, body)
}

async fn signals(request: Value, answer: (u16, String)) -> Vec<String> {
    let got = ask(QualityScoreLayer::default(), request, vec![answer.clone()]).await;
    assert_eq!((got.status, got.body), answer, "passes as it is");
    assert_eq!(got.score.unwrap() < 1.0, !got.findings.is_empty());
    got.findings.into_keys().collect()
}

const EGG: &str = "What is the best way to cook an egg if I do not have a pan?";

#[tokio::test]
async fn each_signal_is_seen_plain_and_streamed() {
    let loops = "and so on, ".repeat(400);
    let german = "Du kannst das Ei in einem Topf mit Wasser kochen, und zwar so lange, wie du es \
                  gern magst, oder es auf einem Blech in den Ofen geben.";
    let english = "You can boil the egg in a pot of water for as long as you like, or put it on \
                   a tray and have it in the oven for a while, which is also good.";
    for (content, reason, expected) in [
        (english, "stop", &[][..]),
        ("", "stop", &["empty"]),
        (" \n", "stop", &["empty"]),
        (english, "length", &["truncated"]),
        (
            "I'm sorry, but I can't help with that.",
            "stop",
            &["refusal"],
        ),
        ("", "content_filter", &["empty", "refusal"]),
        (german, "stop", &["language_mismatch"]),
        (
            "Like this:\n```python\nprint(1)\n",
            "stop",
            &["unclosed_fence"],
        ),
    ] {
        let answer = plain(json!({"content": content}), reason);
        assert_eq!(signals(question(EGG), answer).await, expected, "{content}");
        let half = content.ceil_char_boundary(content.len() / 2);
        let answer = streamed(&[&content[..half], &content[half..]], reason);
        assert_eq!(signals(question(EGG), answer).await, expected, "{content}");
    }
    assert_eq!(signals(question(EGG), text(&loops)).await, ["loop"]);
}

#[tokio::test]
async fn citations_are_held_against_the_sources() {
    let request = question("Use these.\n[1] Eggs boil in water.\n[2] Ovens are hot.\nHow?");
    for (content, expected) in [
        ("In water [1], or in the oven [2].", &[][..]),
        ("In water [1], or in the oven [3].", &["unmatched_citation"]),
    ] {
        assert_eq!(signals(request.clone(), text(content)).await, expected);
    }
    assert_eq!(signals(question(EGG), text("In water [9].")).await, [""; 0]);
}

#[tokio::test]
async fn json_is_held_against_what_was_asked_for() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}},
        "required": ["a"], "additionalProperties": false});
    let mut request = question("Give me JSON");
    request["response_format"] = json!({"type": "json_object"});
    for (content, expected) in [
        (r#"{"b": 1}"#, &[][..]),
        (r#"{"b": "#, &["invalid_json"]),
        ("```json\n{}\n```", &["invalid_json"]),
        ("[1]", &["schema_mismatch"]),
        ("I'm sorry, but I can't help with that.", &["refusal"]),
    ] {
        assert_eq!(
            signals(request.clone(), text(content)).await,
            expected,
            "{content}"
        );
    }
    request["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
    for (content, expected) in [
        (r#"{"a": 1}"#, &[][..]),
        (r#"{"a": "1"}"#, &["schema_mismatch"]),
    ] {
        assert_eq!(
            signals(request.clone(), text(content)).await,
            expected,
            "{content}"
        );
    }

    let mut request = question("Call it");
    request["tools"] = json!([
        {"type": "function", "function": {"name": "f", "parameters": schema}},
        {"type": "function", "function": {"name": "g", "parameters": {"required": ["z"]}}},
    ]);
    for (arguments, expected) in [
        (r#"{"a": 1}"#, &[][..]),
        (r#"{"z": 1}"#, &[]),
        (r#"{"b": 1}"#, &["schema_mismatch"]),
        (r#"{"a": 1"#, &["invalid_json"]),
    ] {
        let calls = json!([{"index": 0, "id": "c", "type": "function",
            "function": {"name": "f", "arguments": arguments}}]);
        let message = json!({"content": null, "tool_calls": calls});
        let answer = plain(message.clone(), "tool_calls");
        assert_eq!(
            signals(request.clone(), answer).await,
            expected,
            "{arguments}"
        );
        let body =
            event(message, None) + &event(json!({}), Some("tool_calls")) + "data: [DONE]\n\n";
        assert_eq!(
            signals(request.clone(), (200, body)).await,
            expected,
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn a_runaway_loop_is_stopped_in_the_stream() {
    let pieces = vec!["and so on, "; 2000];
    let mut request = question(EGG);
    request["stream"] = json!(true);
    let answer = streamed(&pieces, "length");
    let layer = QualityScoreLayer::default();
    let got = ask(layer.clone(), request.clone(), vec![answer.clone()]).await;
    assert!(got.body.len() < answer.1.len() / 4);
    assert!(
        got.body
            .ends_with("\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n")
    );
    assert_eq!(got.findings.keys().collect::<Vec<_>>(), ["loop"]);
    assert!(got.score.unwrap() < 0.2);
    let got = ask(layer.stop_loops(false), request, vec![answer.clone()]).await;
    assert_eq!(got.body, answer.1);
}

#[tokio::test]
async fn what_is_too_poor_is_flagged_or_blocked() {
    let layer = QualityScoreLayer::default().min_score(0.6);
    let poor = plain(json!({"content": "An egg"}), "length");
    let flag = layer.clone().action(QualityAction::Flag);
    let got = ask(flag.clone(), question(EGG), vec![poor.clone()]).await;
    assert_eq!(got.flag.as_deref(), Some("0.50; truncated"));
    assert_eq!(got.body, poor.1);
    assert_eq!(
        ask(flag, question(EGG), vec![text("Fine.")]).await.flag,
        None
    );

    let block = layer.action(QualityAction::Block);
    let got = ask(block.clone(), question(EGG), vec![poor]).await;
    assert_eq!(got.status, 502);
    assert!(
        got.body.contains("\"code\":\"low_quality\""),
        "{}",
        got.body
    );
    assert!(!got.body.contains("An egg"));

    // The text has been read; the end is one, and ours.
    let got = ask(
        block.clone(),
        question(EGG),
        vec![streamed(&["An ", "egg"], "length")],
    )
    .await;
    assert_eq!(
        got.body.matches("finish_reason\":\"").count(),
        1,
        "{}",
        got.body
    );
    assert!(got.body.contains("\"finish_reason\":\"content_filter\""));
    assert!(got.body.contains("An ") && got.body.contains("egg"));
    assert!(got.body.ends_with("data: [DONE]\n\n"));
    let good = streamed(&["An ", "egg"], "stop");
    let got = ask(block, question(EGG), vec![good.clone()]).await;
    assert_eq!(got.body, good.1);
}

#[tokio::test]
async fn what_is_too_poor_is_asked_for_once_more() {
    let retry = || QualityScoreLayer::default().action(QualityAction::Retry);
    let (poor, good) = (text(""), text("Boil it."));
    let got = ask(retry(), question(EGG), vec![poor.clone(), good.clone()]).await;
    assert_eq!((got.asked, &got.body), (2, &good.1));
    assert_eq!(got.findings["asked_again"], 1);
    assert_eq!(got.score, Some(1.0));

    let got = ask(retry(), question(EGG), vec![good.clone(), poor.clone()]).await;
    assert_eq!((got.asked, &got.body), (1, &good.1));
    // Once only, and what comes then stands.
    let got = ask(
        retry(),
        question(EGG),
        vec![poor.clone(), poor.clone(), good.clone()],
    )
    .await;
    assert_eq!((got.asked, &got.body), (2, &poor.1));
    // Better a poor answer than none.
    let cut = plain(
        json!({"content": "I'm sorry, but I can't help with"}),
        "length",
    );
    let busy = (503, "{\"error\":{}}".to_owned());
    let got = ask(retry(), question(EGG), vec![cut.clone(), busy]).await;
    assert_eq!((got.asked, got.status, &got.body), (2, 200, &cut.1));

    let mut request = question(EGG);
    request["stream"] = json!(true);
    let empty = streamed(&[], "stop");
    let got = ask(retry(), request, vec![empty.clone(), good]).await;
    assert_eq!((got.asked, &got.body), (1, &empty.1));
}

#[tokio::test]
async fn what_is_no_answer_is_not_scored() {
    for answer in [
        (500, "{\"error\":{\"message\":\"oops\"}}".to_owned()),
        (200, "{\"data\":[{\"embedding\":[0.1]}]}".to_owned()),
        // Not to be read.
        (200, "{\"choices\":[".to_owned()),
    ] {
        let layer = QualityScoreLayer::default().action(QualityAction::Block);
        let got = ask(layer, question(EGG), vec![answer.clone()]).await;
        assert_eq!((got.status, got.body), answer);
        assert_eq!(got.score, None);
    }
}

/// Calls of a tool, as many choices make them.
fn calls(choices: usize, arguments: &str) -> (u16, String) {
    let call = json!({"id": "c", "type": "function",
        "function": {"name": "f", "arguments": arguments}});
    let message = json!({"content": null, "tool_calls": [call]});
    let choices: Vec<_> = (0..choices)
        .map(|index| json!({"index": index, "message": message, "finish_reason": "tool_calls"}))
        .collect();
    (200, json!({"choices": choices}).to_string())
}

/// What one answer may cost is one budget, whatever it consists of.
#[tokio::test]
async fn json_that_is_too_much_goes_unscored_and_on_the_record() {
    let tool = |parameters: Value| {
        let mut request = question(EGG);
        request["tools"] = json!([{"type": "function",
            "function": {"name": "f", "parameters": parameters}}]);
        request
    };
    let list: Value = (0..25_000).map(|n| n % 997).collect();
    // Every value fits in the end, after a look at all of them.
    let costly = tool(json!({"items": {"type": "integer"}}));
    let layer = QualityScoreLayer::default;
    let got = ask(layer(), costly.clone(), vec![calls(1, &list.to_string())]).await;
    assert_eq!((got.findings.get("unscored"), got.score), (None, Some(1.0)));
    let got = ask(layer(), costly, vec![calls(8, &list.to_string())]).await;
    assert_eq!(got.findings.get("unscored"), Some(&5));
    assert_eq!(
        got.score,
        Some(1.0),
        "what is not known is not held against it"
    );
    // All of it waits for the end of its choices.
    let words: String = (0..50_000_u64)
        .map(|n| format!("{} ", n * n % 9973))
        .collect();
    let long = format!("\"{}\"", &words[..200_000]);
    let cheap = tool(json!({"type": "integer"}));
    let piece = |choice: usize| {
        let call = json!({"index": 0, "function": {"name": "f", "arguments": long}});
        let choice =
            json!({"index": choice, "delta": {"tool_calls": [call]}, "finish_reason": null});
        format!("data: {}\n\n", json!({"id": "x", "choices": [choice]}))
    };
    let end = |choice: usize| {
        let choice = json!({"index": choice, "delta": {}, "finish_reason": "tool_calls"});
        format!("data: {}\n\n", json!({"id": "x", "choices": [choice]}))
    };
    let body: String = (0..8).map(piece).chain((0..8).map(end)).collect();
    let got = ask(
        layer(),
        cheap.clone(),
        vec![(200, body + "data: [DONE]\n\n")],
    )
    .await;
    // 1 MiB holds five of them.
    assert_eq!(got.findings.get("unscored"), Some(&3));
    assert_eq!(got.findings.get("schema_mismatch"), Some(&5));
    // One after the other there is room for each.
    let body: String = (0..8).map(|at| piece(at) + &end(at)).collect();
    let got = ask(layer(), cheap, vec![(200, body + "data: [DONE]\n\n")]).await;
    assert_eq!(got.findings.get("unscored"), None);
    assert_eq!(got.findings.get("schema_mismatch"), Some(&8));
}
