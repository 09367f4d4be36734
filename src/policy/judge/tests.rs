use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::*;
use crate::call::{Call, CallRecord};
use crate::policy::OnFailure;
use crate::{Body, PromptInjectionLayer};

/// Sends these texts of a user; gives the status and the record.
async fn send(layer: &PromptInjectionLayer, texts: &[&str]) -> (u16, CallRecord) {
    let service = layer.layer(service_fn(|_: Request<Body>| async move {
        Ok::<_, Infallible>(Response::new(Body::from("fine")))
    }));
    let message = |text: &&str| json!({"role": "user", "content": text});
    let messages: Vec<Value> = texts.iter().map(message).collect();
    let mut request = Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(
            json!({"model": "m", "messages": messages}).to_string(),
        ))
        .unwrap();
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    let response = service.oneshot(request).await.unwrap();
    (response.status().as_u16(), call.snapshot())
}

fn layer(judge: impl Judge) -> PromptInjectionLayer {
    let rule = JudgeRule::default().when(When::Always);
    PromptInjectionLayer::default()
        .judge(judge)
        .judge_rule(rule)
}

/// A score that is no score, and an error, must not pass for a low one.
#[tokio::test]
async fn what_is_no_score_is_no_judgement() {
    for score in [f32::NAN, -1.0, 1.5, f32::INFINITY] {
        let judge = move |_: Subject| async move { Ok(Judgement::of(score)) };
        let (status, record) = send(&layer(judge), &["hello"]).await;
        assert_eq!(status, 500, "{score}");
        assert_eq!(record.refusal.unwrap().code, "policy_failure");
    }
    let fails = |_: Subject| async move { Err::<Judgement, BoxError>("no".into()) };
    assert_eq!(send(&layer(fails), &["hello"]).await.0, 500);
    let rule = JudgeRule::default()
        .when(When::Always)
        .on_failure(OnFailure::Continue);
    let (status, record) = send(&layer(fails).judge_rule(rule), &["hello"]).await;
    assert_eq!((status, record.warnings.len()), (200, 1));
}

/// One bad text among many; each is asked about once, and counted once. What is said in a row is
/// asked about as the model reads it, too: with spaces between, and as one word that was cut.
#[tokio::test]
async fn each_text_is_asked_about_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let judge = move |subject: Subject| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move { Ok(Judgement::of(f32::from(u8::from(subject.text == "bad")))) }
    };
    let layer = layer(judge).action(crate::policy::injection::Action::Log);
    let (status, record) = send(&layer, &["a", "bad", "a", "bad", " "]).await;
    assert_eq!((status, asked.load(Ordering::SeqCst)), (200, 4));
    let policy = &record.policies[0];
    assert_eq!(policy.request["prompt_injection.judge"], 2);
    assert_eq!(policy.request["prompt_injection"], 2);
    assert_eq!((policy.verdict, policy.scores["judge"]), ("continue", 1.0));
}

#[tokio::test]
async fn a_request_of_too_many_texts_is_not_judged() {
    let texts: Vec<String> = (0..=MOST_TEXTS).map(|n| format!("text {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let clean = |_: Subject| async move { Ok(Judgement::of(0.0)) };
    // Two more are what they are together.
    assert_eq!(send(&layer(clean), &texts[3..]).await.0, 200);
    assert_eq!(send(&layer(clean), &texts).await.0, 500);
}

#[test]
fn only_words_are_names() {
    let judgement = Judgement::of(0.9)
        .category("hate", 0.9)
        .category("no name\r\nat: all", 0.9)
        .category("other", 0.2);
    assert_eq!(judgement.names(0.5), ["hate"]);
    let shown = format!("{:?}", Subject::request("secret"));
    assert!(
        !shown.contains("secret") && shown.contains("bytes: 6"),
        "{shown}"
    );
}
