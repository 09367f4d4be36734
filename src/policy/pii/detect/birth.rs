//! Dates of birth: calendar dates as they are written in many countries (ISO 8601, day or month
//! first, with the names of months in English, German, French, Spanish, Italian, Portuguese, Dutch
//! and Polish), where the words before them speak of a birth. A date alone is no personal data.

use super::context::{WordList, among, words};
use super::cursor::{Cursor, begins};
use super::input::{Input, Step};
use super::opening::{self, Openings};

/// `30th of the September of 2000`, spaces of three bytes, a wide month, and what follows.
pub(super) const LONGEST: usize = 80;
pub(super) const SCORE: f32 = 0.95;
/// A day, a month or a year with what parts it from the next, or eight digits.
pub(super) const OPENINGS: Openings = {
    let marks = opening::SPACE
        | opening::HYPHEN
        | opening::HYPHEN_DIGIT
        | opening::DOT
        | opening::DOT_DIGIT
        | opening::SLASH
        | opening::WIDE;
    Openings::digits(1 << 8, opening::ANY)
        .or(Openings::digits(1 << 4, marks))
        .or(Openings::digits(1 << 1 | 1 << 2, marks | opening::TURN))
};

/// How many words back the birth may be named.
const WORDS: usize = 9;
/// No one alive, and hardly anyone in a text about people alive, was born outside these years.
const YEARS: std::ops::RangeInclusive<u32> = 1850..=2099;

/// Beginnings of the months that are written before the day, in English and Spanish.
#[rustfmt::skip]
pub(super) const CUES: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "ene",
    "abr", "ago", "dic",
];

/// Dates that begin with a number.
pub(super) fn run(input: &Input<'_>) -> Step {
    date(input, digits_first)
}

/// Dates that begin with a month.
pub(super) fn run_month(input: &Input<'_>) -> Step {
    if !begins(input, CUES) {
        return Step::No;
    }
    date(input, |cursor| cursor.attempt(month_first))
}

fn date(input: &Input<'_>, read: fn(&mut Cursor<'_, '_>) -> Option<Form>) -> Step {
    if matches!(
        input.before(1),
        Some(b'/' | b'.' | b'-' | b'+' | b'$' | b'#')
    ) && input.before(2).is_some_and(|b| b != b' ')
        || input.before(1) == Some(b':') && input.before(2).is_some_and(|b| b.is_ascii_digit())
    {
        return Step::No;
    }
    let mut cursor = Cursor::new(input);
    let read = read(&mut cursor).filter(|_| ends(&mut cursor));
    if cursor.open {
        return match born(input) {
            Context::No => Step::No,
            _ => Step::Unfinished,
        };
    }
    let Some(form) = read else {
        return Step::No;
    };
    match (form, born(input)) {
        (_, Context::No) | (Form::Compact, Context::Told) => Step::No,
        _ => Step::Match {
            end: cursor.at,
            score: SCORE,
        },
    }
}

#[derive(Clone, Copy)]
enum Form {
    Separated,
    /// Eight digits in a row.
    Compact,
}

/// Whether the date ends here: no more digits, and no time of day but midnight, as in a timestamp.
fn ends(cursor: &mut Cursor<'_, '_>) -> bool {
    let mut after = *cursor;
    let joined = after
        .eat(|c| matches!(c, '-' | '/' | '.' | ':' | ','))
        .is_some();
    let fine = if joined {
        after.eat(|c| c.is_ascii_digit()).is_none()
    } else if after.eat(|c| c == 'T' || c == ' ').is_some() {
        let t = after.since(cursor.at) == "T";
        let hour = after.digits(2);
        let time = !hour.is_empty() && after.byte(b':');
        let midnight = hour == "00" && time && after.word("00");
        if t { midnight } else { !time || midnight }
    } else {
        after.edge()
    };
    cursor.open |= after.open;
    fine
}

fn digits_first(cursor: &mut Cursor<'_, '_>) -> Option<Form> {
    let first = cursor.digits(8);
    let number = first.parse().ok()?;
    match first.len() {
        1 | 2 => cursor
            .attempt(|c| numeric(c, number))
            .or_else(|| cursor.attempt(|c| day_then_month(c, number)))
            .map(|()| Form::Separated),
        4 if YEARS.contains(&number) => year_first(cursor, number).map(|()| Form::Separated),
        8 => {
            let part = |from: usize, to: usize| first.get(from..to)?.parse::<u32>().ok();
            let iso = valid(part(0, 4)?, part(4, 6)?, part(6, 8)?);
            let (a, b, year) = (part(0, 2)?, part(2, 4)?, part(4, 8)?);
            (iso || valid(year, a, b) || valid(year, b, a)).then_some(Form::Compact)
        }
        _ => None,
    }
}

