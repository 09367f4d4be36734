//! Any text is a document or an error; untouched it is the same bytes, and
//! edited it is JSON still.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::body::Document;
use portcullis::text::Edits;

fuzz_target!(|input: (&str, u8)| {
    let (text, seed) = input;
    let Ok(mut document) = Document::json(text.to_owned()) else {
        return;
    };
    assert_eq!(document.to_bytes(), text);
    let segments: Vec<(usize, usize)> = document
        .segments()
        .map(|segment| (segment.number(), segment.text().len()))
        .collect();
    for (number, length) in segments {
        let start = usize::from(seed) % (length + 1);
        let mut edits = Edits::new();
        edits.replace(start..(start + 3).min(length), "\"\\\n[X]");
        document.edit(number, &edits);
        let _ = document.pointer(number);
    }
    document.set_string("model", "m\"");
    let bytes = document.to_bytes();
    assert_eq!(bytes.len(), document.serialized_len());
    let edited = std::str::from_utf8(&bytes).expect("it was text before");
    Document::json(edited.to_owned()).expect("it was JSON before");
});
