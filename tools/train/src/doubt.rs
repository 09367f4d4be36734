//! Noisy labels.
//!
//! A model that learns from no source judges the rows of the sources whose labels are in doubt. The
//! less it agrees, the less a row counts: it may be a hard case, but more often its label is wrong.

use crate::data::Set;
use crate::fit::{Without, fit};
use crate::task::Task;

/// What a row keeps of its weight, however wrong its label seems.
const LEAST: f32 = 0.15;

/// Weighs the rows of doubted sources.
pub fn weigh(task: &dyn Task, set: &mut Set) {
    let doubted = |source: &str| task.doubts(source);
    if !set.items.iter().any(|item| doubted(&item.example.source)) {
        return;
    }
    let own = fit(task, set, Without::Folds);
    let kept: Vec<f32> = set
        .items
        .iter()
        .map(|item| match doubted(&item.example.source) {
            true => share(own.logits(set, &item.features)[0], item.example.labels[0]),
            false => 1.0,
        })
        .collect();
    for (item, kept) in set.items.iter_mut().zip(kept) {
        item.example.weight *= kept;
    }
}

/// All of a weight where the label is likelier than not.
fn share(logit: f32, label: f32) -> f32 {
    let towards = if label > 0.5 { logit } else { -logit };
    let likely = 1.0 / (1.0 + (-towards).exp());
    (2.0 * likely).clamp(LEAST, 1.0)
}

#[cfg(test)]
mod tests {
    use super::{LEAST, share};

    #[test]
    fn a_label_that_nothing_bears_out_counts_little() {
        assert_eq!(share(3.0, 1.0), 1.0);
        assert_eq!(share(-3.0, 0.0), 1.0);
        assert_eq!(share(-9.0, 1.0), LEAST);
        assert_eq!(share(9.0, 0.0), LEAST);
        let some = share(-1.0, 1.0);
        assert!(some > LEAST && some < 1.0, "{some}");
    }
}
