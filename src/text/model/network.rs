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
        let outputs = self.outputs;
        out[..outputs].copy_from_slice(&self.bias);
        if self.hidden > 0 {
            for (&value, weights) in x.iter().zip(self.first.chunks_exact(self.hidden)) {
                if value != 0.0 {
                    add(hidden, weights, value);
                }
            }
        }
        if outputs == 0 {
            return;
        }
        for (&value, weights) in x.iter().zip(self.direct.chunks_exact(outputs)) {
            if value != 0.0 {
                add(&mut out[..outputs], weights, value);
            }
        }
        for (&value, weights) in hidden.iter().zip(self.second.chunks_exact(outputs)) {
            if value > 0.0 {
                add(&mut out[..outputs], weights, value);
            }
        }
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

#[inline]
fn add(sum: &mut [f32], weights: &[f32], by: f32) {
    for (sum, &weight) in sum.iter_mut().zip(weights) {
        *sum += weight * by;
    }
}
