//! What stands beside the number of a payment card: the security code, the date it expires, and
//! the name on it.

use super::super::bytes::separator;
use super::super::input::{Input, Peek, Step, Tri, is_digit};
use super::near::{Key, Names, keyed};

pub(in super::super) const CVV_SCORE: f32 = 0.85;
pub(in super::super) const CVV_LONGEST: usize = 4 + 3 + 4 + 4;
pub(in super::super) const EXPIRY_SCORE: f32 = 0.85;
pub(in super::super) const EXPIRY_LONGEST: usize = 9 + 8;
pub(in super::super) const HOLDER_SCORE: f32 = 0.85;
pub(in super::super) const HOLDER_LONGEST: usize = NAME_WORDS * (NAME_WORD + 1) + 8;

#[rustfmt::skip]
static CODES: Names = Names::new(&[
    "cvv", "cvv2", "cvc", "cvc2", "csc", "cvn", "card security", "security code", "card code",
    "card verification", "verification value", "card verification value", "card security code",
    "prüfnummer", "kartenprüfnummer", "kartenprüfziffer", "cryptogramme", "cryptogramme visuel",
    "código de seguridad", "codigo de seguridad", "codice di sicurezza", "código de segurança",
    "安全码", "セキュリティコード",
]);

/// The security code: three digits, four on American Express cards (ISO/IEC 7813, PCI DSS).
pub(in super::super) fn cvv(input: &Input<'_>) -> Step {
    let end = input.digits(input.start, 5);
    let len = end - input.start;
    let open = input.open(end);
    if len == 0 || len > 4 || len < 3 && !open || input.glued(b"-./,", is_digit) {
        return Step::No;
    }
    if keyed(input, &CODES) == Key::None && !after_expiry(input) {
        return Step::No;
    }
    if open {
        return Step::Unfinished;
    }
    match group_behind(input, end) {
        Tri::Yes => Step::No,
        Tri::Open => Step::Unfinished,
        Tri::No => finish(input, end, CVV_SCORE),
    }
}

/// Whether a group of four digits or more follows: this is one of a card's number.
fn group_behind(input: &Input<'_>, end: usize) -> Tri {
    let Some((_, gap)) = separator(input.bytes, end) else {
        return if input.open(end) { Tri::Open } else { Tri::No };
    };
    let next = input.digits(end + gap, 4);
    match next - (end + gap) {
        4 => Tri::Yes,
        _ if input.open(next) => Tri::Open,
        _ => Tri::No,
    }
}

#[rustfmt::skip]
static EXPIRIES: Names = Names::new(&[
    "exp", "exp date", "expdate", "expires", "expiry", "expiry date", "expiration",
    "expiration date", "expires on", "expires end", "valid thru", "valid through", "valid until",
    "valid to", "good thru", "good through", "gültig bis", "gueltig bis", "ablaufdatum",
    "expire fin", "expire", "expiración", "caducidad", "fecha de caducidad", "vence",
    "vencimiento", "válida hasta", "valida hasta", "scadenza", "validade", "válido até",
    "geldig tot", "vervaldatum", "ważna do", "有效期", "有効期限",
]);

/// A month and a year, behind a card number or a word that says that something expires.
pub(in super::super) fn expiry(input: &Input<'_>) -> Step {
    if input.glued(b"-./,", is_digit) {
        return Step::No;
    }
    let month_end = input.digits(input.start, 3);
    let month = input.bytes.get(input.start..month_end).unwrap_or_default();
    let named = || keyed(input, &EXPIRIES) != Key::None || after_card(input);
    let wait = |viable: bool| {
        if viable && named() {
            Step::Unfinished
        } else {
            Step::No
        }
    };
    if input.open(month_end) {
        return wait(month.len() < 2 || is_month(month));
    }
    if !is_month(month) {
        return Step::No;
    }
    let mut at = month_end;
    // `12/26`, `12-26`, `12 / 26`
    let spaced = input.byte(at) == Some(b' ');
    at += usize::from(spaced);
    match input.peek(at) {
        Peek::Some(b'/') => {}
        Peek::Some(b'-') if !spaced => {}
        Peek::Open => return wait(true),
        _ => return Step::No,
    }
    at += 1;
    if spaced {
        match input.peek(at) {
            Peek::Some(b' ') => at += 1,
            Peek::Open => return wait(true),
            _ => return Step::No,
        }
    }
    let end = input.digits(at, 5);
    let year = input.bytes.get(at..end).unwrap_or_default();
    let possible = match *year {
        [a, ..] if year.len() <= 2 => matches!(a, b'1'..=b'4'),
        [b'2', b'0', ..] => year.len() <= 4,
        [] => true,
        _ => false,
    };
    if !possible {
        return Step::No;
    }
    if input.open(end) {
        return wait(true);
    }
    if !matches!(year.len(), 2 | 4) || !named() {
        return Step::No;
    }
    finish(input, end, EXPIRY_SCORE)
}

