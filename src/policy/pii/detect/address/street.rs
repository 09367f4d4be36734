//! Addresses that begin with a house number: `1600 Pennsylvania Ave NW`, `221B Baker Street`,
//! `12 rue de la Paix`.

use super::super::context::{WordList, among, words};
use super::super::cursor::Cursor;
use super::super::input::{Input, Step, is_alphanumeric};
use super::super::opening::{self, Openings};
use super::suffix::{Suffix, direction, suffix};
use super::tail::tail;
use super::{LETTERS, announced, answer, europe};

/// A house number, and a comma, a space, a letter or a further number.
pub(in super::super) const OPENINGS: Openings = Openings::digits(
    0b111_1110,
    opening::OTHER
        | opening::TURN
        | opening::SPACE
        | opening::SPACE_DIGIT
        | opening::HYPHEN_DIGIT
        | opening::WIDE,
);

/// Words of a street's name, its suffix among them.
const WORDS: usize = 7;

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    if matches!(input.before(1), Some(b'$' | b'+' | b'%' | b'='))
        || input.glued(b".,/-:", is_alphanumeric)
    {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let Some(number) = number(&mut cursor) else {
        return answer(&cursor, None);
    };
    let mut other = cursor;
    let french = europe::french(&mut other);
    if french.is_some() || other.open {
        return answer(&other, french);
    }
    cursor.open |= other.open;
    if cursor.spaces(2) == 0 {
        return answer(&cursor, None);
    }
    let relaxed = cursor.peek().is_some_and(char::is_lowercase);
    let end = name(&mut cursor, relaxed).and_then(|street| {
        let mut end = cursor.at;
        let told = tail(&mut cursor, street.small);
        if told {
            end = cursor.at;
        } else {
            cursor.at = end;
        }
        if !cursor.edge() {
            return None;
        }
        let enough = told
            || street.suffix == Suffix::Strong
                && !street.small
                && !is_year(input, number)
                && set_apart(&mut cursor)
            || (street.suffix == Suffix::Strong || !street.small) && announced(input);
        enough.then_some(end)
    });
    // In small letters many things look like a street. The words before are looked at last.
    if relaxed && (end.is_some() || cursor.open) && !announced(input) {
        return Step::No;
    }
    answer(&cursor, end)
}

/// `1600`, `221B`, `12-34`, `12 1/2`.
fn number<'t>(cursor: &mut Cursor<'_, 't>) -> Option<&'t str> {
    let from = cursor.at;
    let digits = cursor.digits(6);
    if digits.is_empty() {
        return None;
    }
    let letter = cursor.attempt(|c| {
        c.eat(|c| c.is_ascii_alphabetic())?;
        c.edge().then_some(())
    });
    if letter.is_none() {
        let _ = cursor.attempt(|c| {
            c.eat(|c| matches!(c, '-' | '–'))?;
            (!c.digits(4).is_empty()).then_some(())
        });
        let _ = cursor.attempt(|c| c.word_exact(" 1/2").then_some(()));
    }
    let number = cursor.since(from);
    cursor.edge().then_some(number)
}

struct Street {
    suffix: Suffix,
    /// Whether its words are in small letters, as in a hasty message.
    small: bool,
}

/// Words that are no part of a street's name when they are in small letters.
#[rustfmt::skip]
static NO_NAME: WordList = WordList::new(&[
    "a", "an", "the", "of", "and", "or", "in", "on", "at", "to", "for", "is", "are", "was", "were", "it",
    "i", "we", "you", "my", "your", "with", "by", "from", "as", "be", "that", "this", "minute",
    "minutes", "hour", "hours", "day", "days", "mile", "miles", "km", "years", "year", "per",
    "times", "more", "items", "people", "percent", "am", "pm",
]);

