use std::time::Duration;

use super::super::{
    Config, ConfigFile, Direction, Entity, FailureRateConfig, PolicyName, Position, Pricing,
    Provider, Quantization, SecretRef, Strategy, Target, Uninspectable,
};
use super::{SAMPLE, accept};

/// Parses one target given as a flow mapping.
fn target(fields: &str) -> Target {
    let mut config = accept(&format!("providers: {{targets: [{{{fields}}}]}}"));
    config.providers.targets.remove(0)
}

#[test]
fn a_file_that_sets_nothing_is_the_default() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "---\n",
        "{}",
        "\u{feff}",
        "~",
        "pack: {}\r\npolicy: {}\r\n",
    ] {
        assert_eq!(accept(text), Config::default(), "{text:?}");
    }
    let config = Config::default();
    assert!(
        config
            .active_policies()
            .eq([PolicyName::Audit, PolicyName::PiiDetector])
    );
    assert_eq!(config.providers.strategy(), Strategy::Single);
    assert_eq!(config.providers.targets, [Target::new(Provider::Together)]);
    assert_eq!(config.policy.audit.path, "audit.jsonl");
    assert_eq!(config.policy.pii_detector.entities, None);
    assert_eq!(
        config.policy.pii_detector.directions,
        [Direction::Request, Direction::Response]
    );
}

#[test]
fn the_sample_sets_every_key() {
    let config = accept(SAMPLE);
    assert_eq!(
        (config.pack.name.as_str(), config.pack.version.as_str()),
        ("acme", "1.2.0")
    );
    // What the sample calls a default is one.
    let default = Config::default();
    assert_eq!(config.policies, default.policies);
    assert_eq!(config.policy.audit, default.policy.audit);
    let mut expected = Target::new(Provider::Together);
    expected.model = Some("meta-llama/Llama-3.3-70B-Instruct-Turbo".to_owned());
    expected.base_url = Some("https://api.together.xyz/v1".to_owned());
    expected.secret_key_ref = Some(SecretRef::env("TOGETHER_API_KEY"));
    expected.stream_timeout_seconds = Some(300);
    expected.description = Some("The model of the support desk".to_owned());
    expected.pricing = Some(Pricing::new(0.88, 0.88));
    expected.quantizations = vec![Quantization::Fp8];
    assert_eq!(config.providers.targets, [expected]);
    let providers = &config.providers;
    assert_eq!(providers.strategy(), Strategy::Single);
    assert_eq!(providers.fallback, default.providers.fallback);
    assert_eq!(providers.mid_stream, default.providers.mid_stream);
    assert_eq!(providers.unknown_models, default.providers.unknown_models);
    assert_eq!(providers.model_groups["fast"], ["primary"]);
    assert_eq!(providers.retry, default.providers.retry);
    let mut breaker = default.providers.circuit_breaker;
    breaker.failure_rate = Some(FailureRateConfig::default());
    assert_eq!(providers.circuit_breaker, breaker);
    assert_eq!(providers.timeouts, default.providers.timeouts);
    assert_eq!(providers.concurrency, default.providers.concurrency);
    assert_eq!(providers.hedge, default.providers.hedge);
}

#[test]
fn several_targets_fall_back_unless_told_otherwise() {
    let two = "targets: [{id: a, provider: together}, {id: b, provider: openai}]";
    let config = accept(&format!("providers: {{{two}}}"));
    assert_eq!(config.providers.strategy(), Strategy::Fallback);
    for strategy in Strategy::ALL.iter().filter(|s| **s != Strategy::Single) {
        let config = accept(&format!("providers: {{strategy: {strategy}, {two}}}"));
        assert_eq!(config.providers.strategy(), *strategy);
    }
    let config = accept(&format!("providers: {{strategy: ordered, {two}}}"));
    assert_eq!(config.providers.strategy(), Strategy::Fallback);
}

#[test]
fn a_shorthand_names_the_provider_and_the_model() {
    let short = target("provider: together:chat:a/b");
    assert_eq!(short.provider, Provider::Together);
    assert_eq!(short.model.as_deref(), Some("a/b"));
    let long = target("provider: together-ai, model: a/b");
    assert_eq!(short, long);
    assert_eq!(short, target("provider: together-ai:chat:a/b, model: a/b"));
    let colons = target("provider: 'openai-compatible:chat:ft:x:1', base_url: 'http://h'");
    assert_eq!(colons.model.as_deref(), Some("ft:x:1"));
}

#[test]
fn defaults_follow_the_provider() {
    let together = target("provider: together");
    assert_eq!(together.base_url(), Some("https://api.together.xyz/v1"));
    assert_eq!(together.key_env(), Some("TOGETHER_API_KEY"));
    let openai = target("provider: openai");
    assert_eq!(openai.base_url(), Some("https://api.openai.com/v1"));
    assert_eq!(openai.key_env(), Some("OPENAI_API_KEY"));
    let other = target("provider: openai-compatible, base_url: 'http://[::1]:8000/v1'");
    assert_eq!(other.base_url(), Some("http://[::1]:8000/v1"));
    assert_eq!(other.key_env(), None);
    let own = target("provider: openai, base_url: 'https://h/x', secret_key_ref: {env: MY_KEY}");
    assert_eq!(own.base_url(), Some("https://h/x"));
    assert_eq!(own.key_env(), Some("MY_KEY"));
}

