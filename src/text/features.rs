//! Hashed features: words, pairs of words, and the letters within them.

use super::tokens::{Token, TokenKind};

/// Which features there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NgramSpec {
    /// The table has 2 to the power of this many rows; 8 to 20.
    pub bits: u8,
    /// The fewest letters of a character n-gram; 0 for none of them. At most 8.
    pub shortest: u8,
    /// The most letters.
    pub longest: u8,
    /// Pairs of words with up to so many others in between; at most 4.
    pub skip: u8,
}

impl Default for NgramSpec {
    fn default() -> Self {
        Self {
            bits: 16,
            shortest: 3,
            longest: 5,
            skip: 2,
        }
    }
}

const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
const PAIR: u64 = 0xd6e8_feb8_6659_fd93;
const SKIP: u64 = 0xa076_1d64_78bd_642f;
const TRIPLE: u64 = 0xe703_7ed1_a0b4_28db;
/// How many words back a pair may begin.
const BACK: usize = 5;
/// The longest word with the marks of its ends, and room to read past it.
const BUFFER: usize = 64;

/// The row that 64 mixed bits fall on.
const fn row(mixed: u64, shift: u32) -> u32 {
    (mixed.wrapping_mul(SPREAD) >> shift) as u32
}

/// The words before a token.
#[derive(Clone, Copy, Default)]
struct Before {
    hashes: [u32; BACK],
    len: usize,
    glyphs: usize,
}

impl Before {
    fn push(&mut self, hash: u32, glyph: bool) {
        self.hashes.copy_within(0..BACK - 1, 1);
        self.hashes[0] = hash;
        self.len = (self.len + 1).min(BACK);
        self.glyphs = if glyph { self.glyphs + 1 } else { 0 };
    }
}

/// Gives the rows of every token's features to `sink`, with the token's place.
#[inline]
pub(super) fn ngrams(
    normal: &str,
    tokens: &[Token],
    spec: &NgramSpec,
    mut sink: impl FnMut(usize, u32),
) {
    let shift = 64 - u32::from(spec.bits);
    let mut before = Before::default();
    let mut letters = Letters::default();
    for (place, token) in tokens.iter().enumerate() {
        let hash = u64::from(token.hash);
        sink(place, row(hash ^ SKIP.rotate_left(17), shift));
        if token.kind == TokenKind::Mark {
            continue;
        }
        let known = &before.hashes[..before.len];
        if let Some(&previous) = known.first() {
            sink(place, row(pair(previous, token.hash) ^ PAIR, shift));
        }
        for &earlier in known.iter().skip(1).take(usize::from(spec.skip)) {
            sink(place, row(pair(earlier, token.hash) ^ SKIP, shift));
        }
        let glyph = token.kind == TokenKind::Glyph;
        if glyph && before.glyphs >= 2 {
            let both = pair(before.hashes[1], before.hashes[0]);
            sink(place, row((both ^ TRIPLE).wrapping_mul(PAIR) ^ hash, shift));
        }
        if token.kind == TokenKind::Word && spec.shortest > 0 {
            let word = normal
                .get(token.start as usize..token.end as usize)
                .unwrap_or_default();
            letters.ngrams(word, spec, |mixed| sink(place, row(mixed, shift)));
        }
        before.push(token.hash, glyph);
    }
}

const fn pair(first: u32, second: u32) -> u64 {
    (first as u64).wrapping_mul(PAIR).rotate_left(29) ^ (second as u64).wrapping_mul(TRIPLE)
}

/// The letters of one word.
struct Letters {
    bytes: [u8; BUFFER],
    chars: [u32; BUFFER],
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            bytes: [0; BUFFER],
            chars: [0; BUFFER],
        }
    }
}

impl Letters {
    #[inline]
    fn ngrams(&mut self, word: &str, spec: &NgramSpec, sink: impl FnMut(u64)) {
        if word.is_ascii() {
            self.ascii(word.as_bytes(), spec, sink);
        } else {
            self.other(word, spec, sink);
        }
    }

    #[inline]
    fn ascii(&mut self, word: &[u8], spec: &NgramSpec, mut sink: impl FnMut(u64)) {
        let len = word.len().min(BUFFER - 16);
        self.bytes[0] = b'<';
        self.bytes[1..=len].copy_from_slice(&word[..len]);
        self.bytes[len + 1] = b'>';
        let whole = len + 2;
        let shortest = usize::from(spec.shortest);
        let longest = usize::from(spec.longest).min(8);
        for start in 0..(whole + 1).saturating_sub(shortest) {
            let Some(eight) = self.bytes.get(start..start + 8) else {
                return;
            };
            let eight = eight.try_into().map_or(0, u64::from_le_bytes);
            for n in shortest..=longest.min(whole - start) {
                sink((eight & (u64::MAX >> (64 - 8 * n))).wrapping_mul(PAIR));
            }
        }
    }

    fn other(&mut self, word: &str, spec: &NgramSpec, mut sink: impl FnMut(u64)) {
        let mut whole = 1;
        self.chars[0] = u32::from('<');
        for c in word.chars().take(BUFFER - 2) {
            self.chars[whole] = u32::from(c);
            whole += 1;
        }
        self.chars[whole] = u32::from('>');
        whole += 1;
        let shortest = usize::from(spec.shortest);
        for start in 0..(whole + 1).saturating_sub(shortest) {
            let mut mixed = 0_u64;
            let end = whole.min(start + usize::from(spec.longest));
            for (n, &c) in self.chars[start..end].iter().enumerate() {
                mixed = (mixed.rotate_left(21) ^ u64::from(c)).wrapping_mul(TRIPLE);
                if n + 1 >= shortest {
                    sink(mixed);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NgramSpec, ngrams};
    use crate::text::tokens;

    fn rows(text: &str, spec: NgramSpec) -> Vec<(usize, u32)> {
        let mut rows = Vec::new();
        ngrams(text, &tokens(text), &spec, |place, row| {
            rows.push((place, row))
        });
        rows
    }

    #[test]
    fn features_are_counted_as_documented() {
        let spec = NgramSpec {
            shortest: 0,
            skip: 2,
            ..NgramSpec::default()
        };
        // One a word, one a pair of neighbours, and the pairs with one or two between.
        assert_eq!(rows("a b c d", spec).len(), 4 + 3 + 2 + 1);
        assert_eq!(rows("a, b", spec).len(), 3 + 1);
        let spec = NgramSpec::default();
        // <abc>: three of three letters, two of four, one of five.
        assert_eq!(rows("abc", spec).len(), 1 + 3 + 2 + 1);
        assert_eq!(rows("абв", spec).len(), 1 + 3 + 2 + 1);
        assert_eq!(rows("忽略所", spec).len(), 3 + 2 + 1 + 1);
    }

    #[test]
    fn rows_lie_in_the_table_and_order_matters() {
        let spec = NgramSpec {
            bits: 8,
            ..NgramSpec::default()
        };
        assert!(
            rows("ignore all previous rules", spec)
                .iter()
                .all(|&(_, row)| row < 256)
        );
        let spec = NgramSpec::default();
        assert_ne!(rows("a b", spec)[2], rows("b a", spec)[2]);
    }
}
