//! What an operator sees and does.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Request};
use http_body_util::Full;
use portcullis::call::Outcome;
use portcullis::config::{HealthProbe, Provider, Strategy, Target};
use portcullis::upstream::simulator::{Reply, Simulator, SimulatorServer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Answer, House, client, read, send, streamed_text, within};

/// A gateway before two targets, `primary` and `second`.
async fn house(first: Simulator, second: Simulator) -> (House, SimulatorServer) {
    let second = second.any_model().bind("127.0.0.1:0").await.unwrap();
    let url = second.base_url();
    let house = House::with(first.any_model(), |config| {
        let mut target = Target::new(Provider::OpenAiCompatible);
        target.id = "second".to_owned();
        target.base_url = Some(url);
        config.providers.targets.push(target);
    })
    .await;
    (house, second)
}

async fn admin(house: &House) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = house.gateway().clone();
    tokio::spawn(async move { gateway.serve_admin(listener, std::future::pending()).await });
    address
}

async fn ask(to: SocketAddr, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{to}{path}"));
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    read(send(&client(), request.body(Full::from(body)).unwrap()).await).await
}

async fn force(to: SocketAddr, id: &str, state: &str) -> Answer {
    let path = format!("/admin/targets/{id}/breaker");
    ask(to, Method::POST, &path, Some(json!({"state": state}))).await
}

#[tokio::test]
async fn a_target_is_taken_out_and_in_again() {
    let (house, second) = house(Simulator::new(), Simulator::new()).await;
    let admin = admin(&house).await;
    assert_eq!(house.chat("hello", false).await.status, 200);
    let seen = ask(admin, Method::GET, "/admin/targets", None).await.json();
    assert_eq!(seen["targets"][0]["id"], "primary");
    assert_eq!(seen["targets"][0]["breaker"]["state"], "closed");
    assert_eq!(seen["targets"][0]["health"], "healthy");
    assert_eq!(seen["targets"][0]["in_flight"], 0);
    assert_eq!(seen["targets"][0]["first_byte"]["samples"], 1);
    assert_eq!(seen["targets"][1]["first_byte"]["samples"], 0);

    let answer = force(admin, "primary", "open").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["breaker"]["state"], "forced_open");
    assert_eq!(answer.json()["available"], false);
    assert_eq!(house.chat("hello", false).await.status, 200);
    assert_eq!(second.simulator().request_count(), 1);

    // A word stays when the settings of the target change.
    let mut config = house.config.clone();
    config.providers.targets[0].timeout_seconds = 7;
    house.gateway().reload(&config).unwrap();
    let seen = ask(admin, Method::GET, "/admin/targets/primary", None).await;
    assert_eq!(seen.json()["breaker"]["state"], "forced_open");
    assert_eq!(house.chat("hello", false).await.status, 200);
    assert_eq!(second.simulator().request_count(), 2);

    assert_eq!(force(admin, "primary", "auto").await.status, 200);
    assert_eq!(house.chat("hello", false).await.status, 200);
    assert_eq!(second.simulator().request_count(), 2);
    assert_eq!(house.simulator().request_count(), 2);

    for id in ["primary", "second"] {
        assert_eq!(force(admin, id, "open").await.status, 200);
    }
    let answer = house.chat("hello", false).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (503, "circuit_open".to_owned())
    );
    assert!(answer.text().contains("an operator has taken it out"));
}

#[tokio::test]
async fn what_an_operator_says_wrong_is_told() {
    let (house, _second) = house(Simulator::new(), Simulator::new()).await;
    let admin = admin(&house).await;
    let path = "/admin/targets/primary/breaker";
    for (method, path, body, status, code) in [
        (
            Method::GET,
            "/admin/targets/nobody",
            None,
            404,
            "target_not_found",
        ),
        (Method::GET, "/v1/models", None, 404, "unknown_url"),
        (Method::POST, path, None, 415, "unsupported_media_type"),
        (
            Method::POST,
            path,
            Some(json!({"state": "shut"})),
            400,
            "invalid_state",
        ),
        (
            Method::POST,
            path,
            Some(json!({"state": "open", "x": 1})),
            400,
            "invalid_state",
        ),
        (
            Method::POST,
            "/admin/targets/nobody/breaker",
            Some(json!({"state": "open"})),
            404,
            "target_not_found",
        ),
    ] {
        let answer = ask(admin, method, path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (status, code.to_owned())
        );
    }
    // Clients do not reach it.
    let answer = ask(house.address, Method::GET, "/admin/targets", None).await;
    assert_eq!(answer.status, 404);
    let mut config = house.config.clone();
    config.providers.circuit_breaker.enabled = false;
    house.gateway().reload(&config).unwrap();
    let answer = force(admin, "primary", "open").await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (409, "no_breaker".to_owned())
    );
}

