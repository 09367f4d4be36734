//! Learns all parts of a model together.

use portcullis::text::model::{Extracted, ExtractedBlock};

use crate::data::{Item, Set};
use crate::grammar::Random;
use crate::net::{Net, Weights};
use crate::task::{Shape, Task};

/// What is learned.
#[derive(Clone)]
pub struct Fitted {
    pub columns: usize,
    pub table: Weights,
    /// `width` times `dims` rows of `h` weights.
    pub projection: Weights,
    pub word_bias: Weights,
    pub width: usize,
    pub h: usize,
    pub net: Net,
}

/// A window on its way through the model.
#[derive(Default)]
struct Pass {
    x: Vec<f32>,
    hidden: Vec<f32>,
    z: Vec<f32>,
    dx: Vec<f32>,
    rows: Vec<u32>,
    words: Vec<[Option<u16>; 3]>,
    /// relu of each word's columns.
    h: Vec<f32>,
    best: Vec<usize>,
}

/// What is not learned from.
#[derive(Clone, Copy, Debug)]
pub enum Without<'a> {
    /// All is learned from.
    Nothing,
    /// One fold.
    Fold(&'a str),
    /// All folds: what is left is of our own making.
    Folds,
}

impl Without<'_> {
    fn leaves(self, fold: Option<&str>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Fold(without) => fold != Some(without),
            Self::Folds => fold.is_none(),
        }
    }
}

impl std::fmt::Display for Without<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Fold(fold) => write!(f, " without {fold}"),
            Self::Folds => f.write_str(" without any source"),
        }
    }
}

/// Learns from all examples but some.
pub fn fit(task: &dyn Task, set: &Set, without: Without<'_>) -> Fitted {
    let shape = &set.shape;
    let mut random = Random::new(shape.seed ^ 0x7261_696e);
    let mut fitted = Fitted::new(set, &mut random);
    let chosen: Vec<&Item> = set
        .items
        .iter()
        .filter(|item| without.leaves(item.fold.as_deref()))
        .filter(|item| item.example.weight > 0.0)
        .collect();
    let mut order: Vec<usize> = (0..chosen.len()).collect();
    let mut pass = Pass::default();
    let steps = (shape.epochs * chosen.len()).max(1);
    let mut done = 0;
    let mut mean: Option<Mean> = None;
    for epoch in 0..shape.epochs {
        for at in (1..order.len()).rev() {
            order.swap(at, random.below(at + 1));
        }
        let mut loss = 0.0;
        for &number in &order {
            let left = 1.0 - done as f32 / steps as f32;
            loss += fitted.learn(set, chosen[number], left, &mut pass, &mut random);
            done += 1;
            if done * 100 > steps * (100 - shape.averaged) && done % BETWEEN == 0 {
                match &mut mean {
                    Some(mean) => mean.add(&fitted),
                    None => mean = Some(Mean::of(&fitted)),
                }
            }
        }
        let mean = loss / chosen.len().max(1) as f64;
        eprintln!(
            "{}{without}: epoch {} of {}, loss {mean:.4}",
            task.name(),
            epoch + 1,
            shape.epochs
        );
    }
    mean.map_or(fitted, |mean| mean.fitted)
}

/// So many steps lie between two states that are averaged.
const BETWEEN: usize = 400;

/// The mean of states on the way (Polyak and Juditsky 1992; Izmailov and others 2018): it judges
/// what is unlike the texts learned from more steadily than the last state does.
struct Mean {
    fitted: Fitted,
    states: f32,
}

impl Mean {
    fn of(fitted: &Fitted) -> Self {
        Self {
            fitted: fitted.clone(),
            states: 1.0,
        }
    }

    fn add(&mut self, state: &Fitted) {
        self.states += 1.0;
        let share = 1.0 / self.states;
        for (own, other) in self.fitted.weights().into_iter().zip(state.each()) {
            own.towards(other, share);
        }
    }
}

impl Fitted {
    fn each(&self) -> [&Weights; 8] {
        let net = &self.net;
        [
            &self.table,
            &self.projection,
            &self.word_bias,
            &net.first,
            &net.first_bias,
            &net.second,
            &net.direct,
            &net.bias,
        ]
    }

    fn weights(&mut self) -> [&mut Weights; 8] {
        let net = &mut self.net;
        [
            &mut self.table,
            &mut self.projection,
            &mut self.word_bias,
            &mut net.first,
            &mut net.first_bias,
            &mut net.second,
            &mut net.direct,
            &mut net.bias,
        ]
    }