#[test]
fn a_stream_may_take_as_long_as_an_answer() {
    let plain = target("provider: together, timeout_seconds: 7, connect_timeout_seconds: 0x2");
    assert_eq!(plain.timeout(), Duration::from_secs(7));
    assert_eq!(plain.stream_timeout(), Duration::from_secs(7));
    assert_eq!(plain.connect_timeout(), Duration::from_secs(2));
    let stream = target("provider: together, timeout_seconds: 7, stream_timeout_seconds: 9");
    assert_eq!(stream.stream_timeout(), Duration::from_secs(9));
}

#[test]
fn whole_prices_are_numbers_too() {
    let priced = target("provider: together, pricing: {prompt: 0, completion: 1e-3}");
    assert_eq!(priced.pricing, Some(Pricing::new(0.0, 0.001)));
}

#[test]
fn a_disabled_policy_is_not_active() {
    let text = "policies: {chain: [pii-detector, audit]}\npolicy: {audit: {enabled: false}}";
    assert!(accept(text).active_policies().eq([PolicyName::PiiDetector]));
    assert_eq!(
        accept("pack: {enabled: false}").active_policies().count(),
        0
    );
    assert_eq!(accept("policies: {chain: []}").active_policies().count(), 0);
}

#[test]
fn settings_are_read() {
    let text = "policy:\n  pii-detector: {uninspectable: pass, entities: [US_SSN], \
                directions: [response], max_body_bytes: 1}\n  \
                audit: {path: \"-\", queue: 1, include_text: true}\n";
    let policy = accept(text).policy;
    assert_eq!(policy.pii_detector.uninspectable, Uninspectable::Pass);
    assert_eq!(policy.pii_detector.entities, Some(vec![Entity::UsSsn]));
    assert_eq!(policy.pii_detector.directions, [Direction::Response]);
    assert_eq!(policy.audit.path, "-");
    assert!(policy.audit.include_text);
}

#[test]
fn every_value_can_be_found_again() {
    let file = ConfigFile::parse("policy-config.yaml", SAMPLE).unwrap();
    let text_at = |path: &str| {
        let Position { line, column } = file.position(path).unwrap();
        SAMPLE.lines().nth(line - 1).unwrap()[column - 1..].to_owned()
    };
    assert!(text_at("providers.targets[0].model").starts_with("meta-llama"));
    assert!(text_at("policies.chain[1]").starts_with("pii-detector]"));
    assert!(text_at("policy.pii-detector.action").starts_with("redact"));
    assert!(text_at("providers.targets[0].pricing.completion").starts_with("0.88}"));
    for path in [
        "nothing",
        "providers.targets[1]",
        "providers.targets[x]",
        "[0]",
        "pack.name.x",
    ] {
        assert_eq!(file.position(path), None, "{path}");
    }
    assert_eq!(
        file.position(""),
        file.position("pack").map(|_| file.position("").unwrap())
    );
    assert_eq!(file.config(), &accept(SAMPLE));

    let error = file.error_at("providers.targets[7].model", "is not served");
    assert!(
        error
            .to_string()
            .ends_with(": providers.targets[7].model: is not served")
    );
    assert_eq!(
        error.problems()[0].line,
        file.position("providers.targets").unwrap().line
    );
    assert!(file.error_at("é.[[", "x").problems()[0].line > 0);
}

#[test]
fn a_configuration_built_in_code_keeps_the_rules_of_a_file() {
    Config::default().validate().unwrap();
    accept(SAMPLE).validate().unwrap();

    let mut config = Config::default();
    config.providers.targets[0].timeout_seconds = 0;
    config.providers.targets[0].base_url = Some("https://user:word@host".to_owned());
    config.providers.targets[0].pricing = Some(Pricing::new(f64::NAN, 1.0));
    config.policies.chain.push(PolicyName::Audit);
    config
        .providers
        .targets
        .push(Target::new(Provider::OpenAiCompatible));
    let error = config.validate().unwrap_err();
    let paths: Vec<&str> = error.problems().iter().map(|p| p.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "policies.chain[2]",
            "providers.targets[0].base_url",
            "providers.targets[0].pricing.prompt",
            "providers.targets[0].timeout_seconds",
            "providers.targets[1].id",
            "providers.targets[1]",
        ]
    );
    assert!(
        error.to_string().starts_with(
            "configuration: policies.chain[2]: \"audit\" is listed twice; remove one\n"
        )
    );
    assert!(!error.to_string().contains("word@"));
}

#[test]
fn what_is_written_as_json_is_read_as_the_same() {
    let config = accept(SAMPLE);
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(accept(&json), config);
}