/// A probe of one token, as the file sets it.
#[tokio::test]
async fn a_target_is_asked_for_a_token() {
    let simulator = Simulator::new().always(Reply::error(http::StatusCode::BAD_GATEWAY, "no"));
    let house = House::with(simulator.any_model(), |config| {
        let file = "providers: {targets: [{provider: openai-compatible, base_url: 'http://h/v1', \
                    model: m, health_probe: {enabled: true, interval_seconds: 1, one_token: true, \
                    down_after: 2}}]}";
        let read = portcullis::config::Config::parse("policy-config.yaml", file).unwrap();
        let read = &read.providers.targets[0];
        let target = &mut config.providers.targets[0];
        let probe: HealthProbe = read.health_probe.clone();
        (target.model, target.health_probe) = (read.model.clone(), probe);
    })
    .await;
    let target = house.gateway().targets().remove(0);
    within(Duration::from_secs(10), async {
        while target.state().health().is_available() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let asked = house.simulator().last_request().unwrap();
    let body = asked.json().unwrap();
    assert_eq!(
        (&body["model"], &body["max_tokens"]),
        (&json!("m"), &json!(1))
    );
    // Two were enough.
    assert!(house.simulator().request_count() <= 3);
}

/// The second target answers, the first is let go, and both are paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_target_is_hedged_by_another() {
    for stream in [false, true] {
        let second = Simulator::new()
            .any_model()
            .always(Reply::text("from the second"));
        let second = second.bind("127.0.0.1:0").await.unwrap();
        let url = second.base_url();
        let house = House::with(Simulator::new().any_model(), |config| {
            let file = "providers: {hedge: {enabled: true, min_delay_ms: 50, \
                        max_extra_percent: 100}, targets: [{provider: together}]}";
            let read = portcullis::config::Config::parse("policy-config.yaml", file).unwrap();
            config.providers.hedge = read.providers.hedge;
            config.providers.strategy = Some(Strategy::Fallback);
            let mut target = Target::new(Provider::OpenAiCompatible);
            target.id = "second".to_owned();
            target.base_url = Some(url);
            target.pricing = Some(portcullis::config::Pricing::new(1.0, 1.0));
            config.providers.targets[0].pricing = Some(portcullis::config::Pricing::new(10.0, 0.0));
            config.providers.targets.push(target);
        })
        .await;
        // What is usual has to be known first.
        for _ in 0..25 {
            assert_eq!(house.chat("hello", stream).await.status, 200);
        }
        assert_eq!(second.simulator().request_count(), 0);
        let late = Reply::text("too late").delay(Duration::from_secs(60));
        house.simulator().push(late.usage(100, 10));
        second
            .simulator()
            .push(Reply::text("from the second").usage(100, 10));
        let answer = house.chat("hello", stream).await;
        let text = match stream {
            true => streamed_text(&answer.body),
            false => answer.json()["choices"][0]["message"]["content"]
                .as_str()
                .unwrap()
                .to_owned(),
        };
        assert_eq!(text, "from the second");
        within(Duration::from_secs(5), house.simulator().idle()).await;
        assert_eq!(house.simulator().disconnects(), 1);
        assert_eq!(second.simulator().request_count(), 1);
        let records = house.records.wait(26).await;
        let record = &records[25];
        assert_eq!(record.outcome, Outcome::Finished);
        let tried: Vec<_> = record
            .attempts
            .iter()
            .map(|a| (a.target.as_str(), a.hedge, a.error))
            .collect();
        assert!(
            tried.contains(&("primary", false, Some("cancelled"))),
            "{tried:?}"
        );
        assert!(tried.contains(&("second", true, None)), "{tried:?}");
        assert_eq!(tried.len(), 2);
        if !stream {
            // 110 tokens at 1, and the first's prompt at 10.
            let cost = record.cost_usd.unwrap() * 1e6;
            assert!((cost - 1110.0).abs() < 1e-6, "{cost}");
        }
    }
}

/// An answer that is not good enough is asked for elsewhere.
#[tokio::test]
async fn a_poor_answer_is_asked_of_the_next_target() {
    let poor = Reply::text("I'm sorry, but I can't help with that.");
    let first = Simulator::new().always(poor);
    let (house, second) = house(first, Simulator::new().always(Reply::text("Boil it."))).await;
    let mut config = house.config.clone();
    let file =
        "policies: {chain: [audit, quality-scorer]}\npolicy: {quality-scorer: {action: retry}}\n";
    let read = portcullis::config::Config::parse("policy-config.yaml", file).unwrap();
    (config.policies, config.policy) = (read.policies, read.policy);
    house.gateway().reload(&config).unwrap();
    let answer = house.chat("How do I cook an egg?", false).await;
    assert_eq!(
        answer.json()["choices"][0]["message"]["content"],
        "Boil it."
    );
    assert_eq!(house.simulator().request_count(), 1);
    assert_eq!(second.simulator().request_count(), 1);
    // What has been read cannot be taken back.
    let answer = house.chat("How do I cook an egg?", true).await;
    assert!(answer.text().ends_with("data: [DONE]\n\n"));
    assert_eq!(house.simulator().request_count(), 2);
    assert_eq!(second.simulator().request_count(), 1);
    let records = house.records.wait(2).await;
    let tried: Vec<_> = records[0]
        .attempts
        .iter()
        .map(|a| a.target.as_str())
        .collect();
    assert_eq!(tried, ["primary", "second"]);
}
