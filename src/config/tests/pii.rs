use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{
    Config, ConfigError, ConfigFile, Conversation, DetectPattern, Entity, Locale, MarkerFormat,
    PiiAction, PiiDetectorConfig, SecretRef, json_schema,
};
use super::{SAMPLE, accept, refuse};
use crate::policy::pii;

fn read(fields: &str) -> PiiDetectorConfig {
    let text = format!("policy: {{pii-detector: {{{fields}}}}}");
    let config = accept(&text);
    config.validate().unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(accept(&json), config, "{fields}");
    config.policy.pii_detector
}

fn by_type<T: Clone>(entries: &[(&str, T)]) -> BTreeMap<String, T> {
    let entries = entries.iter();
    entries.map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
}

#[test]
fn every_entity_of_the_library_can_be_named() {
    let ours: Vec<_> = Entity::ALL.iter().map(|entity| entity.as_str()).collect();
    let theirs: Vec<_> = pii::Entity::ALL
        .iter()
        .map(|entity| entity.label())
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn every_country_of_the_library_can_be_named() {
    let ours: Vec<_> = Locale::ALL.iter().map(|locale| locale.as_str()).collect();
    let theirs: Vec<_> = pii::Locale::ALL
        .iter()
        .map(|locale| locale.code())
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn the_sample_names_every_key() {
    let schema = json_schema();
    let settings = &schema["properties"]["policy"]["properties"]["pii-detector"]["properties"];
    let known =
        |level: &Value| -> Vec<String> { level.as_object().unwrap().keys().cloned().collect() };
    let below = |key: &str| known(&settings[key]["properties"]);
    let mut keys = known(settings);
    keys.extend(below("redaction"));
    keys.extend(below("conversation"));
    keys.extend(below("request"));
    for key in keys {
        assert!(
            SAMPLE.contains(&format!("{key}: ")) || SAMPLE.contains(&format!("{key}:\n")),
            "{key}"
        );
    }
    // The keys that stand in comments are good too.
    let shown = SAMPLE
        .replace("# entities:", "entities:")
        .replace("# locales:", "locales:")
        .replace("# hash_key", "hash_key");
    let settings = accept(&shown).policy.pii_detector;
    assert_eq!(settings.entities.map(|entities| entities.len()), Some(7));
    assert_eq!(settings.locales.map(|locales| locales.len()), Some(3));
    assert_eq!(settings.hash_key_ref, Some(SecretRef::env("PII_HASH_KEY")));
    // Where the sample gives no example, it gives the default.
    let mut rest = accept(SAMPLE).policy.pii_detector;
    let default = PiiDetectorConfig::default();
    rest.actions.clear();
    rest.request = default.request.clone();
    rest.response = default.response.clone();
    rest.thresholds.clear();
    rest.allow_list.clear();
    rest.deny_list.clear();
    rest.detect_patterns.clear();
    rest.redaction.custom_markers.clear();
    rest.conversation = None;
    assert_eq!(rest, default);
}

#[test]
fn every_action_is_read() {
    use PiiAction::{Block, Hash, Log, Mask, Pseudonymize, Redact};
    for (text, action) in [
        ("redact", Redact),
        ("mask", Mask),
        ("hash", Hash),
        ("pseudonymize", Pseudonymize),
        ("block", Block),
        ("log", Log),
    ] {
        assert_eq!(read(&format!("action: {text}")).action, action);
    }
    let settings = read(
        "actions: {US_SSN: block, EMP: hash, DENY_LIST: log, GEM: mask}, \
         detect_patterns: {EMP: 'E[0-9]+'}, deny_list: {GEM: [opal]}, \
         request: {action: pseudonymize, actions: {EMP: mask}}, response: {actions: {URL: redact}}",
    );
    let actions = [
        ("US_SSN", Block),
        ("EMP", Hash),
        ("DENY_LIST", Log),
        ("GEM", Mask),
    ];
    assert_eq!(settings.actions, by_type(&actions));
    assert_eq!(settings.request.action, Some(Pseudonymize));
    assert_eq!(settings.request.actions, by_type(&[("EMP", Mask)]));
    assert_eq!(settings.response.action, None);
    assert_eq!(settings.response.actions, by_type(&[("URL", Redact)]));
}

#[test]
fn what_is_looked_for_is_read() {
    let settings = read(
        "enabled: false, entities: [URL, CVV], healthcare_mode: true, pci_mode: true, names: true, \
         threshold: 1, thresholds: {CVV: 0.25, PERSON: 0}, allow_list: ['a b', c]",
    );
    assert!(!settings.enabled);
    assert_eq!(settings.entities, Some(vec![Entity::Url, Entity::Cvv]));
    assert!(settings.healthcare_mode && settings.pci_mode && settings.names);
    assert_eq!(settings.threshold, 1.0);
    assert_eq!(
        settings.thresholds,
        by_type(&[("CVV", 0.25), ("PERSON", 0.0)])
    );
    assert_eq!(settings.allow_list, ["a b", "c"]);
    assert_eq!(read("").threshold, 0.5);
}

#[test]
fn values_and_patterns_are_read_in_both_forms() {
    let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let named: [(&str, Vec<String>); 2] = [("A", list(&["x", "y.z"])), ("B", list(&[]))];
    assert_eq!(
        read("deny_list: {A: [x, y.z], B: []}").deny_list,
        by_type(&named)
    );
    let plain: [(&str, Vec<String>); 1] = [("DENY_LIST", list(&["x"]))];
    assert_eq!(read("deny_list: [x]").deny_list, by_type(&plain));
    assert_eq!(read("deny_list: []").deny_list, BTreeMap::new());

    let mut scored = DetectPattern::new("A", "a+");
    scored.score = 0.5;
    assert_eq!(
        read("detect_patterns: [{name: A, regex: a+, score: 0.5}, {name: A, regex: b}]")
            .detect_patterns,
        [scored, DetectPattern::new("A", "b")]
    );
    assert_eq!(
        read("detect_patterns: {B: b, A: a}").detect_patterns,
        [DetectPattern::new("A", "a"), DetectPattern::new("B", "b")]
    );
    assert_eq!(
        read("detect_patterns: {}, allow_list: []"),
        PiiDetectorConfig::default()
    );
}

#[test]
fn markers_keys_and_conversations_are_read() {
    let settings = read(
        "redaction: {marker_format: partial, include_metadata: true, preserve_length: true, \
         custom_markers: {URL: <link>, CVV: ''}}, hash_key_ref: {env: K}, conversation: {}, \
         report_header: true",
    );
    let redaction = settings.redaction;
    assert_eq!(redaction.marker_format, MarkerFormat::Partial);
    assert!(redaction.include_metadata && redaction.preserve_length);
    let markers = [("URL", "<link>".to_owned()), ("CVV", String::new())];
    assert_eq!(redaction.custom_markers, by_type(&markers));
    assert_eq!(settings.hash_key_ref, Some(SecretRef::env("K")));
    assert_eq!(settings.conversation, Some(Conversation::default()));
    assert!(settings.report_header);
    let own = read(
        "conversation: {header: X-Thread, idle_seconds: 5}, redaction: {marker_format: asterisks}",
    );
    let conversation = own.conversation.unwrap();
    assert_eq!(
        (conversation.header.as_str(), conversation.idle_seconds),
        ("X-Thread", 5)
    );
    assert_eq!(own.redaction.marker_format, MarkerFormat::Asterisks);
}

/// What stands under `pii-detector`, one key a line from the third on, and what is said of it.
const BAD: &[(&str, &[&str])] = &[
    (
        "actoins: {}",
        &[r#"3:5: unknown key "actoins"; did you mean "actions"?"#],
    ),
    (
        "action: mark",
        &[r#"3:13: unknown action "mark"; did you mean "mask"?"#],
    ),
    (
        "actions: {US_SSN: drop, EMAIL_ADRESS: block, employee: hash, DENY_LIST: log}",
        &[
            r#"3:23: unknown action "drop"; use one of "redact", "mask", "hash", "pseudonymize", "block", "log""#,
            r#"3:29: unknown type "EMAIL_ADRESS"; did you mean "EMAIL_ADDRESS"?"#,
            r#"3:50: unknown type "employee"; use an entity (EMAIL_ADDRESS, PHONE_NUMBER, CREDIT_CARD, IBAN_CODE, SWIFT_CODE, US_SSN, …), or a name of detect_patterns or deny_list"#,
        ],
    ),
    (
        "detect_patterns: {EMPLOYEE: 'E[0-9]'}\n    actions: {EMPLOYE: hash}\n    thresholds: {EMPLOYES: 1}",
        &[
            r#"4:15: unknown type "EMPLOYE"; did you mean "EMPLOYEE"?"#,
            r#"5:18: unknown type "EMPLOYES"; did you mean "EMPLOYEE"?"#,
        ],
    ),
    (
        "actions: [US_SSN]",
        &[
            "3:14: policy.pii-detector.actions: expected a mapping, found a list; write \"key: value\" lines under it",
        ],
    ),
    (
        "actions: {US_SSN: }",
        &[
            "3:15: policy.pii-detector.actions.US_SSN: expected text, found nothing; write a value or remove the key",
        ],
    ),
    (
        "request: {action: hide, actions: {US_SNN: log}}\n    response: {directions: []}",
        &[
            r#"3:23: unknown action "hide"; use one of "redact", "mask", "hash", "pseudonymize", "block", "log""#,
            r#"3:39: unknown type "US_SNN"; did you mean "US_SSN"?"#,
            r#"4:16: unknown key "directions"; known here: action, actions"#,
        ],
    ),
    (
        "healthcare_mode: 1\n    pci_mode: on\n    names: [PERSON]\n    report_header: x-pii",
        &[
            "3:22: policy.pii-detector.healthcare_mode: expected true or false, found a whole number; write true or false, without quotes",
            "4:15: policy.pii-detector.pci_mode: expected true or false, found text; write true or false, without quotes",
            "5:12: policy.pii-detector.names: expected true or false, found a list; write true or false, without quotes",
            "6:20: policy.pii-detector.report_header: expected true or false, found text; write true or false, without quotes",
        ],
    ),
    (
        "threshold: 1.5\n    thresholds: {US_SSN: -1, URL: high, CRYTPO: 0.5}",
        &[
            "3:16: policy.pii-detector.threshold: must be from 0 to 1, not 1.5",
            "4:26: policy.pii-detector.thresholds.US_SSN: must be from 0 to 1, not -1",
            "4:35: policy.pii-detector.thresholds.URL: expected a number, found text; write a finite number, without quotes",
            r#"4:41: unknown type "CRYTPO"; did you mean "CRYPTO"?"#,
        ],
    ),
    (
        "allow_list: [a, 5, '']\n    deny_list: [b, ' ', [c]]",
        &[
            "3:21: policy.pii-detector.allow_list[1]: expected text, found a whole number; put the value in quotes",
            "3:24: policy.pii-detector.allow_list[2]: must not be empty; write a value or remove the key",
            "4:20: policy.pii-detector.deny_list[1]: must not be empty; write a value or remove the key",
            "4:25: policy.pii-detector.deny_list[2]: expected text, found a list; write a single value",
        ],
    ),
    (
        "deny_list: word\n    detect_patterns: 'x+'",
        &[
            "3:16: policy.pii-detector.deny_list: expected a list or a mapping, found text; write the values as [one, two]",
            "4:22: policy.pii-detector.detect_patterns: expected a list or a mapping, found text; write the values as [one, two]",
        ],
    ),
    (
        "deny_list: {A B: [x], GEM: opal, '': []}",
        &[
            r#"3:17: policy.pii-detector.deny_list: the key "A B" may hold only letters, digits, "-" and "_""#,
            "3:32: policy.pii-detector.deny_list.GEM: expected a list, found text; write the values as [one, two]",
            r#"3:38: policy.pii-detector.deny_list: the key "" must not be empty"#,
        ],
    ),
    (
        "detect_patterns:\n      OPEN: 'a('\n      EMPTY: 'a*'\n      WORD: '\\bx\\b'\n      GOOD: 'x'\n      NUMBER: 1",
        &[
            r#"4:13: policy.pii-detector.detect_patterns.OPEN: pattern "OPEN": regex parse error: unclosed group"#,
            r#"5:14: policy.pii-detector.detect_patterns.EMPTY: pattern "EMPTY": matches the empty text"#,
            r#"6:13: policy.pii-detector.detect_patterns.WORD: pattern "WORD": unsupported regex feature for DFAs: cannot build DFAs for regexes with Unicode word boundaries; switch to ASCII word boundaries, or heuristically enable Unicode word boundaries or use a different regex engine; write (?-u:\b) for a boundary of ASCII words"#,
            "8:15: policy.pii-detector.detect_patterns.NUMBER: expected text, found a whole number; put the value in quotes",
        ],
    ),
    (
        "detect_patterns:\n      - {name: A, regex: '[', score: 2}\n      - {name: a.b, regexp: x}\n      - x",
        &[
            r#"4:26: policy.pii-detector.detect_patterns[0].regex: pattern "A": regex parse error: unclosed character class"#,
            "4:38: policy.pii-detector.detect_patterns[0].score: must be from 0 to 1, not 2",
            "5:9: policy.pii-detector.detect_patterns[1]: the key \"regex\" is missing; add it",
            r#"5:16: policy.pii-detector.detect_patterns[1].name: may hold only letters, digits, "-" and "_""#,
            r#"5:21: unknown key "regexp"; did you mean "regex"?"#,
            "6:9: policy.pii-detector.detect_patterns[2]: expected a mapping, found text; write \"key: value\" lines under it",
        ],
    ),
    (
        "redaction: {marker_format: stars, include_metadata: 1, preserve_length: 1, custom_markers: {US_SSM: x, URL: \"\\a\"}}",
        &[
            r#"3:32: unknown marker format "stars"; use one of "label", "asterisks", "partial""#,
            "3:57: policy.pii-detector.redaction.include_metadata: expected true or false, found a whole number; write true or false, without quotes",
            "3:77: policy.pii-detector.redaction.preserve_length: expected true or false, found a whole number; write true or false, without quotes",
            r#"3:97: unknown type "US_SSM"; did you mean "US_SSN"?"#,
            "3:113: policy.pii-detector.redaction.custom_markers.URL: must not hold control characters",
        ],
    ),
    (
        "hash_key_ref: 0123456789",
        &[
            "3:19: policy.pii-detector.hash_key_ref: expected a mapping; name the environment variable that holds the key, such as {env: TOGETHER_API_KEY}, and never write the key itself",
        ],
    ),
    (
        "hash_key_ref: {env: my-key}",
        &[
            "3:25: policy.pii-detector.hash_key_ref.env: must be the name of an environment variable in A-Z, 0-9 and _, such as TOGETHER_API_KEY; never write the key itself",
        ],
    ),
    (
        "conversation: {header: 'a b', idle_seconds: 0, idle: 1}",
        &[
            "3:28: policy.pii-detector.conversation.header: must be the name of a header, such as x-conversation-id",
            "3:49: policy.pii-detector.conversation.idle_seconds: must be from 1 to 604800, not 0",
            r#"3:52: unknown key "idle"; known here: header, idle_seconds"#,
        ],
    ),
];

fn messages(error: &ConfigError) -> Vec<String> {
    let lines = error.to_string();
    let lines = lines.lines();
    lines
        .map(|line| line.replacen("policy-config.yaml:", "", 1))
        .collect()
}

#[test]
fn each_mistake_is_named() {
    for (text, expected) in BAD {
        let error = refuse(&format!("policy:\n  pii-detector:\n    {text}\n"));
        assert_eq!(messages(&error), *expected, "in:\n{text}");
    }
}

#[test]
fn there_is_an_end_to_everything() {
    let patterns: String = (0..65).map(|i| format!("P{i}: x{i},")).collect();
    let lists: String = (0..17).map(|i| format!("L{i}: [x],")).collect();
    let values = "x,".repeat(1001);
    for (text, expected) in [
        (
            format!("detect_patterns: {{{patterns}}}"),
            "1:42: policy.pii-detector.detect_patterns: must have at most 64 keys, not 65; remove some",
        ),
        (
            format!("deny_list: {{{lists}}}"),
            "1:36: policy.pii-detector.deny_list: must have at most 16 keys, not 17; remove some",
        ),
        (
            format!("deny_list: [{values}]"),
            "1:36: policy.pii-detector.deny_list: must have at most 1000 values, not 1001; remove some",
        ),
        (
            format!("allow_list: [{}]", "x,".repeat(10_001)),
            "1:37: policy.pii-detector.allow_list: must have at most 10000 values, not 10001; remove some",
        ),
    ] {
        let error = refuse(&format!("policy: {{pii-detector: {{{text}}}}}"));
        assert_eq!(messages(&error), [expected]);
    }
    let long = "N".repeat(65);
    let error = refuse(&format!(
        "policy: {{pii-detector: {{detect_patterns: {{{long}: x}}}}}}"
    ));
    assert!(
        error
            .to_string()
            .ends_with("must be at most 64 characters long"),
        "{error}"
    );
}

/// Each of these is small enough; all together are not.
#[test]
fn patterns_must_fit_together() {
    let pair = |i: u8| format!("{}{}", char::from(b'a' + 2 * i), char::from(b'b' + 2 * i));
    let one = |i: u8| format!("P{i}: '[{0}]*{1}[{0}]{{13}}x'", pair(i), &pair(i)[..1]);
    let patterns = |count: u8| (0..count).map(one).collect::<Vec<_>>().join(", ");
    let settings =
        |patterns: &str| format!("policy: {{pii-detector: {{detect_patterns: {{{patterns}}}}}}}");
    for index in 0..6 {
        accept(&settings(&one(index)));
    }
    let error = refuse(&settings(&patterns(6))).to_string();
    assert!(error.contains(": pattern \"of all together\": "), "{error}");
}

#[test]
fn a_secret_in_a_wrong_place_is_not_repeated() {
    const SECRET: &str = "tgp_v1_0aB3dE6gH9jK2mN5pQ8sT1vW4yZ";
    for form in [
        "hash_key_ref: KEY",
        "hash_key_ref: {KEY: 1}",
        "hash_key_ref: {env: KEY}",
        "actions: {KEY: log}",
        "actions: {KEY: []}",
        "actions: {URL: KEY}",
        "request: {actions: {KEY: log}}",
        "thresholds: {KEY: KEY}",
        "deny_list: {KEY: KEY}",
        "deny_list: KEY",
        "detect_patterns: {KEY: 'KEY('}",
        "detect_patterns: {KEY: 1}",
        "detect_patterns: [{name: KEY, regex: '(KEY'}]",
        "detect_patterns: {A: 'KEY['}",
        "redaction: {marker_format: KEY}",
        "redaction: {custom_markers: {KEY: KEY}}",
        "conversation: {header: 'KEY KEY'}",
    ] {
        let text = format!("policy: {{pii-detector: {{{form}}}}}");
        let error = refuse(&text.replace("KEY", SECRET));
        let shown = format!("{error} {error:?}");
        for mark in ["tgp_v1_0a", "0aB3dE", "jK2mN5", "vW4yZ"] {
            assert!(!shown.contains(mark), "{form} gives {shown}");
        }
    }
}

#[test]
fn a_configuration_built_in_code_keeps_the_rules_of_types_and_patterns() {
    let mut config = Config::default();
    let settings = &mut config.policy.pii_detector;
    settings
        .actions
        .insert("US_SNN".to_owned(), PiiAction::Block);
    settings.detect_patterns = vec![DetectPattern::new("A", "(")];
    settings.threshold = f64::NAN;
    let error = config.validate().unwrap_err().to_string();
    let expected = [
        "configuration: policy.pii-detector.threshold: expected a number, found nothing; write a value or remove the key",
        "configuration: unknown type \"US_SNN\"; did you mean \"US_SSN\"?",
        "configuration: policy.pii-detector.detect_patterns[0].regex: pattern \"A\": regex parse error: unclosed group",
    ];
    assert_eq!(error.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn values_can_be_found_again() {
    let text = "policy:\n  pii-detector:\n    detect_patterns:\n      A: 'x'\n";
    let file = ConfigFile::parse("f", text).unwrap();
    let at = file
        .position("policy.pii-detector.detect_patterns.A")
        .unwrap();
    assert_eq!((at.line, at.column), (4, 10));
}
