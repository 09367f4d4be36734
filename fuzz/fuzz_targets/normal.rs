//! The normal form of any text leads back to it, and what it hides is bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::text::{Normal, Views, decoded, tokens};

fuzz_target!(|text: &str| {
    let normal = Normal::new(text);
    let mut last = 0;
    for token in tokens(normal.as_str()) {
        let range = normal.origin(token.start as usize..token.end as usize);
        assert!(range.start >= last && text.get(range.clone()).is_some());
        last = range.start;
    }
    for found in decoded(text, &normal, Views::ALL) {
        assert!(text.get(found.range.clone()).is_some());
        assert!(found.text.len() <= 2 * text.len());
    }
});
