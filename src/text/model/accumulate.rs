//! Sums over blocks of tokens.

use std::ops::Range;

use super::words::Words;
use super::{MOST_COLUMNS, MOST_OUTPUTS, Model, Ngrams};
use crate::text::Token;
use crate::text::features::Features;

/// What is summed up over one block, or over two of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) linear: [i32; MOST_OUTPUTS],
    pub(super) features: u32,
    pub(super) sum: [i32; MOST_COLUMNS],
    pub(super) max: [i32; MOST_COLUMNS],
    pub(super) words: u32,
}

impl Block {
    pub(super) const EMPTY: Self = Self {
        linear: [0; MOST_OUTPUTS],
        features: 0,
        sum: [0; MOST_COLUMNS],
        max: [0; MOST_COLUMNS],
        words: 0,
    };

    /// Adds these rows, a batch at most.
    fn add_rows<const N: usize>(&mut self, table: &[[u8; N]], rows: &[u32]) {
        for (sum, narrow) in self.linear.iter_mut().zip(sum_rows(table, rows)) {
            *sum += i32::from(narrow);
        }
        self.features += rows.len() as u32;
    }

    /// Both together.
    pub(super) fn with(&self, other: &Self) -> Self {
        let mut both = *self;
        for (sum, value) in both.linear.iter_mut().zip(other.linear) {
            *sum = sum.wrapping_add(value);
        }
        for (sum, value) in both.sum.iter_mut().zip(other.sum) {
            *sum = sum.wrapping_add(value);
        }
        for (max, value) in both.max.iter_mut().zip(other.max) {
            *max = (*max).max(value);
        }
        both.features += other.features;
        both.words += other.words;
        both
    }
}

/// Sums up the blocks of a text.
pub(super) fn blocks(
    model: &Model,
    normal: &str,
    tokens: &[Token],
    rows: &mut Vec<(u16, u32)>,
    out: &mut Vec<Block>,
) {
    out.clear();
    out.resize(tokens.len().div_ceil(model.block).max(1), Block::EMPTY);
    if let Some(table) = &model.ngrams {
        match table.columns {
            1 => linear::<1>(table, model.block, normal, tokens, out),
            2 => linear::<2>(table, model.block, normal, tokens, out),
            4 => linear::<4>(table, model.block, normal, tokens, out),
            8 => linear::<8>(table, model.block, normal, tokens, out),
            _ => linear::<16>(table, model.block, normal, tokens, out),
        }
    }
    if let Some(words) = &model.words {
        vectors(words, model.block, normal, tokens, rows, out);
    }
}

/// So many rows are summed at once: no sum of them passes 16 bits, and a byte
/// counts them.
const BATCH: usize = i16::MAX as usize / 128;

fn linear<const N: usize>(
    table: &Ngrams,
    block: usize,
    normal: &str,
    tokens: &[Token],
    out: &mut [Block],
) {
    let (table, spec) = (table.table.as_chunks::<N>().0, &table.spec);
    let mut features = Features::new(normal, spec);
    let room = BATCH.saturating_sub(spec.most());
    // First all rows, then their sums: two short loops.
    let mut rows = [0_u32; BATCH + 1];
    for (tokens, block) in tokens.chunks(block).zip(out) {
        let mut count = 0_u8;
        for token in tokens {
            if usize::from(count) > room {
                block.add_rows(table, &rows[..usize::from(count)]);
                count = 0;
            }
            features.of(token, |row| {
                rows[usize::from(count)] = row;
                count = count.wrapping_add(1);
            });
        }
        block.add_rows(table, &rows[..usize::from(count)]);
    }
}

/// The sums of these rows. By itself, since compilers then keep all of them in
/// registers.
#[inline(never)]
fn sum_rows<const N: usize>(table: &[[u8; N]], rows: &[u32]) -> [i16; N] {
    let mut sums = [0_i16; N];
    for &row in rows {
        if let Some(row) = table.get(row as usize) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i16::from(value.cast_signed());
            }
        }
    }
    sums
}

fn vectors(
    words: &Words,
    block: usize,
    normal: &str,
    tokens: &[Token],
    rows: &mut Vec<(u16, u32)>,
    out: &mut [Block],
) {
    rows.clear();
    for (number, tokens) in tokens.chunks(block).enumerate() {
        for token in tokens {
            words
                .index
                .rows(normal, token, |row| rows.push((row, number as u32)));
        }
    }
    match words.columns {
        16 => pool::<16>(words, rows, out),
        32 => pool::<32>(words, rows, out),
        48 => pool::<48>(words, rows, out),
        64 => pool::<64>(words, rows, out),
        _ => pool::<1>(words, rows, out),
    }
}

