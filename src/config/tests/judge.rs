use super::super::{
    Config, Direction, EncoderConfig, EncoderSquash, JudgeConfig, JudgeWhen, OnFailure, RemoteKind,
    StreamedAnswers, json_schema,
};
use super::{accept, refuse};

fn read(policy: &str, fields: &str) -> Config {
    let config = accept(&format!("policy: {{{policy}: {{judge: {{{fields}}}}}}}"));
    config.validate().unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(accept(&json), config, "{fields}");
    config
}

#[test]
fn a_judge_is_read_in_each_of_three_policies() {
    let url = "url: 'http://localhost:9'";
    let plain = Some(JudgeConfig::at("http://localhost:9"));
    assert_eq!(Config::default().policy.prompt_injection.judge, None);
    assert_eq!(
        read("prompt-injection", url).policy.prompt_injection.judge,
        plain
    );
    assert_eq!(read("safety-filter", url).policy.safety_filter.judge, plain);
    let fields = format!(
        "{url}, kind: grader, model: m, rubric: Rhymes., when: uncertain, band: {{from: 0.5}}, \
         on_failure: refuse, streamed_answers: refuse"
    );
    let judge = read("quality-scorer", &fields).policy.quality_scorer.judge;
    let judge = judge.unwrap();
    assert_eq!(
        (judge.kind, judge.when),
        (RemoteKind::Grader, Some(JudgeWhen::Uncertain))
    );
    assert_eq!((judge.band.from, judge.band.to), (Some(0.5), None));
    assert_eq!(judge.on_failure, Some(OnFailure::Refuse));
    let fields = format!("{url}, directions: [response], streamed_answers: record");
    let judge = read("safety-filter", &fields)
        .policy
        .safety_filter
        .judge
        .unwrap();
    assert_eq!(judge.directions, Some(vec![Direction::Response]));
    assert_eq!(judge.streamed_answers, Some(StreamedAnswers::Record));
}

#[test]
fn a_judge_may_run_in_this_process() {
    let fields = "encoder: {model: models/guard, labels: [BAD], squash: sigmoid, max_tokens: 256}";
    if !cfg!(feature = "encoder") {
        let text = format!("policy: {{prompt-injection: {{judge: {{{fields}}}}}}}");
        let said = refuse(&text).to_string();
        assert!(said.contains("--features gateway,encoder"), "{said}");
        return;
    }
    let judge = read("prompt-injection", fields).policy.prompt_injection;
    let mut expected = EncoderConfig::at("models/guard");
    expected.labels = Some(vec!["BAD".to_owned()]);
    expected.squash = Some(EncoderSquash::Sigmoid);
    expected.max_tokens = 256;
    assert_eq!(judge.judge, Some(JudgeConfig::encoder(expected)));
}

#[test]
fn the_published_schema_has_it() {
    let schema = json_schema();
    for policy in ["prompt-injection", "safety-filter", "quality-scorer"] {
        let judge = format!("/properties/policy/properties/{policy}/properties/judge");
        let judge = schema.pointer(&judge).unwrap();
        let encoder = &judge["properties"]["encoder"];
        assert_eq!(encoder["required"], serde_json::json!(["model"]));
        assert!(judge["properties"]["band"]["properties"]["from"].is_object());
    }
}

#[test]
fn what_is_of_no_use_is_refused_with_a_way_out() {
    for (policy, fields, expected) in [
        (
            "safety-filter",
            "",
            "policy.safety-filter.judge: the key \"url\" is missing; add it, or have the judge run in this \
             process: \"encoder\"",
        ),
        (
            "safety-filter",
            "url: 'http://h', encoder: {model: m}",
            "policy.safety-filter.judge.url: is for a judge behind a URL; remove it, or \"encoder\"",
        ),
        (
            "prompt-injection",
            "kind: contract, encoder: {model: m}",
            "policy.prompt-injection.judge.kind: is for a judge behind a URL; remove it, or \
             \"encoder\"",
        ),
        (
            "quality-scorer",
            "encoder: {model: m}",
            "policy.quality-scorer.judge.encoder: an encoder knows attacks and harm, and not quality; \
             use a judge behind a \"url\"",
        ),
        (
            "safety-filter",
            "encoder: {model: m}, max_concurrent: 4",
            "policy.safety-filter.judge.max_concurrent: is for a judge behind a URL; set it within \
             \"encoder\"",
        ),
        (
            "safety-filter",
            "encoder: {model: m}, circuit_breaker: {failure_threshold: 2}",
            "policy.safety-filter.judge.circuit_breaker: is for a judge behind a URL; remove it, or \
             \"encoder\"",
        ),
        (
            "prompt-injection",
            "encoder: {tokenizer: t}",
            "policy.prompt-injection.judge.encoder: the key \"model\" is missing; add it",
        ),
        (
            "safety-filter",
            "url: 'http://h', directions: [request, response]",
            "policy.safety-filter.judge: no judge can read a streamed answer as a whole before the \
             client does; say in \"streamed_answers\" what becomes of one: \"embedded\" (the policy \
             judges it alone), \"record\" (and the judge at its end, for the record) or \"refuse\" (a \
             request for a stream); or have requests judged only: directions: [request]",
        ),
        (
            "safety-filter",
            "url: 'http://h', streamed_answers: record",
            "policy.safety-filter.judge.streamed_answers: answers are not judged; add \"directions: \
             [request, response]\", or remove it",
        ),
        (
            "prompt-injection",
            "url: 'http://h', directions: [response]",
            "policy.prompt-injection.judge.directions: prompt-injection judges requests only; remove \
             \"response\", or the key",
        ),
        (
            "prompt-injection",
            "url: 'http://h', when: always, band: {from: 0.1}",
            "policy.prompt-injection.judge.band: every text is judged; remove it, or write \"when: \
             uncertain\"",
        ),
        (
            "prompt-injection",
            "url: 'http://h', kind: llama-guard",
            "policy.prompt-injection.judge: the key \"model\" is missing; name the model that judges",
        ),
        (
            "prompt-injection",
            "url: 'http://h', kind: grader, model: m",
            "policy.prompt-injection.judge.kind: a \"grader\" scores answers for quality-scorer; use \
             \"moderation\", \"llama-guard\" or \"contract\"",
        ),
        (
            "quality-scorer",
            "url: 'http://h'",
            "policy.quality-scorer.judge: a \"moderation\" knows harm, and not quality; write \"kind: \
             grader\" or \"kind: contract\"",
        ),
        (
            "quality-scorer",
            "url: 'http://h', kind: contract, rubric: x",
            "policy.quality-scorer.judge.rubric: only a \"grader\" reads it; remove it",
        ),
    ] {
        if fields.contains("encoder") && !cfg!(feature = "encoder") {
            continue;
        }
        let text = format!("policy: {{{policy}: {{judge: {{{fields}}}}}}}");
        let said = refuse(&text).to_string();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.ends_with(expected), "{said}\n{expected}");
    }
    let alone = "policies: {chain: [remote-judge]}\npolicy: {remote-judge: {kind: grader}}";
    let said = refuse(alone).to_string();
    assert!(
        said.contains("name it as the \"judge\" of quality-scorer"),
        "{said}"
    );
}
