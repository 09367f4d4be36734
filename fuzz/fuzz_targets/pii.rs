//! What is found in a text does not depend on how it is cut.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use portcullis::PiiRedactLayer;
use portcullis::policy::pii::Entity;

static LAYER: LazyLock<PiiRedactLayer> = LazyLock::new(|| {
    PiiRedactLayer::default()
        .entities(Entity::ALL.iter().copied())
        .threshold(0.0)
        .pattern("OWN", "x[0-9]{2,5}y?")
        .expect("it is a pattern")
});

fuzz_target!(|input: (&str, u8)| {
    let (text, size) = input;
    let policy = LAYER.policy();
    let mut stream = policy.stream();
    let mut found = Vec::new();
    let (mut sent, mut at) = (0, 0);
    while at < text.len() {
        at = (at + usize::from(size % 8) + 1).min(text.len());
        let whole = text.floor_char_boundary(at);
        found.extend(stream.push(&text[sent..whole]));
        sent = whole;
    }
    found.extend(stream.finish());
    assert_eq!(found, policy.scan(text));
});