/// Sums up the vectors, `N` columns at once.
fn pool<const N: usize>(words: &Words, rows: &[(u16, u32)], out: &mut [Block]) {
    // So many sums of three bytes and a bias pass 16 bits at no column.
    let most = words.bias.iter().map(|bias| bias.unsigned_abs()).max();
    let batch = i16::MAX as usize / (usize::from(most.unwrap_or(0)) + 3 * 128);
    let batch = batch.max(1);
    for first in (0..words.columns).step_by(N) {
        let mut done = 0;
        while let Some(&(_, number)) = rows.get(done) {
            let same = rows[done..].iter().take(batch);
            let end = done + same.take_while(|(_, other)| *other == number).count();
            let (sums, maxima) = convolve::<N>(words, rows, done..end, first);
            let Some(block) = out.get_mut(number as usize) else {
                return;
            };
            for (sum, narrow) in block.sum[first..].iter_mut().zip(sums) {
                *sum += i32::from(narrow);
            }
            for (max, narrow) in block.max[first..].iter_mut().zip(maxima) {
                *max = (*max).max(i32::from(narrow));
            }
            if first == 0 {
                block.words += (end - done) as u32;
            }
            done = end;
        }
    }
}

/// The sums and maxima of `N` columns over a batch of words; by itself like
/// [`sum_rows`].
#[inline(never)]
fn convolve<const N: usize>(
    words: &Words,
    rows: &[(u16, u32)],
    batch: Range<usize>,
    first: usize,
) -> ([i16; N], [i16; N]) {
    let columns = words.columns;
    let size = columns * words.width;
    let vector = |place: usize, part: usize| {
        let (row, _) = rows.get(place)?;
        let at = usize::from(*row) * size + part * columns + first;
        words.table.get(at..)?.first_chunk::<N>()
    };
    let bias = words.bias.get(first..).and_then(|bias| bias.first_chunk());
    let bias = *bias.unwrap_or(&[0; N]);
    let (mut sums, mut maxima) = ([0_i16; N], [0_i16; N]);
    for at in batch {
        let [before, own, after] = match words.width {
            3 => [
                vector(at.wrapping_sub(1), 0),
                vector(at, 1),
                vector(at + 1, 2),
            ],
            _ => [None, vector(at, 0), None],
        };
        let before = before.unwrap_or(&[0; N]);
        let own = own.unwrap_or(&[0; N]);
        let after = after.unwrap_or(&[0; N]);
        #[allow(clippy::needless_range_loop, reason = "six arrays side by side")]
        for column in 0..N {
            let wide = |vector: &[u8; N]| i16::from(vector[column].cast_signed());
            let sum = wide(before) + wide(own) + wide(after);
            let h = bias[column].saturating_add(sum).max(0);
            sums[column] += h;
            maxima[column] = maxima[column].max(h);
        }
    }
    (sums, maxima)
}

/// The network's input for a window.
pub(super) fn inputs(model: &Model, window: &Block, x: &mut Vec<f32>) {
    x.clear();
    if let Some(table) = &model.ngrams {
        let n = window.features.max(1) as f32;
        let root = 1.0 / n.sqrt();
        let sums = window.linear.iter().zip(&table.scales);
        x.extend(sums.map(|(&sum, &scale)| sum as f32 * scale * root));
        x.push((1.0 + window.features as f32).ln() / 8.0);
    }
    if let Some(words) = &model.words {
        let part = 1.0 / window.words.max(1) as f32;
        x.extend(
            window
                .sum
                .iter()
                .zip(&words.scales)
                .map(|(&sum, &scale)| sum as f32 * scale * part),
        );
        x.extend(
            window
                .max
                .iter()
                .zip(&words.scales)
                .map(|(&max, &scale)| max as f32 * scale),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::Index;
    use super::{Block, Words, pool};

    /// Whatever is summed at once, and however large the biases are.
    #[test]
    fn vectors_are_pooled_alike_by_any_number_of_columns() {
        for (width, bias) in [(3, 0), (3, 900), (1, -40), (3, 32_000)] {
            let bytes = (0..200 * width * 32).map(|at: usize| (at * 91 % 251) as u8);
            let words = Words {
                index: Index::default(),
                width,
                columns: 32,
                bias: vec![bias; 32],
                scales: vec![1.0; 32],
                table: bytes.collect::<Vec<u8>>().into(),
            };
            let rows: Vec<_> = (0..300)
                .map(|at: u16| (at * 37 % 200, u32::from(at) / 140))
                .collect();
            let mut blocks = [[Block::EMPTY; 3]; 2];
            pool::<32>(&words, &rows, &mut blocks[0]);
            pool::<1>(&words, &rows, &mut blocks[1]);
            let part = |place: usize, part: usize, column: usize| {
                let (row, _) = rows.get(place)?;
                let at = (usize::from(*row) * width + part) * 32 + column;
                Some(i32::from(words.table[at].cast_signed()))
            };
            for blocks in &blocks {
                for (number, block) in blocks.iter().enumerate() {
                    let own = |at: &usize| rows[*at].1 as usize == number;
                    let places: Vec<usize> = (0..rows.len()).filter(own).collect();
                    assert_eq!(block.words as usize, places.len());
                    for column in 0..32 {
                        let h = places.iter().map(|&at| {
                            let parts = match width {
                                3 => [
                                    part(at.wrapping_sub(1), 0, column),
                                    part(at, 1, column),
                                    part(at + 1, 2, column),
                                ],
                                _ => [None, part(at, 0, column), None],
                            };
                            let sum: i32 = parts.into_iter().flatten().sum();
                            (i32::from(bias) + sum).max(0)
                        });
                        assert_eq!(block.sum[column], h.clone().sum::<i32>());
                        assert_eq!(block.max[column], h.max().unwrap_or(0));
                    }
                }
            }
        }
    }
}
