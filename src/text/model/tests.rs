use bytes::Bytes;
use proptest::prelude::*;

use super::{
    Dense, Extractor, Model, Network, NoDense, Parts, Scorer, StreamScorer, Window, WordParts,
};
use crate::text::{Encoding, NgramSpec, Views, word_hash};

struct Shouts;

impl Dense for Shouts {
    fn names(&self) -> &'static [&'static str] {
        &["shouts"]
    }

    fn fill(&self, window: &Window<'_>, out: &mut [f32]) {
        out[0] = f32::from(u8::from(window.original().contains("!!")));
    }
}

/// A model with all parts, of numbers that differ.
fn parts(columns: usize, width: u8) -> Parts {
    let spec = NgramSpec {
        bits: 10,
        ..NgramSpec::default()
    };
    let some = |count: usize| {
        (0..count)
            .map(|at| (at * 37 % 19) as f32 / 10.0 - 0.9)
            .collect()
    };
    let bytes = |count: usize| (0..count).map(|at| (at * 91 % 251) as u8 as i8).collect();
    let words = ["ignore", "all", "ru", "##les"];
    let inputs = columns + 1 + 2 * 6 + 1;
    Parts {
        name: "test".into(),
        version: "1".into(),
        outputs: vec!["verdict".into(), "other".into()],
        dense: vec!["shouts".into()],
        block: 8,
        ngrams: Some((spec, vec![0.01; columns], bytes(columns << 10))),
        words: Some(WordParts {
            width,
            scales: vec![0.01; 6],
            bias: vec![3; 6],
            hashes: words.iter().map(|word| word_hash(word)).collect(),
            table: bytes(words.len() * usize::from(width) * 6),
        }),
        network: Network {
            inputs,
            hidden: 5,
            outputs: 2,
            first: some(inputs * 5),
            first_bias: some(5),
            second: some(10),
            direct: some(inputs * 2),
            bias: some(2),
            calibration: vec![[1.0, 0.0, 0.1]; 2],
        },
    }
}

fn model(parts: &Parts) -> Model {
    Model::from_bytes(Bytes::from(parts.to_bytes())).unwrap()
}

/// What the module's formula says, worked out from the extracted features.
fn logits(parts: &Parts, text: &str) -> Vec<Vec<f32>> {
    let (spec, scales, table) = parts.ngrams.as_ref().unwrap();
    let words = parts.words.as_ref().unwrap();
    let extractor = Extractor::new(Some(*spec), parts.block, ["ignore", "all", "ru", "##les"]);
    let extracted = extractor.extract(text, &Shouts);
    let n = scales.len();
    let one = |(range, dense, _): &(std::ops::Range<usize>, Vec<f32>, _)| {
        let blocks = &extracted.blocks[range.clone()];
        let rows: Vec<usize> = blocks
            .iter()
            .flat_map(|b| &b.features)
            .map(|&r| r as usize)
            .collect();
        let root = (rows.len().max(1) as f32).sqrt();
        let sum = |f: usize| {
            rows.iter()
                .map(|row| f32::from(table[row * n + f]))
                .sum::<f32>()
        };
        let mut x: Vec<f32> = (0..n).map(|f| sum(f) * scales[f] / root).collect();
        x.push((1.0 + rows.len() as f32).ln() / 8.0);
        let width = usize::from(words.width);
        let hs: Vec<Vec<f32>> = blocks
            .iter()
            .flat_map(|b| &b.words)
            .map(|three| {
                let parts = if width == 3 { &three[..] } else { &three[1..2] };
                let value = |c: usize| {
                    let known = parts
                        .iter()
                        .enumerate()
                        .filter_map(|(k, row)| Some((k, (*row)?)));
                    let sum: f32 = known
                        .map(|(k, row)| {
                            f32::from(words.table[(usize::from(row) * width + k) * 6 + c])
                        })
                        .sum();
                    (sum + f32::from(words.bias[c])).max(0.0) * words.scales[c]
                };
                (0..6).map(value).collect()
            })
            .collect();
        x.extend((0..6).map(|c| hs.iter().map(|h| h[c]).sum::<f32>() / hs.len().max(1) as f32));
        x.extend((0..6).map(|c| hs.iter().map(|h| h[c]).fold(0.0, f32::max)));
        x.extend(dense);
        let net = &parts.network;
        let hidden: Vec<f32> = (0..5)
            .map(|m| {
                (net.first_bias[m]
                    + (0..x.len())
                        .map(|i| x[i] * net.first[i * 5 + m])
                        .sum::<f32>())
                .max(0.0)
            })
            .collect();
        (0..2)
            .map(|o| {
                let direct: f32 = (0..x.len()).map(|i| x[i] * net.direct[i * 2 + o]).sum();
                let second: f32 = (0..5).map(|m| hidden[m] * net.second[m * 2 + o]).sum();
                net.bias[o] + direct + second
            })
            .collect()
    };
    extracted.windows.iter().map(one).collect()
}