    fn new(set: &Set, random: &mut Random) -> Self {
        let shape = &set.shape;
        let (bits, columns) = shape
            .ngrams
            .map_or((0, 0), |(spec, columns)| (spec.bits, columns));
        let (width, h) = shape.words.unwrap_or_default();
        let dims = set.vocabulary.dims;
        let own = if columns > 0 { columns + 1 } else { 0 };
        let inputs = own + 2 * h + set.dense.len();
        let scale = (3.0 / dims.max(1) as f32).sqrt();
        Self {
            columns,
            table: Weights::zeros(columns << bits),
            projection: Weights::random(width * dims * h, scale, random),
            word_bias: Weights::zeros(h),
            width,
            h,
            net: Net::new(inputs, shape.hidden, set.outputs, columns, random),
        }
    }

    /// The logits of window `number` of a text.
    fn forward(
        &self,
        set: &Set,
        features: &Extracted,
        number: usize,
        keep: impl FnMut() -> bool,
        pass: &mut Pass,
    ) {
        let (range, dense, _) = &features.windows[number];
        let blocks = &features.blocks[range.clone()];
        pass.x.clear();
        pass.rows.clear();
        if self.columns > 0 {
            self.linear(blocks, keep, pass);
        }
        pass.words.clear();
        if self.h > 0 {
            self.vectors(set, blocks, pass);
        }
        pass.x.extend_from_slice(dense);
        self.net.forward(&pass.x, &mut pass.hidden, &mut pass.z);
    }

    fn linear(&self, blocks: &[ExtractedBlock], mut keep: impl FnMut() -> bool, pass: &mut Pass) {
        pass.rows.extend(
            blocks
                .iter()
                .flat_map(|block| &block.features)
                .filter(|_| keep()),
        );
        let n = pass.rows.len();
        pass.x.resize(self.columns, 0.0);
        for &row in &pass.rows {
            let row = &self.table.values[row as usize * self.columns..][..self.columns];
            pass.x.iter_mut().zip(row).for_each(|(x, w)| *x += w);
        }
        let root = 1.0 / (n.max(1) as f32).sqrt();
        pass.x.iter_mut().for_each(|x| *x *= root);
        let all: usize = blocks.iter().map(|block| block.features.len()).sum();
        pass.x.push((1.0 + all as f32).ln() / 8.0);
    }

    fn vectors(&self, set: &Set, blocks: &[ExtractedBlock], pass: &mut Pass) {
        let (h, dims) = (self.h, set.vocabulary.dims);
        pass.words
            .extend(blocks.iter().flat_map(|block| &block.words));
        pass.h.clear();
        let from = pass.x.len();
        pass.x.resize(from + 2 * h, 0.0);
        pass.best.clear();
        pass.best.resize(h, usize::MAX);
        for (number, word) in pass.words.iter().enumerate() {
            let at = pass.h.len();
            pass.h.extend_from_slice(&self.word_bias.values);
            let own = &mut pass.h[at..];
            for (part, entry) in parts(word, self.width) {
                for (d, &value) in set.vocabulary.vector(entry).iter().enumerate() {
                    let row = &self.projection.values[(part * dims + d) * h..][..h];
                    own.iter_mut()
                        .zip(row)
                        .for_each(|(own, w)| *own += w * value);
                }
            }
            for (column, own) in own.iter_mut().enumerate() {
                *own = own.max(0.0);
                pass.x[from + column] += *own;
                if *own > pass.x[from + h + column] {
                    pass.x[from + h + column] = *own;
                    pass.best[column] = number;
                }
            }
        }
        let part = 1.0 / pass.words.len().max(1) as f32;
        pass.x[from..from + h].iter_mut().for_each(|x| *x *= part);
    }

    /// Learns one window towards these labels; gives the loss.
    fn step(
        &mut self,
        set: &Set,
        shape: &Shape,
        labels: &[f32],
        weight: f32,
        left: f32,
        pass: &mut Pass,
    ) -> f64 {
        let mut loss = 0.0;
        let mut dz = vec![0.0; labels.len()];
        for ((d, &label), &z) in dz.iter_mut().zip(labels).zip(&pass.z) {
            if label.is_nan() {
                continue;
            }
            let p = 1.0 / (1.0 + (-z).exp());
            let towards = label + shape.smooth * (1.0 - 2.0 * label);
            *d = (p - towards) * weight;
            let right = if label > 0.5 { p } else { 1.0 - p };
            loss -= f64::from(right.max(1e-7).ln() * weight);
        }
        let mut dx = std::mem::take(&mut pass.dx);
        self.net
            .backward(&pass.x, &pass.hidden, &dz, shape.dense_rate * left, &mut dx);
        if self.columns > 0 {
            let root = 1.0 / (pass.rows.len().max(1) as f32).sqrt();
            let mut gradients = Vec::with_capacity(self.columns);
            for &row in &pass.rows {
                let at = row as usize * self.columns;
                let values = &self.table.values[at..at + self.columns];
                gradients.clear();
                gradients.extend(
                    dx.iter()
                        .zip(values)
                        .map(|(&d, &value)| d * root + shape.decay * value * weight),
                );
                self.table.steps(at, &gradients, shape.rate * left);
            }
        }
        if self.h > 0 {
            self.step_words(set, shape, left, pass, &dx);
        }
        pass.dx = dx;
        loss
    }

