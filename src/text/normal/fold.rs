//! What each character stands for.

use std::sync::LazyLock;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// What becomes of a character that is not ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// It stays.
    Same,
    /// It becomes another character.
    Char(char),
    /// It becomes an ASCII character.
    Ascii(u8),
    /// The same, and it was a fancy form of it.
    Compatible(u8),
    /// It becomes the ASCII character that the tag stands for.
    Tag(u8),
    /// Nobody sees it.
    Invisible,
    /// An accent: goes without a word.
    Mark,
    /// It becomes several characters.
    Decompose,
}

/// Characters without a width of their own: joiners, marks of direction, soft
/// hyphens, variation selectors, fillers.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c as u32,
        0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x20E3 | 0x3164
        | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xE0000..=0xE001F | 0xE007F | 0xE0100..=0xE01EF)
}

/// The first character that the table leaves out.
const TABLED: u32 = 0x600;

/// What becomes of the characters from U+0080 to U+05FF: most of what texts
/// in Latin, Greek and Cyrillic letters have.
static TABLE: LazyLock<Vec<Fold>> = LazyLock::new(|| {
    let all = 0x80..TABLED;
    all.map(|code| char::from_u32(code).map_or(Fold::Same, work_out))
        .collect()
});

pub(super) fn fold(c: char) -> Fold {
    let code = c as u32;
    match code {
        0x80..TABLED => TABLE[code as usize - 0x80],
        // Scripts without case or forms: Devanagari to Myanmar, kana, ideographs, Hangul.
        0x0900..=0x109F | 0x3041..=0x3096 | 0x30A1..=0x30FA | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 => {
            Fold::Same
        }
        0xE0020..=0xE007E => Fold::Tag((code - 0xE0000) as u8),
        0xFF01..=0xFF5E => Fold::Compatible((code - 0xFEE0) as u8),
        _ => work_out(c),
    }
}

fn work_out(c: char) -> Fold {
    if is_invisible(c) {
        return Fold::Invisible;
    }
    match c as u32 {
        0x0300..=0x036F
        | 0x0483..=0x0489
        | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF
        | 0x20D0..=0x20FF
        | 0x064B..=0x0652
        | 0x0591..=0x05C7 => return Fold::Mark,
        0x2018..=0x201B | 0x02BC | 0x2032 | 0x00B4 => return Fold::Ascii(b'\''),
        0x201C..=0x201F | 0x2033 | 0x00AB | 0x00BB => return Fold::Ascii(b'"'),
        0x2010..=0x2015 | 0x2212 => return Fold::Ascii(b'-'),
        0x3002 => return Fold::Ascii(b'.'),
        0x3001 => return Fold::Ascii(b','),
        0x1F130..=0x1F149 => return Fold::Compatible(b'a' + (c as u32 - 0x1F130) as u8),
        0x1F150..=0x1F169 => return Fold::Compatible(b'a' + (c as u32 - 0x1F150) as u8),
        0x1F170..=0x1F189 => return Fold::Compatible(b'a' + (c as u32 - 0x1F170) as u8),
        // Regional indicators: flags, or letters for those who hide them.
        0x1F1E6..=0x1F1FF => return Fold::Compatible(b'a' + (c as u32 - 0x1F1E6) as u8),
        _ => {}
    }
    if let Some(letter) = letterlike(c) {
        return Fold::Ascii(letter);
    }
    let mut parts = ['\0'; 2];
    let mut len = 0;
    decompose_compatible(c, |part| {
        if !is_combining_mark(part) {
            if let Some(place) = parts.get_mut(len) {
                *place = part;
            }
            len += 1;
        }
    });
    let small = |c: char| {
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(only), None) => only,
            _ => c,
        }
    };
    match len {
        1 if parts[0].is_ascii() => {
            let ascii = parts[0] as u8;
            // é is an e with an accent; ⓔ is an e in disguise.
            match decomposes_canonically(c) {
                true => Fold::Ascii(ascii),
                false => Fold::Compatible(ascii),
            }
        }
        1 => match small(parts[0]) {
            other if other == c => Fold::Same,
            other => Fold::Char(other),
        },
        0 if is_combining_mark(c) => Fold::Same,
        0 => Fold::Same,
        _ => Fold::Decompose,
    }
}

fn decomposes_canonically(c: char) -> bool {
    let mut len = 0;
    unicode_normalization::char::decompose_canonical(c, |_| len += 1);
    len > 1 || c == '\u{a0}'
}

/// Writes what `c` is made of, in lower case and without accents.
pub(super) fn decompose(c: char, out: &mut String) {
    decompose_compatible(c, |part| {
        if !is_combining_mark(part) {
            out.extend(part.to_lowercase());
        }
    });
}

