//! A network from hell: answers that are not what they say they are.

use std::time::Duration;

use http::{Request, StatusCode};
use portcullis::Body;
use portcullis::call::Outcome;
use portcullis::resilience::{
    CircuitBreakerLayer, CircuitBreakerService, ConcurrencyLimitLayer, HedgeLayer, RetryLayer,
    TimeoutLayer,
};
use portcullis::route::{FallbackLayer, MidStream, RouteService, Strategy, UnknownModels};
use portcullis::target::Target;
use portcullis::upstream::simulator::{Reply, Simulator};
use portcullis::{AuditLayer, route::RouteLayer};
use serde_json::json;
use tower::{Layer, ServiceBuilder};

use super::fleet::{Fleet, ask, recorded, request, request_of, routed, target};
use crate::support::{Records, chat};

const DELTA: &str = "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"All\"},\"finish_reason\":null}]}\n\n";
const END: &str =
    "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

fn good() -> Reply {
    Reply::new().pieces(["All", " is", " well."])
}

fn events(body: impl Into<String>) -> Reply {
    Reply::new().raw(StatusCode::OK, "text/event-stream", body.into())
}

fn json_answer(status: u16, body: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap();
    Reply::new().raw(status, "application/json", body.to_owned())
}

fn error_event(code: &str) -> String {
    format!("data: {{\"error\":{{\"message\":\"no\",\"type\":\"x\",\"code\":\"{code}\"}}}}\n\n")
}

fn fleet(first: Reply) -> Fleet {
    Fleet::new([
        ("a", Simulator::new().always(first)),
        ("b", Simulator::new().always(good())),
    ])
}

/// A router around a breaker.
fn guarded<S: Strategy>(
    layer: &RouteLayer<S>,
    fleet: &Fleet,
) -> RouteService<CircuitBreakerService<Fleet>, S> {
    layer.layer(CircuitBreakerLayer::default().layer(fleet.clone()))
}

