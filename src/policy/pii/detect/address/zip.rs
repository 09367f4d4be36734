//! Postal codes on their own: ZIP codes after a state whose codes begin so, or after a word that
//! names one; postcodes of the United Kingdom after such a word or after a city.

use super::super::context::{WordList, among, words};
use super::super::cursor::Cursor;
use super::super::input::{Input, Step, is_alphanumeric};
use super::super::opening::{self, Openings};
use super::place::{state, state_names, zip_in};
use super::tail::{postcode, zip as five};

pub(in super::super) const LONGEST: usize = 16;
pub(in super::super) const SCORE: f32 = 0.7;
/// The digits of a code, or the area of one of the United Kingdom and its first digit.
pub(in super::super) const OPENINGS: Openings =
    Openings::digits(0b111_0000, opening::NO_TURN & !opening::DOT_DIGIT)
        .or(Openings::digits(
            1 << 3,
            opening::SPACE_DIGIT | opening::WIDE,
        ))
        .or(Openings::digits(1 << 2, opening::HYPHEN_DIGIT))
        .or(Openings::letters(0b110, opening::TURN));

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    if input.glued(b".-/+$#", is_alphanumeric) {
        return Step::No;
    }
    // A postcode's area of one or two letters is followed by a digit.
    let mut first = input.bytes.get(input.start..).unwrap_or_default().iter();
    let digit = match first.clone().take(3).position(u8::is_ascii_digit) {
        Some(place) => place == 0,
        None if first.len() < 3 && !input.last && first.all(u8::is_ascii_uppercase) => false,
        None => return Step::No,
    };
    if digit && input.digits(input.start, 7) - input.start > 6 {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let found = if digit {
        cursor.attempt(five).or_else(|| cursor.attempt(foreign))
    } else {
        cursor.attempt(postcode)
    };
    if found.is_none() && !cursor.open {
        return Step::No;
    }
    let whole = digit && {
        let run = input.digits(input.start, 6);
        run - input.start == 5 || input.open(run)
    };
    let told = called(input)
        || if digit {
            whole && of_state(input)
        } else {
            of_city(input)
        };
    if !told {
        return Step::No;
    }
    // `10115-abc` and `12345.67` are something else.
    let glue = found.is_some() && {
        let mut after = cursor;
        let glued = after.eat(|c| matches!(c, '-' | '.' | '/')).is_some()
            && after.eat(char::is_alphanumeric).is_some();
        cursor.open |= after.open;
        glued
    };
    if cursor.open {
        return Step::Unfinished;
    }
    match found {
        Some(()) if !glue => Step::Match {
            end: cursor.at,
            score: SCORE,
        },
        _ => Step::No,
    }
}

/// `3520`, `53-320`, `123 45`, `1012 AB`, `01310-100`.
fn foreign(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    match cursor.digits(6).len() {
        2 => (cursor.byte(b'-') && cursor.digits(3).len() == 3).then_some(())?,
        3 => (cursor.space() && cursor.digits(2).len() == 2).then_some(())?,
        4 => {
            let _ = cursor.attempt(|c| {
                c.space().then_some(())?;
                (c.run(2, |c| c.is_ascii_uppercase()).len() == 2 && c.edge()).then_some(())
            });
        }
        5 => (cursor.byte(b'-') && cursor.digits(3).len() == 3).then_some(())?,
        6 => {}
        _ => return None,
    }
    cursor.edge().then_some(())
}

/// Words that name a postal code, in small letters.
#[rustfmt::skip]
static NAMES: WordList = WordList::new(&[
    "zip", "zipcode", "zipcodes", "postcode", "postcodes", "postalcode", "postleitzahl", "plz",
    "postnummer", "postnr", "codepostal", "eircode", "pincode", "cep", "zip5", "zip_code",
]);

/// Whether the words before call what follows a postal code.
fn called(input: &Input<'_>) -> bool {
    let mut found = words(input).take(5);
    let mut copula = true;
    while let Some(w) = found.next() {
        let close = w.gap.len() <= 4 && !w.gap.contains(['.', ';', '\n', '!']);
        if !copula || !close {
            return false;
        }
        if NAMES.has(w.word) {
            return true;
        }
        if among(w.word, &["code", "postal", "número", "codigo", "código"]) {
            return found.next().is_some_and(|w| {
                among(
                    w.word,
                    &["zip", "postal", "post", "code", "código", "codigo"],
                )
            });
        }
        copula = among(
            w.word,
            &[
                "is", "was", "of", "my", "the", "number", "are", "ist", "est", "es", "è", "area",
                "a", "to",
            ],
        );
    }
    false
}

/// Whether a state of the United States stands before, behind a comma, and has such ZIP codes.
fn of_state(input: &Input<'_>) -> bool {
    let (behind, _) = input.behind();
    let digits = input.digits(input.start, 5);
    let code = input.text.get(input.start..digits).unwrap_or_default();
    let head = behind.trim_end_matches(' ');
    if code.len() < 3 && !input.open(digits)
        || head.len() + 2 < behind.len()
        || head.len() == behind.len()
    {
        return false;
    }
    let fits = |state: usize| zip_in(state, code) || code.len() < 3;
    let word = head
        .rsplit(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    let before = head.get(..head.len() - word.len()).unwrap_or_default();
    let sited = |before: &str| {
        let city = before.trim_end_matches([' ', '\n']);
        // A comma and a name before it, or two names in capitals in a row.
        city.strip_suffix(',')
            .is_some_and(|c| c.ends_with(char::is_alphabetic))
    };
    if let Some(found) = state(word) {
        return sited(before) && fits(found);
    }
    let last = head.as_bytes().last();
    state_names().any(|(found, name)| {
        name.as_bytes().last() == last && fits(found) && head.strip_suffix(name).is_some_and(sited)
    })
}

/// Whether a name and perhaps a comma stand before, as a city does before its postcode.
fn of_city(input: &Input<'_>) -> bool {
    #[rustfmt::skip]
    const NO_CITY: &[&str] = &[
        "model", "part", "order", "ref", "reference", "room", "flight", "seat", "gate", "unit",
        "version", "type", "code", "id", "item", "serial", "product", "batch", "lot", "class",
        "grade", "key", "tag", "row", "bay", "zone", "rev", "level", "ticket", "case", "error",
        "license", "plate", "reg", "registration", "vehicle", "the", "in", "on", "for", "use",
        "platform", "series", "mark", "voucher", "coupon", "token", "postal",
    ];
    let mut found = words(input);
    found.next().is_some_and(|w| {
        w.word.starts_with(char::is_uppercase)
            && w.word.len() >= 3
            && w.word.bytes().all(|b| b.is_ascii_alphabetic())
            && matches!(w.gap, " " | ", " | "\n" | ",\n")
            && !among(w.word, NO_CITY)
    })
}
