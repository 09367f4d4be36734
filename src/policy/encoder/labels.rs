//! What the outputs of a model mean.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Squash;

/// The part of a model's `config.json` that matters.
#[derive(Default, Deserialize)]
pub(super) struct ModelConfig {
    #[serde(default)]
    pub(super) id2label: BTreeMap<String, String>,
    pub(super) problem_type: Option<String>,
    pub(super) max_position_embeddings: Option<usize>,
}

/// The outputs, and which of them are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Labels {
    names: Vec<String>,
    wanted: Vec<usize>,
}

/// Words in the names of what is looked for, if it is not said.
const BAD: [&str; 8] = [
    "INJECTION",
    "INJECTED",
    "JAILBREAK",
    "MALICIOUS",
    "ATTACK",
    "UNSAFE",
    "HARMFUL",
    "TOXIC",
];

/// Whether a name says of what is looked for, without denying it.
fn is_bad(name: &str) -> bool {
    let name = name.to_uppercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    let denied = words
        .clone()
        .any(|word| matches!(word, "NO" | "NOT" | "NON"));
    !denied && words.any(|word| BAD.contains(&word))
}

/// The number in `LABEL_1` or `1`.
fn number(name: &str) -> Option<usize> {
    let digits = name.strip_prefix("LABEL_").unwrap_or(name);
    digits.parse().ok()
}

impl Labels {
    /// Of a model with so many outputs.
    ///
    /// # Errors
    /// When its configuration does not fit it, or it is not clear what to look
    /// for.
    pub(super) fn of(
        config: &ModelConfig,
        outputs: usize,
        asked_for: &[String],
    ) -> Result<Self, String> {
        let named: BTreeMap<usize, &String> = config
            .id2label
            .iter()
            .filter_map(|(id, name)| Some((id.parse().ok()?, name)))
            .collect();
        if !named.is_empty() && named.keys().ne(&(0..outputs).collect::<Vec<_>>()) {
            return Err(format!(
                "id2label names {} labels, and the model has {outputs} outputs; take the two from \
                 the same model",
                named.len()
            ));
        }
        let names: Vec<String> = (0..outputs)
            .map(|id| match named.get(&id) {
                Some(name) => (*name).clone(),
                None => format!("LABEL_{id}"),
            })
            .collect();
        let wanted = match asked_for {
            [] => guessed(&names)?,
            asked_for => asked_for
                .iter()
                .map(|asked| chosen(&names, asked))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self { names, wanted })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn wanted(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().map(|id| self.names[*id].as_str())
    }

    /// The score of a text, and those of the labels that are looked for.
    pub(super) fn score(
        &self,
        logits: &[f32],
        squash: Squash,
        temperature: f32,
    ) -> (f32, Vec<(usize, f32)>) {
        let warm = logits.iter().map(|logit| f64::from(logit / temperature));
        let shares: Vec<f64> = match squash {
            Squash::Softmax => {
                let most = warm.clone().fold(f64::MIN, f64::max);
                let powers: Vec<f64> = warm.map(|logit| (logit - most).exp()).collect();
                let sum: f64 = powers.iter().sum();
                powers.into_iter().map(|power| power / sum).collect()
            }
            Squash::Sigmoid => warm.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect(),
        };
        let each = self.wanted.iter().map(|id| (*id, shares[*id] as f32));
        let each: Vec<(usize, f32)> = each.collect();
        let scores = each.iter().map(|(_, score)| *score);
        let score = match squash {
            // One of them, whichever.
            Squash::Softmax => scores.sum::<f32>().min(1.0),
            Squash::Sigmoid => scores.fold(0.0, f32::max),
        };
        (score, each)
    }

    pub(super) fn name(&self, id: usize) -> &str {
        &self.names[id]
    }
}

fn chosen(names: &[String], asked: &str) -> Result<usize, String> {
    let named = names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(asked));
    let counted = || number(asked).filter(|id| *id < names.len());
    named.or_else(counted).ok_or_else(|| {
        format!(
            "the model has no label {asked:?}; it has {}",
            names.join(", ")
        )
    })
}

fn guessed(names: &[String]) -> Result<Vec<usize>, String> {
    let bad = names.iter().enumerate().filter(|(_, name)| is_bad(name));
    let bad: Vec<usize> = bad.map(|(id, _)| id).collect();
    match names {
        [_] => Ok(vec![0]),
        // What a model of two kinds calls them that was given no names.
        [no, yes] if no == "LABEL_0" && yes == "LABEL_1" => Ok(vec![1]),
        _ if !bad.is_empty() && bad.len() < names.len() => Ok(bad),
        _ => Err(format!(
            "it is not clear which label is the one to look for; say which: {}",
            names.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str], asked: &[&str]) -> Result<Vec<usize>, String> {
        let named = names.iter().enumerate();
        let config = ModelConfig {
            id2label: named
                .map(|(id, name)| (id.to_string(), (*name).to_owned()))
                .collect(),
            ..ModelConfig::default()
        };
        let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        Labels::of(&config, names.len(), &asked).map(|labels| labels.wanted)
    }

    #[test]
    fn it_is_found_what_to_look_for() {
        for (names, asked, expected) in [
            (&["SAFE", "INJECTION"][..], &[][..], Some(vec![1])),
            (&["BENIGN", "MALICIOUS"], &[], Some(vec![1])),
            (&["BENIGN", "INJECTION", "JAILBREAK"], &[], Some(vec![1, 2])),
            (&["prompt-injection", "not injection"], &[], Some(vec![0])),
            (&["LABEL_0", "LABEL_1"], &[], Some(vec![1])),
            (&["LABEL_0", "LABEL_1", "LABEL_2"], &[], None),
            (&["score"], &[], Some(vec![0])),
            (&["entailment", "neutral"], &[], None),
            (&["unsafe", "toxic"], &[], None),
            (&["entailment", "neutral"], &["Neutral"], Some(vec![1])),
            (&["entailment", "neutral"], &["0"], Some(vec![0])),
            (&["entailment", "neutral"], &["LABEL_1"], Some(vec![1])),
            (&["entailment", "neutral"], &["2"], None),
        ] {
            assert_eq!(of(names, asked).ok(), expected, "{names:?} {asked:?}");
        }
        let error = of(&["entailment", "neutral"], &["other"]).unwrap_err();
        assert!(error.contains("it has entailment, neutral"), "{error}");
        let mut config = ModelConfig::default();
        config.id2label.insert("0".to_owned(), "a".to_owned());
        assert!(
            Labels::of(&config, 2, &[])
                .unwrap_err()
                .contains("2 outputs")
        );
    }

    #[test]
    fn logits_become_scores() {
        let labels = Labels {
            names: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            wanted: vec![1, 2],
        };
        let near = |is: f32, should: f32| assert!((is - should).abs() < 1e-6, "{is} {should}");
        let (score, each) = labels.score(&[0.0, 0.0, 0.0], Squash::Softmax, 1.0);
        near(score, 2.0 / 3.0);
        near(each[0].1, 1.0 / 3.0);
        // Large logits are no trouble.
        near(labels.score(&[1e4, 0.0, 1e4], Squash::Softmax, 1.0).0, 0.5);
        let (score, _) = labels.score(&[9.0, 0.0, 1.0], Squash::Sigmoid, 1.0);
        near(score, 1.0 / (1.0 + (-1.0_f32).exp()));
        let (cool, _) = labels.score(&[9.0, 0.0, 1.0], Squash::Sigmoid, 4.0);
        near(cool, 1.0 / (1.0 + (-0.25_f32).exp()));
    }
}
