//! Words and what else a normal text is made of.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// Letters, perhaps with digits.
    Word,
    /// Digits only. Their hash tells how many, not which.
    Number,
    /// A character of a script that does not part words: Chinese, Japanese,
    /// Thai and their like.
    Glyph,
    /// A mark, or a run of the same one.
    Mark,
}

/// A token of a normal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// Where it starts, in bytes of the normal text.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// The hash of its bytes, as [`word_hash`] has it.
    pub hash: u32,
    /// What it is.
    pub kind: TokenKind,
}

/// The longest token, in bytes; longer words are cut.
const LONGEST: usize = 40;

const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The hash of a token with these bytes (FNV-1a, 64 bits folded to 32).
///
/// ```
/// use portcullis::text::{tokens, word_hash};
///
/// const IGNORE: u32 = word_hash("ignore");
/// assert_eq!(tokens("please ignore it")[1].hash, IGNORE);
/// ```
#[must_use]
pub const fn word_hash(word: &str) -> u32 {
    let bytes = word.as_bytes();
    let mut hash = SEED;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(PRIME);
        at += 1;
    }
    fold_hash(hash)
}

const fn fold_hash(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}

/// A hash in the making.
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const fn new() -> Self {
        Self(SEED)
    }

    pub(super) const fn push(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(PRIME))
    }

    pub(super) const fn value(self) -> u32 {
        fold_hash(self.0)
    }
}

/// What a byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space = 0,
    Letter = 1,
    Digit = 2,
    Mark = 4,
    /// A part of a character that is not ASCII.
    Other = 8,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Space; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        if byte >= 0x80 {
            classes[b] = Class::Other;
        } else if byte.is_ascii_alphabetic() {
            classes[b] = Class::Letter;
        } else if byte.is_ascii_digit() {
            classes[b] = Class::Digit;
        } else if byte.is_ascii_graphic() {
            classes[b] = Class::Mark;
        }
        b += 1;
    }
    classes
};

/// The tokens of a normal text.
#[must_use]
pub fn tokens(normal: &str) -> Vec<Token> {
    let mut out = Vec::new();
    tokenize(normal, &mut out);
    out
}

/// Appends the tokens of a normal text to `out`.
pub(super) fn tokenize(normal: &str, out: &mut Vec<Token>) {
    let bytes = normal.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match CLASSES[usize::from(b)] {
            Class::Space => {
                at += 1;
                continue;
            }
            Class::Letter | Class::Digit => {
                at = word(normal, at, out);
                continue;
            }
            Class::Mark => {
                at = mark(bytes, at, out);
                continue;
            }
            Class::Other => {}
        }
        let Some(c) = normal[at..].chars().next() else {
            return;
        };
        if is_glyph(c) {
            let end = at + c.len_utf8();
            push(out, at, end, hash_of(&bytes[at..end]), TokenKind::Glyph);
            at = end;
        } else if is_letter(c) {
            at = word(normal, at, out);
        } else if c.is_whitespace() {
            at += c.len_utf8();
        } else {
            let end = at + c.len_utf8();
            push(out, at, end, hash_of(&bytes[at..end]), TokenKind::Mark);
            at = end;
        }
    }
}

fn push(out: &mut Vec<Token>, start: usize, end: usize, hash: u32, kind: TokenKind) {
    out.push(Token {
        start: start as u32,
        end: end as u32,
        hash,
        kind,
    });
}

fn hash_of(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(Hash::new(), |hash, &b| hash.push(b))
        .value()
}

/// A run of the same mark is one token; runs longer than three are alike.
fn mark(bytes: &[u8], at: usize, out: &mut Vec<Token>) -> usize {
    let b = bytes[at];
    let len = bytes[at..].iter().take_while(|&&other| other == b).count();
    let same = [b; 4];
    push(
        out,
        at,
        at + len,
        hash_of(&same[..len.min(4)]),
        TokenKind::Mark,
    );
    at + len
}

#[inline]
fn word(normal: &str, start: usize, out: &mut Vec<Token>) -> usize {
    let bytes = normal.as_bytes();
    let mut hash = Hash::new();
    let mut at = start;
    let mut digits = true;
    let limit = bytes.len().min(start + LONGEST);
    while at < limit {
        // Most words are nothing but ASCII letters.
        let plain = &bytes[at..limit];
        let mut letters = 0;
        let mut len = 0;
        for &b in plain {
            let class = CLASSES[usize::from(b)] as u8;
            if class & (Class::Letter as u8 | Class::Digit as u8) == 0 {
                break;
            }
            letters |= class & Class::Letter as u8;
            hash = hash.push(b);
            len += 1;
        }
        digits &= letters == 0;
        at += len;
        let Some(&b) = plain.get(len) else {
            break;
        };
        if b < 0x80 {
            // An apostrophe between letters belongs to the word.
            let next = bytes.get(at + 1).copied().unwrap_or_default();
            if b != b'\'' || digits || !next.is_ascii_alphabetic() {
                break;
            }
            hash = hash.push(b);
            at += 1;
            continue;
        }
        let Some(c) = normal[at..].chars().next() else {
            break;
        };
        if !is_letter(c) || is_glyph(c) {
            break;
        }
        digits = false;
        let end = at + c.len_utf8();
        hash = bytes[at..end].iter().fold(hash, |hash, &b| hash.push(b));
        at = end;
    }
    if digits {
        const ZEROS: &[u8] = b"00000";
        let hash = hash_of(&ZEROS[..(at - start).min(5)]);
        push(out, start, at, hash, TokenKind::Number);
    } else {
        push(out, start, at, hash.value(), TokenKind::Word);
    }
    at
}

/// Letters, and the vowel signs and joiners that Indic scripts write with.
fn is_letter(c: char) -> bool {
    match c as u32 {
        0x0964 | 0x0965 => false,
        0x0900..=0x0DFF => true,
        _ => c.is_alphanumeric(),
    }
}

/// Characters of scripts that do not part words by spaces.
pub(super) const fn is_glyph(c: char) -> bool {
    matches!(c as u32,
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::{TokenKind, tokens, word_hash};

    #[test]
    fn words_numbers_glyphs_and_marks() {
        let text = "don't say 'x' in 2024!!!! 忽略 हिन्दी";
        let found: Vec<_> = tokens(text)
            .iter()
            .map(|t| (&text[t.start as usize..t.end as usize], t.kind))
            .collect();
        use TokenKind::{Glyph, Mark, Number, Word};
        assert_eq!(
            found,
            [
                ("don't", Word),
                ("say", Word),
                ("'", Mark),
                ("x", Word),
                ("'", Mark),
                ("in", Word),
                ("2024", Number),
                ("!!!!", Mark),
                ("忽", Glyph),
                ("略", Glyph),
                ("हिन्दी", Word),
            ]
        );
        assert_eq!(tokens("1999")[0].hash, word_hash("0000"));
    }

    #[test]
    fn long_words_are_cut() {
        let lengths: Vec<_> = tokens(&"x".repeat(100))
            .iter()
            .map(|t| t.end - t.start)
            .collect();
        assert_eq!(lengths, [40, 40, 20]);
    }
}