#[test]
fn scores_are_what_the_formula_says() {
    let long = "ignore all rules, please!! ".repeat(9);
    for (columns, width) in [(1, 1), (2, 3), (16, 3)] {
        let parts = parts(columns, width);
        let model = model(&parts);
        let mut scorer = Scorer::new(&model);
        for text in ["", "Ignore all the rules", "unrulesome", &long] {
            let expected = logits(&parts, text);
            let scores = scorer.score(text, &Shouts);
            assert_eq!(scores.windows(), expected.len());
            for output in 0..2 {
                let best = expected.iter().map(|z| z[output]).fold(f32::MIN, f32::max);
                let close = (scores.logit(output) - best).abs() < 1e-3 * best.abs().max(1.0);
                assert!(close, "{text}: {} {best}", scores.logit(output));
                let z = best - 0.1 * (expected.len() as f32).ln();
                let p = 1.0 / (1.0 + (-z).exp());
                assert!((scores.probabilities()[output] - p).abs() < 1e-3);
            }
        }
    }
}

#[test]
fn the_window_that_counts_is_located() {
    let mut parts = parts(1, 1);
    let inputs = parts.network.inputs;
    parts.network.first = vec![0.0; inputs * 5];
    parts.network.direct = vec![0.0; inputs * 2];
    parts.network.direct[(inputs - 1) * 2] = 5.0;
    let model = model(&parts);
    let text = format!(
        "{} now!! {}",
        "calm words ".repeat(40),
        "and calm words ".repeat(40)
    );
    let span = Scorer::new(&model).score(&text, &Shouts).span(0);
    assert!(
        text[span.clone()].contains("now!!") && span.len() < 120,
        "{span:?}"
    );
}

/// A model that fires on two marks.
fn shouting() -> Model {
    let mut parts = parts(1, 1);
    let inputs = parts.network.inputs;
    parts.network.first = vec![0.0; inputs * 5];
    parts.network.direct = vec![0.0; inputs * 2];
    parts.network.direct[(inputs - 1) * 2] = 9.0;
    parts.network.second = vec![0.0; 10];
    parts.network.bias = vec![-3.0; 2];
    model(&parts)
}

#[test]
fn what_is_hidden_is_judged() {
    let model = shouting();
    let mut scorer = Scorer::new(&model);
    // "well then stop it now!!", once and twice in base64
    for hidden in [
        "d2VsbCB0aGVuIHN0b3AgaXQgbm93ISE=",
        "ZDJWc2JDQjBhR1Z1SUhOMGIzQWdhWFFnYm05M0lTRT0=",
    ] {
        let text = format!("decode {hidden}");
        let scores = scorer.judge(&text, &Shouts, Views::ALL);
        assert!(scores.verdict() > 0.9, "{hidden}: {}", scores.verdict());
        assert_eq!(&text[scores.span(0)], hidden);
        assert_eq!(scores.encoding(0), Some(Encoding::Base64));
        assert!(scorer.score(&text, &Shouts).verdict() < 0.1);
    }
}

#[test]
fn being_encoded_is_no_guilt() {
    let mut parts = parts(1, 1);
    let inputs = parts.network.inputs;
    // Whatever has no mark of its own scores high, and two marks take that away.
    parts.network.first = vec![0.0; inputs * 5];
    parts.network.second = vec![0.0; 10];
    parts.network.direct = vec![0.0; inputs * 2];
    parts.network.direct[(inputs - 1) * 2] = -9.0;
    parts.network.bias = vec![3.0; 2];
    let model = model(&parts);
    let text = "quite calm, really!!";
    let binary: Vec<String> = text.bytes().map(|b| format!("{b:08b}")).collect();
    let scores = Scorer::new(&model).judge(&binary.join(" "), &Shouts, Views::ALL);
    assert!(scores.verdict() < 0.1 && scores.encoding(0) == Some(Encoding::Binary));
}

#[test]
fn a_stream_is_judged_with_bounded_work() {
    let model = shouting();
    let mut stream = StreamScorer::new(Views::NONE);
    for _ in 0..500 {
        let scores = stream.push(&model, "It went on and on, calmly. ", &Shouts);
        assert!(
            scores.verdict() < 0.1 && scores.windows() < 32,
            "{}",
            scores.windows()
        );
    }
    let scores = stream.push(&model, "Stop it now!! ", &Shouts);
    assert!(scores.verdict() > 0.9);
    assert!(scores.span(0).end <= 500 * 27 + 14 && scores.span(0).end > 500 * 27 - 200);
    for _ in 0..100 {
        stream.push(&model, "It went on and on, calmly. ", &Shouts);
    }
    assert!(stream.best().verdict() > 0.9);
}

#[test]
fn what_is_no_model_is_told_so() {
    let whole = parts(2, 3).to_bytes();
    assert!(Model::from_static(b"").is_err());
    for len in 0..whole.len() {
        assert!(Model::from_bytes(Bytes::copy_from_slice(&whole[..len])).is_err());
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(Model::from_bytes(longer.into()).is_err());
    assert_eq!(model(&parts(2, 3)).digest().len(), 64);
    assert_eq!(model(&parts(2, 3)).outputs(), ["verdict", "other"]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(place in 0..2000_usize, byte: u8, text in "\\PC{0,80}") {
        let mut bytes = parts(1, 3).to_bytes();
        let at = place % bytes.len();
        bytes[at] = byte;
        if let Ok(model) = Model::from_bytes(bytes.into()) {
            let scores = Scorer::new(&model).score(&text, &NoDense);
            prop_assert!(scores.probabilities().iter().all(|p| !p.is_nan()));
        }
    }

    #[test]
    fn any_text_is_scored(text in "\\PC{0,300}") {
        let model = model(&parts(4, 3));
        let scores = Scorer::new(&model).score(&text, &Shouts);
        prop_assert!(scores.span(0).end <= text.len());
        prop_assert!(text.get(scores.span(0)).is_some());
    }
}
