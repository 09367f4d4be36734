//! `portcullis test`: a team's own cases.

use crate::command::{Scratch, portcullis, text};

const CASES: &str = r#"
cases:
  - name: an address is redacted
    text: I am jane@example.com
    expect: rewrite
    policy: pii-detector
    output: I am [EMAIL_ADDRESS]
    labels: [EMAIL_ADDRESS]
  - {name: nothing to find, text: Hello there, expect: pass, labels: []}
  - name: a card is blocked
    messages:
      - {role: system, content: Be kind.}
      - {content: "Card 4111 1111 1111 1111"}
    expect: refuse
    policy: pii-detector
    labels: [CREDIT_CARD]
  - name: an answer is redacted, in a stream too
    direction: response
    stream: true
    text: Write to jane@example.com please.
    expect: rewrite
    output: Write to [EMAIL_ADDRESS] please.
  - name: an answer passes
    direction: response
    text: Nobody is named.
    expect: pass
  - name: a poor answer is seen
    direction: response
    messages: [{content: How do I cook an egg?}]
    text: I'm sorry, but I can't help with that.
    expect: would_refuse
    policy: quality-scorer
    labels: [refusal]
"#;

const CONFIG: &str = "policies: {chain: [audit, quality-scorer, pii-detector]}
policy:
  audit: {path: /nowhere/at/all.jsonl}
  pii-detector: {actions: {CREDIT_CARD: block}}
  quality-scorer: {enforce: false, action: block}
";

#[test]
fn cases_that_go_as_expected_pass() {
    let config = Scratch::new("cases-config.yaml", CONFIG);
    let name = std::path::Path::new(config.path()).file_name().unwrap();
    let cases = format!("policy_config: {}{CASES}", name.to_str().unwrap());
    let cases = Scratch::new("cases.yaml", &cases);
    let output = portcullis(&["test", cases.path()]);
    let out = text(&output.stdout);
    assert!(output.status.success(), "{out}{}", text(&output.stderr));
    assert_eq!(out.matches("ok      ").count(), 6, "{out}");
    assert!(out.ends_with("6 cases: 6 passed, 0 failed\n"), "{out}");
}

#[test]
fn the_samples_agree() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/policy-cases.yaml");
    let output = portcullis(&["test", sample]);
    assert!(output.status.success(), "{}", text(&output.stdout));
}

#[test]
fn cases_that_do_not_are_named_with_their_place() {
    let cases = Scratch::new(
        "bad-cases.yaml",
        "cases:
  - {name: one, text: jane@example.com, expect: pass}
  - name: two
    text: jane@example.com
    expect: rewrite
    output: '[PERSON]'
    labels: [PERSON]
  - {name: three, text: jane@example.com, expect: rewrite, policy: quality-scorer}
  - {name: four, text: hello, expect: refuse, policy: pii-detector}
  - {name: five, text: hello, expect: pass, policy: pii-detector}
",
    );
    let output = portcullis(&["test", cases.path()]);
    assert_eq!(output.status.code(), Some(1));
    let path = cases.path();
    let expected = format!(
        "FAILED  {path}:2:5: one
        expected pass, got rewrite by pii-detector
FAILED  {path}:3:5: two
        expected the text \"[PERSON]\", got \"[EMAIL_ADDRESS]\"
        expected the labels PERSON, found EMAIL_ADDRESS
FAILED  {path}:8:5: three
        expected rewrite by quality-scorer, got rewrite by pii-detector
FAILED  {path}:9:5: four
        expected refuse by pii-detector, got pass
ok      five
5 cases: 1 passed, 4 failed
"
    );
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn mistakes_in_the_file_are_named_with_their_place() {
    for (file, expected) in [
        ("", ":1:1: the file: the key \"cases\" is missing; add it"),
        (
            "cases: []\n",
            ":1:8: cases: must not be empty; list at least one value, or remove the key for the default",
        ),
        (
            "cases:\n  - {name: x, expect: pass}\n",
            ":2:5: cases[0]: there is nothing to ask; add \"text\" or \"messages\"",
        ),
        (
            "cases:\n  - {name: x, text: x, expects: pass}\n",
            ":2:5: cases[0]: the key \"expect\" is missing; add it\n{}:2:24: unknown key \"expects\"; did you mean \"expect\"?",
        ),
        (
            "cases:\n  - {name: x, text: x, expect: refuse, output: y}\n",
            ":2:5: cases[0]: what is refused has no output; remove \"output\"",
        ),
        (
            "cases:\n  - {name: x, messages: [{content: x}], direction: response, expect: pass}\n",
            ":2:5: cases[0]: the key \"text\" is missing; write what the model says",
        ),
        (
            "cases:\n  - {name: x, text: x, stream: true, expect: pass}\n",
            ":2:5: cases[0]: only an answer can be a stream; remove \"stream\", or add \"direction: response\"",
        ),
        (
            "cases:\n  - {name: x, text: x, expect: pass, policy: pii_detector}\n",
            ":2:46: unknown policy \"pii_detector\"; did you mean \"pii-detector\"?",
        ),
    ] {
        let scratch = Scratch::new("wrong-cases.yaml", file);
        let output = portcullis(&["test", scratch.path()]);
        assert_eq!(output.status.code(), Some(1));
        let expected = expected.replace("{}", scratch.path());
        assert_eq!(
            text(&output.stderr).trim_end(),
            format!("{}{expected}", scratch.path())
        );
    }
    let output = portcullis(&["test", "no-such-file.yaml"]);
    assert!(text(&output.stderr).starts_with("no-such-file.yaml: cannot be read"));
}
