//! Long runs, found without a look at every item.

/// Whether `count` items in a row are what `is` says.
///
/// Looks at the last place of a run first: where that is none of its items,
/// no run lies across it. Linear, and most texts are left after a look at one
/// item in five.
#[inline]
pub(crate) fn has_run<T>(items: &[T], count: usize, is: impl Fn(&T) -> bool) -> bool {
    let mut from = 0;
    while let Some(run) = items.get(from..from + count) {
        match run.iter().rposition(|item| !is(item)) {
            None => return true,
            Some(at) => from += at + 1,
        }
    }
    false
}

/// How many bytes are what `is` says. Sixteen are counted at once: their sums
/// fit in bytes for as long as a piece lasts.
#[inline]
pub(crate) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let piece = |piece: &[u8]| piece.iter().map(|&b| u8::from(is(b))).sum::<u8>();
    bytes
        .chunks(PIECE)
        .map(|bytes| usize::from(piece(bytes)))
        .sum()
}

/// How many neighbours are what `is` says.
#[inline]
pub(crate) fn count_pairs(bytes: &[u8], is: impl Fn(u8, u8) -> bool) -> usize {
    let next = bytes.get(1..).unwrap_or_default();
    let piece = |(first, next): (&[u8], &[u8])| {
        let pairs = first.iter().zip(next);
        pairs.map(|(&a, &b)| u8::from(is(a, b))).sum::<u8>()
    };
    let pieces = bytes.chunks(PIECE).zip(next.chunks(PIECE));
    pieces.map(|pair| usize::from(piece(pair))).sum()
}

const PIECE: usize = 240;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{count, count_pairs, has_run};

    proptest! {
        #[test]
        fn runs_and_counts_are_those_of_a_plain_loop(
            text in "[ab]{0,600}|a{0,20}|(a{1,9}b){0,80}", count_of in 1..14_usize
        ) {
            let bytes = text.as_bytes();
            let longest = text.split('b').map(str::len).max().unwrap_or(0);
            prop_assert_eq!(has_run(bytes, count_of, |&b| b == b'a'), longest >= count_of);
            prop_assert_eq!(count(bytes, |b| b == b'a'), text.matches('a').count());
            let pairs = bytes.windows(2).filter(|pair| pair[0] != pair[1]).count();
            prop_assert_eq!(count_pairs(bytes, |a, b| a != b), pairs);
        }
    }
}
