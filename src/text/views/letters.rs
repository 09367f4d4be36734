//! Letters that stand in another order or place, found by how likely they
//! follow each other.

use std::ops::Range;

/// How likely a letter follows another, in tenths of bits more than chance;
/// 26 is what stands around a word. Counted by `tools/train -- letters`.
const PAIRS: &[u8; 27 * 27] = include_bytes!("letters.bin");

/// How much better a stretch has to read, in tenths of bits.
const ENOUGH: i32 = 220;
/// What a word costs a stretch that reads no better with it.
const PRICE: i32 = 12;
/// A word that reads so well, by letter, is taken as it stands.
const WELL: i32 = 13;
/// A word that reads so well is no word turned by thirteen.
const TURNED: i32 = 5;
/// Longer words are no words.
const LONGEST: usize = 32;

/// The same by the low bits of letters, with room between rows: `a` is 1, and
/// 0 is what stands around a word. In the upper half the same pair backward, so
/// that one sum is both.
static TABLE: [i32; 32 * 32] = {
    let mut table = [0; 32 * 32];
    let mut first = 0;
    while first < 27 {
        let mut second = 0;
        while second < 27 {
            let at = ((first + 1) % 27) * 32 + (second + 1) % 27;
            let forward = PAIRS[first * 27 + second].cast_signed() as i32;
            let backward = PAIRS[second * 27 + first].cast_signed() as i32;
            table[at] = forward + (backward << 16);
            second += 1;
        }
        first += 1;
    }
    table
};

/// A sum of the table, for words up to [`LONGEST`]: forward, and backward.
const fn halves(sum: i32) -> (i32, i32) {
    let forward = sum as i16 as i32;
    (forward, (sum - forward) >> 16)
}

/// The low bits of letters.
static PLACES: [u8; 256] = {
    let mut places = [0; 256];
    let mut b = b'a';
    while b <= b'z' {
        places[b as usize] = b & 31;
        b += 1;
    }
    places
};

#[inline]
fn place(b: u8) -> usize {
    usize::from(PLACES[usize::from(b)])
}

#[inline]
fn pair(last: usize, next: usize) -> i32 {
    TABLE[(last << 5 | next) & 1023]
}

fn score(word: impl Iterator<Item = usize>) -> i32 {
    let step = |(sum, last): (i32, usize), next| (sum + (pair(last, next) as i16 as i32), next);
    let (sum, last) = word.fold((0, 0), step);
    sum + (pair(last, 0) as i16 as i32)
}

/// How natural the letters of a word follow each other.
pub(super) fn naturalness(word: &[u8]) -> i32 {
    score(word.iter().map(|&b| place(b)))
}

const fn thirteen(b: u8) -> u8 {
    match b {
        b'a'..=b'z' => (b - b'a' + 13) % 26 + b'a',
        _ => b,
    }
}

/// The stretch of words that gains most (Kadane's maximum sum).
#[derive(Clone, Debug, Default)]
struct Stretch {
    gain: i32,
    start: usize,
    words: usize,
    best: (i32, Range<usize>, usize),
}

impl Stretch {
    #[inline]
    fn push(&mut self, gain: i32, start: usize, end: usize) {
        if self.gain <= 0 {
            // No stretch begins with a loss.
            if gain <= 0 {
                return;
            }
            (self.gain, self.start, self.words) = (0, start, 0);
        }
        self.gain += gain;
        self.words += 1;
        if self.gain > self.best.0 {
            self.best = (self.gain, self.start..end, self.words);
        }
    }

    fn finish(self) -> Option<Range<usize>> {
        let (gain, range, words) = self.best;
        (gain >= ENOUGH && words >= 3).then_some(range)
    }
}

/// The text of a stretch, and where it lies.
type Found = Option<(String, Range<usize>)>;

/// What the text says by rot13, read from its end, and with each word read
/// from its end; where that reads better.
pub(super) fn rearranged(normal: &str) -> [Found; 3] {
    let bytes = normal.as_bytes();
    let (mut rotated, mut reversed) = (Stretch::default(), Stretch::default());
    let mut at = 0;
    while at < bytes.len() {
        let (mut len, mut both, mut last) = (0, 0_i32, 0);
        for &b in &bytes[at..] {
            let next = place(b);
            // Of a word too long to be one, the sum is not used.
            both = both.wrapping_add(pair(last, next));
            last = next;
            if next == 0 {
                break;
            }
            len += 1;
        }
        if len == 0 {
            at += 1;
            continue;
        }
        let start = at;
        at += len;
        if len > LONGEST {
            continue;
        }
        // The end of the text is one of the word, too.
        let (own, backward) = halves(both + if last == 0 { 0 } else { pair(last, 0) });
        let per_letter = |least: i32| own >= least * (len as i32 + 1);
        // A word that reads well gains nothing by reading it otherwise.
        if per_letter(WELL) {
            rotated.push(-30 - PRICE, start, at);
            reversed.push(-30 - PRICE, start, at);
            continue;
        }
        // Turned words read far worse than this.
        let turned = match per_letter(TURNED) {
            true => own - PRICE,
            false => score(bytes[start..at].iter().map(|&b| place(thirteen(b)))),
        };
        rotated.push((turned - own).clamp(-60, 120) - PRICE, start, at);
        reversed.push((backward - own).clamp(-60, 120) - PRICE, start, at);
    }
    let rotated = rotated.finish().map(|range| {
        let text = bytes[range.clone()].iter().map(|&b| {
            if b < 0x80 {
                char::from(thirteen(b))
            } else {
                ' '
            }
        });
        (text.collect(), range)
    });
    let Some(range) = reversed.finish() else {
        return [rotated, None, None];
    };
    let hidden = &normal[range.clone()];
    let whole: String = hidden.chars().rev().collect();
    let mut words = String::with_capacity(hidden.len());
    let mut at = 0;
    while let Some(c) = hidden[at..].chars().next() {
        if c.is_ascii_lowercase() {
            let len = hidden[at..]
                .bytes()
                .take_while(u8::is_ascii_lowercase)
                .count();
            words.extend(hidden[at..at + len].chars().rev());
            at += len;
        } else {
            words.push(c);
            at += c.len_utf8();
        }
    }
    [rotated, Some((whole, range.clone())), Some((words, range))]
}
