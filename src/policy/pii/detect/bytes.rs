//! Classes of bytes and characters, and the separators that numbers are written with.

pub(super) const DIGIT: u16 = 1;
pub(super) const HEX_LETTER: u16 = 1 << 1;
pub(super) const LETTER: u16 = 1 << 2;
pub(super) const PAREN: u16 = 1 << 3;
pub(super) const PLUS: u16 = 1 << 4;
pub(super) const COLON: u16 = 1 << 5;
pub(super) const UNDERSCORE: u16 = 1 << 6;
/// The first byte of a character outside ASCII.
pub(super) const WIDE: u16 = 1 << 7;
pub(super) const CAPITAL: u16 = 1 << 8;
pub(super) const HYPHEN: u16 = 1 << 9;

/// The class of each byte as the first byte of a finding. 0: no finding begins with it.
pub(super) const CLASS: [u16; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = match b as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' => HEX_LETTER | LETTER,
            b'g'..=b'z' => LETTER,
            b'A'..=b'F' => HEX_LETTER | LETTER | CAPITAL,
            b'G'..=b'Z' => LETTER | CAPITAL,
            b'-' => HYPHEN,
            b'(' => PAREN,
            b'+' => PLUS,
            b':' => COLON,
            b'_' => UNDERSCORE,
            0xC2..=0xF4 => WIDE,
            _ => 0,
        };
        b += 1;
    }
    table
};

/// Bytes that may stand between the start of a finding and its first trigger byte.
pub(super) const LEADS: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        table[b] = byte.is_ascii_alphanumeric()
            || byte >= 0x80
            || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'\'' | b'(');
        b += 1;
    }
    table
};

pub(super) const fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Whether a character next to a finding shows that it is part of something longer.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return is_word_byte(c as u8);
    }
    c.is_alphanumeric() && !is_unspaced(c)
}

/// Scripts written without spaces between words, or that hang particles on a word of another
/// script. A neighbour in them says nothing about where a number or an address ends.
pub(super) const fn is_unspaced(c: char) -> bool {
    matches!(c as u32,
        0x0E00..=0x0EFF          // Thai, Lao
        | 0x1000..=0x109F        // Myanmar
        | 0x1100..=0x11FF        // Hangul Jamo
        | 0x1780..=0x17FF        // Khmer
        | 0x2E80..=0xA4CF        // CJK radicals, kana, Hangul Jamo, Han, Yi
        | 0xAC00..=0xD7FF        // Hangul
        | 0xF900..=0xFAFF
        | 0xFF66..=0xFF9F        // half-width kana
        | 0x20000..=0x3FFFF)
}

/// A single mark between groups of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Space,
    Hyphen,
    Dot,
    Slash,
}

/// The separator at `at` and its length. Typographic spaces and hyphens count: word processors and
/// language models write them inside numbers.
pub(super) fn separator(bytes: &[u8], at: usize) -> Option<(Separator, usize)> {
    match bytes.get(at..)? {
        [b' ', ..] => Some((Separator::Space, 1)),
        [b'-', ..] => Some((Separator::Hyphen, 1)),
        [b'.', ..] => Some((Separator::Dot, 1)),
        [b'/', ..] => Some((Separator::Slash, 1)),
        [0xC2, 0xA0, ..] => Some((Separator::Space, 2)),
        [0xE2, 0x80, 0x87 | 0x89 | 0xAF, ..] => Some((Separator::Space, 3)),
        [0xE2, 0x80, 0x90..=0x93, ..] => Some((Separator::Hyphen, 3)),
        _ => None,
    }
}

/// Backslashes that are counted before an escape; nobody writes more.
const BACKSLASHES: usize = 16;

/// Whether the byte at `at` is the letter of an escape such as `\n`, as in JSON that stands within
/// a text (the arguments of a tool call, say): no finding begins with it.
pub(super) fn is_escape_letter(bytes: &[u8], at: usize) -> bool {
    if at.checked_sub(1).and_then(|before| bytes.get(before)) != Some(&b'\\') {
        return false;
    }
    let before = bytes.get(..at).unwrap_or_default().iter().rev();
    let backslashes = before
        .take(BACKSLASHES)
        .take_while(|&&b| b == b'\\')
        .count();
    backslashes % 2 == 1 && bytes.get(at).is_some_and(|b| b"nrtbfu".contains(b))
}

/// Whether an escape such as `\n` or `\u0020` ends right before `at`: a letter or a digit of it
/// is no neighbour of what begins there.
pub(super) fn follows_escape(bytes: &[u8], at: usize) -> bool {
    let backslash = |back| at.checked_sub(back).and_then(|at| bytes.get(at)) == Some(&b'\\');
    if !backslash(2) && !backslash(6) {
        return false;
    }
    let simple = at
        .checked_sub(1)
        .is_some_and(|letter| bytes.get(letter) != Some(&b'u') && is_escape_letter(bytes, letter));
    simple
        || at.checked_sub(5).is_some_and(|letter| {
            bytes.get(letter) == Some(&b'u')
                && bytes
                    .get(letter + 1..at)
                    .is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
                && is_escape_letter(bytes, letter)
        })
}
