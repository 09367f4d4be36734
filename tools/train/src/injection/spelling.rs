//! How people spell: without capitals or marks, in capitals, with slips.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::generate::Text;
use crate::grammar::Random;

/// Respells a text now and then. Both classes are treated alike.
pub fn vary(text: &mut Text, random: &mut Random) {
    let way = random.below(100);
    // What follows moves letters about; an order's place must stay known.
    let whole = text.payload.is_none();
    match way {
        0..=7 => text.text = lower(&text.text),
        8..=11 if whole => text.text = text.text.to_uppercase(),
        12..=20 => capital(&mut text.text),
        21..=26 if whole => text.text = slips(&text.text, random),
        27..=31 if whole => text.text = bare(&text.text),
        32..=34 if whole => {
            text.text = format!("{}{}", text.text, random.pick(&["\n", "\n\n", " ", "  "]))
        }
        35..=37 if whole => text.text = text.text.replace(' ', "  "),
        _ => {}
    }
}

/// ASCII capitals only, so that no offset moves.
fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn capital(text: &mut str) {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
}

/// Without full stops, commas and quotes.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '.' | ',' | '\'' | '"' | '!' | '?'))
        .collect()
}

/// One slip in about twelve words: two letters that change places, one that is missing, or twice.
fn slips(text: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..1 + letters.len() / 70 {
        let at = random.below(letters.len());
        let inside = at > 0 && at + 1 < letters.len();
        if !inside || !letters[at - 1..=at + 1].iter().all(|c| c.is_alphabetic()) {
            continue;
        }
        match random.below(3) {
            0 => letters.swap(at, at + 1),
            1 => drop(letters.remove(at)),
            _ => letters.insert(at, letters[at]),
        }
    }
    letters.into_iter().collect()
}

/// How texts are dressed up.
const DRESSES: usize = 9;

/// `text` in one of the dresses that hide words: codes, escapes, look-alikes, turned about. What is
/// hidden is judged by itself; that it is hidden must say nothing, so most of what wears these in
/// training is harmless.
pub fn dress(text: &str, random: &mut Random) -> String {
    match random.below(DRESSES) {
        0 => text.bytes().map(|b| format!("%{b:02x}")).collect(),
        1 => text.bytes().map(|b| format!("{b:02x}")).collect(),
        2 => text.bytes().map(|b| format!("{b:02X} ")).collect(),
        3 => text
            .chars()
            .map(|c| format!("&#{};", u32::from(c)))
            .collect(),
        4 => text.chars().rev().collect(),
        5 => text.chars().map(turned).collect(),
        6 => text
            .chars()
            .map(|c| if random.chance(50) { lookalike(c) } else { c })
            .collect(),
        7 => STANDARD.encode(text),
        _ => leet(text, random),
    }
}

/// The Cyrillic letter that looks like it.
fn lookalike(c: char) -> char {
    match c {
        'a' => '\u{430}',
        'e' => '\u{435}',
        'o' => '\u{43e}',
        'p' => '\u{440}',
        'c' => '\u{441}',
        'x' => '\u{445}',
        'y' => '\u{443}',
        'i' => '\u{456}',
        other => other,
    }
}

/// Thirteen letters on.
fn turned(c: char) -> char {
    let by = |base: u8| char::from(base + (c as u8 - base + 13) % 26);
    match c {
        'a'..='z' => by(b'a'),
        'A'..='Z' => by(b'A'),
        other => other,
    }
}

/// Digits and marks for letters, now and then or always.
pub fn leet(text: &str, random: &mut Random) -> String {
    const SIGNS: [(char, &[char]); 9] = [
        ('a', &['4', '@']),
        ('e', &['3']),
        ('i', &['1', '!']),
        ('o', &['0']),
        ('s', &['5', '$']),
        ('t', &['7', '+']),
        ('l', &['1', '|']),
        ('b', &['8']),
        ('g', &['9']),
    ];
    let often = *random.pick(&[40, 70, 100]);
    let sign = |c: char, random: &mut Random| {
        let known = SIGNS
            .iter()
            .find(|(letter, _)| letter.eq_ignore_ascii_case(&c));
        match known {
            Some((_, signs)) if random.chance(often) => *random.pick(signs),
            _ => c,
        }
    };
    text.chars().map(|c| sign(c, random)).collect()
}