    fn step_words(&mut self, set: &Set, shape: &Shape, left: f32, pass: &Pass, dx: &[f32]) {
        let (h, dims) = (self.h, set.vocabulary.dims);
        let from = if self.columns > 0 {
            self.columns + 1
        } else {
            0
        };
        let part = 1.0 / pass.words.len().max(1) as f32;
        let mut gradient = vec![0.0; self.projection.values.len()];
        let mut bias = vec![0.0; h];
        let mut own = vec![0.0; h];
        for (number, word) in pass.words.iter().enumerate() {
            let values = &pass.h[number * h..][..h];
            for column in 0..h {
                let mut d = dx[from + column] * part;
                if pass.best[column] == number {
                    d += dx[from + h + column];
                }
                own[column] = if values[column] > 0.0 { d } else { 0.0 };
                bias[column] += own[column];
            }
            for (part, entry) in parts(word, self.width) {
                for (d, &value) in set.vocabulary.vector(entry).iter().enumerate() {
                    let row = &mut gradient[(part * dims + d) * h..][..h];
                    row.iter_mut().zip(&own).for_each(|(g, o)| *g += o * value);
                }
            }
        }
        let rate = shape.dense_rate * left;
        self.projection.steps(0, &gradient, rate);
        self.word_bias.steps(0, &bias, rate);
    }

    /// Learns one example; gives the loss.
    fn learn(
        &mut self,
        set: &Set,
        item: &Item,
        left: f32,
        pass: &mut Pass,
        random: &mut Random,
    ) -> f64 {
        let shape = &set.shape;
        let example = &item.example;
        // What is planted counts for the first output that it is something for.
        let known = |&label: &f32| label > 0.5;
        let lead = match example.payload {
            Some(_) => example.labels.iter().position(known).unwrap_or(0),
            None => 0,
        };
        let positive = example.labels.get(lead).is_some_and(known);
        let count = item.features.windows.len();
        let start = if count > shape.windows {
            random.below(count)
        } else {
            0
        };
        let considered = (0..count.min(shape.windows)).map(|at| (start + at) % count);
        let touches = |number: usize| match &example.payload {
            Some(payload) => {
                let span = &item.features.windows[number].2;
                span.start < payload.end && payload.start < span.end
            }
            None => true,
        };
        let mut windows: Vec<usize> = considered.collect();
        if positive && example.payload.is_some() {
            windows = (0..count).filter(|&number| touches(number)).collect();
        }
        let Some(&first) = windows.first() else {
            return 0.0;
        };
        // The text counts by its highest window, so that is the one to learn from.
        let mut best = (first, f32::NEG_INFINITY);
        if windows.len() > 1 {
            for &number in &windows {
                self.forward(set, &item.features, number, || true, pass);
                if pass.z[lead] > best.1 {
                    best = (number, pass.z[lead]);
                }
            }
        }
        let dropout = shape.dropout;
        let mut keep = Random::new(random.next());
        self.forward(
            set,
            &item.features,
            best.0,
            || dropout == 0 || !keep.chance(dropout),
            pass,
        );
        let mut loss = self.step(set, shape, &example.labels, example.weight, left, pass);
        if !positive && windows.len() > 1 {
            let other = windows[random.below(windows.len())];
            self.forward(
                set,
                &item.features,
                other,
                || dropout == 0 || !keep.chance(dropout),
                pass,
            );
            loss += self.step(
                set,
                shape,
                &example.labels,
                example.weight * 0.5,
                left,
                pass,
            );
        }
        loss
    }

    /// For each output the highest logit of a text's windows.
    pub fn logits(&self, set: &Set, features: &Extracted) -> Vec<f32> {
        let mut pass = Pass::default();
        let mut best = vec![f32::NEG_INFINITY; set.outputs];
        for number in 0..features.windows.len() {
            self.forward(set, features, number, || true, &mut pass);
            best.iter_mut()
                .zip(&pass.z)
                .for_each(|(best, &z)| *best = best.max(z));
        }
        best
    }
}

/// The parts of a convolution over a word and its neighbours.
fn parts(word: &[Option<u16>; 3], width: usize) -> impl Iterator<Item = (usize, u16)> {
    let from = if width == 3 { 0 } else { 1 };
    let taken = word[from..from + width.min(3)].iter().enumerate();
    taken.filter_map(|(part, entry)| Some((part, (*entry)?)))
}

#[cfg(test)]
mod tests {
    use super::Without;

    #[test]
    fn what_is_left_out() {
        let left = |without: Without| [Some("a"), Some("b"), None].map(|fold| without.leaves(fold));
        assert_eq!(left(Without::Nothing), [true, true, true]);
        assert_eq!(left(Without::Fold("a")), [false, true, true]);
        assert_eq!(left(Without::Folds), [false, false, true]);
    }
}
