//! Texts of which much is said more than once.

/// Words of one block; repetition is counted within blocks, so that a long text
/// is judged like a short one.
const BLOCK: usize = 512;
/// Blocks with fewer words say nothing.
const FEWEST: usize = 64;
/// Words that make a phrase.
const PHRASE: usize = 4;
/// A share of phrases that were there before, up to which nothing is said.
/// Lists, tables and legal texts come near it.
const TOLERATED: f32 = 0.4;
/// The share at which it could not be worse.
const WORST: f32 = 0.8;
const BITS: usize = 1 << 13;

/// Counts phrases of four words that were there before. Takes 1 KiB.
#[derive(Clone, Debug)]
pub(super) struct Repetition {
    seen: Box<[u64; BITS / 64]>,
    /// Hashes of the words before.
    words: [u64; PHRASE - 1],
    /// The word that is being read.
    word: u64,
    count: usize,
    again: usize,
    worst: f32,
}

const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;

impl Default for Repetition {
    fn default() -> Self {
        Self {
            seen: Box::new([0; BITS / 64]),
            words: [0; PHRASE - 1],
            word: EMPTY,
            count: 0,
            again: 0,
            worst: 0.0,
        }
    }
}

impl Repetition {
    pub(super) fn push(&mut self, c: char) {
        if is_ideograph(c) {
            self.end_word();
            self.add(c);
            self.end_word();
        } else if c.is_alphanumeric() {
            self.add(c);
        } else {
            self.end_word();
        }
    }

    /// FNV-1a, by characters.
    fn add(&mut self, c: char) {
        self.word = (self.word ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3);
    }

    fn end_word(&mut self) {
        if self.word == EMPTY {
            return;
        }
        let word = std::mem::replace(&mut self.word, EMPTY);
        let mut phrase = word;
        for (at, before) in self.words.iter().enumerate() {
            phrase ^= before.rotate_left(17 * (at as u32 + 1));
        }
        self.words.rotate_left(1);
        self.words[PHRASE - 2] = word;
        self.count += 1;
        if self.count >= PHRASE {
            let bit = (phrase.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51) as usize % BITS;
            let (cell, mask) = (bit / 64, 1 << (bit % 64));
            self.again += usize::from(self.seen[cell] & mask != 0);
            self.seen[cell] |= mask;
        }
        if self.count == BLOCK {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        if self.count >= FEWEST {
            let share = self.again as f32 / (self.count + 1 - PHRASE) as f32;
            self.worst = self.worst.max(share);
        }
        self.seen.fill(0);
        self.count = 0;
        self.again = 0;
    }

    /// How bad it is, from 0 to 1, at the end of the text.
    pub(super) fn severity(&mut self) -> f32 {
        self.end_word();
        self.end_block();
        ((self.worst - TOLERATED) / (WORST - TOLERATED)).clamp(0.0, 1.0)
    }
}

/// A character that stands for a word, or a good part of one.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x0e00..=0x0e7f | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(text: &str) -> f32 {
        let mut repetition = Repetition::default();
        text.chars().for_each(|c| repetition.push(c));
        repetition.severity()
    }

    #[test]
    fn what_says_the_same_is_told_from_what_does_not() {
        let prose: String = (0..3000)
            .map(|n| format!("word{} ", n * n % 9973))
            .collect();
        assert_eq!(severity(&prose), 0.0);
        assert_eq!(severity("too short too short too short"), 0.0);
        let same: String = (0..100)
            .map(|n| format!("{n}. The quick brown fox jumps over the lazy dog again. "))
            .collect();
        assert!(severity(&same) > 0.5, "{}", severity(&same));
        let chinese = "这个问题的答案是这样的。".repeat(30);
        assert!(severity(&chinese) > 0.9);
        // Half of it good: the bad half counts.
        assert!(severity(&(prose + &same)) > 0.5);
    }
}
