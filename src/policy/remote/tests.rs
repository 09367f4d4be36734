use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::*;
use crate::body::{Body, BoxError, Role};
use crate::call::{Call, CallRecord};
use crate::policy::OnFailure;
use crate::policy::judge::Subject;
use crate::target::BreakerSettings;

/// A judge to whom "bad" is bad, and how often it was asked.
#[derive(Clone, Default)]
struct Classifier {
    asked: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
}

impl Classifier {
    fn service(&self) -> BoxCloneSyncService<Request<Body>, Response<Body>, BoxError> {
        let this = self.clone();
        BoxCloneSyncService::new(service_fn(move |request: Request<Body>| {
            let this = this.clone();
            async move {
                this.asked.fetch_add(1, Ordering::SeqCst);
                let open = this.open.fetch_add(1, Ordering::SeqCst) + 1;
                this.most_open.fetch_max(open, Ordering::SeqCst);
                let body = request.into_body().collect().await?.to_bytes();
                let body: Value = serde_json::from_slice(&body)?;
                let text = body["text"].as_str().unwrap_or_default();
                tokio::time::sleep(Duration::from_millis(100)).await;
                if text.contains("slow") {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                this.open.fetch_sub(1, Ordering::SeqCst);
                let (status, said) = match text {
                    text if text.contains("fail") => (500, json!({"error": text})),
                    text if text.contains("odd") => (200, json!({"verdict": text})),
                    text if text.contains("bad") => (
                        200,
                        json!({"score": 0.9, "categories": {"harm": 0.9, "other": 0.1}}),
                    ),
                    _ => (200, json!({"score": 0.1})),
                };
                let response = Response::builder().status(status);
                Ok::<_, BoxError>(response.body(Body::from(said.to_string()))?)
            }
        }))
    }

    fn judge(&self) -> RemoteJudge {
        RemoteJudge::new(self.service(), Dialect::Contract)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn breaker(failures: u32, seconds: u64) -> BreakerSettings {
    BreakerSettings::default()
        .failure_threshold(failures)
        .recovery_timeout(Duration::from_secs(seconds))
        .jitter(0.0)
}

async fn send(layer: &RemoteJudgeLayer, messages: Value) -> (StatusCode, String, CallRecord) {
    let service = layer.layer(service_fn(|_: Request<Body>| async move {
        Ok::<_, Infallible>(Response::new(Body::from("fine")))
    }));
    let body = json!({"model": "m", "messages": messages}).to_string();
    let mut request = Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    let response = service.oneshot(request).await.unwrap();
    let flag = response.headers().get("x-portcullis-remote-judge");
    let flag = flag.map_or("", |flag| flag.to_str().unwrap()).to_owned();
    (response.status(), flag, call.snapshot())
}

fn user(text: &str) -> Value {
    json!([{"role": "system", "content": "bad, but ours"}, {"role": "user", "content": text}])
}

#[tokio::test(start_paused = true)]
async fn what_is_bad_is_blocked_flagged_or_logged() {
    let layer = || RemoteJudgeLayer::asking(Classifier::default().judge()).message("no");
    for (action, status, flag, verdict) in [
        (RemoteAction::Block, 403, "", "refuse"),
        (RemoteAction::Flag, 200, "0.90; harm", "continue"),
        (RemoteAction::Log, 200, "", "continue"),
    ] {
        let layer = layer().action(action);
        let (got, said, record) = send(&layer, user("bad")).await;
        assert_eq!((got.as_u16(), said.as_str()), (status, flag));
        let policy = &record.policies[0];
        assert_eq!(policy.verdict, verdict);
        assert_eq!(policy.scores["score"], 0.9);
        assert_eq!(policy.request.keys().collect::<Vec<_>>(), ["harm"]);
        let (got, said, record) = send(&layer, user("good")).await;
        assert_eq!((got.as_u16(), said.as_str()), (200, ""));
        assert!(record.policies[0].request.is_empty());
    }
    let (got, _, record) = send(&layer().enforce(false), user("bad")).await;
    assert_eq!(
        (got.as_u16(), record.policies[0].verdict),
        (200, "would_refuse")
    );
    let all = layer().roles([Role::System]);
    assert_eq!(send(&all, user("good")).await.0, 403);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_costs_one_question_a_turn() {
    let classifier = Classifier::default();
    let layer = RemoteJudgeLayer::asking(classifier.judge());
    let mut messages = vec![json!({"role": "user", "content": "one"})];
    for turn in 1..5 {
        assert_eq!(send(&layer, json!(messages)).await.0, 200);
        assert_eq!(classifier.asked(), turn);
        messages.push(json!({"role": "assistant", "content": "bad"}));
        messages.push(json!({"role": "user", "content": format!("turn {turn}")}));
        messages.push(json!({"role": "assistant", "content": "yes?"}));
        messages.push(json!({"role": "user", "content": "one"}));
    }
    let forgetful = Classifier::default();
    let layer = RemoteJudgeLayer::asking(forgetful.judge().cache_entries(0));
    send(&layer, user("one")).await;
    send(&layer, user("one")).await;
    assert_eq!(forgetful.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_judgement_the_call_is_refused_or_goes_on() {
    let long = "long ".repeat(20_000);
    for text in ["slow", "fail", "odd", long.as_str()] {
        let layer = RemoteJudgeLayer::asking(Classifier::default().judge());
        let start = tokio::time::Instant::now();
        let (status, _, record) = send(&layer, user(text)).await;
        assert_eq!(status, 500);
        assert_eq!(record.refusal.unwrap().code, "policy_failure");
        assert!(start.elapsed() <= Duration::from_secs(2), "{text}");
        let (status, _, record) = send(&layer.on_failure(OnFailure::Continue), user(text)).await;
        assert_eq!(
            (status.as_u16(), record.policies[0].verdict),
            (200, "error")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_judge_that_fails_is_left_alone_for_a_while() {
    let classifier = Classifier::default();
    let judge = classifier.judge().breaker(breaker(3, 10));
    for n in 0..10 {
        // The text is to blame.
        let judged = judge.ask(&Subject::request(format!("odd {n}"))).await;
        assert!(matches!(judged, Err(RemoteError::Answer)));
    }
    classifier.asked.store(0, Ordering::SeqCst);
    for n in 0..10 {
        assert!(
            judge
                .ask(&Subject::request(format!("fail {n}")))
                .await
                .is_err()
        );
    }
    assert_eq!(classifier.asked(), 3);
    assert!(matches!(
        judge.ask(&Subject::request("x")).await,
        Err(RemoteError::LeftAlone)
    ));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(judge.ask(&Subject::request("x")).await.unwrap().score, 0.1);
    assert_eq!(judge.ask(&Subject::request("y")).await.unwrap().score, 0.1);
    assert_eq!(classifier.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn questions_are_asked_together_as_far_as_there_are_places() {
    let classifier = Classifier::default();
    let layer = RemoteJudgeLayer::asking(classifier.judge().max_concurrent(4));
    let text = |n| json!({"role": "user", "content": format!("text {n}")});
    let answer = json!({"role": "assistant", "content": "yes?"});
    let messages: Vec<_> = (0..12).flat_map(|n| [text(n), answer.clone()]).collect();
    let start = tokio::time::Instant::now();
    assert_eq!(send(&layer, json!(messages)).await.0, 200);
    assert_eq!(classifier.asked(), 12);
    assert_eq!(classifier.most_open.load(Ordering::SeqCst), 4);
    assert_eq!(start.elapsed(), Duration::from_millis(300));
}

#[test]
fn errors_and_debug_say_nothing_of_the_text() {
    let judge = Classifier::default().judge();
    assert!(format!("{judge:?}").contains("Contract"));
    let error = RemoteError::Status(StatusCode::BAD_GATEWAY);
    assert_eq!(
        error.to_string(),
        "the judge answered with the status 502 Bad Gateway"
    );
}

/// A role that is spelled otherwise is no way round the judge.
#[tokio::test(start_paused = true)]
async fn unknown_roles_and_odd_places_are_judged() {
    let layer = RemoteJudgeLayer::asking(Classifier::default().judge());
    for message in [
        json!({"role": "USER", "content": "bad"}),
        json!({"role": "human", "content": "bad"}),
        json!({"role": "user", "content": {"question": "a bad one"}}),
    ] {
        let status = send(&layer, json!([message])).await.0;
        assert_eq!(status, StatusCode::FORBIDDEN, "{message}");
    }
    let known = json!([{"role": "system", "content": {"result": "a bad one"}}]);
    assert_eq!(send(&layer, known).await.0, StatusCode::OK);
}

/// What is cut over two parts, or over two messages, is asked about as one.
#[tokio::test(start_paused = true)]
async fn what_is_cut_in_two_is_judged_as_one() {
    let layer = RemoteJudgeLayer::asking(Classifier::default().judge());
    let part = |text: &str| json!({"type": "text", "text": text});
    for messages in [
        json!([{"role": "user", "content": [part("something b"), part("ad here")]}]),
        json!([{"role": "user", "content": "b"}, {"role": "user", "content": "ad"}]),
    ] {
        let status = send(&layer, messages.clone()).await.0;
        assert_eq!(status, StatusCode::FORBIDDEN, "{messages}");
    }
    let apart = json!([
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "yes?"},
        {"role": "user", "content": "ad"},
    ]);
    assert_eq!(send(&layer, apart).await.0, StatusCode::OK);
}

/// Waiting for a place is no failure of the judge: requests of many texts would
/// have it left alone for everybody.
#[tokio::test(start_paused = true)]
async fn a_queue_does_not_open_the_breaker() {
    let classifier = Classifier::default();
    let judge = classifier
        .judge()
        .max_concurrent(1)
        .timeout(Duration::from_millis(150))
        .breaker(breaker(2, 30));
    let ask = |text: &'static str| {
        let judge = judge.clone();
        async move { judge.ask(&Subject::request(text)).await }
    };
    let all = tokio::join!(ask("a"), ask("b"), ask("c"), ask("d"), ask("e"));
    assert!(all.0.is_ok() && all.4.is_err());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(ask("f").await.is_ok());
}

/// The texts of one request that are asked about have a bound.
#[tokio::test(start_paused = true)]
async fn a_request_of_too_many_texts_is_not_asked_about() {
    let classifier = Classifier::default();
    let layer = RemoteJudgeLayer::asking(classifier.judge());
    let texts: Vec<_> = (0..2000)
        .map(|n| json!({"role": "user", "content": format!("text {n}")}))
        .collect();
    let status = send(&layer, json!(texts)).await.0;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(classifier.asked(), 0);
}

/// Many who ask the same at once ask it once; when the one who asks leaves, the
/// next goes on.
#[tokio::test(start_paused = true)]
async fn the_same_question_is_asked_once() {
    let classifier = Classifier::default();
    let judge = classifier.judge();
    let ask = |text: &'static str| {
        let judge = judge.clone();
        async move { judge.ask(&Subject::request(text)).await }
    };
    let (a, b, c) = tokio::join!(ask("same"), ask("same"), ask("other"));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(classifier.asked(), 2);
    let (left, stayed) = tokio::join!(
        tokio::time::timeout(Duration::from_millis(50), ask("new")),
        ask("new")
    );
    assert!(left.is_err() && stayed.is_ok());
    assert_eq!(classifier.asked(), 4);
    assert!(ask("new").await.is_ok());
    let counts = judge.counts();
    assert_eq!((counts.asked, counts.remembered, counts.failed), (4, 1, 0));
    // What fails is not shared: each has asked for itself.
    let (a, b) = tokio::join!(ask("fail"), ask("fail"));
    assert!(a.is_err() && b.is_err());
    assert_eq!(judge.counts().failed, 2);
}

/// A client that goes while a probe is under way does not keep the judge closed.
#[tokio::test(start_paused = true)]
async fn a_question_that_is_given_up_says_nothing() {
    let classifier = Classifier::default();
    let judge = classifier.judge().breaker(breaker(1, 10));
    assert!(judge.ask(&Subject::request("fail")).await.is_err());
    tokio::time::advance(Duration::from_secs(10)).await;
    let subject = Subject::request("x");
    let gone = tokio::time::timeout(Duration::from_millis(10), judge.ask(&subject)).await;
    assert!(gone.is_err());
    assert!(judge.ask(&subject).await.is_ok());
}
