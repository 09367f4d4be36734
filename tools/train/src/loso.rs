//! How well sources are judged that were left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use portcullis::text::{Model, Scorer, Views};

use crate::data::{Set, rows};
use crate::export::model;
use crate::fit::{Without, fit};
use crate::metrics::{above, auc, threshold};
use crate::task::{Example, Task};

/// The logits of each item that belongs to a fold, from a model that has not seen that fold.
pub fn leave_out(task: &dyn Task, set: &Set) -> Result<Vec<Option<Vec<f32>>>, String> {
    let folds: BTreeSet<&String> = set
        .items
        .iter()
        .filter_map(|item| item.fold.as_ref())
        .collect();
    let mut out = vec![None; set.items.len()];
    for fold in folds {
        let fitted = fit(task, set, Without::Fold(fold));
        let (model, _) = model(task, set, &fitted, None)?;
        let mut scorer = Scorer::new(&model);
        for (item, logits) in set.items.iter().zip(&mut out) {
            if item.fold.as_ref() != Some(fold) {
                continue;
            }
            *logits = Some(if task.views() == Views::NONE {
                fitted.logits(set, &item.features)
            } else {
                let dense = task.dense(&item.example);
                let scores = scorer.judge(&item.example.text, &*dense, task.views());
                (0..set.outputs)
                    .map(|output| scores.logit(output))
                    .collect()
            });
        }
    }
    Ok(out)
}

#[derive(Clone, Default)]
struct Side {
    positives: Vec<f32>,
    negatives: Vec<f32>,
}

impl Side {
    fn push(&mut self, positive: bool, score: f32) {
        if positive {
            self.positives.push(score);
        } else {
            self.negatives.push(score);
        }
    }

    fn print(&self, name: &str, all: &Self) {
        let against = |own: &[f32]| {
            if own.is_empty() {
                None
            } else {
                Some(own.to_vec())
            }
        };
        let positives = against(&self.positives).unwrap_or_else(|| all.positives.clone());
        let negatives = against(&self.negatives).unwrap_or_else(|| all.negatives.clone());
        let rate = |level: f64| above(&self.positives, threshold(&all.negatives, level));
        let percent = |share: f64| match share.is_nan() {
            true => "-".to_owned(),
            false => format!("{:.1}", 100.0 * share),
        };
        println!(
            "{name:<34}{:>6}{:>7}{:>7.3}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
            self.positives.len(),
            self.negatives.len(),
            auc(&positives, &negatives),
            percent(rate(0.01)),
            percent(rate(0.05)),
            percent(above(&self.positives, 0.5)),
            percent(above(&self.negatives, 0.5)),
            percent(above(&self.positives, 0.8)),
            percent(above(&self.negatives, 0.8)),
        );
    }
}

fn table(groups: &BTreeMap<String, Side>, all: &Side) {
    println!(
        "{:<34}{:>6}{:>7}{:>7}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "", "pos", "neg", "AUC", "TPR@1", "TPR@5", "TPR.5", "FPR.5", "TPR.8", "FPR.8"
    );
    for (name, side) in groups {
        side.print(name, all);
    }
    all.print("all", all);
}

/// Prints the table of the first output. A fold with one class is held against the others' texts;
/// TPR at a level uses the threshold of all negatives.
pub fn report(set: &Set, left_out: &[Option<Vec<f32>>], calibration: &[[f32; 3]]) {
    let mut groups: BTreeMap<String, Side> = BTreeMap::new();
    let mut all = Side::default();
    let [slope, offset, price] = calibration[0];
    for (item, logits) in set.items.iter().zip(left_out) {
        let (Some(logits), Some(fold)) = (logits, &item.fold) else {
            continue;
        };
        let windows = (item.features.windows.len() as f32).ln();
        let z = slope * (logits[0] - price * windows) + offset;
        let positive = item.example.labels[0] > 0.5;
        let score = 1.0 / (1.0 + (-z).exp());
        groups
            .entry(fold.clone())
            .or_default()
            .push(positive, score);
        all.push(positive, score);
    }
    println!("calibration: slope {slope:.3}, offset {offset:.3}, price of a window {price:.3}");
    table(&groups, &all);
}

/// Judges labelled texts with a model file.
pub fn eval(task: &dyn Task, file: &Path, paths: &[PathBuf]) -> Result<(), String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let model = Model::from_bytes(bytes.into()).map_err(|error| error.to_string())?;
    let mut scorer = Scorer::new(&model);
    let mut groups: BTreeMap<String, Side> = BTreeMap::new();
    let mut all = Side::default();
    for row in rows(paths)? {
        let mut example = Example {
            text: row.text,
            labels: vec![f32::from(u8::from(row.label))],
            weight: 1.0,
            source: row.source,
            kind: row.kind,
            payload: None,
        };
        example.labels.resize(model.outputs().len(), f32::NAN);
        let dense = task.dense(&example);
        let scores = scorer.judge(&example.text, &*dense, Views::ALL);
        let score = scores.probabilities()[task.judges(&row.role, scores.probabilities())];
        let positive = row.label;
        let by_source = format!("source {}", example.source);
        groups.entry(by_source).or_default().push(positive, score);
        let by_kind = format!("kind {}", example.kind);
        groups.entry(by_kind).or_default().push(positive, score);
        all.push(positive, score);
    }
    table(&groups, &all);
    Ok(())
}
