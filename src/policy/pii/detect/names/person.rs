//! Names of persons.

use super::super::context::among;
use super::super::cursor::Cursor;
use super::super::input::{Input, Step};
use super::gazetteer::{Given, given, is_common, is_place, is_surname};
use super::intro::{Intro, TITLES, introduced};
use super::organization::{is_head, is_legal_form};
use super::{Token, WORDS, answer, glued, next, token};

pub(in super::super) const SCORE: f32 = 0.85;
const ALONE: f32 = 0.6;
const LIKELY: f32 = 0.55;

/// Little words within names.
#[rustfmt::skip]
const PARTICLES: &[&str] = &[
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "do", "du", "la",
    "le", "ter", "ten", "te", "zu", "zur", "af", "av", "bin", "ibn", "al", "el", "y", "e", "op", "'t",
];

/// Words with a capital that are no part of a name: days, months, and the like.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
    "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december", "street", "avenue", "road", "drive", "lane", "boulevard", "north",
    "south", "east", "west", "i", "ok", "api", "id", "url", "apt", "suite", "phone", "email",
    "apache", "linux", "python", "java", "rust", "license", "english", "french", "german",
    "spanish", "american", "inc", "christmas", "montag", "dienstag", "mittwoch", "donnerstag",
    "freitag", "samstag", "sonntag",
];

/// Words that make what stands before them the name of something else.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "orchestra", "band", "quartet", "ensemble", "choir", "park", "terrace", "extensions", "square",
    "street", "avenue", "road", "lane", "drive", "boulevard", "court", "place", "bridge", "airport",
    "station", "stadium", "award", "awards", "prize", "festival", "theatre", "theater", "museum",
    "library", "school", "church", "hotel", "restaurant", "club", "team", "party", "act", "law",
    "river", "lake", "county", "city", "island", "islands", "valley", "beach", "hills", "times",
    "post", "magazine", "records", "studios", "press",
];

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    if glued(input) {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let found = read(input, &mut cursor);
    answer(&cursor, found)
}

fn read(input: &Input<'_>, cursor: &mut Cursor<'_, '_>) -> Option<(usize, f32)> {
    let mut first = token(cursor)?;
    // `I'm`, `I’ll`.
    let short = first
        .text
        .get(1..)
        .is_some_and(|t| t.starts_with(['\'', '’']));
    if !first.capital || first.initial || is_never(&first) || short && first.text.starts_with('I') {
        return None;
    }
    let known = given(&first.folded);
    let title = among(first.text, TITLES);
    // Without anything that speaks for a name, most words are let go before the text is read on.
    let common = known.is_none() && is_common(&first.folded);
    if common && !title {
        return None;
    }
    let mut intro = introduced(input);
    let mut known = known;
    if title {
        // In a field the form of address is part of the value.
        if intro != Intro::Field {
            return None;
        }
        cursor.eat(|c| c == '.');
        let _ = cursor
            .attempt(|c| (c.letters(3).len() < 4 && c.eat(|c| c == ' ').is_some()).then_some(()));
        cursor.spaces(1);
        first = cursor.attempt(token).filter(|t| t.capital)?;
        known = given(&first.folded);
        intro = Intro::Title;
    }
    let name = rest(cursor, first)?;
    let last = name.last.folded;
    let family = name.words > 1 && is_surname(&last);
    let placed = is_place(&first.folded);
    if name.words > 1 && first.shouted != name.last.shouted && !name.last.initial {
        return None;
    }
    let known_or_family = known.is_some() || family;
    let score = match intro {
        Intro::Strong if !first.shouted || known_or_family => SCORE,
        Intro::Title if !first.shouted || first.text.len() > 3 => SCORE,
        Intro::Field if known_or_family => SCORE,
        Intro::Soft if known.is_some() => SCORE,
        _ if known.is_some() && name.words > 1 => {
            let all = !first.shouted && !placed;
            if all || family { SCORE } else { return None }
        }
        _ if known == Some(Given::Sure) && !first.shouted => ALONE,
        _ if (family || name.middle) && !first.shouted && !placed && is_lettered(&first) => LIKELY,
        _ => return None,
    };
    Some((name.last.end, score))
}

struct Name<'t> {
    last: Token<'t>,
    words: usize,
    /// An initial stands between the words: few other names have that.
    middle: bool,
}

/// The words after the first that belong to the name. `None` if it is an organisation's.
fn rest<'t>(cursor: &mut Cursor<'_, 't>, first: Token<'t>) -> Option<Name<'t>> {
    let mut name = Name {
        last: first,
        words: 1,
        middle: false,
    };
    let (mut capitals, mut middle) = (1, false);
    for _ in 1..WORDS {
        let Some(word) = next(cursor) else { break };
        let other = is_legal_form(word.text) || is_head(&word.folded) || among(word.text, OTHERS);
        if word.capital && other {
            return None;
        }
        if !word.capital {
            if among(word.text, PARTICLES) {
                continue;
            }
            break;
        }
        if word.initial {
            // It belongs to the name only if more follows.
            middle = true;
            continue;
        }
        if is_never(&word) || is_common(&word.folded) && !is_surname(&word.folded) {
            break;
        }
        capitals += 1;
        name = Name {
            last: word,
            words: capitals,
            middle,
        };
        if capitals == 4 {
            break;
        }
    }
    cursor.at = name.last.end;
    Some(name)
}

fn is_never(word: &Token<'_>) -> bool {
    among(word.text, NEVER)
}

/// Whether a word looks like a name and not like a code or a brand: `McKay`, not `GitHub`.
fn is_lettered(word: &Token<'_>) -> bool {
    let inner = word
        .text
        .chars()
        .skip(1)
        .filter(|c| c.is_uppercase())
        .count();
    let parts = word.text.split(['-', '\'', '’']).count() - 1;
    inner <= parts && word.text.len() > 2
}
