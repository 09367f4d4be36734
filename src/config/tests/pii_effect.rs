//! What the settings of `pii-detector` do, once a gateway is built with them.

use super::super::{Config, SecretRef};
use super::accept;
use crate::gateway::judge;

/// `text` as it leaves in a request, with these settings.
fn redacted(fields: &str, text: &str) -> String {
    let config = accept(&format!("policy: {{pii-detector: {{{fields}}}}}"));
    judge::pii_detector(&config).unwrap().redact(text)
}

fn error(config: &Config) -> String {
    judge::pii_detector(config).unwrap_err().to_string()
}

#[test]
fn settings_have_their_effect() {
    const MAIL: &str = "mail jane@example.com";
    const LINK: &str = "see https://example.com/a";
    const CARD: &str = "card 4111 1111 1111 1111 CVV: 123";
    for (fields, text, expected) in [
        ("", MAIL, "mail [EMAIL_ADDRESS]"),
        ("action: mask", MAIL, "mail ****@*******.***"),
        ("action: log", MAIL, MAIL),
        ("actions: {EMAIL_ADDRESS: log}", MAIL, MAIL),
        ("request: {action: log}", MAIL, MAIL),
        ("request: {actions: {EMAIL_ADDRESS: log}}", MAIL, MAIL),
        ("response: {action: log}", MAIL, "mail [EMAIL_ADDRESS]"),
        // A type's own action goes before a general one.
        (
            "actions: {EMAIL_ADDRESS: redact}, request: {action: log}",
            MAIL,
            "mail [EMAIL_ADDRESS]",
        ),
        ("directions: [response]", MAIL, MAIL),
        // Addresses of pages are only counted unless they are named.
        ("action: mask", LINK, LINK),
        ("entities: [URL]", LINK, LINK),
        ("actions: {URL: redact}", LINK, "see [URL]"),
        ("entities: [US_SSN]", MAIL, MAIL),
        ("locales: [de]", "SSN 536-22-1234", "SSN 536-22-1234"),
        ("locales: [us]", "SSN 536-22-1234", "SSN [US_SSN]"),
        ("pci_mode: false", CARD, "card [CREDIT_CARD] CVV: 123"),
        ("pci_mode: true", CARD, "card [CREDIT_CARD] CVV: [CVV]"),
        ("entities: [CVV]", "CVV: 123", "CVV: [CVV]"),
        ("threshold: 1", "call 415-555-2671", "call 415-555-2671"),
        (
            "thresholds: {PHONE_NUMBER: 1}",
            "call 415-555-2671",
            "call 415-555-2671",
        ),
        ("allow_list: [Jane@Example.com]", MAIL, MAIL),
        ("deny_list: [Blue Heron]", "on blue heron", "on [DENY_LIST]"),
        (
            "deny_list: {BIRD: [heron]}",
            "a Heron, herons",
            "a [BIRD], herons",
        ),
        (
            "detect_patterns: {EMP: 'EMP-[0-9]+'}, actions: {EMP: mask}",
            "EMP-12",
            "***-**",
        ),
        (
            "detect_patterns: [{name: EMP, regex: 'E-1', score: 0.5}]",
            "E-1",
            "[EMP]",
        ),
        (
            "detect_patterns: [{name: EMP, regex: 'E-1', score: 0.4}]",
            "E-1",
            "E-1",
        ),
        (
            "detect_patterns: [{name: EMP, regex: 'E-1', score: 0.4}], thresholds: {EMP: 0.4}",
            "E-1",
            "[EMP]",
        ),
        (
            "redaction: {marker_format: asterisks}",
            MAIL,
            "mail ****************",
        ),
        (
            "redaction: {marker_format: partial}",
            MAIL,
            "mail j***@example.com",
        ),
        (
            "redaction: {include_metadata: true}",
            MAIL,
            "mail [EMAIL_ADDRESS:16]",
        ),
        (
            "redaction: {preserve_length: true}",
            MAIL,
            "mail [EMAIL_ADDRESS]*",
        ),
        (
            "redaction: {custom_markers: {EMAIL_ADDRESS: <>}}",
            MAIL,
            "mail <>",
        ),
        (
            "conversation: {}, report_header: true",
            MAIL,
            "mail [EMAIL_ADDRESS]",
        ),
    ] {
        assert_eq!(redacted(fields, text), expected, "{fields}");
    }
    let names = "My name is Jane Miller.";
    assert_eq!(redacted("", names), names);
    let record = "NPI 1234567893";
    assert_ne!(redacted("healthcare_mode: true", record), record);
}

#[test]
fn hashes_depend_on_the_key() {
    // Any variable that is set will do.
    let key = "hash_key_ref: {env: CARGO_MANIFEST_DIR}, action: hash";
    let mail = "jane@example.com";
    assert!(redacted(key, mail).starts_with("[EMAIL_ADDRESS:"));
    assert_eq!(redacted(key, mail), redacted(key, mail));
    assert_ne!(
        redacted("action: hash", mail),
        redacted("action: hash", mail)
    );
    assert_ne!(redacted(key, mail), redacted("action: hash", mail));
}

#[test]
fn what_cannot_be_used_is_said_at_the_start() {
    let mut config = Config::default();
    config.policy.pii_detector.hash_key_ref = Some(SecretRef::env("NO_SUCH_VARIABLE"));
    assert_eq!(
        error(&config),
        "policy.pii-detector.hash_key_ref: the environment variable NO_SUCH_VARIABLE is not set; \
         set it to the key of the action hash, such as 32 random bytes in hexadecimal digits, or \
         remove hash_key_ref for a new key at every start"
    );
    let config = accept("policy: {pii-detector: {conversation: {}, detect_patterns: {A: x}}}");
    let mut header = config.clone();
    if let Some(conversation) = &mut header.policy.pii_detector.conversation {
        conversation.header = "a b".to_owned();
    }
    assert!(error(&header).starts_with("policy.pii-detector.conversation.header: "));
    let mut pattern = config;
    pattern.policy.pii_detector.detect_patterns[0].regex = "x*".to_owned();
    assert_eq!(
        error(&pattern),
        "policy.pii-detector.detect_patterns: pattern \"A\": matches the empty text"
    );
}
