//! What characters stand for: digits of other scripts, full-width forms, dashes, spaces, and
//! characters that nobody sees.

/// What a unit of the text is in the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Out {
    /// Nothing.
    Drop,
    Char(char),
}

/// The zero of each set of decimal digits (Unicode, general category Nd).
#[rustfmt::skip]
const ZEROS: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
    0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650,
    0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0,
];

fn digit(c: char) -> Option<char> {
    let code = c as u32;
    let after = ZEROS.partition_point(|&zero| zero <= code);
    let zero = ZEROS.get(after.checked_sub(1)?)?;
    char::from_digit(code - zero, 10)
}

/// Characters without a width of their own: joiners, direction marks, soft hyphens, variation
/// selectors, the frame of a keycap, tags.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c as u32,
        0x00AD | 0x034F | 0x061C | 0x180B..=0x180E | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x2064 | 0x2066..=0x206F | 0x20E3 | 0xFE00..=0xFE0F | 0xFEFF
        | 0xE0001 | 0xE0020..=0xE007F)
}

/// Dashes that `separator` does not take for hyphens already.
pub(super) const fn is_dash(c: char) -> bool {
    matches!(
        c as u32,
        0x2014 | 0x2015 | 0x2043 | 0x2212 | 0xFE58 | 0xFE63
    )
}

/// Spaces that `separator` does not take for spaces already.
pub(super) const fn is_space(c: char) -> bool {
    matches!(
        c as u32,
        0x2000..=0x2006 | 0x2008 | 0x200A | 0x205F | 0x3000
    )
}

/// What stands for a full stop in a domain name (UTS 46), wherever a name may be.
pub(super) const fn is_stop(c: char) -> bool {
    matches!(c as u32, 0x2024 | 0x3002 | 0xFF61)
}

/// What a character is whatever stands around it; none if it is itself.
pub(super) fn fold(c: char) -> Option<Out> {
    if is_invisible(c) {
        return Some(Out::Drop);
    }
    let code = c as u32;
    let ascii = match code {
        0..0x80 => None,
        // Full-width forms of what findings are written with.
        0xFF10..=0xFF19 | 0xFF21..=0xFF3A | 0xFF41..=0xFF5A => char::from_u32(code - 0xFEE0),
        0xFF20 | 0xFF0E | 0xFF0D | 0xFF0B | 0xFF08 | 0xFF09 | 0xFF3F | 0xFF0F => {
            char::from_u32(code - 0xFEE0)
        }
        0xFE52 => Some('.'),
        0xFE6B => Some('@'),
        // Letters of mathematics: thirteen alphabets, capitals first.
        0x1D400..=0x1D6A3 => letter((code - 0x1D400) % 52),
        _ => digit(c),
    };
    ascii.map(Out::Char)
}

fn letter(place: u32) -> Option<char> {
    let base = if place < 26 { 'A' } else { 'a' };
    char::from_u32(base as u32 + place % 26)
}

/// What a character is that was written as an escape. It is always a unit of its own, so what it
/// is does not depend on its neighbours.
pub(super) fn escaped(c: char) -> Out {
    match fold(c) {
        Some(out) => out,
        None if is_dash(c) => Out::Char('-'),
        None if is_space(c) || c == '\u{a0}' => Out::Char(' '),
        None if is_stop(c) => Out::Char('.'),
        // A backslash that is decoded begins no escape.
        None if c.is_control() || c == '\\' => Out::Char('\n'),
        None => Out::Char(c),
    }
}
