//! Eight bytes of text at a time, as one number: the first byte is the lowest.
//!
//! Adding to all bytes at once carries into the high bit of each that reaches a bound (Hacker's
//! Delight, section 6-1); bytes outside ASCII are put aside first, so that nothing carries over.

pub(super) const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// Eight bytes from `at`, the first lowest; zeros after the end.
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(chunk) = rest.first_chunk::<8>() {
        return u64::from_le_bytes(*chunk);
    }
    match bytes.last_chunk::<8>() {
        // Those before `at` are shifted out.
        Some(chunk) if !rest.is_empty() => {
            u64::from_le_bytes(*chunk) >> (8 * (chunk.len() - rest.len()))
        }
        _ => rest
            .iter()
            .rev()
            .fold(0, |word, &b| (word << 8) | u64::from(b)),
    }
}

/// The high bit of each byte of a word of text that the scan knows a first word by: a digit, `:`
/// (which follows the digits in ASCII), `@`, a full stop that something follows, or the last dash of
/// `-----BEGIN`. `next` holds the bytes after them.
pub(super) fn triggers(word: u64, next: u64) -> u64 {
    let low = word & !HIGH;
    let at_least = |low: u64, bound: u8| low + ONES * u64::from(0x80 - bound);
    let other = |word: u64, b: u8| (((word & !HIGH) ^ (ONES * u64::from(b))) + !HIGH) | word;
    let digit = at_least(low, b'0') & !at_least(low, b':' + 1);
    let dot = !other(word, b'.') & (word_bytes(next) & other(next, b'_') | next);
    let begin = !other(word, b'-') & !other(next, b'B');
    (digit | !other(word, b'@') | dot | begin) & HIGH & !word
}

/// The high bit of each byte that is a letter, a digit or `_`.
pub(super) fn word_bytes(word: u64) -> u64 {
    let low = word & !HIGH;
    // Adding carries into the high bit of what is at least the bound.
    let at_least = |low: u64, bound: u8| low + ONES * u64::from(0x80 - bound);
    let folded = low | (ONES * 0x20);
    let letter = at_least(folded, b'a') & !at_least(folded, b'z' + 1);
    let digit = at_least(low, b'0') & !at_least(low, b'9' + 1);
    let other = (low ^ (ONES * u64::from(b'_'))) + !HIGH;
    (letter | digit | !other) & HIGH & !word
}

/// The high bit of each byte that is a capital, and perhaps of others outside ASCII.
pub(super) fn capitals(word: u64) -> u64 {
    let low = word & !HIGH;
    (low + ONES * u64::from(0x80 - b'A')) & !(low + ONES * u64::from(0x80 - b'Z' - 1)) & HIGH
}

/// Whether one of the marks before a value is among the bytes.
pub(super) fn marks(word: u64) -> bool {
    // `:`, `=` and `>`: a byte is zero where it is the mark.
    let other = |b: u8| ((word & !HIGH) ^ (ONES * u64::from(b))) + !HIGH;
    other(b':') & other(b'=') & other(b'>') & HIGH != HIGH
}
