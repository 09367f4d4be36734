//! The last layers while they are learned.

use portcullis::text::model::Network;

use crate::grammar::Random;

/// Weights with the sums of their squared gradients (Adagrad: Duchi, Hazan and Singer 2011).
#[derive(Clone, Debug, Default)]
pub struct Weights {
    pub values: Vec<f32>,
    squares: Vec<f32>,
}

impl Weights {
    pub fn zeros(len: usize) -> Self {
        Self {
            values: vec![0.0; len],
            squares: vec![1e-6; len],
        }
    }

    /// Evenly spread between plus and minus `scale`.
    pub fn random(len: usize, scale: f32, random: &mut Random) -> Self {
        let mut weights = Self::zeros(len);
        for value in &mut weights.values {
            *value = (random.below(20_001) as f32 / 10_000.0 - 1.0) * scale;
        }
        weights
    }

    #[inline]
    pub fn step(&mut self, at: usize, gradient: f32, rate: f32) {
        self.squares[at] += gradient * gradient;
        self.values[at] -= rate * gradient / self.squares[at].sqrt();
    }

    /// Goes this share of the way to other weights.
    pub fn towards(&mut self, other: &Self, share: f32) {
        let both = self.values.iter_mut().zip(&other.values);
        both.for_each(|(own, other)| *own += share * (other - *own));
    }

    /// Steps of neighbouring weights, from `at` on.
    #[inline]
    pub fn steps(&mut self, at: usize, gradients: &[f32], rate: f32) {
        let values = &mut self.values[at..at + gradients.len()];
        let squares = &mut self.squares[at..at + gradients.len()];
        for ((value, square), &gradient) in values.iter_mut().zip(squares).zip(gradients) {
            *square += gradient * gradient;
            *value -= rate * gradient / square.sqrt();
        }
    }
}

/// The network.
#[derive(Clone, Debug)]
pub struct Net {
    pub inputs: usize,
    pub hidden: usize,
    pub outputs: usize,
    pub first: Weights,
    pub first_bias: Weights,
    pub second: Weights,
    pub direct: Weights,
    pub bias: Weights,
}

impl Net {
    /// A network in which column f of the n-grams goes to output f as it is.
    pub fn new(
        inputs: usize,
        hidden: usize,
        outputs: usize,
        columns: usize,
        random: &mut Random,
    ) -> Self {
        let scale = (3.0 / inputs.max(1) as f32).sqrt();
        let mut direct = Weights::zeros(inputs * outputs);
        for f in 0..columns.min(outputs) {
            direct.values[f * outputs + f] = 1.0;
        }
        Self {
            inputs,
            hidden,
            outputs,
            first: Weights::random(inputs * hidden, scale, random),
            first_bias: Weights::zeros(hidden),
            second: Weights::random(hidden * outputs, 0.1, random),
            direct,
            bias: Weights::zeros(outputs),
        }
    }

    /// The logits and the hidden layer.
    pub fn forward(&self, x: &[f32], hidden: &mut Vec<f32>, z: &mut Vec<f32>) {
        hidden.clear();
        hidden.extend_from_slice(&self.first_bias.values);
        z.clear();
        z.extend_from_slice(&self.bias.values);
        for (i, &value) in x.iter().enumerate() {
            if value == 0.0 {
                continue;
            }
            let row = &self.first.values[i * self.hidden..][..self.hidden];
            hidden
                .iter_mut()
                .zip(row)
                .for_each(|(h, w)| *h += w * value);
            let row = &self.direct.values[i * self.outputs..][..self.outputs];
            z.iter_mut().zip(row).for_each(|(z, w)| *z += w * value);
        }
        for (m, h) in hidden.iter_mut().enumerate() {
            *h = h.max(0.0);
            let row = &self.second.values[m * self.outputs..][..self.outputs];
            z.iter_mut().zip(row).for_each(|(z, w)| *z += w * *h);
        }
    }

    /// Takes a step against the outputs' gradient, and gives that of the inputs.
    pub fn backward(
        &mut self,
        x: &[f32],
        hidden: &[f32],
        dz: &[f32],
        rate: f32,
        dx: &mut Vec<f32>,
    ) {
        dx.clear();
        dx.resize(x.len(), 0.0);
        let mut dh = vec![0.0; self.hidden];
        for (m, &h) in hidden.iter().enumerate() {
            if h > 0.0 {
                for (o, &d) in dz.iter().enumerate() {
                    dh[m] += self.second.values[m * self.outputs + o] * d;
                    self.second.step(m * self.outputs + o, d * h, rate);
                }
                self.first_bias.step(m, dh[m], rate);
            }
        }
        let mut scaled = Vec::with_capacity(self.hidden.max(self.outputs));
        for (i, &value) in x.iter().enumerate() {
            for (weights, deltas) in [(&mut self.first, &dh[..]), (&mut self.direct, dz)] {
                let at = i * deltas.len();
                let row = &weights.values[at..at + deltas.len()];
                for (weight, &d) in row.iter().zip(deltas) {
                    dx[i] += weight * d;
                }
                if value != 0.0 {
                    scaled.clear();
                    scaled.extend(deltas.iter().map(|&d| d * value));
                    weights.steps(at, &scaled, rate);
                }
            }
        }
        for (o, &d) in dz.iter().enumerate() {
            self.bias.step(o, d, rate);
        }
    }

    /// As it is served.
    pub fn export(&self, calibration: Vec<[f32; 3]>) -> Network {
        Network {
            inputs: self.inputs,
            hidden: self.hidden,
            outputs: self.outputs,
            first: self.first.values.clone(),
            first_bias: self.first_bias.values.clone(),
            second: self.second.values.clone(),
            direct: self.direct.values.clone(),
            bias: self.bias.values.clone(),
            calibration,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Weights;

    #[test]
    fn weights_go_a_share_of_the_way() {
        let mut own = Weights::zeros(2);
        let mut other = Weights::zeros(2);
        other.values = vec![4.0, -2.0];
        own.towards(&other, 0.25);
        assert_eq!(own.values, [1.0, -0.5]);
        own.towards(&other, 1.0);
        assert_eq!(own.values, other.values);
    }
}