/// Letters that no decomposition makes Latin: strokes, turned and small
/// capital letters.
#[rustfmt::skip]
const fn letterlike(c: char) -> Option<u8> {
    Some(match c {
        'ø' | 'Ø' => b'o', 'ł' | 'Ł' => b'l', 'đ' | 'Đ' | 'ð' | 'Ð' => b'd', 'ħ' | 'Ħ' => b'h',
        'ı' | 'ɪ' => b'i', 'ŧ' | 'Ŧ' => b't', 'ɑ' | 'ᴀ' | 'ɐ' => b'a', 'ʙ' => b'b', 'ᴄ' => b'c',
        'ᴅ' | 'ɗ' | 'ɖ' => b'd', 'ᴇ' | 'ə' | 'ǝ' | 'ɛ' => b'e', 'ꜰ' => b'f', 'ɡ' | 'ɢ' => b'g',
        'ʜ' => b'h', 'ᴊ' => b'j', 'ᴋ' => b'k', 'ʟ' => b'l', 'ᴍ' | 'ɯ' => b'm', 'ɴ' => b'n',
        'ᴏ' | 'ɔ' => b'o', 'ᴘ' => b'p', 'ʀ' | 'ɹ' => b'r', 'ꜱ' => b's', 'ᴛ' | 'ʇ' => b't',
        'ᴜ' => b'u', 'ᴠ' | 'ʌ' => b'v', 'ᴡ' | 'ʍ' => b'w', 'ʏ' | 'ʎ' => b'y', 'ᴢ' => b'z',
        _ => return None,
    })
}

/// The Latin letter that a letter of another script looks like.
#[rustfmt::skip]
pub(super) const fn latin_lookalike(c: char) -> Option<u8> {
    if (c as u32) < 0x370 || (c as u32) > 0x13FF {
        return None;
    }
    Some(match c {
        // Cyrillic
        'а' | 'А' => b'a', 'в' | 'В' | 'Ь' | 'ь' => b'b', 'с' | 'С' => b'c', 'ԁ' => b'd',
        'е' | 'Е' | 'ё' | 'Ё' | 'є' => b'e', 'һ' | 'Н' | 'н' => b'h', 'і' | 'І' | 'ї' => b'i',
        'ј' | 'Ј' => b'j', 'к' | 'К' => b'k', 'ӏ' | 'Ӏ' => b'l', 'м' | 'М' => b'm', 'п' => b'n',
        'о' | 'О' => b'o', 'р' | 'Р' => b'p', 'ԛ' => b'q', 'г' => b'r', 'ѕ' | 'Ѕ' => b's',
        'т' | 'Т' => b't', 'ц' => b'u', 'ѵ' => b'v', 'ԝ' | 'ш' => b'w', 'х' | 'Х' => b'x',
        'у' | 'У' | 'ү' => b'y', 'ᴢ' => b'z',
        // Greek
        'α' | 'Α' => b'a', 'β' | 'Β' => b'b', 'ϲ' | 'Ϲ' => b'c', 'ε' | 'Ε' => b'e', 'Ζ' => b'z',
        'Η' => b'h', 'η' => b'n', 'ι' | 'Ι' => b'i', 'ϳ' => b'j', 'κ' | 'Κ' => b'k', 'Μ' => b'm',
        'Ν' => b'n', 'ν' => b'v', 'ο' | 'Ο' | 'σ' => b'o', 'ρ' | 'Ρ' => b'p', 'τ' | 'Τ' => b't',
        'υ' => b'u', 'Υ' => b'y', 'χ' | 'Χ' => b'x', 'ω' => b'w', 'γ' => b'y',
        // Armenian and Cherokee
        'օ' => b'o', 'ս' => b'u', 'հ' => b'h', 'ո' => b'n', 'ց' => b'g', 'զ' => b'q',
        'Ꭺ' => b'a', 'Ᏼ' => b'b', 'Ꮯ' => b'c', 'Ꭰ' => b'd', 'Ꭼ' => b'e', 'Ꮐ' => b'g', 'Ꮋ' => b'h',
        'Ꭵ' => b'i', 'Ꭻ' => b'j', 'Ꮶ' => b'k', 'Ꮮ' => b'l', 'Ꮇ' => b'm', 'Ꮲ' => b'p', 'Ꭱ' => b'r',
        'Ꮪ' => b's', 'Ꭲ' => b't', 'Ꮩ' => b'v', 'Ꮃ' => b'w', 'Ꮓ' => b'z',
        _ => return None,
    })
}
