//! Platt scaling on sources that the model has not seen.

use std::collections::BTreeMap;

use crate::data::Set;
use crate::metrics::threshold;
use crate::task::Task;

/// For each output the slope, the offset and the price of a window, fitted to the logits that
/// `left_out` gives for some of the items.
pub fn fit(task: &dyn Task, set: &Set, left_out: &[Option<Vec<f32>>]) -> Vec<[f32; 3]> {
    let own = |output: usize| {
        let fitted = one(set, left_out, output);
        match set.shape.alarms {
            Some(alarms) if output == 0 => by_alarms(set, left_out, alarms, fitted[2]),
            _ => fitted,
        }
    };
    (0..task.outputs().len())
        .map(|output| {
            let (by, gain) = task.calibrated_by(output);
            let [slope, offset, price] = own(by);
            [slope, offset + gain, price]
        })
        .collect()
}

/// The slope and the offset with which the shares of the harmless texts exceed the scores.
fn by_alarms(
    set: &Set,
    left_out: &[Option<Vec<f32>>],
    alarms: [(f64, f32); 2],
    price: f32,
) -> [f32; 3] {
    let harmless: Vec<f32> = set
        .items
        .iter()
        .zip(left_out)
        .filter(|(item, _)| item.fold.is_some() && item.example.labels[0] < 0.5)
        .filter_map(|(item, logits)| {
            let windows = (item.features.windows.len() as f32).ln();
            Some(logits.as_ref()?[0] - price * windows)
        })
        .collect();
    let [from, to] = alarms.map(|(share, score)| {
        let wanted = (score / (1.0 - score)).ln();
        (threshold(&harmless, share), wanted)
    });
    let slope = (to.1 - from.1) / (to.0 - from.0).max(1e-3);
    [slope, from.1 - slope * from.0, price]
}

fn one(set: &Set, left_out: &[Option<Vec<f32>>], output: usize) -> [f32; 3] {
    // Each fold counts alike within its class, and the classes by the prior.
    let mut mass: BTreeMap<(bool, &str), f64> = BTreeMap::new();
    let mut points = Vec::new();
    for (item, logits) in set.items.iter().zip(left_out) {
        let (Some(logits), Some(fold)) = (logits, &item.fold) else {
            continue;
        };
        let label = item.example.labels[output];
        if label.is_nan() {
            continue;
        }
        let key = (label > 0.5, fold.as_str());
        let weight = f64::from(item.example.weight);
        *mass.entry(key).or_default() += weight;
        let windows = (item.features.windows.len() as f64).ln();
        points.push((f64::from(logits[output]), windows, key, weight));
    }
    let folds = |positive: bool| mass.keys().filter(|key| key.0 == positive).count() as f64;
    if folds(true) == 0.0 || folds(false) == 0.0 {
        return [1.0, 0.0, 0.0];
    }
    let prior = f64::from(set.shape.prior);
    let (positives, negatives) = (folds(true), folds(false));
    let share = |key: (bool, &str), weight: f64| {
        let class = if key.0 {
            prior / positives
        } else {
            (1.0 - prior) / negatives
        };
        class * weight / mass[&key]
    };
    let (mut slope, mut offset, mut price) = (1.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..4000 {
        let (mut ds, mut d0, mut dp) = (0.0, 0.0, 0.0);
        for &(z, windows, key, weight) in &points {
            let p = 1.0 / (1.0 + (-(slope * z - price * windows + offset)).exp());
            let d = (p - f64::from(u8::from(key.0))) * share(key, weight);
            ds += d * z;
            d0 += d;
            dp -= d * windows;
        }
        slope = (slope - 0.5 * ds).max(0.02);
        offset -= 0.5 * d0;
        price = (price - 0.5 * dp).clamp(0.0, 1.5 * slope);
    }
    [slope as f32, offset as f32, (price / slope) as f32]
}
