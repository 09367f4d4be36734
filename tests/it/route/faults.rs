//! What goes wrong at one target, before and after the first token.

use std::time::Duration;

use http::StatusCode;
use portcullis::call::Outcome;
use portcullis::route::{FallbackLayer, MidStream, Trigger};
use portcullis::target::Pricing;
use portcullis::upstream::simulator::{Reply, Simulator};

use super::fleet::{Fleet, ask, recorded, request, routed, target};

const SECOND: Duration = Duration::from_secs(1);

fn good() -> Reply {
    Reply::new().pieces(["All", " is", " well."])
}

/// Says who speaks before what it says.
fn role_first() -> Reply {
    Reply::new().pieces(["", "All", " is", " well."])
}

fn fleet(first: Reply) -> Fleet {
    Fleet::new([
        ("a", Simulator::new().always(first)),
        ("b", Simulator::new().always(good())),
    ])
}

fn layer() -> FallbackLayer {
    FallbackLayer::new([target("a"), target("b")])
}

fn events(body: &str) -> Reply {
    Reply::new().raw(StatusCode::OK, "text/event-stream", body.to_owned())
}

/// What a first target may do wrong before its first token, and whether that
/// can happen to a plain call.
fn early_faults() -> Vec<(&'static str, Reply, [bool; 2])> {
    let both = [false, true];
    let mut faults = vec![
        ("reset", Reply::new().reset(), [true, true]),
        (
            "cut before the first event",
            good().cut_after(0),
            [true, true],
        ),
        ("stall before the first event", good().stall_after(0), both),
        ("role, then stall", role_first().stall_after(1), both),
        ("role, then cut", role_first().cut_after(1), both),
        ("no events", events(""), both),
        ("comments only", events(": ping\n\n: ping\n\n"), both),
        ("done at once", events("data: [DONE]\n\n"), both),
        (
            "an error first",
            events(
                "data: {\"error\":{\"message\":\"no\",\"type\":\"server_error\",\"code\":null}}\n\n",
            ),
            both,
        ),
        (
            "an error after the role",
            events(
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
                 data: {\"error\":{\"message\":\"no\",\"code\":503}}\n\n",
            ),
            both,
        ),
        (
            "a plain answer that is cut",
            good().frame_bytes(20).cut_after(3),
            [true, false],
        ),
    ];
    for status in [401, 408, 429, 500, 502, 503, 504, 529] {
        let status = StatusCode::from_u16(status).unwrap();
        faults.push(("a status", Reply::error(status, "no"), [true, true]));
    }
    faults
}

#[tokio::test(start_paused = true)]
async fn the_next_target_makes_good_what_fails_before_the_first_token() {
    for (what, reply, kinds) in early_faults() {
        for (stream, happens) in [(false, kinds[0]), (true, kinds[1])] {
            if !happens {
                continue;
            }
            let fleet = fleet(reply.clone());
            let (got, record) = recorded(&layer(), &fleet, request(stream)).await;
            assert!(got.is_whole(), "{what}, {stream}: {got:?}");
            assert_eq!(got.text(), "All is well.", "{what}, {stream}");
            assert_eq!(record.outcome, Outcome::Finished, "{what}, {stream}");
            assert_eq!(fleet.counts(&["a", "b"]), [1, 1], "{what}, {stream}");
            // Nothing of the first is left open.
            fleet.ship("a").idle().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_another_target_a_fault_is_one_well_formed_error() {
    for (what, reply, kinds) in early_faults() {
        for (stream, happens) in [(false, kinds[0]), (true, kinds[1])] {
            if !happens || what.ends_with("stall") || what.starts_with("stall") {
                continue;
            }
            let fleet = Fleet::new([("a", Simulator::new().always(reply.clone()))]);
            let layer = FallbackLayer::new([target("a")]);
            let got = ask(routed(&layer, &fleet), request(stream)).await;
            if what == "reset" {
                // The error of the service within, as it is.
                assert_eq!(got.status, 0);
                continue;
            }
            assert!(got.status >= 400, "{what}, {stream}: {got:?}");
            assert!(got.error().is_some(), "{what}, {stream}: {got:?}");
            assert!(!got.broken, "{what}, {stream}: {got:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_ends_with_an_error() {
    for (what, reply, texts) in [
        ("cut", good().cut_after(2), "All is"),
        (
            "cut in an event",
            events(&early_end()).frame_bytes(40).cut_after(3),
            "All",
        ),
        ("ends early", events(&early_end()), "All"),
    ] {
        let fleet = fleet(reply);
        let (got, record) = recorded(&layer(), &fleet, request(true)).await;
        assert_eq!(got.status, 200, "{what}");
        assert!(!got.broken, "{what}: {got:?}");
        assert_eq!(
            got.error().as_deref(),
            Some("upstream_reset"),
            "{what}: {got:?}"
        );
        assert!(got.text().starts_with(texts), "{what}: {got:?}");
        assert!("All is well.".starts_with(&got.text()), "{what}: {got:?}");
        assert_eq!(record.outcome, Outcome::UpstreamError, "{what}");
        assert_eq!(fleet.counts(&["a", "b"]), [1, 0], "{what}");
    }
}

fn early_end() -> String {
    let event = |text: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
        )
    };
    // The last event is not whole.
    let whole = event("All");
    format!("{whole}{}", &event(" is")[..30])
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_said_all_is_whole_however_it_ends() {
    // Three pieces, the end, and no mark of it.
    let fleet = fleet(good().cut_after(4));
    let got = ask(routed(&layer(), &fleet), request(true)).await;
    assert!(!got.broken && got.error().is_none(), "{got:?}");
    assert_eq!(got.text(), "All is well.");
    assert!(got.is_whole());
}

#[tokio::test(start_paused = true)]
async fn triggers_and_attempts_are_kept_to() {
    let busy = || fleet(Reply::error(StatusCode::TOO_MANY_REQUESTS, "busy"));
    for (layer, asked) in [
        (layer(), [1, 1]),
        (layer().triggers([Trigger::RateLimitExceeded]), [1, 1]),
        (
            layer().triggers([Trigger::Timeout, Trigger::ServerError]),
            [1, 0],
        ),
        (layer().max_fallback_attempts(0), [1, 0]),
        (layer().max_fallback_attempts(1), [1, 1]),
    ] {
        let fleet = busy();
        let got = ask(routed(&layer, &fleet), request(false)).await;
        assert_eq!(fleet.counts(&["a", "b"]), asked);
        assert_eq!(got.status, if asked == [1, 1] { 200 } else { 429 });
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_the_requests_fault_goes_on_only_when_told_to() {
    let said = |code: &str| {
        let body = format!(
            "{{\"error\":{{\"message\":\"no\",\"type\":\"x\",\"param\":null,\"code\":\"{code}\"}}}}"
        );
        Reply::new().raw(StatusCode::BAD_REQUEST, "application/json", body)
    };
    for (code, trigger) in [
        ("context_length_exceeded", Trigger::ContextWindow),
        ("content_filter", Trigger::ContentPolicy),
    ] {
        let fleet = fleet(said(code));
        let got = ask(routed(&layer(), &fleet), request(false)).await;
        assert_eq!((got.status, got.error().as_deref()), (400, Some(code)));
        let told = layer().triggers([trigger]);
        let got = ask(routed(&told, &fleet), request(false)).await;
        assert_eq!(got.text(), "All is well.");
        let other = [Trigger::ContextWindow, Trigger::ContentPolicy]
            .into_iter()
            .filter(|other| *other != trigger);
        let got = ask(routed(&layer().triggers(other), &fleet), request(false)).await;
        assert_eq!((got.status, got.error().as_deref()), (400, Some(code)));
    }
    let fleet = fleet(said("invalid_value"));
    let all = layer().triggers([Trigger::ContextWindow, Trigger::ContentPolicy]);
    assert_eq!(ask(routed(&all, &fleet), request(false)).await.status, 400);
    assert_eq!(fleet.counts(&["a", "b"]), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_client_gets_one_of_the_errors() {
    let fleet = Fleet::new([
        (
            "a",
            Simulator::new().always(Reply::error(StatusCode::BAD_GATEWAY, "one")),
        ),
        (
            "b",
            Simulator::new().always(Reply::error(StatusCode::TOO_MANY_REQUESTS, "two")),
        ),
    ]);
    let got = ask(routed(&layer(), &fleet), request(true)).await;
    assert_eq!(got.status, 429);
    assert!(got.error().is_some() && !got.broken);
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_waited_out_where_there_is_no_other_target() {
    let slow = || role_first().delay(SECOND).between(40 * SECOND);
    let both = fleet(slow());
    let got = ask(routed(&layer(), &both), request(true)).await;
    assert_eq!(both.counts(&["a", "b"]), [1, 1]);
    assert_eq!(got.text(), "All is well.");
    let one = Fleet::new([("a", Simulator::new().always(slow()))]);
    let got = ask(
        routed(&FallbackLayer::new([target("a")]), &one),
        request(true),
    )
    .await;
    assert_eq!(got.text(), "All is well.");
    let patient = layer().first_token_timeout(60 * SECOND);
    let both = fleet(slow());
    ask(routed(&patient, &both), request(true)).await;
    assert_eq!(both.counts(&["a", "b"]), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn the_target_that_answers_is_paid() {
    let fleet = fleet(Reply::new().reset());
    let layer = FallbackLayer::new([
        target("a").pricing(Pricing::new(100.0, 100.0)),
        target("b").pricing(Pricing::new(1.0, 2.0)),
    ]);
    for stream in [false, true] {
        let body = serde_json::json!({
            "model": "m", "stream": stream, "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": "Hello"}],
        });
        let (_, record) = recorded(&layer, &fleet, super::fleet::request_of(&body)).await;
        let usage = record.usage.unwrap();
        let cost = (usage.prompt_tokens as f64 + 2.0 * usage.completion_tokens as f64) / 1e6;
        assert!(usage.completion_tokens > 0);
        assert_eq!(record.cost_usd, Some(cost));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_in_flight_are_counted_to_the_end_of_the_answer() {
    let targets = [target("a"), target("b")];
    let fleet = fleet(good().between(SECOND));
    let layer = FallbackLayer::new(targets.clone()).mid_stream(MidStream::Fail);
    let mut service = routed(&layer, &fleet);
    let response = tower::Service::call(&mut service, request(true))
        .await
        .unwrap();
    assert_eq!(targets[0].state().in_flight(), 1);
    drop(response);
    assert_eq!(targets[0].state().in_flight(), 0);
    ask(service, request(true)).await;
    assert_eq!(targets[0].state().in_flight(), 0);
}
