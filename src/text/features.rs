//! Hashed features: words, pairs of words, and the letters within them.

use super::tokens::{Token, TokenKind};

/// Which features there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NgramSpec {
    /// The table has 2 to the power of this many rows; 8 to 20.
    pub bits: u8,
    /// The fewest letters of a character n-gram; 0 for none of them. At most 8.
    pub shortest: u8,
    /// The most letters; no more than four above the fewest.
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
/// The longest word, in bytes or characters; tokens are no longer.
const WORD: usize = 48;

/// The row that 64 mixed bits fall on.
const fn row(mixed: u64, shift: u32) -> u32 {
    (mixed.wrapping_mul(SPREAD) >> shift) as u32
}

/// The words before a token, the nearest first.
#[derive(Clone, Copy, Default)]
struct Before {
    /// Their hashes as [`first`] mixes them.
    mixed: [u64; BACK],
    len: usize,
    nearest: u32,
    glyphs: usize,
}

impl Before {
    #[inline]
    fn push(&mut self, hash: u32, glyph: bool) {
        let [a, b, c, d, _] = self.mixed;
        self.mixed = [first(hash), a, b, c, d];
        self.len = (self.len + 1).min(BACK);
        self.nearest = hash;
        self.glyphs = if glyph { self.glyphs + 1 } else { 0 };
    }
}

impl NgramSpec {
    /// The most features that one token has.
    pub(super) fn most(&self) -> usize {
        // Of so many letters and the marks of their ends.
        let letters = |n: u8| (WORD + 3).saturating_sub(usize::from(n));
        let sizes = self.shortest..=self.longest;
        let letters = match self.shortest {
            0 => 0,
            _ => sizes.map(letters).sum::<usize>(),
        };
        // Itself, a pair of neighbours, three glyphs.
        3 + usize::from(self.skip) + letters
    }
}

/// Gives the rows of every token's features to `sink`, with the token's place.
pub(super) fn ngrams(
    normal: &str,
    tokens: &[Token],
    spec: &NgramSpec,
    mut sink: impl FnMut(usize, u32),
) {
    let mut features = Features::new(normal, spec);
    for (place, token) in tokens.iter().enumerate() {
        features.of(token, |row| sink(place, row));
    }
}

/// The features of a text's tokens, one token after the other.
pub(super) struct Features<'a> {
    normal: &'a str,
    spec: NgramSpec,
    shift: u32,
    before: Before,
    chars: [u32; WORD + 2],
}

impl<'a> Features<'a> {
    pub(super) fn new(normal: &'a str, spec: &NgramSpec) -> Self {
        Self {
            normal,
            spec: *spec,
            shift: 64 - u32::from(spec.bits),
            before: Before::default(),
            chars: [0; WORD + 2],
        }
    }

    /// Gives the rows of the next token's features to `sink`.
    #[inline(always)]
    pub(super) fn of(&mut self, token: &Token, sink: impl FnMut(u32)) {
        let spec = self.spec;
        let sizes = (usize::from(spec.shortest), usize::from(spec.longest));
        match (sizes, usize::from(spec.skip)) {
            // Written out by the compiler.
            ((3, 5), 2) => self.with((3, 5), 2, token, sink),
            ((4, 4), 2) => self.with((4, 4), 2, token, sink),
            (sizes, skip) => self.with(sizes, skip, token, sink),
        }
    }

    #[inline(always)]
    fn with(
        &mut self,
        sizes: (usize, usize),
        skip: usize,
        token: &Token,
        mut sink: impl FnMut(u32),
    ) {
        let shift = self.shift;
        let mut sink = |mixed: u64| sink(row(mixed, shift));
        let hash = u64::from(token.hash);
        sink(hash ^ SKIP.rotate_left(17));
        if token.kind == TokenKind::Mark {
            return;
        }
        let before = &mut self.before;
        let own = second(token.hash);
        if before.len > 0 {
            sink(before.mixed[0] ^ own ^ PAIR);
        }
        for place in 1..=skip.min(BACK - 1) {
            if place < before.len {
                sink(before.mixed[place] ^ own ^ SKIP);
            }
        }
        let glyph = token.kind == TokenKind::Glyph;
        if glyph && before.glyphs >= 2 {
            let both = before.mixed[1] ^ second(before.nearest);
            sink((both ^ TRIPLE).wrapping_mul(PAIR) ^ hash);
        }
        before.push(token.hash, glyph);
        if token.kind == TokenKind::Word && sizes.0 > 0 {
            let (start, end) = (token.start as usize, token.end as usize);
            let rest = self.normal.as_bytes().get(start..).unwrap_or_default();
            let len = end - start;
            if is_ascii(rest, len) {
                ascii(rest, len, sizes, sink);
            } else {
                let word = self.normal.get(start..end).unwrap_or_default();
                others(word, &mut self.chars, sizes, sink);
            }
        }
    }
}

/// The first of two words, and the second: mixed, and both together by `^`.
const fn first(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(PAIR).rotate_left(29)
}

const fn second(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(TRIPLE)
}