/// `31/12/1984`, `12-31-1984`, `31. 12. 1984`, `31.12.84`.
fn numeric(cursor: &mut Cursor<'_, '_>, first: u32) -> Option<()> {
    let mark = cursor.eat(|c| matches!(c, '/' | '-' | '.' | '\u{2010}' | '\u{2011}'))?;
    cursor.spaces(1);
    let second: u32 = cursor.digits(2).parse().ok()?;
    cursor.eat(|c| c == mark)?;
    cursor.spaces(1);
    let year = year(cursor, true)?;
    (valid(year, second, first) || valid(year, first, second)).then_some(())
}

/// `3 May 1996`, `3rd of May, 1996`, `3. Mai 1996`, `03-May-1996`, `3 de mayo de 1996`.
fn day_then_month(cursor: &mut Cursor<'_, '_>, day: u32) -> Option<()> {
    ordinal(cursor);
    let dashed = cursor.eat(|c| matches!(c, '-' | '/')).is_some();
    if !dashed {
        cursor.byte(b'.');
        cursor.spaces(2);
        joiner(cursor);
    }
    let month = month(cursor)?;
    cursor.eat(|c| c == '.');
    if dashed {
        cursor.eat(|c| matches!(c, '-' | '/'))?;
    } else {
        cursor.eat(|c| c == ',');
        (cursor.spaces(2) > 0).then_some(())?;
        joiner(cursor);
    }
    let year = year(cursor, dashed)?;
    valid(year, month, day).then_some(())
}

/// `May 3, 1996`, `May 3rd 1996`, `May the 3rd, 1996`, `May-03-1996`, `mayo 3 de 1996`.
fn month_first(cursor: &mut Cursor<'_, '_>) -> Option<Form> {
    let month = month(cursor)?;
    cursor.eat(|c| c == '.');
    let dashed = cursor.byte(b'-');
    if !dashed {
        (cursor.spaces(2) > 0).then_some(())?;
        cursor.word("the ");
    }
    let day = cursor.digits(2).parse().ok()?;
    if dashed {
        cursor.eat(|c| c == '-')?;
    } else {
        ordinal(cursor);
        let comma = cursor.byte(b',');
        (cursor.spaces(2) > 0 || comma).then_some(())?;
        joiner(cursor);
    }
    let year = year(cursor, false)?;
    valid(year, month, day).then_some(Form::Separated)
}

/// `1996-05-03`, `1996/5/3`, `1996.05.03`, `1996 May 3`, `1996-May-03`, `1996年5月3日`.
fn year_first(cursor: &mut Cursor<'_, '_>, year: u32) -> Option<()> {
    let mark = cursor.eat(|c| {
        matches!(
            c,
            '/' | '-' | '.' | ' ' | '年' | '년' | '\u{2010}' | '\u{2011}'
        )
    })?;
    let east = matches!(mark, '年' | '년');
    if east {
        cursor.spaces(1);
    }
    let digits = cursor.digits(2);
    let month = match digits.parse() {
        Ok(month) if mark != ' ' => month,
        Ok(_) => return None,
        Err(_) if east => return None,
        Err(_) => month(cursor)?,
    };
    cursor.eat(|c| {
        c == if mark == '年' {
            '月'
        } else if mark == '년' {
            '월'
        } else {
            mark
        }
    })?;
    if east {
        cursor.spaces(1);
    }
    let day = cursor.digits(2).parse().ok()?;
    if east {
        cursor.eat(|c| matches!(c, '日' | '일'))?;
    }
    valid(year, month, day).then_some(())
}

/// A year of four digits, or of two where dates are all digits.
fn year(cursor: &mut Cursor<'_, '_>, short: bool) -> Option<u32> {
    cursor.eat(|c| matches!(c, '\'' | '’'));
    let digits = cursor.digits(4);
    let year = digits.parse().ok()?;
    match digits.len() {
        4 => Some(year),
        // The century is left open; in a leap year any 29 February holds.
        2 if short => Some(2000 + year),
        _ => None,
    }
}

