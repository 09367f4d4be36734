//! Names of organisations: words with capitals before the form of a company, or with a word that
//! heads such names.

use super::super::context::among;
use super::super::cursor::Cursor;
use super::super::input::{Input, Step};
use super::gazetteer::Folded;
use super::{WORDS, answer, glued, next, token};

pub(in super::super) const SCORE: f32 = 0.88;
const HEADED: f32 = 0.7;

/// Forms of companies (ISO 20275 knows them), as they are written.
#[rustfmt::skip]
const FORMS: &[&str] = &[
    "Inc", "LLC", "Ltd", "Limited", "Corp", "Corporation", "GmbH", "AG", "KG", "OHG", "UG", "SE",
    "eG", "SA", "SAS", "SARL", "Sarl", "SpA", "SRL", "Srl", "SL", "BV", "NV", "AB", "AS", "ASA",
    "ApS", "Oy", "Oyj", "PLC", "Plc", "plc", "Pty", "LLP", "LP", "Co", "KGaA", "Kft", "Zrt",
    "KK", "Pvt", "Bhd", "EURL", "Lda", "Ltda", "mbH",
];

/// Forms that are written with full stops.
const DOTTED: &[&str] = &[
    "S.A.",
    "S.r.l.",
    "S.p.A.",
    "B.V.",
    "N.V.",
    "L.L.C.",
    "S.L.",
    "Sp. z o.o.",
    "s.r.o.",
    "a.s.",
    "e.V.",
];

/// Words that head the names of organisations, in small letters, sorted.
#[rustfmt::skip]
const HEADS: &[&str] = &[
    "airlines", "airways", "associates", "association", "bank", "bancorp", "brewery", "college",
    "consulting", "foundation", "group", "holding", "holdings", "hospital", "industries",
    "institute", "insurance", "laboratories", "labs", "ministry", "motors", "pharmaceuticals",
    "software", "solutions", "stiftung", "systems", "technologies", "technology", "university",
    "università", "universität", "ventures", "enterprises", "logistics", "partners",
];

/// Words at the start of a sentence or before a name that are no part of it.
#[rustfmt::skip]
const LITTLE: &[&str] = &[
    "the", "a", "an", "this", "that", "these", "those", "our", "my", "your", "his", "her", "its",
    "their", "in", "at", "for", "from", "with", "while", "when", "where", "if", "as", "by", "and",
    "but", "or", "of", "to", "is", "was", "are", "we", "he", "she", "it", "they", "i", "you", "on",
    "no", "not", "some", "any", "all", "each", "every", "most", "many", "other", "such", "both",
    "new", "contact", "join", "visit", "please", "all", "what", "which", "who", "how", "why", "use",
];

pub(super) fn is_legal_form(word: &str) -> bool {
    FORMS.contains(&word)
}

pub(super) fn is_head(word: &Folded) -> bool {
    HEADS.iter().any(|head| head.as_bytes() == word.bytes())
}

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    if glued(input) {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let found = read(&mut cursor);
    answer(&cursor, found)
}

fn read(cursor: &mut Cursor<'_, '_>) -> Option<(usize, f32)> {
    let first = token(cursor)?;
    if !first.capital || first.initial || among(first.text, LITTLE) || is_legal_form(first.text) {
        return None;
    }
    // `University of Vienna`, `Bank of America`.
    if is_head(&first.folded) {
        return cursor.attempt(|c| {
            let of = next(c).filter(|t| among(t.text, &["of", "for", "di", "de"]))?;
            let place = next(c).filter(|t| t.capital && of.end < t.end)?;
            Some((place.end, HEADED))
        });
    }
    let mut headed = None;
    for _ in 1..WORDS {
        if let Some(end) = cursor.attempt(form) {
            return Some((end, SCORE));
        }
        let joined = cursor.attempt(|c| {
            c.word_exact(" &").then_some(())?;
            next(c)
        });
        let Some(word) = joined.or_else(|| next(cursor)) else {
            break;
        };
        if !word.capital {
            if among(word.text, &["and", "und", "et", "y", "e"]) {
                continue;
            }
            break;
        }
        if is_head(&word.folded) {
            headed = Some((word.end, HEADED));
        }
    }
    headed
}

/// `, Inc.`, ` GmbH`, ` S.p.A.`.
fn form(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    cursor.byte(b',');
    cursor.space().then_some(())?;
    if let Some(()) = cursor.attempt(|c| DOTTED.iter().any(|form| c.word_exact(form)).then_some(()))
    {
        return cursor.edge().then_some(cursor.at);
    }
    let word = cursor.letters(12);
    if !is_legal_form(word) || !cursor.edge() {
        return None;
    }
    let end = cursor.at;
    // `GmbH & Co. KG`, `Pty Ltd`, `Co., Ltd`.
    let more = cursor.attempt(|c| {
        c.byte(b'.');
        c.byte(b',');
        c.word_exact(" &");
        c.space().then_some(())?;
        let more = c.letters(12);
        (is_legal_form(more) && c.edge()).then_some(c.at)
    });
    let more = more.and_then(|at| {
        cursor
            .attempt(|c| {
                c.byte(b'.');
                c.space().then_some(())?;
                (is_legal_form(c.letters(12)) && c.edge()).then_some(c.at)
            })
            .or(Some(at))
    });
    Some(more.unwrap_or(end))
}
