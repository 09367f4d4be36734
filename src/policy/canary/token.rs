//! The token, and how it is found again.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Characters of a token: five bits each, a hundred in all.
const LENGTH: usize = 20;
/// Letters and digits that are not taken for one another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// First letters: seldom ones, so that little text has to wait.
const FIRST: &[u8; 4] = b"qxzk";
/// Characters other than letters and digits that may stand between two of the
/// token's.
const MOST_BETWEEN: usize = 4;

/// A secret. Never shown but in the prompt.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(String);

/// What starts at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    No,
    /// It may become the token.
    Unfinished,
    /// The token, up to here.
    Match(usize),
}

impl Token {
    /// A token for one call.
    pub(super) fn random() -> Self {
        Self::of(&Sha256::digest(uuid::Uuid::new_v4().as_bytes()).into())
    }

    pub(super) fn of(hash: &[u8; 32]) -> Self {
        let rest = hash[1..LENGTH].iter();
        let first = char::from(FIRST[usize::from(hash[0]) % FIRST.len()]);
        let rest = rest.map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        Self(std::iter::once(first).chain(rest).collect())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the token starts where `text` does.
    pub(super) fn starts(&self, text: &str) -> Found {
        let mut wanted = self.0.chars();
        let mut next = wanted.next();
        let mut between = 0;
        for (at, c) in text.char_indices() {
            let c = plain(c);
            if next == Some(c) {
                between = 0;
                next = wanted.next();
                if next.is_none() {
                    let after = text[at..].chars().next().map_or(0, char::len_utf8);
                    return Found::Match(at + after);
                }
            } else if at == 0 || c.is_alphanumeric() || between == MOST_BETWEEN {
                return Found::No;
            } else {
                between += 1;
            }
        }
        Found::Unfinished
    }

    /// The first place from `from` where the token starts, or may start.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<(usize, Found)> {
        let first = self.0.chars().next();
        let rest = text.get(from..)?;
        rest.char_indices()
            .filter(|(_, c)| Some(plain(*c)) == first)
            .map(|(at, _)| (from + at, self.starts(&rest[at..])))
            .find(|(_, found)| *found != Found::No)
    }
}

/// In lower case, and in half-width.
fn plain(c: char) -> char {
    let half = match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    half.to_ascii_lowercase()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_other_spellings() {
        let token = Token::of(&[7; 32]);
        let text = token.as_str().to_owned();
        assert_eq!(text.len(), LENGTH);
        assert_eq!(token.starts(&text), Found::Match(LENGTH));
        let spaced: Vec<_> = text.chars().map(String::from).collect();
        for spelled in [
            text.to_uppercase(),
            spaced.join(" "),
            spaced.join("\u{200b}-"),
            text.chars()
                .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap())
                .collect(),
        ] {
            let found = token.find(&format!("kxz {spelled}."), 0);
            assert_eq!(found, Some((4, Found::Match(spelled.len()))), "{spelled}");
            let half = &spelled[..spelled.floor_char_boundary(spelled.len() / 2)];
            assert_eq!(token.starts(half), Found::Unfinished);
        }
        assert_eq!(token.starts(&text.replace(&text[10..11], "u")), Found::No);
        assert_eq!(token.starts(&spaced.join("     ")), Found::No);
        assert_eq!(token.find("ordinary prose, and no more", 0), None);
    }

    #[test]
    fn tokens_differ_and_are_not_shown() {
        assert_ne!(Token::random(), Token::random());
        assert_eq!(format!("{:?}", Token::random()), "Token(***)");
    }
}