fn ordinal(cursor: &mut Cursor<'_, '_>) {
    // What most dates go on with is none.
    if matches!(cursor.peek(), Some(' ' | '.' | '-' | '/' | ',')) {
        return;
    }
    let _ = cursor.eat(|c| matches!(c, 'º' | '°' | 'ª')).is_some()
        || ["st", "nd", "rd", "th", "er"]
            .iter()
            .any(|o| cursor.word(o));
}

/// The little words between the parts of a date.
fn joiner(cursor: &mut Cursor<'_, '_>) {
    if !matches!(cursor.peek(), Some('o' | 'O' | 'd' | 'D')) {
        return;
    }
    let _ = ["of ", "de ", "del ", "di ", "do "]
        .iter()
        .any(|j| cursor.word(j));
}

fn valid(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    YEARS.contains(&year) && (1..=days).contains(&day)
}

/// The names of each month, in small letters.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "januar", "jänner", "janvier", "janv", "enero", "ene", "gennaio", "gen",
        "janeiro", "januari", "stycznia", "styczeń", "sty"],
    &["february", "feb", "februar", "février", "fevrier", "févr", "febrero", "febbraio",
        "fevereiro", "fev", "februari", "lutego", "luty", "lut"],
    &["march", "mar", "märz", "maerz", "mär", "mrz", "mars", "marzo", "março", "marco", "maart",
        "mrt", "marca", "marzec"],
    &["april", "apr", "avril", "avr", "abril", "abr", "aprile", "kwietnia", "kwiecień", "kwi"],
    &["may", "mai", "mayo", "maggio", "mag", "maio", "mei", "maja", "maj"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho", "czerwca", "czerwiec", "cze"],
    &["july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho", "lipca",
        "lipiec", "lip"],
    &["august", "aug", "août", "aout", "agosto", "ago", "augustus", "sierpnia", "sierpień", "sie"],
    &["september", "sep", "sept", "septembre", "septiembre", "setiembre", "settembre", "set",
        "setembro", "września", "wrzesień", "wrz"],
    &["october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "out",
        "października", "październik", "paź"],
    &["november", "nov", "novembre", "noviembre", "novembro", "listopada", "listopad", "lis"],
    &["december", "dec", "dezember", "dez", "décembre", "decembre", "déc", "diciembre", "dic",
        "dicembre", "dezembro", "grudnia", "grudzień", "gru"],
];

/// For each letter, the months with a name that begins with it (bit = place in the list).
static FIRST: [u16; 32] = {
    let mut table = [0; 32];
    let mut month = 0;
    while month < MONTHS.len() {
        let mut i = 0;
        while i < MONTHS[month].len() {
            table[(MONTHS[month][i].as_bytes()[0] & 31) as usize] |= 1 << month;
            i += 1;
        }
        month += 1;
    }
    table
};

