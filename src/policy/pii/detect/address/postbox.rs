//! Boxes at a post office (`P.O. Box 123, Springfield, IL 62704`, `Postfach 10 01 23`) and
//! addresses of the military (USPS Publication 28, section 225: `PSC 3117, Box 609, APO AA 34032`).

use super::super::context::among;
use super::super::cursor::{Cursor, begins};
use super::super::input::{Input, Step};
use super::answer;
use super::tail::{city_word, code_first, tail, zip};

pub(in super::super) const CUES: &[&str] = &[
    "po ", "p.o", "p o", "pob", "pos", "psc", "uni", "cmr", "uss", "usn", "usc", "apa", "boî",
];

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    if !begins(input, CUES) {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let end = cursor
        .attempt(office)
        .or_else(|| cursor.attempt(base))
        .or_else(|| cursor.attempt(ship));
    answer(&cursor, end)
}

fn office(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    const NAMES: &[&str] = &[
        "p.o. box",
        "po box",
        "p o box",
        "p.o.box",
        "p. o. box",
        "pobox",
        "post office box",
        "postfach",
        "postbus",
        "apartado de correos",
        "apartado postal",
        "boîte postale",
        "postbox",
        "postboks",
    ];
    NAMES.iter().find(|name| cursor.word(name))?;
    cursor.byte(b':');
    cursor.space().then_some(())?;
    cursor.byte(b'#');
    let digits = cursor.digits(7);
    if digits.is_empty() {
        return None;
    }
    // `Postfach 10 01 23`.
    for _ in 0..2 {
        let _ = cursor.attempt(|c| (c.space() && c.digits(3).len() >= 2 && c.edge()).then_some(()));
    }
    let end = cursor.at;
    if !(tail(cursor, false) || code_first(cursor)) {
        cursor.at = end;
    }
    cursor.edge().then_some(cursor.at)
}

/// `PSC 3117, Box 0609\nAPO AA 44332`.
fn base(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    among(cursor.letters(4), &["psc", "cmr", "unit"]).then_some(())?;
    cursor.space().then_some(())?;
    (!cursor.digits(6).is_empty()).then_some(())?;
    cursor.byte(b',');
    cursor.space().then_some(())?;
    cursor.word("box ").then_some(())?;
    (!cursor.digits(6).is_empty()).then_some(())?;
    abroad(cursor)
}

/// `USS Nimitz\nFPO AP 96620`.
fn ship(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    among(
        cursor.letters(5),
        &["uss", "usns", "usnv", "uscgc", "usnav"],
    )
    .then_some(())?;
    for _ in 0..3 {
        cursor.space().then_some(())?;
        city_word(cursor, false)?;
        if let Some(end) = cursor.attempt(abroad) {
            return Some(end);
        }
    }
    None
}

fn abroad(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    cursor.byte(b',');
    (cursor.spaces(1) > 0 || cursor.byte(b'\n')).then_some(())?;
    matches!(cursor.letters(3), "APO" | "FPO" | "DPO").then_some(())?;
    cursor.byte(b',');
    cursor.space().then_some(())?;
    matches!(cursor.letters(2), "AA" | "AE" | "AP").then_some(())?;
    cursor.space().then_some(())?;
    zip(cursor)?;
    Some(cursor.at)
}
