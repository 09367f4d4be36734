//! The policies `canary` and `remote-judge` in the gateway, as a file sets them.

use http::StatusCode;
use portcullis::config::Config;
use portcullis::upstream::simulator::{Reply, Simulator, SimulatorServer};
use serde_json::{Value, json};

use crate::support::{Answer, House, MODEL, client, post, streamed_text};

async fn house(simulator: Simulator, chain: &str, settings: &str) -> House {
    let file = format!("policies: {{chain: [audit, {chain}]}}\npolicy: {settings}\n");
    let read = Config::parse("policy-config.yaml", &file).unwrap();
    House::with(simulator, |config| {
        config.policies = read.policies;
        config.policy = read.policy;
    })
    .await
}

async fn ask(house: &House, stream: bool) -> Answer {
    let body = json!({"model": MODEL, "stream": stream, "messages": [
        {"role": "system", "content": "Be kind to jane@example.com."},
        {"role": "user", "content": "Say it all."},
    ]});
    post(
        &client(),
        house.address,
        "/v1/chat/completions",
        body.to_string(),
    )
    .await
}

/// Reads its system prompt out, in upper case and piece by piece.
fn gossip() -> Simulator {
    Simulator::new().when(|request| {
        let prompt = request.json().ok()?["messages"][0]["content"]
            .as_str()?
            .to_uppercase();
        Some(Reply::text(format!("I was told: {prompt}, and no more.")).piece_len(3))
    })
}

#[tokio::test]
async fn a_prompt_that_is_read_out_is_stopped() {
    // Wherever it is named, no other policy reads the token.
    for chain in ["canary, pii-detector", "pii-detector, canary"] {
        let house = house(gossip(), chain, "{}").await;
        let answer = ask(&house, true).await;
        let said = streamed_text(&answer.body);
        assert!(
            said.starts_with("I was told: BE KIND TO [EMAIL_ADDRESS]."),
            "{said}"
        );
        // No character of the token; at most its event is missing before it.
        let told = said.split_once("REFEREN").unwrap().1;
        assert!("CE: ".starts_with(told), "{said}");
        assert!(
            answer
                .text()
                .contains(r#""finish_reason":"content_filter""#)
        );
        assert!(answer.text().ends_with("data: [DONE]\n\n"));
        let answer = ask(&house, false).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::FORBIDDEN, "prompt_leak".into())
        );
        let records = house.records.wait(2).await;
        for record in records {
            let canary = record
                .policies
                .iter()
                .find(|p| p.policy == "canary")
                .unwrap();
            assert_eq!(canary.response["CANARY"], 1);
            assert_eq!(record.refusal.unwrap().policy, "canary");
        }
    }
}

#[tokio::test]
async fn a_canary_may_be_redacted() {
    let house = house(
        gossip(),
        "canary",
        "{canary: {action: redact, notice: '<{canary}>'}}",
    )
    .await;
    let said = streamed_text(&ask(&house, true).await.body);
    assert!(
        said.ends_with("EXAMPLE.COM.\n\n<[CANARY]>, and no more."),
        "{said}"
    );
}

async fn classifier(answer: impl Fn(&Value) -> Value + Send + Sync + 'static) -> SimulatorServer {
    let simulator = Simulator::new().when(move |request| {
        let question = request.json().ok()?;
        assert!(request.headers.get("authorization").is_none());
        let path = request.path.as_str();
        let status = match path {
            "/v1/moderations" | "/v1/chat/completions" | "/classify/it" | "/" => StatusCode::OK,
            other => panic!("asked at {other}"),
        };
        let said = answer(&question).to_string();
        Some(Reply::new().raw(status, "application/json", said))
    });
    simulator.bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn judges_of_every_kind_are_asked() {
    let moderation = classifier(|question| {
        let bad = question["input"].as_str().unwrap().contains("all");
        assert_eq!(question["model"], "m");
        json!({"results": [{"flagged": bad, "category_scores": {"hate": if bad { 0.9 } else { 0.1 }}}]})
    })
    .await;
    let guard = classifier(|question| {
        let text = question["messages"][0]["content"].as_str().unwrap();
        let said = if text.contains("all") {
            "unsafe\nS1"
        } else {
            "safe"
        };
        json!({"choices": [{"message": {"content": said}}]})
    })
    .await;
    let contract = classifier(|question| {
        let bad = question["text"].as_str().unwrap().contains("all");
        json!({"score": if bad { 1 } else { 0 }})
    })
    .await;
    let at = |server: &SimulatorServer, path: &str| format!("http://{}{path}", server.address());
    for (settings, label) in [
        (
            format!("url: '{}', model: m", at(&moderation, "/v1")),
            "hate",
        ),
        (
            format!("kind: llama-guard, url: '{}', model: g", at(&guard, "/v1")),
            "S1",
        ),
        (
            format!("kind: contract, url: '{}'", at(&contract, "/classify/it")),
            "flagged",
        ),
        (
            format!("kind: contract, url: '{}'", at(&contract, "")),
            "flagged",
        ),
    ] {
        let settings = format!("{{remote-judge: {{{settings}, response: {{message: no}}}}}}");
        let house = house(Simulator::new(), "remote-judge", &settings).await;
        let answer = ask(&house, false).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
        assert_eq!(answer.json()["error"]["message"], "no");
        assert!(house.simulator().requests().is_empty());
        assert_eq!(house.chat("Hello", false).await.status, StatusCode::OK);
        let records = house.records.wait(2).await;
        assert_eq!(records[0].policies[0].request[label], 1);
    }
}

#[tokio::test]
async fn a_judge_that_is_not_there_refuses_or_lets_go_on() {
    for (on_failure, status) in [("refuse", 500), ("continue", 200)] {
        let settings =
            format!("{{remote-judge: {{url: 'http://127.0.0.1:1/v1', on_failure: {on_failure}}}}}");
        let house = house(Simulator::new(), "remote-judge", &settings).await;
        assert_eq!(ask(&house, false).await.status.as_u16(), status);
    }
    let error = Config::parse("f", "policies: {chain: [remote-judge]}\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "f:1:20: policy.remote-judge: the key \"url\" is missing; add it, or take the policy out of the chain"
    );
}