fn is_month(digits: &[u8]) -> bool {
    matches!(
        digits,
        [b'1'..=b'9'] | [b'0', b'1'..=b'9'] | [b'1', b'0'..=b'2']
    )
}

fn finish(input: &Input<'_>, end: usize, score: f32) -> Step {
    match input.edge(end, b"-./,", is_digit) {
        Tri::Yes => Step::Match { end, score },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}

/// Bytes that may stand between a card number and what belongs to it.
const BESIDE: usize = 12;

/// Whether the number of a card stands before the start.
fn after_card(input: &Input<'_>) -> bool {
    let (before, _) = input.behind();
    ends_with_card(before)
}

fn ends_with_card(before: &str) -> bool {
    let head = before.trim_end_matches(|c: char| !c.is_ascii_digit());
    if before.len() - head.len() > BESIDE {
        return false;
    }
    let mut digits = 0;
    for b in head.bytes().rev() {
        match b {
            b'0'..=b'9' => digits += 1,
            b' ' | b'-' => {}
            _ => break,
        }
    }
    (13..=19).contains(&digits)
}

/// Whether a card number and a month and a year stand before the start: `4111… 12/26 123`.
fn after_expiry(input: &Input<'_>) -> bool {
    let (before, _) = input.behind();
    let head = before.trim_end_matches([' ', ',', ';', '|', '/']);
    let year = head.trim_end_matches(|c: char| c.is_ascii_digit());
    if before.len() == head.len() || !matches!(head.len() - year.len(), 2 | 4) {
        return false;
    }
    let Some(rest) = year.strip_suffix(['/', '-']) else {
        return false;
    };
    let card = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(rest.len() - card.len(), 1 | 2) && !card.ends_with(['-', '/']) && ends_with_card(card)
}

/// The most words of a name, and bytes of a word.
const NAME_WORDS: usize = 4;
const NAME_WORD: usize = 24;

#[rustfmt::skip]
static HOLDERS: Names = Names::new(&[
    "cardholder", "card holder", "cardholder name", "card holder name", "cardholder s name",
    "card holder s name", "name on card", "name on the card", "name on credit card",
    "nameoncard", "card name", "account holder", "karteninhaber", "name des karteninhabers",
    "titulaire", "titulaire de la carte", "nom sur la carte", "titular", "titular de la tarjeta",
    "nombre en la tarjeta", "titular do cartão", "nome no cartão", "intestatario",
    "intestatario della carta", "titolare", "titolare della carta", "kaarthouder",
    "naam op kaart", "posiadacz karty", "持卡人", "カード名義",
]);

/// Two to four words with a capital each, behind `Cardholder:` and the like.
pub(in super::super) fn holder(input: &Input<'_>) -> Step {
    let (mut at, mut end, mut words) = (input.start, input.start, 0);
    let mut open = false;
    while words < NAME_WORDS {
        match name_word(input, at) {
            Word::None => break,
            Word::Open => {
                open = true;
                break;
            }
            Word::Upto(to) => {
                (end, words) = (to, words + 1);
                match input.peek(to) {
                    Peek::Some(b' ') => at = to + 1,
                    Peek::Open => {
                        open = true;
                        break;
                    }
                    _ => break,
                }
            }
        }
    }
    if !open && words < 2 || keyed(input, &HOLDERS) != Key::Marked {
        return Step::No;
    }
    if open {
        return Step::Unfinished;
    }
    Step::Match {
        end,
        score: HOLDER_SCORE,
    }
}

enum Word {
    None,
    Open,
    Upto(usize),
}

/// A word of a name: a capital, then letters, apostrophes and hyphens; or an initial with its stop.
fn name_word(input: &Input<'_>, from: usize) -> Word {
    let mut at = from;
    loop {
        match input.peek_char(at) {
            Peek::Some(c)
                if at == from && c.is_uppercase()
                    || at > from && (c.is_alphabetic() || matches!(c, '\'' | '’' | '-')) =>
            {
                at += c.len_utf8();
                if at - from > NAME_WORD {
                    return Word::None;
                }
            }
            Peek::Some('.') if at > from && at - from <= 2 => return Word::Upto(at + 1),
            Peek::Some(c) if c.is_numeric() || c == '_' => return Word::None,
            Peek::Open => return Word::Open,
            _ if at == from => return Word::None,
            _ => return Word::Upto(at),
        }
    }
}
