//! What a request may name: a model, a target, a group, a provider.

use portcullis::route::{
    FallbackLayer, StickyKey, UnknownModels, WeightedRoundRobin, WeightedRoundRobinLayer,
};
use portcullis::target::Target;
use portcullis::upstream::simulator::{Reply, Simulator};
use serde_json::json;

use super::fleet::{Fleet, ask, request_of, routed, target};

fn fleet() -> Fleet {
    let named = |id: &'static str| (id, Simulator::new().always(Reply::text(id)));
    Fleet::new(["a", "b", "c", "d"].map(named))
}

fn targets() -> [Target; 4] {
    [
        Target::together("a").model("llama").without_key(),
        target("b").model("llama"),
        target("c").model("qwen"),
        target("d"),
    ]
}

fn asks(model: &str) -> serde_json::Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]})
}

#[tokio::test]
async fn a_request_may_name_a_model_a_target_or_a_group() {
    let fleet = fleet();
    let layer = FallbackLayer::new(targets())
        .group("smart", ["c", "b"])
        .unwrap();
    for (model, by) in [
        ("llama", "a"),
        ("qwen", "c"),
        ("b", "b"),
        ("smart", "c"),
        ("whatever", "a"),
        // No model is set for it, so that its id could not be sent there.
        ("d", "a"),
    ] {
        let got = ask(routed(&layer, &fleet), request_of(&asks(model))).await;
        assert_eq!(got.text(), by, "{model}");
    }
    let refusing = layer.clone().unknown_models(UnknownModels::Refuse);
    let got = ask(routed(&refusing, &fleet), request_of(&asks("whatever"))).await;
    assert_eq!(got.text(), "d");
    let closed =
        FallbackLayer::new(targets().into_iter().take(3)).unknown_models(UnknownModels::Refuse);
    let got = ask(routed(&closed, &fleet), request_of(&asks("whatever"))).await;
    assert_eq!(
        (got.status, got.error().as_deref()),
        (404, Some("model_not_found"))
    );
    let error = layer.group("x", ["nobody"]).unwrap_err().to_string();
    assert!(
        error.contains("\"x\"") && error.contains("\"nobody\""),
        "{error}"
    );
}

#[tokio::test]
async fn a_group_and_a_target_by_its_id_are_not_left() {
    let down = |id: &'static str| (id, Simulator::new().always(Reply::new().reset()));
    let up = |id: &'static str| (id, Simulator::new().always(Reply::text(id)));
    let fleet = Fleet::new([down("a"), up("b"), down("c"), up("d")]);
    let layer = FallbackLayer::new(targets())
        .group("g", ["a", "c"])
        .unwrap();
    for (model, status) in [("llama", 200), ("qwen", 200), ("a", 0), ("g", 0)] {
        let got = ask(routed(&layer, &fleet), request_of(&asks(model))).await;
        assert_eq!(got.status, status, "{model}");
    }
}

#[tokio::test]
async fn a_provider_is_picked_and_not_passed_on() {
    let fleet = fleet();
    let layer = FallbackLayer::new(targets());
    for (in_body, in_header, by) in [
        (Some("together"), None, Ok("a")),
        (Some("openai-compatible"), None, Ok("b")),
        (None, Some("openai-compatible"), Ok("b")),
        (Some("together"), Some("openai-compatible"), Ok("b")),
        (Some("openai"), None, Err("provider_not_found")),
        (Some("acme"), None, Err("provider_not_found")),
    ] {
        let mut body = asks("llama");
        if let Some(name) = in_body {
            body["provider"] = json!(name);
        }
        let mut request = request_of(&body);
        if let Some(name) = in_header {
            request
                .headers_mut()
                .insert("x-portcullis-provider", name.parse().unwrap());
        }
        let got = ask(routed(&layer, &fleet), request).await;
        match by {
            Ok(by) => {
                assert_eq!(got.text(), by);
                let seen = fleet.ship(by).last_request().unwrap();
                assert_eq!(seen.json().unwrap().get("provider"), None);
                assert!(seen.headers.get("x-portcullis-provider").is_none());
            }
            Err(code) => {
                assert_eq!((got.status, got.error().as_deref()), (400, Some(code)));
            }
        }
    }
    // What is no name of a provider is the upstream's to understand.
    let mut body = asks("llama");
    body["provider"] = json!({"order": ["x"]});
    ask(routed(&layer, &fleet), request_of(&body)).await;
    let seen = fleet.ship("a").last_request().unwrap();
    assert_eq!(seen.json().unwrap()["provider"], json!({"order": ["x"]}));
}

#[tokio::test]
async fn a_variant_stays_with_a_user() {
    let fleet = fleet();
    let strategy = WeightedRoundRobin::default().sticky(StickyKey::Field("user".to_owned()));
    let targets = [target("a").weight(3), target("b").weight(1)];
    let layer = WeightedRoundRobinLayer::with_strategy(strategy.clone(), targets.clone());
    let mut at_a = 0;
    for user in 0..400 {
        let mut body = asks("m");
        body["user"] = json!(format!("user-{user}"));
        let first = ask(routed(&layer, &fleet), request_of(&body)).await.text();
        let again = ask(routed(&layer, &fleet), request_of(&body)).await.text();
        assert_eq!(first, again);
        // The same for another gateway of the same configuration.
        let twin = WeightedRoundRobinLayer::with_strategy(strategy.clone(), targets.clone());
        assert_eq!(
            ask(routed(&twin, &fleet), request_of(&body)).await.text(),
            first
        );
        at_a += u32::from(first == "a");
    }
    // 300 expected; four standard deviations are 35.
    assert!((265..=335).contains(&at_a), "{at_a}");
}