/// What the router gives up on is the target's failure, for its breaker too:
/// or each call would wait for it anew.
#[tokio::test(start_paused = true)]
async fn what_the_router_gives_up_on_counts() {
    for (what, fault, stream, counts) in [
        ("a stall", good().stall_after(0), true, 1),
        (
            "a role and a stall",
            Reply::new().pieces(["", "x"]).stall_after(1),
            true,
            1,
        ),
        ("no events", events(""), true, 1),
        ("comments", events(": ping\n\n"), true, 1),
        ("done at once", events("data: [DONE]\n\n"), true, 1),
        ("an error", events(error_event("server_error")), true, 1),
        (
            "an error for an answer",
            json_answer(200, "{\"error\":{\"message\":\"no\",\"code\":500}}"),
            false,
            1,
        ),
        // The request's own fault is nobody's failure, however it is told.
        (
            "too long",
            events(error_event("context_length_exceeded")),
            true,
            0,
        ),
        ("busy", events(error_event("rate_limit_exceeded")), true, 0),
    ] {
        let targets = [target("a"), target("b")];
        let layer = FallbackLayer::new(targets.clone());
        let fleet = fleet(fault);
        ask(guarded(&layer, &fleet), request(stream)).await;
        let breaker = targets[0].state().breaker();
        assert_eq!(breaker.failures(), counts, "{what}");
        assert_eq!(targets[0].state().in_flight(), 0, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_with_a_good_status_is_an_error() {
    for (body, goes_on) in [
        (
            "{\"error\":{\"message\":\"no\",\"type\":\"server_error\",\"code\":null}}",
            true,
        ),
        (
            " { \"id\": \"x\", \"error\": {\"message\": \"no\", \"code\": 503} }",
            true,
        ),
        (
            "{\"error\":{\"message\":\"no\",\"code\":\"context_length_exceeded\"}}",
            false,
        ),
        // These say something, and that there was no error.
        (
            "{\"choices\":[{\"message\":{\"content\":\"hi\"}}],\"error\":null}",
            false,
        ),
        (
            "{\"choices\":[{\"message\":{\"content\":\"\\\"error\\\": {}\"}}]}",
            false,
        ),
        (
            "{\"id\":\"batch\",\"status\":\"failed\",\"error\":\"a word\"}",
            false,
        ),
    ] {
        let fleet = fleet(json_answer(200, body));
        let layer = FallbackLayer::new([target("a"), target("b")]);
        let got = ask(routed(&layer, &fleet), request(false)).await;
        let asked = if goes_on { [1, 1] } else { [1, 0] };
        assert_eq!(fleet.counts(&["a", "b"]), asked, "{body}: {got:?}");
        if goes_on {
            assert_eq!(got.text(), "All is well.");
            let alone = FallbackLayer::new([target("a")]);
            let got = ask(routed(&alone, &fleet), request(false)).await;
            assert!(
                got.status >= 500 && got.error().is_some(),
                "{body}: {got:?}"
            );
        }
    }
}

/// After `[DONE]` there is nothing to lose.
#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_badly_behind_the_end_of_a_stream_is_no_failure() {
    for body in [
        format!("{DELTA}{END}data: [DONE]\n\n"),
        format!("{DELTA}{END}"),
    ] {
        let frames = body.len();
        let a = events(body.clone()).frame_bytes(1).cut_after(frames - 1);
        let cut = events(body.clone()).frame_bytes(1).cut_after(frames);
        for (what, reply) in [("in the last line feed", a), ("behind it", cut)] {
            let targets = [target("a"), target("b")];
            let layer = FallbackLayer::new(targets.clone());
            let fleet = fleet(reply);
            let records = Records::default();
            let service = AuditLayer::new(records.clone()).layer(guarded(&layer, &fleet));
            let got = ask(service, request(true)).await;
            assert!(!got.broken, "{what}: {got:?}");
            if what == "behind it" {
                assert!(got.is_whole(), "{what}: {got:?}");
                assert_eq!(records.all()[0].outcome, Outcome::Finished, "{what}");
                if body.contains("DONE") {
                    assert_eq!(targets[0].state().breaker().failures(), 0, "{what}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_once() {
    // An error of the upstream's own, and then it is cut.
    let body = format!("{DELTA}{}: x\n\n", error_event("server_error"));
    for cut in [0, 3] {
        let reply = events(body.clone()).frame_bytes(body.len() - 5);
        let reply = if cut > 0 { reply.cut_after(1) } else { reply };
        let fleet = fleet(reply);
        let layer = FallbackLayer::new([target("a"), target("b")]);
        let (got, record) = recorded(&layer, &fleet, request(true)).await;
        assert!(!got.broken, "{got:?}");
        assert_eq!(got.error().as_deref(), Some("server_error"), "{got:?}");
        assert!(!got.body.contains("DONE"), "{got:?}");
        assert_eq!(record.outcome, Outcome::UpstreamError);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_is_continued_too() {
    let first = events(format!("{DELTA}{}", error_event("server_error")));
    let fleet = Fleet::new([
        ("a", Simulator::new().always(first)),
        ("b", Simulator::new().always(Reply::text(" is well."))),
    ]);
    let layer = FallbackLayer::new([target("a"), target("b")]).mid_stream(MidStream::Continue);
    let (got, record) = recorded(&layer, &fleet, request(true)).await;
    assert_eq!(got.text(), "All is well.", "{got:?}");
    assert!(got.is_whole(), "{got:?}");
    assert_eq!(record.outcome, Outcome::Finished);
    // And where nobody can go on, the upstream's own words are the client's.
    let first = events(format!("{DELTA}{}", error_event("its_own")));
    let reset = || Simulator::new().always(Reply::new().reset());
    let fleet = Fleet::new([("a", Simulator::new().always(first)), ("b", reset())]);
    let (got, record) = recorded(&layer, &fleet, request(true)).await;
    assert_eq!(got.error().as_deref(), Some("its_own"), "{got:?}");
    assert_eq!(record.outcome, Outcome::UpstreamError);
}

/// The end of one choice is not the end of all.
#[tokio::test(start_paused = true)]
async fn the_choices_of_several_prompts_are_all_waited_for() {
    let end = |index: usize| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"text\":\"x\",\"finish_reason\":\"stop\"}}]}}\n\n"
        )
    };
    for (prompt, n, choices) in [
        (json!(["one", "two"]), 1, 2),
        (json!(["one", "two"]), 2, 4),
        (json!("one"), 2, 2),
    ] {
        for (ended, whole) in [(choices - 1, false), (choices, true)] {
            // One says its end twice.
            let mut body: String = (0..ended).map(&end).collect();
            body.push_str(&if ended > 0 { end(0) } else { DELTA.to_owned() });
            let fleet = fleet(events(body));
            let layer = FallbackLayer::new([target("a")]);
            let asked = json!({"model": "m", "prompt": prompt, "n": n, "stream": true});
            let mut asked = request_of(&asked);
            *asked.uri_mut() = http::Uri::from_static("/v1/completions");
            let got = ask(routed(&layer, &fleet), asked).await;
            let case = format!("{prompt}, {n}, {ended}: {got:?}");
            assert_eq!(got.error().is_none(), whole, "{case}");
        }
    }
}

#[tokio::test]
async fn an_unknown_model_is_refused_whatever_provider_is_named() {
    let named = |id: &'static str| (id, Simulator::new().always(Reply::text(id)));
    let fleet = Fleet::new(["a", "b", "c"].map(named));
    let targets = [
        Target::together("a").model("llama").without_key(),
        target("b").model("qwen"),
    ];
    let closed = FallbackLayer::new(targets.clone()).unknown_models(UnknownModels::Refuse);
    for (model, provider, by) in [
        ("llama", "together", Ok("a")),
        ("qwen", "openai-compatible", Ok("b")),
        ("nope", "together", Err(404)),
        // Another's model.
        ("qwen", "together", Err(404)),
    ] {
        let mut body = chat("Hi", false);
        body["model"] = json!(model);
        body["provider"] = json!(provider);
        let got = ask(routed(&closed, &fleet), request_of(&body)).await;
        match by {
            Ok(by) => assert_eq!(got.text(), by),
            Err(status) => {
                assert_eq!(got.status, status, "{model}, {provider}: {got:?}");
                assert_eq!(got.error().as_deref(), Some("model_not_found"));
            }
        }
    }
    // One of the provider's takes any model.
    let open = FallbackLayer::new(targets.into_iter().chain([target("c")]))
        .unknown_models(UnknownModels::Refuse);
    let mut body = chat("Hi", false);
    body["model"] = json!("nope");
    body["provider"] = json!("openai-compatible");
    let got = ask(routed(&open, &fleet), request_of(&body)).await;
    assert_eq!(got.text(), "c");
}

/// What is kept at a provider is with the one it was given to.
#[tokio::test(start_paused = true)]
async fn files_and_the_like_stay_with_one_target() {
    for (method, path, others) in [
        ("POST", "/v1/files", false),
        ("GET", "/v1/files/file-1/content", false),
        ("POST", "/v1/fine-tunes", false),
        ("DELETE", "/v1/batches/b1", false),
        ("GET", "/v1/models", true),
        ("POST", "/v1/embeddings", true),
    ] {
        let layer: RouteLayer<portcullis::route::RoundRobin> =
            RouteLayer::new([target("a"), target("b")]);
        let fleet = fleet(Reply::error(StatusCode::SERVICE_UNAVAILABLE, "down"));
        let service = routed(&layer, &fleet);
        for _ in 0..4 {
            let request = Request::builder().method(method).uri(path);
            ask(service.clone(), request.body(Body::empty()).unwrap()).await;
        }
        let counts = fleet.counts(&["a", "b"]);
        assert_eq!(counts[1] > 0, others, "{method} {path}: {counts:?}");
        assert!(counts[0] > 0, "{method} {path}: {counts:?}");
    }
}

/// The same account may stand behind two targets: it would answer the same key with the first
/// target's failure.
#[tokio::test(start_paused = true)]
async fn each_target_has_its_own_idempotency_key() {
    let down = Simulator::new().always(Reply::error(StatusCode::SERVICE_UNAVAILABLE, "down"));
    let fleet = Fleet::new([("a", down), ("b", Simulator::new())]);
    let layer = FallbackLayer::new([target("a"), target("b")]);
    for key in ["k-1", "caf\u{e9}"] {
        let mut request = request(false);
        let value = http::HeaderValue::from_bytes(key.as_bytes()).unwrap();
        request.headers_mut().insert("idempotency-key", value);
        assert!(ask(routed(&layer, &fleet), request).await.is_whole());
        let sent = |id| {
            let sent = fleet.ship(id).last_request().unwrap();
            sent.headers["idempotency-key"].as_bytes().to_vec()
        };
        assert_eq!(sent("a"), key.as_bytes());
        assert_eq!(sent("b"), format!("{key}-b").as_bytes());
    }
}

/// A compressed stream could not be told good from bad.
#[tokio::test(start_paused = true)]
async fn targets_are_not_asked_for_compressed_streams() {
    let fleet = fleet(good());
    let layer = FallbackLayer::new([target("a"), target("b")]);
    for stream in [true, false] {
        let mut asked = request(stream);
        let gzip = http::HeaderValue::from_static("gzip, br");
        asked.headers_mut().insert("accept-encoding", gzip);
        ask(routed(&layer, &fleet), asked).await;
        let seen = fleet.ship("a").last_request().unwrap();
        let asks = if stream { "identity" } else { "gzip, br" };
        assert_eq!(seen.headers["accept-encoding"], asks);
    }
}

/// Through all the layers, with one place at each target: whenever a client
/// leaves, the next one finds everything free.
#[tokio::test(start_paused = true)]
async fn a_client_may_leave_at_any_time() {
    let ms = Duration::from_millis;
    let slow = good().delay(ms(20)).between(ms(10));
    let faults = [
        slow.clone(),
        slow.clone().cut_after(2),
        good().stall_after(0),
        Reply::error(StatusCode::SERVICE_UNAVAILABLE, "busy").delay(ms(5)),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        for after in (0..160).step_by(3) {
            let targets = [target("a"), target("b")];
            let fleet = Fleet::new([
                ("a", Simulator::new().always(fault.clone())),
                ("b", Simulator::new().always(slow.clone())),
            ]);
            let router = FallbackLayer::new(targets.clone())
                .mid_stream(MidStream::Continue)
                .first_token_timeout(ms(50));
            let service = ServiceBuilder::new()
                .layer(HedgeLayer::new().delay(ms(40)))
                .layer(router)
                .layer(CircuitBreakerLayer::default())
                .layer(RetryLayer::default().initial_backoff(ms(10)))
                .layer(ConcurrencyLimitLayer::new(1).max_queue(1))
                .layer(TimeoutLayer::default())
                .service(fleet.clone());
            let call = ask(service.clone(), request(true));
            let _ = tokio::time::timeout(ms(after), call).await;
            for target in &targets {
                assert_eq!(target.state().in_flight(), 0, "{number}, {after}");
            }
            for ship in ["a", "b"] {
                fleet.ship(ship).idle().await;
            }
            let got = tokio::time::timeout(ms(5000), ask(service, request(true))).await;
            let got = got.unwrap_or_else(|_| panic!("{number}, {after}: nobody answers"));
            assert!(got.is_whole(), "{number}, {after}: {got:?}");
            assert_eq!(got.text(), "All is well.", "{number}, {after}");
        }
    }
}
