//! What follows a street: units, a city, a region, a postal code, a country.

use super::super::context::{WordList, among};
use super::super::cursor::Cursor;
use super::LETTERS;
use super::place::{is_area, state, state_names};

/// Words that a unit is named by (USPS Publication 28, appendix C2), in small letters.
#[rustfmt::skip]
static UNITS: WordList = WordList::new(&[
    "apt", "apartment", "suite", "ste", "unit", "rm", "room", "floor", "fl", "bldg", "building",
    "lot", "trlr", "trailer", "space", "spc", "dept", "flat", "hngr", "ph", "penthouse", "slip",
    "no",
]);

/// Takes the units, the city and what follows, as far as they are there. Says whether any was.
pub(super) fn tail(cursor: &mut Cursor<'_, '_>, relaxed: bool) -> bool {
    let mut any = false;
    for _ in 0..2 {
        any |= cursor.attempt(unit).is_some();
    }
    let town = cursor.attempt(|c| town(c, relaxed)).is_some();
    if town {
        let _ = cursor.attempt(country);
    }
    any | town
}

/// A pause between two lines of an address.
fn pause(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let comma = cursor.byte(b',');
    let mut space = cursor.spaces(2) > 0;
    cursor.byte(b'\r');
    if cursor.byte(b'\n') {
        space = true;
        cursor.spaces(4);
        if cursor.byte(b',') {
            cursor.spaces(1);
        }
    }
    (comma || space).then_some(())
}

/// `, Apt. 4B`, ` Suite 500`, ` #12`, `, 3rd Floor`.
fn unit(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    cursor.byte(b'.');
    pause(cursor)?;
    if cursor.byte(b'#') {
        cursor.spaces(1);
    } else {
        let ordinal = cursor.attempt(|c| {
            let digits = c.digits(2);
            let mark = c.letters(2);
            (!digits.is_empty() && among(mark, &["st", "nd", "rd", "th"]) && c.space())
                .then_some(())
        });
        if ordinal.is_some() {
            return (among(cursor.letters(5), &["floor", "fl"]) && cursor.edge()).then_some(());
        }
        if !UNITS.has(cursor.letters(10)) {
            return None;
        }
        cursor.byte(b'.');
        if cursor.spaces(2) == 0 {
            return None;
        }
        if cursor.byte(b'#') {
            cursor.spaces(1);
        }
    }
    let from = cursor.at;
    cursor.run(6, |c| c.is_ascii_alphanumeric() || c == '-');
    let id = cursor.since(from).trim_end_matches('-');
    cursor.at = from + id.len();
    let named = id.bytes().any(|b| b.is_ascii_digit()) || id.len() == 1;
    (named && cursor.edge()).then_some(())
}

/// `, Springfield, IL 62704`, ` London SW1A 2AA`, `\nAustin TX`, `, IL 62704`.
fn town(cursor: &mut Cursor<'_, '_>, relaxed: bool) -> Option<()> {
    cursor.byte(b'.');
    pause(cursor)?;
    for words in 0..6 {
        let from = cursor.at;
        if words > 0 {
            let _ = pause(cursor);
        }
        let pause = cursor.since(from).contains([',', '\n']);
        if cursor
            .attempt(|c| region(c, pause && words > 0, relaxed))
            .is_some()
        {
            return Some(());
        }
        if words == 5 || words > 0 && cursor.at == from {
            return None;
        }
        city_word(cursor, relaxed)?;
    }
    None
}

/// A word of a city's name: with a capital, unless nothing in the address has any.
pub(super) fn city_word<'t>(cursor: &mut Cursor<'_, 't>, relaxed: bool) -> Option<&'t str> {
    let from = cursor.at;
    let first = cursor.eat(char::is_alphabetic)?;
    if !relaxed && !first.is_uppercase() {
        return None;
    }
    cursor.run(LETTERS, |c| {
        c.is_alphabetic() || matches!(c, '\'' | '’' | '-')
    });
    if cursor.at - from <= 3 {
        cursor.byte(b'.');
    }
    Some(cursor.since(from))
}

