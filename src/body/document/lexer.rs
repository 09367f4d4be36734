//! A strict JSON lexer (RFC 8259) that hands out byte ranges and copies nothing.

use std::fmt;
use std::ops::Range;

/// Objects and arrays may be nested this deep; deeper documents are refused.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not a JSON document that can be inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON: what was expected, and at which byte.
    Syntax {
        /// What the grammar asks for there.
        expected: &'static str,
        /// Byte offset of the first character that cannot be.
        at: usize,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep {
        /// Byte offset of the bracket that opens one level too many.
        at: usize,
    },
    /// Larger than 4 GiB.
    TooLarge,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { expected, at } => {
                write!(f, "not valid JSON: expected {expected} at byte {at}")
            }
            Self::TooDeep { at } => {
                write!(f, "JSON nested deeper than {MAX_DEPTH} levels at byte {at}")
            }
            Self::TooLarge => f.write_str("JSON document larger than 4 GiB"),
        }
    }
}

impl std::error::Error for JsonError {}

/// The inside of a string literal, quotes left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StringToken {
    pub(crate) range: Range<usize>,
    pub(crate) escaped: bool,
}

pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn error<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError::Syntax {
            expected,
            at: self.at,
        })
    }

    /// The next byte that is not white space, left in place.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `byte` if it is the next one that is not white space.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.error("the end of the document"),
        }
    }

    /// A string literal; the lexer stands on its opening quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<StringToken, JsonError> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return self.error("a string");
        }
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let range = start..self.at;
                    self.at += 1;
                    return Ok(StringToken { range, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.error("an escaped control character"),
                None => return self.error("a closing quote"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.bytes.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.bytes.get(self.at).is_some_and(u8::is_ascii_hexdigit) {
                        return self.error("four hexadecimal digits");
                    }
                    self.at += 1;
                }
            }
            _ => return self.error("an escape sequence"),
        }
        Ok(())
    }

    /// A number, `true`, `false` or `null`; gives its bytes' range.
    #[inline]
    pub(crate) fn scalar(&mut self) -> Result<Range<usize>, JsonError> {
        let start = self.at;
        match self.bytes.get(self.at) {
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.error("a value"),
        }?;
        Ok(start..self.at)
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), JsonError> {
        if !self.bytes[self.at..].starts_with(word) {
            return self.error("a value");
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.at += usize::from(self.bytes[self.at] == b'-');
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start {
            return self.error("a digit");
        }
        Ok(())
    }
}

/// How many bytes at the start are neither a quote, a backslash nor a control
/// character. Eight at a time, by the usual "has a byte less than n" trick
/// (Hacker's Delight, section 6-1): the lowest flagged byte is exact.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut done = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        let hit = (word.wrapping_sub(ONES * 0x20) & !word)
            | (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash);
        let hit = hit & HIGH;
        if hit != 0 {
            return done + (hit.trailing_zeros() / 8) as usize;
        }
        done += 8;
    }
    done + rest
        .iter()
        .position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
        .unwrap_or(rest.len())
}
