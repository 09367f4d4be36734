//! Words before a start that introduce a name.

use super::super::context::{among, words};
use super::super::input::Input;

/// How the words before introduce what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intro {
    None,
    /// A greeting, or a word that persons often stand behind.
    Soft,
    /// The key of a field that holds a name.
    Field,
    /// A form of address: `Mr`, `Dr.`.
    Title,
    /// `my name is`, or the end of a letter.
    Strong,
}

/// Forms of address, in small letters.
#[rustfmt::skip]
pub(super) const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "doctor", "sir", "madam", "lord",
    "lady", "rev", "reverend", "herr", "frau", "monsieur", "madame", "mme", "mlle",
    "señor", "señora", "señorita", "sr", "sra", "srta", "don", "doña", "signor", "signora", "sig",
    "dott", "dottor", "dottoressa", "senhor", "senhora", "dona", "meneer", "mevrouw",
    "dhr", "mevr", "pan", "pani", "capt", "captain", "lt", "sgt", "col", "gen", "judge", "sen",
    "senator", "officer", "detective", "uncle", "aunt", "auntie",
];

#[rustfmt::skip]
const FIELDS: &[&str] = &[
    "name", "names", "fullname", "firstname", "lastname", "surname", "forename", "givenname",
    "username", "displayname", "customer", "patient", "contact", "attn", "attention", "author",
    "employee", "client", "cardholder", "holder", "signed", "beneficiary", "guardian", "recipient",
    "sender", "applicant", "insured", "vorname", "nachname", "nom", "prénom", "prenom", "nombre",
    "apellido", "apellidos", "nome", "cognome", "sobrenome", "naam", "voornaam", "achternaam",
    "imię", "nazwisko", "by", "from", "to", "cc", "manager", "owner", "assignee", "reviewer",
    "kunde", "kundin", "client", "cliente", "klant",
];

#[rustfmt::skip]
const CALLED: &[&str] = &[
    "heiße", "heisse", "heet", "llamo", "chiamo", "appelle", "chamo", "nazywam", "surname",
];

#[rustfmt::skip]
const GREETINGS: &[&str] = &[
    "dear", "hi", "hello", "hey", "hallo", "hola", "bonjour", "ciao", "liebe", "lieber", "cher",
    "chère", "estimado", "estimada", "querido", "querida", "caro", "cara", "beste", "geachte",
    "prezado", "prezada", "szanowny", "szanowna", "sehr", "geehrter", "geehrte", "olá", "cześć",
    "named", "called", "thanks", "thank", "am", "m", "by", "mit", "ask",
];

#[rustfmt::skip]
const CLOSINGS: &[&str] = &[
    "sincerely", "regards", "cheers", "thanks", "best", "truly", "faithfully", "respectfully",
    "love", "grüße", "grüßen", "gruß", "cordialement", "saludos", "atentamente", "saluti",
    "atenciosamente", "groeten", "groet", "pozdrawiam", "you", "yours",
];

pub(super) fn introduced(input: &Input<'_>) -> Intro {
    let mut before = words(input);
    let Some(first) = before.next() else {
        return Intro::None;
    };
    let gap = first.gap;
    let inline = !gap.contains('\n');
    let quiet = gap.chars().all(|c| matches!(c, ' ' | '.'));
    if quiet && inline && among(first.word, TITLES) {
        return Intro::Title;
    }
    if gap.len() <= 8 && gap.contains([':', '=']) && inline && among(first.word, FIELDS) {
        return Intro::Field;
    }
    if inline
        && gap.starts_with('?')
        && among(
            first.word,
            &["name", "surname", "nombre", "nom", "nome", "naam"],
        )
    {
        return Intro::Strong;
    }
    if gap == " " && among(first.word, CALLED) {
        return Intro::Strong;
    }
    if gap == " "
        && among(
            first.word,
            &["is", "s", "ist", "est", "es", "è", "é", "się", "as"],
        )
    {
        let named = before.next().is_some_and(|w| {
            among(
                w.word,
                &["name", "nom", "nombre", "nome", "naam", "nazywam"],
            ) && w.gap.len() <= 3
        });
        return if named { Intro::Strong } else { Intro::None };
    }
    if gap.contains('\n') && gap.len() <= 6 && among(first.word, CLOSINGS) {
        return Intro::Strong;
    }
    if matches!(gap, " " | ", ") && among(first.word, GREETINGS) {
        return Intro::Soft;
    }
    Intro::None
}