fn month(cursor: &mut Cursor<'_, '_>) -> Option<u32> {
    let first = cursor.peek().filter(char::is_ascii_alphabetic)?;
    let mut months = *FIRST.get(first as usize & 31)?;
    if months == 0 {
        return None;
    }
    let name = cursor.letters(12);
    if !(3..=15).contains(&name.len()) {
        return None;
    }
    while months != 0 {
        let place = months.trailing_zeros();
        months &= months - 1;
        if MONTHS
            .get(place as usize)
            .is_some_and(|names| among(name, names))
        {
            return Some(place + 1);
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    No,
    /// The words before tell of a birth.
    Told,
    /// The word right before names a date of birth, as a field does.
    Named,
}

/// Words of birth, in small letters.
#[rustfmt::skip]
static BIRTH: WordList = WordList::new(&[
    "born", "birth", "birthdate", "birthday", "bday", "dob", "dateofbirth", "birthdates", "birthdt",
    "dobs", "geboren", "geborene", "geborener", "geb", "geburtsdatum", "geburtstag", "geburt",
    "né", "née", "naissance", "naquit", "nacido", "nacida", "nació", "nacio", "nací", "naci",
    "nacimiento", "nac", "cumpleaños", "nato", "nata", "nascita", "nacque", "nascido", "nascida",
    "nasceu", "nasci", "nascimento", "nasc", "aniversário", "geboortedatum", "geboorte",
    "verjaardag", "urodzony", "urodzona", "urodził", "urodziła", "urodziłem", "urodziłam",
    "urodzenia", "urodzin", "ur", "född", "fødd", "født", "födelsedatum", "fødselsdato",
    "syntynyt", "syntymäaika", "született", "születési", "narozen", "narozena", "narození",
    "născut", "născută", "nașterii", "doğum", "родился", "родилась", "рождения", "geboortedag",
    "d.o.b", "generalità", "anniversaire", "compleanno",
]);

const UNSPACED_BIRTH: &[&str] = &["出生", "生日", "生年月日", "生まれ", "생년월일", "출생"];

/// Words that speak of another day, in small letters.
#[rustfmt::skip]
static OTHERS: WordList = WordList::new(&[
    "died", "death", "deceased", "dod", "expires", "expiry", "expiration", "exp", "expired",
    "issued", "issue", "issuance", "joined", "hired", "created", "updated", "modified", "visit",
    "admitted", "admission", "discharged", "appointment", "signed", "dated", "deadline", "due",
    "invoice", "order", "ordered", "party", "dinner", "lunch", "gift", "gifts", "cake", "present",
    "presents", "sale", "celebration", "celebrate", "event", "married", "wedding", "meeting",
    "start", "started", "starts", "end", "ended", "ends", "version", "release", "released",
    "commit", "build", "timestamp", "until", "since", "gestorben", "gest", "verstorben", "mort",
    "morte", "décédé", "décédée", "fallecido", "fallecida", "falleció", "muerto", "morto", "morta",
    "falecido", "overleden", "zmarł", "zmarła", "gültig", "ausgestellt", "expire", "délivré",
    "caduca", "scade", "scadenza", "validade", "geldig", "ważny",
]);

/// Words that stay with a full stop after them.
#[rustfmt::skip]
static ABBREVIATIONS: WordList = WordList::new(&[
    "geb", "nac", "nasc", "ur", "dob", "b", "d", "o", "st", "dr", "mr", "mrs", "ms", "approx",
    "ca", "c", "dt", "gen", "dn",
]);

/// What the words before the start say of a birth: the nearest that speaks of a day decides.
fn born(input: &Input<'_>) -> Context {
    let (mut key, mut initials, mut near) = (false, [0; 2], true);
    for (place, found) in words(input).take(WORDS).enumerate() {
        let (word, gap) = (found.word, found.gap);
        for (at, c) in gap.char_indices() {
            let next = gap.get(at + 1..).and_then(|rest| rest.chars().next());
            match c {
                ':' | '=' => key = true,
                '!' | '†' | ';' | '}' if place > 0 || c == '†' || c == '!' => {
                    return Context::No;
                }
                // An answer stands on a line of its own, behind who gives it.
                _ if gap.starts_with('?') => {}
                ',' | '\n' | '|' if place > 0 && key => return Context::No,
                '\n' if place > 0 && next == Some('\n') => return Context::No,
                '.' if next.is_some_and(char::is_whitespace) && !ABBREVIATIONS.has(word) => {
                    return Context::No;
                }
                _ => {}
            }
        }
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if digits > 2 {
            return Context::No;
        }
        if OTHERS.has(word) {
            return Context::No;
        }
        let dotted = word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic());
        let letter = word.bytes().next().unwrap_or(0).to_ascii_lowercase();
        // `D.O.B.` and `(b. 3 May 1980`.
        let spelled = letter == b'd' && initials == [b'o', b'b'];
        let short = place == 0 && word == "b" && gap.starts_with('.');
        if BIRTH.has(word)
            || dotted && (spelled || short)
            || !word.is_ascii() && UNSPACED_BIRTH.iter().any(|name| word.contains(name))
        {
            // `né` speaks of what follows it at once, and so do the shortest of the others.
            let brief = word.chars().count() <= 3 && place > 3;
            return match (brief, place) {
                (true, _) => Context::No,
                _ if near || spelled && place == 2 => Context::Named,
                _ => Context::Told,
            };
        }
        near &= among(
            word,
            &["is", "was", "ist", "est", "es", "è", "é", "to", "jest"],
        );
        initials = [if dotted { letter } else { 0 }, initials[0]];
    }
    Context::No
}

#[cfg(test)]
#[path = "birth_tests.rs"]
mod tests;