/// Whether the `len` bytes that `bytes` begin with are.
#[inline(always)]
fn is_ascii(bytes: &[u8], len: usize) -> bool {
    match bytes.first_chunk() {
        Some(eight) if (1..=8).contains(&len) => {
            lowest(u64::from_le_bytes(*eight), len) & (u64::MAX / 255 * 0x80) == 0
        }
        _ => bytes.get(..len).is_some_and(<[u8]>::is_ascii),
    }
}

/// Eight bytes from `at` on, the first of them lowest; what is not there is 0.
#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => rest.iter().rev().fold(0, |sum, &b| sum << 8 | u64::from(b)),
    }
}

/// The `n` lowest bytes.
const fn lowest(bytes: u64, n: usize) -> u64 {
    bytes & (u64::MAX >> (64 - 8 * n))
}

/// The letters of the ASCII word of `len` bytes that `bytes` begin with, as
/// they stand in `<word>`: from each place on those of each size.
#[inline(always)]
fn ascii(bytes: &[u8], len: usize, sizes: (usize, usize), mut sink: impl FnMut(u64)) {
    let (shortest, longest) = (sizes.0, sizes.1.min(8));
    let len = len.min(WORD);
    if len == 0 {
        return;
    }
    let mut sink = |bytes: u64, n: usize| sink(lowest(bytes, n).wrapping_mul(PAIR));
    let (begin, end) = (u64::from(b'<'), u64::from(b'>'));
    // The last eight bytes of `<word>`, or all of them.
    let held = (len + 2).min(8);
    let mut last = match len {
        1..7 => lowest(eight(bytes, 0), len) << 8 | begin | end << (8 * (len + 1)),
        7 => lowest(eight(bytes, 0), 7) | end << 56,
        _ => eight(bytes, len - 8) >> 8 | end << 56,
    };
    if len > 6 {
        let first = eight(bytes, 0) << 8 | begin;
        (shortest..=longest).for_each(|n| sink(first, n));
        for bytes in bytes[..len].windows(8) {
            let bytes = eight(bytes, 0);
            (shortest..=longest).for_each(|n| sink(bytes, n));
        }
    }
    for _ in 0..(held + 1).saturating_sub(longest) {
        (shortest..=longest).for_each(|n| sink(last, n));
        last >>= 8;
    }
    for left in (shortest..longest).rev() {
        if left <= held {
            (shortest..=left).for_each(|n| sink(last, n));
            last >>= 8;
        }
    }
}

/// The same of a word with other letters.
#[inline]
fn others(
    word: &str,
    chars: &mut [u32; WORD + 2],
    (shortest, longest): (usize, usize),
    mut sink: impl FnMut(u64),
) {
    let mut whole = 1;
    chars[0] = u32::from('<');
    for c in word.chars().take(WORD) {
        chars[whole] = u32::from(c);
        whole += 1;
    }
    chars[whole] = u32::from('>');
    whole += 1;
    for start in 0..(whole + 1).saturating_sub(shortest) {
        let mut mixed = 0_u64;
        let end = whole.min(start + longest);
        for (n, &c) in chars[start..end].iter().enumerate() {
            mixed = (mixed.rotate_left(21) ^ u64::from(c)).wrapping_mul(TRIPLE);
            if n + 1 >= shortest {
                sink(mixed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NgramSpec, PAIR, WORD, ascii, ngrams};
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

    proptest! {
        /// However long a word is, and whatever follows it.
        #[test]
        fn letters_are_those_of_the_word_in_its_marks(
            word in "[a-z0-9]{1,48}", rest in "|[ -~]{0,12}", shortest in 1..=8_usize, more in 0..5_usize
        ) {
            let sizes = (shortest, (shortest + more).min(8));
            let text = format!("{word}{rest}");
            let mut found = Vec::new();
            ascii(text.as_bytes(), word.len(), sizes, |mixed| found.push(mixed));
            let whole = format!("<{word}>").into_bytes();
            let mut expected = Vec::new();
            for start in 0..whole.len() {
                for n in sizes.0..=sizes.1.min(whole.len() - start) {
                    let letters = whole[start..start + n].iter().rev();
                    let packed = letters.fold(0_u64, |sum, &b| sum << 8 | u64::from(b));
                    expected.push(packed.wrapping_mul(PAIR));
                }
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_token_has_more_features_than_most(text in "[a-zé忽!]{0,100}", bits in 8..10_u8) {
            for (shortest, longest) in [(0, 0), (1, 5), (3, 5), (4, 8)] {
                let spec = NgramSpec { bits, shortest, longest, skip: 4 };
                let rows = rows(&text, spec);
                let most = rows.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).max();
                prop_assert!(most.unwrap_or(0) <= spec.most() && spec.most() <= 255);
            }
        }
    }

    #[test]
    fn tokens_are_no_longer_than_the_longest_word() {
        let longest = tokens(&"éa".repeat(100))
            .iter()
            .map(|t| t.end - t.start)
            .max();
        assert!(longest.unwrap() as usize <= WORD);
    }
}