/// A state with or without its ZIP code, or a postal code alone.
fn region(cursor: &mut Cursor<'_, '_>, pause: bool, relaxed: bool) -> Option<()> {
    if cursor.attempt(postcode).is_some() || cursor.attempt(zip).is_some() {
        return Some(());
    }
    let short = cursor.attempt(|c| {
        let letters = c.letters(2);
        let known = state(letters).is_some()
            || relaxed && letters.len() == 2 && state(&letters.to_ascii_uppercase()).is_some();
        (known && c.edge()).then_some(letters)
    });
    let named = short.is_none()
        && state_names().any(|(_, name)| {
            cursor
                .attempt(|c| (c.word_exact(name) && c.edge()).then_some(()))
                .is_some()
        });
    if short.is_none() && !named {
        return None;
    }
    let code = cursor.attempt(|c| {
        c.byte(b',');
        pause_short(c)?;
        c.attempt(zip).or_else(|| c.attempt(postcode))
    });
    // Without a code it takes a comma before it to tell a state from other words in capitals.
    let sure = short.is_some_and(|s| s.bytes().all(|b| b.is_ascii_uppercase())) || named;
    (code.is_some() || pause && sure).then_some(())
}

fn pause_short(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let space = cursor.spaces(2) > 0;
    let line = cursor.byte(b'\n');
    if line {
        cursor.spaces(4);
    }
    (space || line).then_some(())
}

/// `62704` or `62704-1234`.
pub(super) fn zip(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    (cursor.digits(5).len() == 5).then_some(())?;
    let _ = cursor.attempt(|c| (c.byte(b'-') && c.digits(4).len() == 4 && c.edge()).then_some(()));
    cursor.edge().then_some(())
}

/// A postcode of the United Kingdom (BS 7666): `SW1A 2AA`.
pub(super) fn postcode(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let area = cursor.run(2, |c| c.is_ascii_uppercase());
    if !is_area(area) {
        return None;
    }
    if cursor.digits(2).is_empty() {
        return None;
    }
    cursor.eat(|c| c.is_ascii_uppercase());
    cursor.space().then_some(())?;
    cursor.eat(|c| c.is_ascii_digit())?;
    let inward = cursor.run(2, |c| c.is_ascii_uppercase());
    (inward.len() == 2 && !inward.contains(['C', 'I', 'K', 'M', 'O', 'V']) && cursor.edge())
        .then_some(())
}

#[rustfmt::skip]
const COUNTRIES: &[&str] = &[
    "USA", "U.S.A", "US", "United States of America", "United States", "UK", "United Kingdom", "England", "Scotland",
    "Wales", "Northern Ireland", "Germany", "Deutschland", "France", "Spain", "España", "Italy", "Italia", "Portugal",
    "Poland", "Polska", "Netherlands", "Nederland", "Austria", "Österreich", "Switzerland", "Schweiz",
];

fn country(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    pause(cursor)?;
    COUNTRIES
        .iter()
        .any(|name| {
            cursor
                .attempt(|c| (c.word_exact(name) && c.edge()).then_some(()))
                .is_some()
        })
        .then_some(())
}

/// `, 10115 Berlin`, `\n75002 Paris`, `, 1012 AB Amsterdam`, `, 00-950 Warszawa`: a code, then a
/// city.
pub(super) fn code_first(cursor: &mut Cursor<'_, '_>) -> bool {
    let found = cursor
        .attempt(|c| {
            pause(c)?;
            let _ = c.attempt(|c| {
                let land = c.run(2, |c| c.is_ascii_uppercase());
                (!land.is_empty() && c.byte(b'-')).then_some(())
            });
            let digits = c.digits(5).len();
            match digits {
                2 => (c.byte(b'-') && c.digits(3).len() == 3).then_some(())?,
                3 => (c.space() && c.digits(2).len() == 2).then_some(())?,
                4 => {
                    let _ = c.attempt(|c| (c.byte(b'-') && c.digits(3).len() == 3).then_some(()));
                    let _ = c.attempt(|c| {
                        c.spaces(1);
                        (c.run(2, |c| c.is_ascii_uppercase()).len() == 2 && c.edge()).then_some(())
                    });
                }
                5 => {}
                _ => return None,
            }
            c.space().then_some(())?;
            c.attempt(|c| city_word(c, false))?;
            for _ in 0..3 {
                let more = c.attempt(|c| {
                    c.space().then_some(())?;
                    for small in ["am ", "an der ", "im ", "de ", "la ", "du ", "sur ", "sul "] {
                        if c.word(small) {
                            break;
                        }
                    }
                    city_word(c, false)
                });
                if more.is_none() {
                    break;
                }
            }
            c.edge().then_some(())
        })
        .is_some();
    if found {
        let _ = cursor.attempt(country);
    }
    found
}
