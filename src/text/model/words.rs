//! Vectors of words, and of the pieces that other words are made of.

use bytes::Bytes;

use crate::text::tokens::Hash;
use crate::text::{Token, TokenKind};

/// The vectors, already multiplied by the first layer that reads them.
#[derive(Clone)]
pub(super) struct Words {
    pub(super) index: Index,
    /// How many words in a row a column sees: 1 or 3.
    pub(super) width: usize,
    pub(super) columns: usize,
    pub(super) bias: Vec<i16>,
    pub(super) scales: Vec<f32>,
    /// For each entry `width` times `columns` signed bytes.
    pub(super) table: Bytes,
}

/// Where the entries are, by their hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Their hashes, by open addressing; 0 where there is none.
    slots: Vec<u32>,
    rows: Vec<u16>,
    /// Which hashes there are, a bit each by their lowest bits: most pieces of
    /// words are none, and this much stays in the nearest cache.
    filter: Vec<u64>,
}

/// The filter's word and bit for a hash.
const fn bit(hash: u32, words: usize) -> (usize, u64) {
    let at = hash as usize & (words * 64).wrapping_sub(1);
    (at / 64, 1 << (at % 64))
}

/// The slot at which the search for a hash begins.
pub(super) const fn slot(hash: u32, slots: usize) -> usize {
    ((hash.wrapping_mul(0x9e37_79b1) as u64 * slots as u64) >> 32) as usize
}

/// A hash that is never that of an empty slot.
pub(super) const fn filled(hash: u32) -> u32 {
    if hash == 0 { 1 } else { hash }
}

impl Index {
    fn get(&self, hash: u32) -> Option<u16> {
        let hash = filled(hash);
        let (word, bit) = bit(hash, self.filter.len());
        if self.filter.get(word)? & bit == 0 {
            return None;
        }
        self.find(hash)
    }

    fn find(&self, hash: u32) -> Option<u16> {
        let mut at = slot(hash, self.slots.len());
        // The table is never full, and the search ends at an empty slot.
        for _ in 0..self.slots.len() {
            match *self.slots.get(at)? {
                0 => return None,
                found if found == hash => return self.rows.get(at).copied(),
                _ => {
                    at = if at + 1 == self.slots.len() {
                        0
                    } else {
                        at + 1
                    }
                }
            }
        }
        None
    }

    /// Gives the rows of a token to `sink`: its own, or those of the longest
    /// pieces it is made of, from left to right.
    pub(super) fn rows(&self, normal: &str, token: &Token, mut sink: impl FnMut(u16)) {
        if let Some(row) = self.get(token.hash) {
            sink(row);
            return;
        }
        if token.kind != TokenKind::Word {
            return;
        }
        let bytes = normal
            .as_bytes()
            .get(token.start as usize..token.end as usize)
            .unwrap_or_default();
        let mut at = 0;
        while at < bytes.len() {
            let mut hash = match at {
                0 => Hash::new(),
                _ => Hash::new().push(b'#').push(b'#'),
            };
            let mut best = None;
            for (place, &b) in bytes.iter().enumerate().skip(at) {
                hash = hash.push(b);
                if let Some(row) = self.get(hash.value()) {
                    best = Some((row, place + 1));
                }
            }
            match best {
                Some((row, end)) => {
                    sink(row);
                    at = end;
                }
                None => at += 1,
            }
        }
    }
}

impl Index {
    /// Of entries with these hashes, in their order.
    pub(super) fn new(hashes: &[u32]) -> Self {
        let size = (hashes.len() * 2).next_power_of_two().max(64);
        let mut index = Self {
            slots: vec![0; size],
            rows: vec![0; size],
            filter: vec![0; size / 32],
        };
        for (row, &hash) in hashes.iter().enumerate() {
            let hash = filled(hash);
            let mut at = slot(hash, size);
            while index.slots[at] != 0 && index.slots[at] != hash {
                at = (at + 1) % size;
            }
            if index.slots[at] == 0 {
                index.slots[at] = hash;
                index.rows[at] = row as u16;
                let (word, bit) = bit(hash, index.filter.len());
                index.filter[word] |= bit;
            }
        }
        index
    }
}
