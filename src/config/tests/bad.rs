use super::super::PolicyName;
use super::refuse;

/// Each file with every problem it must be refused for, without the file's name.
const FILES: &[(&str, &[&str])] = &[
    // Keys.
    (
        "polices:\n  chain: []\n",
        &[r#"1:1: unknown key "polices"; did you mean "policies"?"#],
    ),
    (
        "policy:\n  audit:\n    includetext: true\n",
        &[r#"3:5: unknown key "includetext"; did you mean "include_text"?"#],
    ),
    (
        "pack: {colour: red}\n",
        &[r#"1:8: unknown key "colour"; known here: enabled, name, version"#],
    ),
    (
        "pack: {name: a}\npolicies: {}\npack: {name: b}\n",
        &[r#"3:1: duplicate key "pack"; it stands at line 1 already, remove one"#],
    ),
    (
        "policy:\n  audit:\n    queue: 1\n    queue: 2\n",
        &[r#"4:5: policy.audit: duplicate key "queue"; it stands at line 3 already, remove one"#],
    ),
    (
        "? [a]\n: 1\n",
        &["1:3: a key must be plain text, not a list or a mapping"],
    ),
    (
        "<<: {pack: {}}\n",
        &[r#"1:1: unknown key "<<"; known here: pack, policies, policy, providers"#],
    ),
    (
        "\"\\e[2J\": 1\n",
        &[r#"1:1: unknown key "\u{1b}[2J"; known here: pack, policies, policy, providers"#],
    ),
    (
        "providers: {sticky: {}}\n",
        &[
            "1:21: providers.sticky: names nothing that requests have in common; add \"header\" or \"field\", or remove it",
        ],
    ),
    (
        "providers: {targets: [{provider: together, health_probe: {one_token: true}}]}\n",
        &[
            "1:70: providers.targets[0].health_probe.one_token: there is no model to ask for a token; add \"model\" to the target",
        ],
    ),
    (
        "providers: {targets: [{provider: together, health_probe: {down_after: 0, up_after: 256}}]}\n",
        &[
            "1:71: providers.targets[0].health_probe.down_after: must be from 1 to 255, not 0",
            "1:84: providers.targets[0].health_probe.up_after: must be from 1 to 255, not 256",
        ],
    ),
    // Names.
    (
        "policies:\n  chain: [audit, rate-limit]\n",
        &[r#"2:18: policy "rate-limit" is not built yet; remove it from policies.chain"#],
    ),
    (
        "policies: {chain: [pii_detector, nonsense]}\n",
        &[
            r#"1:20: unknown policy "pii_detector"; did you mean "pii-detector"?"#,
            r#"1:34: unknown policy "nonsense"; use one of "audit", "pii-detector", "prompt-injection", "safety-filter", "canary", "remote-judge", "quality-scorer""#,
        ],
    ),
    (
        "policies:\n  chain:\n    - audit\n    - audit\n",
        &[r#"4:7: policies.chain[1]: "audit" is listed twice; remove one"#],
    ),
    (
        "policy: {rate-limit: {}, pii-detectr: {}}\n",
        &[
            r#"1:10: policy "rate-limit" is not built yet; remove it from policy"#,
            r#"1:26: unknown key "pii-detectr"; did you mean "pii-detector"?"#,
        ],
    ),
    (
        "providers:\n  strategy: latancy\n",
        &[r#"2:13: unknown strategy "latancy"; did you mean "latency"?"#],
    ),
    (
        "providers:\n  fallback: {triggers: [timeout, moon]}\n",
        &[
            r#"2:34: unknown trigger "moon"; use one of "rate_limit_exceeded", "timeout", "service_unavailable", "server_error", "auth", "content_policy", "context_window""#,
        ],
    ),
    (
        "policy: {pii-detector: {action: blok, entities: [email_address, EVERYTHING], directions: [in]}}",
        &[
            r#"1:33: unknown action "blok"; did you mean "block"?"#,
            r#"1:50: unknown entity "email_address"; did you mean "EMAIL_ADDRESS"?"#,
            r#"1:65: unknown entity "EVERYTHING"; use one of "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "SWIFT_CODE", "US_SSN", "US_ITIN", "US_DRIVER_LICENSE", "US_PASSPORT", "UK_NHS", "UK_NINO", "VAT_NUMBER", … (`portcullis schema` lists all)"#,
            r#"1:91: unknown direction "in"; use one of "request", "response""#,
        ],
    ),
    (
        "policy: {pii-detector: {uninspectable: refused}}",
        &[r#"1:40: unknown value "refused"; did you mean "refuse"?"#],
    ),
    // Types.
    (
        "pack:\n  version: 1.2\n",
        &[
            "2:12: pack.version: expected text, found a number with a fraction; put the value in quotes",
        ],
    ),
    (
        "policy: {audit: {enabled: yes, queue: '9', path: [a], include_text: }}",
        &[
            "1:27: policy.audit.enabled: expected true or false, found text; write true or false, without quotes",
            "1:39: policy.audit.queue: expected a whole number, found text; write digits only, without quotes",
            "1:50: policy.audit.path: expected text, found a list; write a single value",
            "1:55: policy.audit.include_text: expected true or false, found nothing; write a value or remove the key",
        ],
    ),
    (
        "policy:\n  audit:\npack: []\npolicies: {chain: audit}\n",
        &[
            "2:3: policy.audit: expected a mapping, found nothing; write a value or remove the key",
            "3:7: pack: expected a mapping, found a list; write \"key: value\" lines under it",
            "4:19: policies.chain: expected a list, found text; write the values as [one, two]",
        ],
    ),
    (
        "policies: {chain: [true, 1, ~]}\n",
        &[
            "1:20: policies.chain[0]: expected text, found true or false; put the value in quotes",
            "1:26: policies.chain[1]: expected text, found a whole number; put the value in quotes",
            "1:29: policies.chain[2]: expected text, found nothing; write a value or remove the entry",
        ],
    ),
    (
        "- audit\n",
        &["1:1: the file: expected a mapping, found a list; write \"key: value\" lines under it"],
    ),
    (
        "just words\n",
        &["1:1: the file: expected a mapping, found text; write \"key: value\" lines under it"],
    ),
    // Limits.
    (
        "policy: {audit: {queue: 0}, pii-detector: {max_body_bytes: 99999999999999999999999999999}}",
        &[
            "1:25: policy.audit.queue: must be from 1 to 1000000, not 0",
            "1:60: policy.pii-detector.max_body_bytes: must be from 1 to 1073741824, not 999999999999999999999999…",
        ],
    ),
    (
        "policy: {pii-detector: {entities: []}}",
        &[
            "1:35: policy.pii-detector.entities: must not be empty; list at least one value, or remove the key for the default",
        ],
    ),
    (
        "providers: {targets: []}",
        &[
            "1:22: providers.targets: must not be empty; list at least one value, or remove the key for the default",
        ],
    ),
    (
        "pack: {name: ' '}",
        &["1:14: pack.name: must not be empty; write a value or remove the key"],
    ),
    (
        "providers:\n  targets:\n    - provider: together\n      timeout_seconds: 0\n      weight: 0\n      pricing: {prompt: -1, completion: .nan}\n      connect_timeout_seconds: 1.5\n",
        &[
            "4:24: providers.targets[0].timeout_seconds: must be from 1 to 86400, not 0",
            "5:15: providers.targets[0].weight: must be from 1 to 1000000, not 0",
            "6:25: providers.targets[0].pricing.prompt: must be from 0 to 1000000, not -1",
            "6:41: providers.targets[0].pricing.completion: expected a number, found an infinite number or NaN; write a finite number, without quotes",
            "7:32: providers.targets[0].connect_timeout_seconds: expected a whole number, found a number with a fraction; write digits only, without quotes",
        ],
    ),
    (
        "providers: {targets: [{provider: together, pricing: {prompt: 1}, id: a b, model: 'a b'}]}",
        &[
            "1:53: providers.targets[0].pricing: the key \"completion\" is missing; add it",
            "1:70: providers.targets[0].id: may hold only letters, digits, \"-\", \"_\" and \".\"",
            "1:82: providers.targets[0].model: must be the name of a model, without spaces",
        ],
    ),
    // Targets.
    (
        "providers:\n  targets:\n    - model: x\n",
        &["3:7: providers.targets[0]: the key \"provider\" is missing; add it"],
    ),
    (
        "providers: {targets: [{provider: togehter}]}",
        &[r#"1:34: unknown provider "togehter"; did you mean "together"?"#],
    ),
    (
        "providers: {targets: [{provider: 'togehter:chat:x', format: anthropic}]}",
        &[
            r#"1:34: unknown provider "togehter"; did you mean "together"?"#,
            r#"1:61: unknown format "anthropic"; use "openai""#,
        ],
    ),
    (
        "providers: {targets: [{provider: 'together:image:x'}]}",
        &[
            "1:34: providers.targets[0].provider: a shorthand has the form <provider>:chat:<model>; write that, or the provider's name alone",
        ],
    ),
    (
        "providers:\n  targets:\n    - provider: together:chat:x\n      model: y\n",
        &[
            "4:14: providers.targets[0].model: differs from the model in the shorthand at line 3; keep one of the two",
        ],
    ),
    (
        "providers: {targets: [{provider: openai-compatible}]}",
        &[
            "1:23: providers.targets[0]: the provider \"openai-compatible\" has no URL of its own; add \"base_url\"",
        ],
    ),
    (
        "providers:\n  strategy: single\n  targets:\n    - {id: a, provider: together}\n    - {id: b, provider: openai}\n",
        &[
            "5:7: providers.targets: strategy \"single\" takes exactly one target and 2 are listed; keep providers.targets[0] (\"a\") and remove the others, or use another strategy, such as \"fallback\"",
        ],
    ),
    (
        "providers:\n  strategy: fallback\n  targets:\n    - {id: a, provider: together}\n    - {id: a, provider: openai}\n",
        &[
            "5:12: providers.targets[1].id: \"a\" is the id of providers.targets[0] already; give each target its own",
        ],
    ),
    (
        "providers:\n  model_groups: {fast: [one, tow, three]}\n  targets:\n    - {id: one, provider: together}\n    - {id: two, provider: openai, model: m}\n",
        &[
            r#"2:25: providers.model_groups.fast[0]: the target "one" has no model to ask for; add "model" to it"#,
            r#"2:30: providers.model_groups.fast[1]: there is no target "tow"; did you mean "two"?"#,
            r#"2:35: providers.model_groups.fast[2]: there is no target "three"; give the id of one of providers.targets"#,
        ],
    ),
    // YAML.
    (
        "pack: {name: a\n",
        &["1:7: not valid YAML: unclosed bracket '{'"],
    ),
    (
        "pack:\n\tname: a\n",
        &["2:2: not valid YAML: tabs disallowed within this context (block indentation)"],
    ),
    (
        "pack: &p {name: a}\npolicy: *p\npolicies: *q\n",
        &[
            "1:10: pack: YAML anchors are not accepted; remove the \"&\" name",
            "2:9: policy: YAML aliases are not accepted; write the value out",
            "3:11: policies: YAML aliases are not accepted; write the value out",
        ],
    ),
    (
        "pack: {name: !!str a}\n",
        &[
            "1:14: pack.name: YAML tags are not accepted; write the value without it, in quotes when it is text",
        ],
    ),
    (
        "pack: {}\n---\npack: {}\n",
        &["2:1: a second YAML document starts here; keep one document in the file"],
    ),
    (
        "[[[[[[[[[[[[[[[[[[[[",
        &["1:17: not valid YAML: recursion limit exceeded"],
    ),
    // Problems of every kind are reported together.
    (
        "pack: {name: 1}\npolicies: {chain: [budget]}\npolicy: {audit: {qeue: 1}}\nproviders:\n  targets:\n    - {provider: together}\n    - {provider: together, base_url: x}\n",
        &[
            "1:14: pack.name: expected text, found a whole number; put the value in quotes",
            r#"2:20: policy "budget" is not built yet; remove it from policies.chain"#,
            r#"3:18: unknown key "qeue"; did you mean "queue"?"#,
            "7:7: providers.targets[1].id: \"primary\" is the id of providers.targets[0] already; give each target its own",
            "7:38: providers.targets[1].base_url: not a URL; write one with a scheme and a host, such as https://api.together.xyz/v1",
        ],
    ),
];

#[test]
fn each_file_is_refused_for_what_is_wrong() {
    for (text, expected) in FILES {
        let error = refuse(text).to_string();
        let found: Vec<&str> = error
            .lines()
            .filter_map(|line| line.strip_prefix("policy-config.yaml:"))
            .collect();
        assert_eq!(found, *expected, "in:\n{text}");
    }
}

#[test]
fn a_url_must_be_a_plain_base() {
    let shape =
        "not a URL; write one with a scheme and a host, such as https://api.together.xyz/v1";
    let scheme = "the scheme must be http or https";
    let user = "must not hold a user name or password; name the key's environment variable \
                in secret_key_ref";
    let query = "must not have a query; remove \"?\" and what follows";
    let fragment = "must not have a fragment; remove \"#\" and what follows";
    let port = "the port must be a number from 1 to 65535";
    for (url, expected) in [
        ("api.together.xyz/v1", shape),
        ("api.together.xyz", shape),
        ("/v1", shape),
        ("https://", shape),
        ("https:///v1", shape),
        ("https://a b", shape),
        ("ftp://h/v1", scheme),
        ("file:///v1", shape),
        ("https://h/v1?key=s3cret", query),
        ("https://h/v1?", query),
        ("https://h/v1#s3cret", fragment),
        ("https://me:s3cret@h/v1", user),
        ("https://h:0/v1", port),
        ("https://h:99999/v1", port),
        ("https://h:/v1", port),
    ] {
        let text = format!("providers: {{targets: [{{provider: together, base_url: '{url}'}}]}}");
        let error = refuse(&text).to_string();
        let message = error.split("base_url: ").nth(1);
        assert_eq!(message, Some(expected), "{url}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

/// Wherever a key is pasted by mistake, the answer points at the place and does not repeat it.
#[test]
fn a_secret_is_never_repeated() {
    const SECRET: &str = "tgp_v1_0aB3dE6gH9jK2mN5pQ8sT1vW4yZ";
    const MARKS: [&str; 4] = ["tgp_v1_0a", "0aB3dE", "jK2mN5", "vW4yZ"];
    for form in [
        "secret_key_ref: KEY",
        "secret_key_ref: [KEY]",
        "secret_key_ref: {env: KEY}",
        "secret_key_ref: {env: {KEY: 1}}",
        "secret_key_ref: {env: [KEY]}",
        "secret_key_ref: {KEY: 1}",
        "secret_key_ref: {KEY}",
        "secret_key_ref: {env: A, KEY: 1, KEY: 2}",
        "secret_key_ref: {env: A, value: KEY, value: KEY}",
        "secret_key_ref: !KEY x",
        "secret_key_ref: &KEY {env: A}",
        "secret_key_ref: *KEY",
        "secret_key_ref: \"KEY",
        "secret_key_ref: {env: KEY: KEY}",
        "api_key: KEY",
        "KEY: 1",
        "KEY: &a 1",
        "? {KEY: 1}\n : 1",
        "format: KEY",
        "id: KEY KEY",
        "weight: KEY",
        "quantizations: [KEY, KEY]",
        "base_url: KEY",
        "base_url: 'https://KEY@h'",
        "base_url: 'https://h/?key=KEY'",
        "health_probe: KEY",
        "model: KEY KEY",
        "provider: KEY",
        "provider: KEY:chat:KEY",
        "provider: 'together:KEY:x'",
    ] {
        let provider = if form.starts_with("provider") {
            ""
        } else {
            "provider: together, "
        };
        let text = format!("providers: {{targets: [{{{provider}{form}}}]}}");
        let error = refuse(&text.replace("KEY", SECRET));
        let shown = format!("{error} {error:?}");
        for mark in MARKS {
            assert!(!shown.contains(mark), "{form} gives {shown}");
        }
    }
    let text = "providers: {targets: [{provider: together, secret_key_ref: tgp_v1_x}]}";
    assert_eq!(
        refuse(text).to_string(),
        "policy-config.yaml:1:60: providers.targets[0].secret_key_ref: expected a mapping; name \
         the environment variable that holds the key, such as {env: TOGETHER_API_KEY}, and never \
         write the key itself"
    );
    for name in ["tgp_v1_x", "1KEY", "MY-KEY", "MY KEY", "${KEY}", "É"] {
        let text = format!(
            "providers: {{targets: [{{provider: together, secret_key_ref: {{env: '{name}'}}}}]}}"
        );
        assert_eq!(
            refuse(&text).to_string(),
            "policy-config.yaml:1:66: providers.targets[0].secret_key_ref.env: must be the name \
             of an environment variable in A-Z, 0-9 and _, such as TOGETHER_API_KEY; never write \
             the key itself"
        );
    }
}

#[test]
fn a_flood_of_problems_is_counted() {
    let text: String = (0..80).map(|i| format!("k{i}: 1\n")).collect();
    let error = refuse(&text);
    assert_eq!(error.problems().len(), 51);
    assert_eq!(
        error.to_string().lines().last(),
        Some("policy-config.yaml:50:1: 30 more problems are not shown")
    );
}

#[test]
fn a_problem_names_the_path_of_its_key() {
    let text = "providers: {targets: [{provider: together, weight: 0, colour: 1}]}";
    let error = refuse(text);
    let paths: Vec<&str> = error.problems().iter().map(|p| p.path.as_str()).collect();
    assert_eq!(
        paths,
        ["providers.targets[0].weight", "providers.targets[0]"]
    );
}

#[test]
fn a_policy_nobody_knows_is_answered_with_those_there_are() {
    let built: Vec<_> = PolicyName::ALL.iter().map(|p| format!("\"{p}\"")).collect();
    let error = refuse("policies: {chain: [nonsense]}\n").to_string();
    let expected = format!(
        "unknown policy \"nonsense\"; use one of {}",
        built.join(", ")
    );
    assert_eq!(error, format!("policy-config.yaml:1:20: {expected}"));
}
