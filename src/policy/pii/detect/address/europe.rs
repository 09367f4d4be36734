//! Addresses whose street is led by its kind (`12 rue de la Paix`, `Calle Mayor 5`, `Via Roma 12`,
//! `Rua Augusta 1500`, `ul. Cicha 86`), and those that end in it (`Hauptstraße 12`,
//! `Brixtonlaan 380`, `Skoanveien 226`).

use super::super::context::{WordList, among};
use super::super::cursor::{Cursor, begins};
use super::super::input::{Input, Step};
use super::tail::{city_word, code_first, tail};
use super::{LETTERS, announced, answer};

/// Beginnings of [`LEADS`].
#[rustfmt::skip]
pub(super) const CUES: &[&str] = &[
    "cal", "c/ ", "ave", "avd", "av.", "av ", "pla", "pl.", "pas", "paz", "pza", "via", "pia",
    "cor", "lar", "vic", "rua", "tra", "pra", "est", "ala", "ul.", "al.", "os.", "rue", "cam",
    "car", "ron", "str",
];

/// Kinds of streets before a name, in small letters, with the language they are in.
#[rustfmt::skip]
static LEADS: WordList = WordList::new(&[
    "calle", "c/", "avenida", "avda", "avd", "av", "plaza", "paseo", "pza", "camino", "carretera",
    "ronda", "travesía", "via", "viale", "piazza", "piazzale", "corso", "largo", "vicolo", "rua",
    "travessa", "praça", "estrada", "alameda", "ul", "al", "pl", "os", "rue", "avenue", "strada",
]);

/// The little words in such a name.
#[rustfmt::skip]
static LITTLE: WordList = WordList::new(&[
    "de", "du", "des", "del", "della", "delle", "dei", "degli", "di", "da", "do", "dos", "das",
    "la", "le", "les", "los", "las", "el", "l", "d", "dell", "aux", "au", "à", "et", "y", "e",
    "sur", "sous", "en", "san", "van", "von",
]);

/// Reads a name with at least one capital in it; the little words may stand in it, not end it.
fn name(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    let mut end = None;
    for place in 0..6 {
        let from = cursor.at;
        if place > 0 && cursor.spaces(1) == 0 {
            // `de l'Église`, `du Général-Leclerc`.
            if cursor.eat(|c| matches!(c, '\'' | '’')).is_none() {
                break;
            }
        }
        let first = cursor.at;
        let word = cursor.run(LETTERS, |c| c.is_alphabetic() || c == '-');
        let capital = word.starts_with(char::is_uppercase);
        if word.is_empty() || !capital && !LITTLE.has(word) {
            // A date or a number in a name: `rue du 8 Mai`, `via XX Settembre`.
            let number = cursor.digits(2);
            if !number.is_empty() && end.is_none() && place > 0 && cursor.at > first {
                continue;
            }
            cursor.at = from;
            break;
        }
        if capital {
            if word.len() <= 3 {
                cursor.byte(b'.');
            }
            end = Some(cursor.at);
        }
    }
    cursor.at = end?;
    Some(())
}

/// After a house number: ` bis, rue de la Paix`, and the end of what follows it.
pub(super) fn french(cursor: &mut Cursor<'_, '_>) -> Option<usize> {
    const KINDS: &[&str] = &[
        "rue",
        "avenue",
        "boulevard",
        "bd",
        "chemin",
        "allée",
        "impasse",
        "quai",
        "faubourg",
        "place",
        "route",
        "cours",
        "square",
        "passage",
        "av",
    ];
    let _ = cursor.attempt(|c| {
        c.space().then_some(())?;
        among(c.letters(6), &["bis", "ter", "quater"]).then_some(())
    });
    cursor.byte(b',');
    cursor.space().then_some(())?;
    let kind = cursor.letters(9);
    if !among(kind, KINDS) {
        return None;
    }
    cursor.byte(b'.');
    cursor.space().then_some(())?;
    cursor.attempt(name)?;
    let end = cursor.at;
    // Kinds of streets in English too: there the suffix comes last.
    let sure = among(
        kind,
        &[
            "rue",
            "boulevard",
            "bd",
            "chemin",
            "allée",
            "impasse",
            "quai",
            "faubourg",
        ],
    ) || cursor.since(cursor.input.start).contains(" de ")
        || cursor.since(cursor.input.start).contains(" du ")
        || cursor.since(cursor.input.start).contains(" des ");
    let told = code_first(cursor);
    if !told {
        cursor.at = end;
    }
    (cursor.edge() && (told || sure)).then_some(cursor.at)
}

