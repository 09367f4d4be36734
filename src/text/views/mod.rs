//! What a text says when it is read through the encoding that hides it.

mod bytes;
mod escapes;
mod leet;
mod letters;

use std::ops::{BitOr, Range};

use super::Normal;

/// How a text was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Encoding {
    /// Base64, with either alphabet.
    Base64,
    /// Bytes in hexadecimal.
    Hex,
    /// Bytes in zeros and ones.
    Binary,
    /// URL escapes: `%69`.
    Url,
    /// HTML character references: `&#105;`.
    Html,
    /// Escapes of programming languages: `\u0069`, `\x69`.
    Escapes,
    /// Digits and marks that look like letters: `1gn0r3`.
    Leet,
    /// Letters thirteen places on.
    Rot13,
    /// Read from the end.
    Reversed,
    /// Each word read from its end.
    ReversedWords,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Self; 10] = [
        Self::Base64,
        Self::Hex,
        Self::Binary,
        Self::Url,
        Self::Html,
        Self::Escapes,
        Self::Leet,
        Self::Rot13,
        Self::Reversed,
        Self::ReversedWords,
    ];

    /// Its name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Binary => "binary",
            Self::Url => "url",
            Self::Html => "html",
            Self::Escapes => "escapes",
            Self::Leet => "leet",
            Self::Rot13 => "rot13",
            Self::Reversed => "reversed",
            Self::ReversedWords => "reversed_words",
        }
    }
}

/// Which encodings are read through.
///
/// ```
/// use portcullis::text::{Encoding, Views};
///
/// let views = Views::ALL.without(Encoding::Base64);
/// assert!(views.has(Encoding::Hex) && !views.has(Encoding::Base64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Views(u16);

impl Views {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(u16::MAX);

    /// One more.
    #[must_use]
    pub const fn with(self, encoding: Encoding) -> Self {
        Self(self.0 | 1 << encoding as u16)
    }

    /// One less.
    #[must_use]
    pub const fn without(self, encoding: Encoding) -> Self {
        Self(self.0 & !(1 << encoding as u16))
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn has(self, encoding: Encoding) -> bool {
        self.0 & (1 << encoding as u16) != 0
    }
}

impl Default for Views {
    fn default() -> Self {
        Self::ALL
    }
}

impl BitOr for Views {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A text that another one hides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// What it says.
    pub text: String,
    /// How it was hidden.
    pub encoding: Encoding,
    /// Where: bytes of the text that hides it.
    pub range: Range<usize>,
}

/// The texts that `text` hides, one for each encoding at most. `normal` is its
/// normal form.
///
/// Each is no longer than `text` is, and only what decodes to readable text
/// counts: that something is encoded says nothing about it. Linear in the
/// text's length.
///
/// ```
/// use portcullis::text::{Encoding, Normal, Views, decoded};
///
/// let text = "read this: aGVsbG8gd29ybGQsIGhlbGxv";
/// let found = decoded(text, &Normal::new(text), Views::ALL);
/// assert_eq!(found[0].encoding, Encoding::Base64);
/// assert_eq!(found[0].text, "hello world, hello");
/// assert_eq!(found[0].range, 11..35);
/// ```
#[must_use]
pub fn decoded(text: &str, normal: &Normal, views: Views) -> Vec<Decoded> {
    let mut out = Vec::new();
    decode(text, normal, views, &mut out);
    out
}

/// The same, appended to `out`.
pub(super) fn decode(text: &str, normal: &Normal, views: Views, out: &mut Vec<Decoded>) {
    if views == Views::NONE {
        return;
    }
    let mut keep = |encoding: Encoding, found: Option<(String, Range<usize>)>| {
        if let Some((text, range)) = found
            && views.has(encoding)
        {
            out.push(Decoded {
                text,
                encoding,
                range,
            });
        }
    };
    let hint = bytes::Hint::of(text.as_bytes());
    if hint.runs {
        keep(Encoding::Base64, bytes::base64(text));
    }
    if hint.digits {
        keep(Encoding::Hex, bytes::hex(text));
        keep(Encoding::Binary, bytes::binary(text));
    }
    if hint.percents {
        keep(Encoding::Url, escapes::url(text));
    }
    if hint.ampersands {
        keep(Encoding::Html, escapes::html(text));
    }
    if hint.backslashes {
        keep(Encoding::Escapes, escapes::backslashes(text));
    }
    let folded = normal.as_str();
    let origin = |(text, range): (String, Range<usize>)| (text, normal.origin(range));
    if hint.mixed {
        keep(Encoding::Leet, leet::leet(folded).map(origin));
    }
    let [rot13, reversed, words] = letters::rearranged(folded);
    keep(Encoding::Rot13, rot13.map(origin));
    keep(Encoding::Reversed, reversed.map(origin));
    keep(Encoding::ReversedWords, words.map(origin));
}

#[cfg(test)]
mod tests;
