//! Where units may be, seen many bytes at a time.
//!
//! What is looked at here is necessary for a unit and nearly never there in a text without one.
//! There are no branches within a block, so that the compiler compares many bytes at once.

/// How many bytes are looked at together.
pub(super) const BLOCK: usize = 32;
/// How many bytes after them are needed to do so.
pub(super) const AHEAD: usize = 3;

/// Whether something that shows a unit begins at one of the first [`BLOCK`] bytes.
pub(super) fn hints(window: &[u8]) -> bool {
    let (Some(a), Some(b), Some(c), Some(d)) = (
        window.first_chunk::<BLOCK>(),
        window.get(1..).and_then(|w| w.first_chunk::<BLOCK>()),
        window.get(2..).and_then(|w| w.first_chunk::<BLOCK>()),
        window.get(3..).and_then(|w| w.first_chunk::<BLOCK>()),
    ) else {
        return true;
    };
    let (mut any, mut digits, mut wide) = (false, false, false);
    for i in 0..BLOCK {
        any |= escapes(a[i]) | words(a[i], b[i], c[i], d[i]) | brackets(b[i], c[i]);
        digits |= digit(a[i]);
        wide |= a[i] >= 0x80;
    }
    if digits {
        for i in 0..BLOCK {
            any |= numbers(a[i], b[i], c[i], d[i]);
        }
    }
    if wide {
        for i in 0..BLOCK {
            any |= wides(a[i], b[i], c[i]);
        }
    }
    any
}

#[inline(always)]
fn digit(b: u8) -> bool {
    b.wrapping_sub(b'0') < 10
}

#[inline(always)]
fn letter(b: u8) -> bool {
    (b | 0x20).wrapping_sub(b'a') < 26
}

#[inline(always)]
fn within(b: u8, low: u8, high: u8) -> bool {
    b.wrapping_sub(low) <= high - low
}

#[inline(always)]
fn escapes(a: u8) -> bool {
    (a == b'&') | (a == b'%') | (a == b'\\')
}

/// ` at ` and ` dot`, and the same within brackets.
#[inline(always)]
fn words(a: u8, b: u8, c: u8, d: u8) -> bool {
    let at = (b | 0x20 == b'a') & (c | 0x20 == b't') & !letter(d);
    let dot = (b | 0x20 == b'd') & (c | 0x20 == b'o') & (d | 0x20 == b't');
    !letter(a) & (at | dot)
}

/// `[.]`, `(@)`.
#[inline(always)]
fn brackets(b: u8, c: u8) -> bool {
    ((b == b'.') | (b == b'@')) & ((c == b']') | (c == b')'))
}

/// Unusual marks after a digit.
#[inline(always)]
fn numbers(a: u8, b: u8, c: u8, d: u8) -> bool {
    let spaced =
        (b == b' ') & (digit(c) & !digit(d) | (c == b'-') & (d == b' ') | (c | 0x20 == b'd'));
    let odd = (b == b'_') | (b == b'*') | (b == b'~') | (b == b'.');
    digit(a) & (spaced | odd & digit(c) & digit(d))
}

/// Characters outside ASCII that stand for others.
#[inline(always)]
fn wides(a: u8, b: u8, c: u8) -> bool {
    let latin = (a == 0xC2) & (b == 0xAD) | (a == 0xCD) & (b == 0x8F);
    let arabic = (a == 0xD8) & (b == 0x9C)
        | (a == 0xD9) & within(b, 0xA0, 0xA9)
        | (a == 0xDB) & (b >= 0xB0)
        | (a == 0xDF) & (b <= 0x89);
    let indic =
        (a == 0xE0) & ((b & 1 == 1) & within(c, 0xA6, 0xAF) | (b >= 0xB9) & within(c, 0x90, 0xA9));
    // Vietnamese has its letters among these.
    let other = (a == 0xE1) & (b != 0xBA) & (b != 0xBB);
    // Quotation marks, bullets and ellipses are themselves.
    let quotes = (b == 0x80) & within(c, 0x96, 0xA9) & (c != 0xA4);
    let punctuation = (a == 0xE2) & (b <= 0x88) & !quotes;
    let cjk = (a == 0xE3) & (b == 0x80) & ((c == 0x80) | (c == 0x82))
        | (a == 0xEA) & within(b, 0x98, 0xAF);
    // So are the full-width comma, colon and the like.
    let marks = (b == 0xBC) & ((c == 0x8C) | within(c, 0x9A, 0x9F) | within(c, 0x81, 0x87));
    let full = (a == 0xEF) & !marks;
    let emoji = (b == 0x9F) & (c < 0xAF);
    let astral = (a >= 0xF0) & !((a == 0xF0) & emoji);
    latin | arabic | indic | other | punctuation | cjk | full | astral
}
