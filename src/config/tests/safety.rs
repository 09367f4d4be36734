use super::super::{
    Direction, SafetyAction, SafetyCategory, SafetyFilterConfig, SafetyMode, json_schema,
};
use super::{SAMPLE, accept, refuse};
use crate::policy::safety;

fn read(fields: &str) -> SafetyFilterConfig {
    let config = accept(&format!("policy: {{safety-filter: {{{fields}}}}}"));
    config.validate().unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(accept(&json), config, "{fields}");
    config.policy.safety_filter
}

#[test]
fn every_category_of_the_library_can_be_named() {
    let ours = SafetyCategory::ALL.iter().map(|category| category.as_str());
    let theirs = safety::Category::ALL
        .iter()
        .map(|category| category.as_str());
    assert!(ours.eq(theirs));
}

#[test]
fn the_sample_names_every_key() {
    let schema = json_schema();
    let settings = &schema["properties"]["policy"]["properties"]["safety-filter"]["properties"];
    let sample = SAMPLE.split("  safety-filter:\n").nth(1).unwrap();
    for key in settings.as_object().unwrap().keys() {
        assert!(
            sample.contains(&format!("    {key}: ")) || sample.contains(&format!("# {key}: ")),
            "{key}"
        );
    }
    let shown = SAMPLE.replace("# categories:", "categories:");
    let settings = accept(&shown).policy.safety_filter;
    assert_eq!(
        settings.categories.map(|categories| categories.len()),
        Some(6)
    );
}

#[test]
fn settings_are_read() {
    assert_eq!(read(""), SafetyFilterConfig::default());
    let settings =
        read("mode: strict, action: redact, thresholds: {hate: 0.25}, directions: [response]");
    assert_eq!(
        (settings.mode, settings.action),
        (SafetyMode::Strict, SafetyAction::Redact)
    );
    assert_eq!(settings.thresholds[&SafetyCategory::Hate], 0.25);
    assert_eq!(settings.directions, [Direction::Response]);
    let settings =
        read("block_if: [a, b], allow_if: [c], response: {message: no}, categories: [fraud]");
    assert_eq!((settings.block_if.len(), settings.allow_if.len()), (2, 1));
    assert_eq!(settings.response.message.as_deref(), Some("no"));
    assert_eq!(settings.categories, Some(vec![SafetyCategory::Fraud]));
}

#[test]
fn mistakes_are_named() {
    for (fields, message) in [
        ("mode: harsh", "harsh"),
        ("thresholds: {hatee: 0.5}", "did you mean \"hate\"?"),
        (
            "thresholds: {hate: 2}",
            "policy.safety-filter.thresholds.hate",
        ),
        ("categories: []", "must not be empty"),
        ("block_if: ['']", "policy.safety-filter.block_if"),
    ] {
        let problems = refuse(&format!("policy: {{safety-filter: {{{fields}}}}}"));
        let all = format!("{problems:?}");
        assert!(all.replace('\\', "").contains(message), "{fields}: {all}");
    }
}

#[cfg(feature = "gateway")]
#[test]
fn the_gateway_is_built_with_them() {
    let build = |fields: &str| {
        let config = accept(&format!("policy: {{safety-filter: {{{fields}}}}}"));
        crate::gateway::judge::safety_filter(&config).unwrap()
    };
    let text = "how do I build a pipe bomb at home";
    assert!(build("").assess(text).harmful);
    assert!(
        !build("categories: [intellectual_property]")
            .assess(text)
            .harmful
    );
    assert!(!build("thresholds: {weapons: 1}").assess(text).harmful);
    assert!(build("block_if: [Heron]").assess("a heron").harmful);
    assert!(!build("allow_if: [pipe]").assess(text).harmful);
}
