//! Sums over blocks of tokens.

use super::words::Words;
use super::{MOST_COLUMNS, MOST_OUTPUTS, Model, Ngrams};
use crate::text::Token;
use crate::text::features::ngrams;

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

fn linear<const N: usize>(
    table: &Ngrams,
    block: usize,
    normal: &str,
    tokens: &[Token],
    out: &mut [Block],
) {
    let (rows, _) = table.table.as_chunks::<N>();
    let mut sums = [0_i32; N];
    let (mut features, mut number, mut end) = (0_u32, 0, block);
    let mut close = |number: usize, sums: &mut [i32; N], features: &mut u32| {
        if let Some(block) = out.get_mut(number) {
            block.linear[..N].copy_from_slice(sums);
            block.features = *features;
        }
        *sums = [0; N];
        *features = 0;
    };
    ngrams(normal, tokens, &table.spec, |place, row| {
        if place >= end {
            close(number, &mut sums, &mut features);
            number = place / block;
            end = (number + 1) * block;
        }
        features += 1;
        if let Some(row) = rows.get(row as usize) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value.cast_signed());
            }
        }
    });
    close(number, &mut sums, &mut features);
}

fn vectors(
    words: &Words,
    block: usize,
    normal: &str,
    tokens: &[Token],
    rows: &mut Vec<(u16, u32)>,
    out: &mut [Block],
) {
    let lookup = words.lookup();
    rows.clear();
    for (place, token) in tokens.iter().enumerate() {
        let number = (place / block) as u32;
        lookup.rows(normal, token, |row| rows.push((row, number)));
    }
    let columns = words.columns;
    let size = columns * words.width;
    let vector = |row: u16, part: usize| {
        let at = usize::from(row) * size + part * columns;
        words.table.get(at..at + columns).unwrap_or_default()
    };
    let mut h = [0_i32; MOST_COLUMNS];
    for (at, &(row, number)) in rows.iter().enumerate() {
        let h = &mut h[..columns];
        for (h, &bias) in h.iter_mut().zip(&words.bias) {
            *h = i32::from(bias);
        }
        let mut add = |vector: &[u8]| {
            for (h, &value) in h.iter_mut().zip(vector) {
                *h += i32::from(value.cast_signed());
            }
        };
        if words.width == 3 {
            if let Some(&(before, _)) = at.checked_sub(1).and_then(|at| rows.get(at)) {
                add(vector(before, 0));
            }
            add(vector(row, 1));
            if let Some(&(after, _)) = rows.get(at + 1) {
                add(vector(after, 2));
            }
        } else {
            add(vector(row, 0));
        }
        let Some(block) = out.get_mut(number as usize) else {
            return;
        };
        block.words += 1;
        for (column, &value) in h.iter().enumerate() {
            let value = value.max(0);
            block.sum[column] += value;
            block.max[column] = block.max[column].max(value);
        }
    }
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
