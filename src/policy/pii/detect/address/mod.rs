//! Postal addresses: streets with a house number as they are written in the United States and the
//! United Kingdom (`street`), in France, Spain, Italy, Portugal, Poland, Germany, the Netherlands
//! and the north (`europe`), boxes at a post office and on a base (`postbox`), each with the unit,
//! the city, the region and the postal code that follow; and postal codes on their own (`zip`).

mod europe;
mod place;
mod postbox;
mod street;
mod suffix;
mod tail;
mod zip;

#[cfg(test)]
mod tests;

pub(super) use europe::{german, named_first};
pub(super) use postbox::{CUES as BOX_CUES, run as boxed};
pub(super) use street::{OPENINGS as NUMBERED, run as numbered};
pub(super) use zip::{LONGEST as ZIP_LONGEST, OPENINGS as ZIP, SCORE as ZIP_SCORE, run as zip};

use super::context::{WordList, among, words};
use super::cursor::Cursor;
use super::input::{Input, Step};

/// A number, a street of six words of 24 bytes, two units, a city of four words, a region, a code
/// and a country. Words that are longer are no part of an address.
pub(super) const LONGEST: usize = 12 + 7 * 25 + 2 * 30 + 5 * 25 + 40 + 24 + 24;
pub(super) const SCORE: f32 = 0.85;

/// Beginnings of the words that a street in the south, in France or in Poland is led by.
pub(super) const CUES: &[&str] = europe::CUES;

/// How many letters a word of an address has at most.
const LETTERS: usize = 16;

fn answer(cursor: &Cursor<'_, '_>, end: Option<usize>) -> Step {
    if cursor.open {
        return Step::Unfinished;
    }
    match end {
        Some(end) => Step::Match { end, score: SCORE },
        None => Step::No,
    }
}

/// Words that announce an address, in small letters.
#[rustfmt::skip]
static ANNOUNCED: WordList = WordList::new(&[
    "address", "addr", "addresses", "live", "lives", "living", "lived", "reside", "resides",
    "residing", "residence", "located", "location", "ship", "shipping", "shipped", "deliver",
    "delivery", "delivered", "billing", "mail", "mailed", "send", "sent", "moved", "home", "street",
    "office", "offices", "address1", "address_line", "line1", "streetaddress", "premises",
    "adresse", "anschrift", "wohnhaft", "wohne", "wohnt", "habite", "demeurant", "domicilié",
    "dirección", "direccion", "domicilio", "vivo", "vive", "indirizzo", "residente", "abito",
    "endereço", "endereco", "morada", "moro", "mora", "adres", "woont", "woon", "zamieszkały",
    "zamieszkała", "mieszka", "mieszkam", "adressen",
]);

/// Whether the few words before the start announce an address.
fn announced(input: &Input<'_>) -> bool {
    words(input).take(5).enumerate().any(|(place, w)| {
        ANNOUNCED.has(w.word) || place == 0 && among(w.word, &["at"]) && w.gap == " "
    })
}
