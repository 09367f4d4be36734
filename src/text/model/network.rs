//! The network that joins all parts of a score.

/// The last layers of a model, for `inputs` values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// How many values go in.
    pub inputs: usize,
    /// How many units the hidden layer has; may be 0.
    pub hidden: usize,
    /// How many logits come out.
    pub outputs: usize,
    /// `inputs` rows of `hidden` weights.
    pub first: Vec<f32>,
    /// The hidden layer's biases.
    pub first_bias: Vec<f32>,
    /// `hidden` rows of `outputs` weights.
    pub second: Vec<f32>,
    /// `inputs` rows of `outputs` weights that go past the hidden layer.
    pub direct: Vec<f32>,
    /// The outputs' biases.
    pub bias: Vec<f32>,
    /// For each output the slope, the offset and the price of a window.
    pub calibration: Vec<[f32; 3]>,
}

impl Network {
    /// Whether all lengths fit together.
    pub(super) fn is_consistent(&self) -> bool {
        self.first.len() == self.inputs * self.hidden
            && self.first_bias.len() == self.hidden
            && self.second.len() == self.hidden * self.outputs
            && self.direct.len() == self.inputs * self.outputs
            && self.bias.len() == self.outputs
            && self.calibration.len() == self.outputs
    }

    /// The logits for `x`; `hidden` is room for the hidden layer.
    pub(super) fn run(&self, x: &[f32], hidden: &mut Vec<f32>, out: &mut [f32]) {
        hidden.clear();
        hidden.extend_from_slice(&self.first_bias);
        let out = &mut out[..self.outputs];
        out.copy_from_slice(&self.bias);
        layer(x, &self.first, hidden);
        layer(x, &self.direct, out);
        for value in hidden.iter_mut() {
            *value = value.max(0.0);
        }
        layer(hidden, &self.second, out);
    }

    /// The probability that a text's highest logit stands for.
    pub(super) fn probability(&self, output: usize, logit: f32, windows: usize) -> f32 {
        let Some([slope, offset, price]) = self.calibration.get(output).copied() else {
            return 0.0;
        };
        let windows = windows.max(1) as f32;
        let z = slope * (logit - price * windows.ln()) + offset;
        1.0 / (1.0 + (-z).exp())
    }
}

/// Adds to each of `out` its weighted sum of `x`, from first to last.
fn layer(x: &[f32], weights: &[f32], out: &mut [f32]) {
    match out.len() {
        0 => {}
        width if width.is_multiple_of(32) => lanes::<32>(x, weights, out),
        width if width.is_multiple_of(16) => lanes::<16>(x, weights, out),
        width if width.is_multiple_of(8) => lanes::<8>(x, weights, out),
        _ => lanes::<1>(x, weights, out),
    }
}

/// The same, `N` of `out` at once: as many as registers hold.
fn lanes<const N: usize>(x: &[f32], weights: &[f32], out: &mut [f32]) {
    /// Most inputs of some models are 0: so many are passed over at once.
    const PIECE: usize = 16;
    let width = out.len();
    let (pieces, rest) = x.as_chunks::<PIECE>();
    let (whole, last) = weights.split_at(weights.len().min(pieces.len() * PIECE * width));
    for (part, out) in out.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        let mut sums = *out;
        for (piece, weights) in pieces.iter().zip(whole.chunks_exact(PIECE * width)) {
            // Without the sign; no branch for each.
            if piece
                .iter()
                .fold(0, |all, value| all | value.to_bits() << 1)
                != 0
            {
                weigh(piece, weights, width, part * N, &mut sums);
            }
        }
        weigh(rest, last, width, part * N, &mut sums);
        *out = sums;
    }
}

#[inline(always)]
fn weigh<const N: usize>(
    x: &[f32],
    weights: &[f32],
    width: usize,
    first: usize,
    sums: &mut [f32; N],
) {
    for (&value, weights) in x.iter().zip(weights.chunks_exact(width)) {
        if value != 0.0
            && let Some(weights) = weights.get(first..).and_then(|w| w.first_chunk::<N>())
        {
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum += weight * value;
            }
        }
    }
}
