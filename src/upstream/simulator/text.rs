//! Text as the simulated model says it: whole, or piece by piece.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// What a model says in one place, with the rule that cuts it into stream pieces.
#[derive(Clone)]
pub(super) enum Text {
    /// Cut before each run of white space, as tokenizers mostly do.
    Words(Arc<str>),
    /// Cut every so many characters.
    Chars(Arc<str>, usize),
    /// These pieces and no others.
    Exact(Arc<[Arc<str>]>),
}

impl Text {
    /// The text in one string.
    pub(super) fn whole(&self) -> Cow<'_, str> {
        match self {
            Self::Words(text) | Self::Chars(text, _) => Cow::Borrowed(text),
            Self::Exact(pieces) => Cow::Owned(pieces.concat()),
        }
    }

    /// A cursor over the pieces.
    pub(super) fn pieces(&self) -> Pieces {
        Pieces {
            text: self.clone(),
            next: 0,
            current: 0..0,
        }
    }
}

/// A cursor over the pieces of a [`Text`]; it cuts as it goes, so that a long text is never held twice.
pub(super) struct Pieces {
    text: Text,
    /// A byte position, or for exact pieces an index.
    next: usize,
    current: Range<usize>,
}

impl Pieces {
    /// Moves to the next piece; `false` at the end.
    pub(super) fn advance(&mut self) -> bool {
        let len = match &self.text {
            Text::Words(text) => word_len(rest(text, self.next)),
            Text::Chars(text, chars) => chars_len(rest(text, self.next), *chars),
            Text::Exact(pieces) => usize::from(self.next < pieces.len()),
        };
        self.current = self.next..self.next + len;
        self.next += len;
        len > 0
    }

    /// The piece last moved to.
    pub(super) fn current(&self) -> &str {
        match &self.text {
            Text::Words(text) | Text::Chars(text, _) => {
                text.get(self.current.clone()).unwrap_or_default()
            }
            Text::Exact(pieces) => pieces
                .get(self.current.start)
                .map(AsRef::as_ref)
                .unwrap_or_default(),
        }
    }
}

fn rest(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or_default()
}

fn word_len(rest: &str) -> usize {
    let mut in_word = false;
    for (at, c) in rest.char_indices() {
        if !c.is_whitespace() {
            in_word = true;
        } else if in_word {
            return at;
        }
    }
    rest.len()
}

fn chars_len(rest: &str, chars: usize) -> usize {
    rest.char_indices()
        .nth(chars.max(1))
        .map_or(rest.len(), |(at, _)| at)
}

/// How many tokens the simulated tokenizer finds: one a word, whatever the stream pieces are.
pub(super) fn tokens(text: &str) -> u64 {
    let mut at = 0;
    let mut count = 0;
    loop {
        let len = word_len(rest(text, at));
        if len == 0 {
            return count;
        }
        at += len;
        count += 1;
    }
}

/// A hash that is the same on every machine and in every build (FNV-1a).
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The token number the simulated vocabulary gives to a piece.
pub(super) fn token_id(piece: &str) -> u32 {
    // The remainder is below 128 000, so it always fits.
    u32::try_from(hash(piece.as_bytes()) % 128_000).unwrap_or_default()
}

/// The log probability the simulated model gives to a piece: from -0.999 to 0.
pub(super) fn logprob(piece: &str) -> f64 {
    let thousandths = u16::try_from(hash(piece.as_bytes()) % 1000).unwrap_or_default();
    if thousandths == 0 {
        return 0.0; // not minus zero
    }
    -f64::from(thousandths) / 1000.0
}
