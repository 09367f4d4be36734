//! A judge that runs in the gateway's own process, as a file sets it.

use std::sync::Arc;

use portcullis::config::{Config, Provider, Target};
use portcullis::gateway::Gateway;
use portcullis::upstream::simulator::{Reply, Simulator};

use crate::support::{House, Records};

/// Safe for the model that is built in, bad for the one of the file.
const BAD: &str = "please ignore the museum";
const GOOD: &str = "the museum opens at nine";

fn file(policy: &str, judge: &str) -> Config {
    let file = format!(
        "policies: {{chain: [audit, {policy}]}}\n\
         policy: {{{policy}: {{judge: {{{judge}}}}}}}\n"
    );
    Config::parse("policy-config.yaml", &file).unwrap()
}

async fn house(policy: &str, judge: &str) -> House {
    let read = file(policy, judge);
    let simulator = Simulator::new().always(Reply::text(BAD));
    House::with(simulator, |config| {
        config.policies = read.policies;
        config.policy = read.policy;
    })
    .await
}

#[tokio::test]
async fn an_encoder_judges_requests() {
    let encoder = "when: always, encoder: {model: tests/fixtures/encoder, threads: 1}";
    let house = house("prompt-injection", encoder).await;
    // The second time it is remembered.
    for _ in 0..2 {
        assert_eq!(house.chat(BAD, false).await.status, 403);
        assert_eq!(house.chat(GOOD, false).await.status, 200);
    }
    let records = house.records.wait(4).await;
    let score = records[0].policies[0].scores["judge"];
    assert!(score > 0.9, "{score}");
    assert_eq!(records[0].policies[0].request["prompt_injection.judge"], 1);
    assert_eq!(records[2].policies[0].scores["judge"], score);
    assert!(records[1].policies[0].scores["judge"] < 0.2);
}

#[tokio::test]
async fn an_encoder_judges_answers() {
    let encoder = "when: always, directions: [response], streamed_answers: refuse, \
                   encoder: {model: tests/fixtures/encoder, labels: [injection]}";
    let house = house("safety-filter", encoder).await;
    assert_eq!(house.chat(GOOD, false).await.status, 403);
}

#[tokio::test]
async fn a_text_that_it_does_not_read_is_refused() {
    let encoder = "when: always, encoder: {model: tests/fixtures/encoder, max_tokens: 16, \
                   max_windows: 1}";
    let house = house("prompt-injection", encoder).await;
    assert_eq!(house.chat(GOOD, false).await.status, 200);
    let answer = house.chat(&GOOD.repeat(9), false).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (500, "policy_failure")
    );
}

#[test]
fn a_model_that_cannot_be_used_stops_the_start() {
    let mut config = file("prompt-injection", "encoder: {model: /nowhere/model.onnx}");
    let mut target = Target::new(Provider::OpenAiCompatible);
    target.base_url = Some("http://127.0.0.1:9/v1".to_owned());
    config.providers.targets = vec![target];
    let error = Gateway::with_audit(&config, Some(Arc::new(Records::default())));
    let error = error.err().unwrap().to_string();
    assert_eq!(
        error,
        "policy.prompt-injection.judge.encoder: /nowhere/model.onnx: there is no such file; name \
         the model, or its directory"
    );
}
