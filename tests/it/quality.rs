//! The policy `quality-scorer` in the gateway, as a file sets it.

use portcullis::call::Outcome;
use portcullis::config::Config;
use portcullis::upstream::simulator::{Reply, Simulator};

use crate::support::{House, streamed_text};

async fn house(simulator: Simulator, settings: &str) -> House {
    let file = format!("policies: {{chain: [audit, quality-scorer]}}\npolicy: {settings}\n");
    let read = Config::parse("policy-config.yaml", &file).unwrap();
    House::with(simulator, |config| {
        config.policies = read.policies;
        config.policy = read.policy;
    })
    .await
}

#[tokio::test]
async fn a_poor_answer_is_asked_for_once_more() {
    let simulator = Simulator::new()
        .reply(Reply::text("I'm sorry, but I can't help with that."))
        .reply(Reply::text("Boil it."));
    let house = house(simulator, "{quality-scorer: {action: retry}}").await;
    let answer = house.chat("How do I cook an egg?", false).await;
    assert_eq!(
        answer.json()["choices"][0]["message"]["content"],
        "Boil it."
    );
    let records = house.records.wait(1).await;
    let policy = &records[0].policies[0];
    assert_eq!(records[0].attempts.len(), 2);
    assert_eq!(policy.response["asked_again"], 1);
    assert_eq!(policy.scores["quality"], 1.0);
    assert_eq!(policy.scores["first_quality"], 0.4);
    let line = serde_json::to_value(&records[0]).unwrap();
    assert_eq!(line["policies"][0]["scores"]["quality"], 1.0);
}

#[tokio::test]
async fn a_runaway_stream_is_stopped_and_the_upstream_let_go() {
    let reply = Reply::text("over and over ".repeat(5000));
    let house = house(Simulator::new().always(reply), "{}").await;
    let answer = house.chat("Say something", true).await;
    let said = streamed_text(&answer.body);
    assert!((1024..8192).contains(&said.len()), "{} bytes", said.len());
    assert!(
        answer
            .text()
            .contains(r#""finish_reason":"content_filter""#)
    );
    assert!(answer.text().ends_with("data: [DONE]\n\n"));
    let records = house.records.wait(1).await;
    assert_eq!(records[0].outcome, Outcome::Refused);
    assert_eq!(records[0].refusal.as_ref().unwrap().code, "runaway_loop");
}

#[tokio::test]
async fn in_shadow_a_runaway_stream_goes_on() {
    let text = "over and over ".repeat(1000);
    let simulator = Simulator::new().always(Reply::text(text.clone()));
    let house = house(simulator, "{quality-scorer: {enforce: false}}").await;
    let answer = house.chat("Say something", true).await;
    assert_eq!(streamed_text(&answer.body), text);
    let records = house.records.wait(1).await;
    assert_eq!(records[0].outcome, Outcome::Finished);
    assert_eq!(records[0].policies[0].verdict, "would_refuse");
}