/// `Calle Mayor 5, 28013 Madrid`, `Via Roma, 12`, `ul. Cicha 86/2`.
pub(in super::super) fn named_first(input: &Input<'_>) -> Step {
    if !begins(input, CUES) {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let end = cursor.attempt(|c| {
        let from = c.at;
        let kind = c.letters(9);
        let capital = kind.starts_with(char::is_uppercase);
        if kind == "C" || kind == "c" {
            c.byte(b'/').then_some(())?;
            c.spaces(1);
        } else {
            if !LEADS.has(kind) || kind.len() < 2 {
                return None;
            }
            let dot = c.byte(b'.');
            let short = among(
                kind,
                &["ul", "al", "pl", "os", "rue", "calle", "rua", "av", "avda"],
            );
            if !capital && !short || kind.len() == 2 && !dot {
                return None;
            }
            c.space().then_some(())?;
        }
        c.attempt(name)?;
        c.byte(b',');
        c.space().then_some(())?;
        let _ = c.attempt(|c| {
            let word = c.run(3, |c| c.is_alphabetic() || c == 'º' || c == '°');
            (among(word, &["nº", "no", "n", "nr", "n°", "num"])).then_some(())?;
            c.byte(b'.');
            c.eat(|c| c == 'º');
            c.spaces(1);
            Some(())
        });
        let digits = c.digits(4);
        if digits.is_empty() {
            return None;
        }
        house(c);
        let end = c.at;
        let told = code_first(c) || tail(c, false);
        if !told {
            c.at = end;
        }
        // A year is more often told of than lived at.
        let year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        (c.edge() && (told || !year) && c.at > from).then_some(c.at)
    });
    answer(&cursor, end)
}

/// The rest of a house number: `12a`, `12-14`, `12/3`.
fn house(cursor: &mut Cursor<'_, '_>) {
    let _ = cursor.attempt(|c| {
        c.eat(|c| c.is_ascii_alphabetic())?;
        c.edge().then_some(())
    });
    let _ = cursor.attempt(|c| {
        c.eat(|c| matches!(c, '-' | '/' | '–'))?;
        (!c.digits(4).is_empty()).then_some(())
    });
}

/// Ends of the names of streets in German, Dutch and the languages of the north.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "straße", "strasse", "gasse", "allee", "chaussee", "straat", "laan", "gracht", "singel",
    "gatan", "vägen", "veien", "vegen", "gade", "katu", "kuja", "str",
];

/// Ends that other words have too: the city must follow, or the address be announced.
#[rustfmt::skip]
const WEAK_ENDS: &[&str] = &[
    "weg", "platz", "ring", "damm", "ufer", "plein", "kade", "dijk", "steig", "markt", "gata",
    "vej", "hof",
];