/// Reads the name of a street with its suffix and a direction after it.
fn name(cursor: &mut Cursor<'_, '_>, relaxed: bool) -> Option<Street> {
    let (mut best, mut last, mut small, mut saint) = (None, 0, true, 0);
    let mut numbered = false;
    for place in 0..WORDS {
        let from = cursor.at;
        if place > 0 && cursor.spaces(2) == 0 {
            break;
        }
        let Some(word) = cursor.attempt(|c| name_word(c, relaxed)) else {
            cursor.at = from;
            break;
        };
        // `Highway 61`, `State Route 12`, `County Road 5`.
        if numbered && word.bytes().all(|b| b.is_ascii_digit()) {
            best = Some((Suffix::Strong, cursor.at));
            break;
        }
        if word.bytes().all(|b| b.is_ascii_digit()) && place > 0 {
            cursor.at = from;
            break;
        }
        if word.starts_with(char::is_lowercase) {
            if NO_NAME.has(word) && (place == 0 || word != "of") {
                cursor.at = from;
                break;
            }
        } else if word.starts_with(char::is_uppercase) {
            small = false;
        }
        numbered = among(
            word,
            &["highway", "hwy", "route", "rte", "road", "fm", "sr", "us"],
        );
        let kind = suffix(word.trim_end_matches('.')).filter(|_| place > 0);
        match (kind, best) {
            (Some(Suffix::Strong), _)
                if best.is_none() || last + 1 == place || saint + 2 >= place =>
            {
                // A saint may stand where a street does: `12 Mount St Helens Drive`.
                let short = word.trim_end_matches('.').eq_ignore_ascii_case("st");
                saint = if short && best.is_none() { place } else { 0 };
                (best, last) = (Some((Suffix::Strong, cursor.at)), place);
            }
            (Some(Suffix::Weak), None | Some((Suffix::Weak, _))) => {
                (best, last) = (Some((Suffix::Weak, cursor.at)), place);
            }
            (None, Some((Suffix::Strong, _))) if saint == 0 || saint + 2 < place => break,
            _ => {}
        }
        if word.ends_with('.') && kind.is_some() {
            break;
        }
    }
    let (suffix, end) = best?;
    cursor.at = end;
    if cursor.input.bytes.get(end - 1) == Some(&b'.') {
        // The full stop stays only where the address goes on.
        cursor.at = end - 1;
    }
    let _ = cursor.attempt(|c| {
        c.byte(b'.');
        c.space().then_some(())?;
        let from = c.at;
        c.run(9, |c| c.is_ascii_alphabetic());
        let word = c.since(from);
        (direction(word) && c.edge()).then_some(())
    });
    Some(Street { suffix, small })
}

/// One word of a street's name: with a capital, an ordinal, an initial or a number first.
fn name_word<'t>(cursor: &mut Cursor<'_, 't>, relaxed: bool) -> Option<&'t str> {
    let from = cursor.at;
    if !cursor.digits(4).is_empty() {
        let _ = cursor.attempt(|c| {
            let mark = c.letters(2);
            among(mark, &["st", "nd", "rd", "th"]).then_some(())
        });
    } else {
        let first = cursor.eat(char::is_alphabetic)?;
        if !relaxed && !first.is_uppercase() {
            return None;
        }
        let rest = cursor.run(LETTERS, |c| {
            c.is_alphabetic() || matches!(c, '\'' | '’' | '-')
        });
        let dot = cursor.peek() == Some('.');
        let word = cursor.since(from);
        if dot && (rest.is_empty() || word.len() <= 3 || suffix(word).is_some()) {
            cursor.byte(b'.');
        }
    }
    cursor.edge().then(|| cursor.since(from))
}

/// Whether the number may be a year that something is told of.
fn is_year(input: &Input<'_>, number: &str) -> bool {
    const BEFORE: &[&str] = &[
        "in",
        "since",
        "by",
        "until",
        "from",
        "during",
        "year",
        "of",
        "late",
        "early",
        "mid",
        "circa",
        "after",
        "before",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "summer",
        "spring",
        "winter",
        "autumn",
        "fall",
        "the",
        "and",
        "to",
    ];
    number.len() == 4
        && (number.starts_with("19") || number.starts_with("20"))
        && words(input).next().is_some_and(|w| among(w.word, BEFORE))
}

/// Words that may follow an address in a sentence.
#[rustfmt::skip]
static AFTER: WordList = WordList::new(&[
    "in", "and", "near", "on", "or", "is", "was", "to", "for", "between", "at", "with", "from",
    "but", "so", "by", "before", "after", "where", "which", "last", "next", "this", "today",
    "tomorrow", "yesterday", "please", "because", "since", "until", "as", "has", "will", "right",
    "across", "over", "just", "if", "when", "who", "that", "then", "there", "it", "i",
]);

/// Whether the text after a street treats it as a place: a mark follows, or a little word.
fn set_apart(cursor: &mut Cursor<'_, '_>) -> bool {
    let mut after = *cursor;
    let apart = if after.space() {
        let word = after.run(12, |c| c.is_ascii_alphabetic());
        word.is_empty() && !after.peek().is_some_and(char::is_alphabetic) || AFTER.has(word)
    } else {
        true
    };
    cursor.open |= after.open;
    apart
}
