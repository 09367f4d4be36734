//! Names of persons, places and organisations. A compact, deterministic recogniser: what introduces
//! a name (`intro`), runs of words with capitals, and lists of names (`gazetteer`). It is no model
//! of language: it misses names that nothing around gives away, and takes some words for names.

mod gazetteer;
mod intro;
mod organization;
mod person;
mod place;

#[cfg(test)]
mod tests;

pub(super) use organization::{SCORE as ORGANIZATION_SCORE, run as organization};
pub(super) use person::{SCORE as PERSON_SCORE, run as person};
pub(super) use place::{SCORE as PLACE_SCORE, run as place};

use super::cursor::Cursor;
use super::input::Step;
use gazetteer::Folded;

/// How many characters a word of a name has at most.
const LETTERS: usize = 24;
/// How many words a name has at most.
const WORDS: usize = 6;
/// The words, of characters of two bytes and a few of four, and what follows them.
pub(super) const LONGEST: usize = (WORDS + 2) * (LETTERS * 4 + 4);

/// A word of a name.
#[derive(Clone, Copy)]
struct Token<'t> {
    text: &'t str,
    folded: Folded,
    end: usize,
    /// It begins with a capital.
    capital: bool,
    /// It is one letter, with a full stop or without.
    initial: bool,
    /// All of its letters are capitals, and there are several.
    shouted: bool,
}

/// Reads a word with its inner hyphens and apostrophes, without a possessive `'s`.
fn token<'t>(cursor: &mut Cursor<'_, 't>) -> Option<Token<'t>> {
    let from = cursor.at;
    let first = cursor.eat(char::is_alphabetic)?;
    let rest = cursor.run(LETTERS, |c| {
        c.is_alphabetic() || matches!(c, '\'' | '’' | '-')
    });
    if rest.is_empty() && cursor.peek().is_some_and(char::is_alphabetic) {
        return None;
    }
    let mut text = cursor.since(from);
    text = text.trim_end_matches(['\'', '’', '-']);
    for possessive in ["'s", "’s"] {
        text = text.strip_suffix(possessive).unwrap_or(text);
    }
    cursor.at = from + text.len();
    let mut chars = text.chars();
    let initial = chars.next().is_some() && chars.next().is_none();
    if initial && first.is_uppercase() {
        cursor.byte(b'.');
    }
    Some(Token {
        text,
        folded: Folded::EMPTY.word(text)?,
        end: cursor.at,
        capital: first.is_uppercase(),
        initial,
        shouted: !initial && text.chars().all(|c| !c.is_lowercase()),
    })
}

/// A word after one or two spaces on the same line.
fn next<'t>(cursor: &mut Cursor<'_, 't>) -> Option<Token<'t>> {
    cursor.attempt(|c| {
        (c.spaces(2) > 0).then_some(())?;
        token(c)
    })
}

fn answer(cursor: &Cursor<'_, '_>, found: Option<(usize, f32)>) -> Step {
    if cursor.open {
        return Step::Unfinished;
    }
    match found {
        Some((end, score)) => Step::Match { end, score },
        None => Step::No,
    }
}

/// Whether a word may not be joined to what stands before: as a part of a path, an address or an
/// identifier.
fn glued(input: &super::input::Input<'_>) -> bool {
    matches!(
        input.before(1),
        Some(b'@' | b'#' | b'$' | b'/' | b'\\' | b'_' | b'-' | b'<' | b'&')
    ) || input.glued(b".:'", super::input::is_alphanumeric) && input.before(1) != Some(b':')
}