/// `Hauptstraße 12, 10115 Berlin`, `Berliner Str. 5a`, `Am Markt 3, 55116 Mainz`.
pub(in super::super) fn german(input: &Input<'_>) -> Step {
    if !may_be_german(input) {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    if !cursor.peek().is_some_and(char::is_uppercase) {
        return Step::No;
    }
    let end = cursor.attempt(|c| {
        let mut weak = street_word(c)?;
        c.space().then_some(())?;
        if weak == Kind::Other {
            // A word before: `Berliner Straße`, `Am Markt`.
            weak = second_word(c)?;
            c.space().then_some(())?;
        }
        let digits = c.digits(3);
        if digits.is_empty() {
            return None;
        }
        house(c);
        let end = c.at;
        let told = code_first(c);
        if !told {
            c.at = end;
        }
        let sure = told || weak == Kind::Strong || announced(input);
        (sure && c.edge()).then_some(c.at)
    });
    answer(&cursor, end)
}

/// The bytes of a word of a street's name.
static IN_STREET: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = (b as u8).is_ascii_alphabetic() || b == b'-' as usize || b >= 0x80;
        b += 1;
    }
    table
};

/// A cheap look at the first word and the byte after it, which turn away most words in capitals.
fn may_be_german(input: &Input<'_>) -> bool {
    let rest = input.bytes.get(input.start..).unwrap_or_default();
    let letters = |b: &&u8| IN_STREET[usize::from(**b)];
    let word = rest.iter().take(64).take_while(letters).count();
    let (word, after) = rest.split_at_checked(word).unwrap_or_default();
    let after = after.strip_prefix(b".").unwrap_or(after);
    let (Some(gap), Some(next)) = (after.first(), after.get(1)) else {
        return after.first().is_none_or(|b| *b == b' ' || *b >= 0x80) && !input.last;
    };
    match (gap, next) {
        (b' ', b'0'..=b'9') => word.last().is_some_and(|b| b"eagtrnmfkhjd".contains(b)),
        // Straße, Str., Strasse, Allee, Gasse, Chaussee, Platz, Weg, Ring, Damm, Ufer.
        (b' ', b'S' | b'A' | b'G' | b'C' | b'P' | b'W' | b'R' | b'D' | b'U') => true,
        (b' ', b'a'..=b'z' | b'B'..=b'Z' | 0x80..) => {
            matches!(
                word,
                b"Am" | b"Im" | b"Zum" | b"Zur" | b"Auf" | b"An" | b"Unter"
            )
        }
        _ => *gap >= 0x80,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Strong,
    Weak,
    Other,
}

fn street_word(cursor: &mut Cursor<'_, '_>) -> Option<Kind> {
    let from = cursor.at;
    cursor.run(32, |c| c.is_alphabetic() || c == '-');
    let word = cursor.since(from);
    let dot = cursor.byte(b'.');
    let ends = |list: &[&str]| {
        list.iter()
            .any(|end| word.len() >= end.len() + 3 && word.ends_with(end))
    };
    let kind = if ends(ENDS) {
        if word.ends_with("str") && !dot {
            Kind::Other
        } else {
            Kind::Strong
        }
    } else if dot {
        return None;
    } else if ends(WEAK_ENDS) {
        Kind::Weak
    } else {
        Kind::Other
    };
    (!word.is_empty()).then_some(kind)
}

/// After a first word in capitals: `Straße`, `Platz`; after `Am`, `Zum`: any name.
fn second_word(cursor: &mut Cursor<'_, '_>) -> Option<Kind> {
    let first = cursor.since(cursor.input.start).trim_end();
    if matches!(
        first,
        "Am" | "Im" | "Zum" | "Zur" | "Auf" | "An" | "Unter" | "In"
    ) {
        for small in ["den ", "der ", "dem "] {
            if cursor.word(small) {
                break;
            }
        }
        return city_word(cursor, false)
            .map(|_| Kind::Weak)
            .filter(|_| first != "In");
    }
    let word = cursor.run(8, char::is_alphabetic);
    let dot = cursor.byte(b'.');
    let strong = among(word, &["straße", "strasse", "allee", "gasse", "chaussee"]);
    let weak = among(word, &["platz", "weg", "ring", "damm", "ufer"]);
    match word {
        "Str" if dot => Some(Kind::Strong),
        _ if dot || !word.starts_with(char::is_uppercase) => None,
        _ if strong => Some(Kind::Strong),
        _ if weak => Some(Kind::Weak),
        _ => None,
    }
}
