//! Any bytes are read as a model, or refused; what is read scores a text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::text::model::{Network, Parts};
use portcullis::text::{Model, NgramSpec, NoDense, Scorer, Views};

/// A small model, so that changes of its bytes go past the first checks.
fn valid() -> Vec<u8> {
    let spec = NgramSpec {
        bits: 8,
        ..NgramSpec::default()
    };
    let parts = Parts {
        name: "fuzz".into(),
        version: "1".into(),
        outputs: vec!["verdict".into()],
        block: 4,
        ngrams: Some((spec, vec![0.01], vec![3; 256])),
        network: Network {
            inputs: 2,
            outputs: 1,
            direct: vec![1.0; 2],
            bias: vec![0.0],
            calibration: vec![[1.0, 0.0, 0.0]],
            ..Network::default()
        },
        ..Parts::default()
    };
    parts.to_bytes()
}

fuzz_target!(|input: (Vec<u8>, Vec<(u16, u8)>, &str)| {
    let (raw, changes, text) = input;
    let mut bytes = if raw.is_empty() { valid() } else { raw };
    for (at, byte) in changes {
        let len = bytes.len();
        bytes[usize::from(at) % len] = byte;
    }
    if let Ok(model) = Model::from_bytes(bytes.into()) {
        let scores = Scorer::new(&model).judge(text, &NoDense, Views::ALL);
        assert!(text.get(scores.span(0)).is_some());
    }
});
