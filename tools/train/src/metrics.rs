//! How good scores are.

/// The chance that a positive scores higher than a negative.
pub fn auc(positives: &[f32], negatives: &[f32]) -> f64 {
    let mut all: Vec<(f32, bool)> = positives.iter().map(|&s| (s, true)).collect();
    all.extend(negatives.iter().map(|&s| (s, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins, mut at) = (0.0, 0.0, 0);
    while at < all.len() {
        let same = all[at..].iter().take_while(|(s, _)| *s == all[at].0);
        let (mut p, mut n) = (0.0, 0.0);
        let mut len = 0;
        for &(_, positive) in same {
            len += 1;
            if positive {
                p += 1.0;
            } else {
                n += 1.0;
            }
        }
        wins += p * (below + n / 2.0);
        below += n;
        at += len;
    }
    wins / (positives.len() as f64 * negatives.len() as f64)
}

/// The score that a share of the negatives exceeds.
pub fn threshold(negatives: &[f32], share: f64) -> f32 {
    let mut sorted = negatives.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at).copied().unwrap_or(f32::NEG_INFINITY)
}

/// The share of scores above a threshold.
pub fn above(scores: &[f32], threshold: f32) -> f64 {
    let count = scores.iter().filter(|&&score| score > threshold).count();
    count as f64 / scores.len() as f64
}
