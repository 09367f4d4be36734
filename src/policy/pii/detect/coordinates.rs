//! Geographic positions: pairs of degrees with hemispheres or under a name, in decimals or in
//! degrees, minutes and seconds (ISO 6709 annex D), and single degrees called latitude or longitude.
//!
//! A bare pair of decimal fractions may be anything, so a word must call it a position.

use super::bytes::is_word;
use super::context::{WordList, last_word};
use super::input::{Input, Peek, Step, is_alphanumeric, is_digit};
use super::opening::{self, Openings};

/// One number with its marks and hemisphere.
const PART: usize = 40;
pub(super) const LONGEST: usize = 2 * PART + 8;
pub(super) const SCORE: f32 = 0.85;
const NAMED: f32 = 0.75;
/// Degrees with decimals or a sign, or behind a hemisphere.
pub(super) const OPENINGS: Openings = Openings::digits(0b1110, opening::DOT_DIGIT | opening::WIDE)
    .or(Openings::letters(
        1 << 1,
        opening::TURN | opening::SPACE_DIGIT | opening::WIDE,
    ));

/// Words that say that a pair is a position, lower-case.
#[rustfmt::skip]
static NAMES: WordList = WordList::new(&[
    "lat", "latitude", "lon", "lng", "long", "longitude", "latlng", "latlon", "latlong", "lnglat",
    "lonlat", "gps", "coordinate", "coordinates", "coord", "coords", "geo", "geolocation",
    "geolocated", "location", "located", "position", "positioned", "map", "maps", "waypoint", "pin",
    "pinned", "near", "koordinaten", "coordonnées", "coordenadas", "coordinate", "breitengrad",
    "längengrad", "standort", "ubicación", "geopoint", "whereabouts", "q", "ll",
]);
#[rustfmt::skip]
static SINGLE: WordList = WordList::new(&[
    "lat", "latitude", "lon", "lng", "long", "longitude", "breitengrad", "längengrad", "latitud",
    "longitud",
]);

/// A number of degrees as it is written.
#[derive(Clone, Copy)]
struct Degrees {
    end: usize,
    value: f64,
    decimals: usize,
    /// The hemisphere that is given, and whether it is of a latitude.
    hemisphere: Option<bool>,
    /// Whether there is a degree sign.
    sign: bool,
}

enum Read {
    No,
    Open,
    Part(Degrees),
}

pub(super) fn run(input: &Input<'_>) -> Step {
    if input.glued(b".-/+,:_", is_alphanumeric) || input.glued(b".", |b| b == b'.') {
        return Step::No;
    }
    let first = match part(input, input.start) {
        Read::No => return Step::No,
        Read::Open => return Step::Unfinished,
        Read::Part(part) => part,
    };
    let plain = first.hemisphere.is_none() && !first.sign;
    if plain && first.decimals < 3 || first.value > 180.0 {
        return Step::No;
    }
    let named = plain && named(input, &NAMES, 6);
    if plain && !named {
        return Step::No;
    }
    match pair(input, first) {
        Step::No if plain && first.decimals >= 3 && self::named(input, &SINGLE, 1) => Step::Match {
            end: first.end,
            score: NAMED,
        },
        other => other,
    }
}

/// The second number of a pair, after a comma, a semicolon, a slash or a space.
fn pair(input: &Input<'_>, first: Degrees) -> Step {
    let mut at = first.end;
    let mut mark = false;
    for _ in 0..4 {
        match input.peek(at) {
            Peek::Some(b' ') => at += 1,
            Peek::Some(b',' | b';' | b'/') if !mark => {
                mark = true;
                at += 1;
            }
            Peek::Open => return Step::Unfinished,
            _ => break,
        }
    }
    if at == first.end || !mark && first.hemisphere.is_none() && !first.sign {
        return Step::No;
    }
    let second = match part(input, at) {
        Read::No => return Step::No,
        Read::Open => return Step::Unfinished,
        Read::Part(part) => part,
    };
    let kinds = match (first.hemisphere, second.hemisphere) {
        (Some(a), Some(b)) => a != b,
        (None, None) => {
            first.sign == second.sign && (first.sign || first.decimals >= 3 && second.decimals >= 3)
        }
        _ => false,
    };
    let range = first.value.min(second.value) <= 90.0 && second.value <= 180.0;
    if kinds && range {
        Step::Match {
            end: second.end,
            score: SCORE,
        }
    } else {
        Step::No
    }
}

/// Reads a number: `-33.8688`, `40.7128° N`, `N40.7`, `40°26′46.3″N`.
fn part(input: &Input<'_>, from: usize) -> Read {
    let mut at = from;
    let mut hemisphere = None;
    match input.peek(at) {
        Peek::Some(b @ (b'N' | b'S' | b'E' | b'W')) => {
            hemisphere = Some(matches!(b, b'N' | b'S'));
            at += 1;
            if input.peek(at) == Peek::Some(b' ') {
                at += 1;
            }
        }
        Peek::Some(b'-' | b'+') => at += 1,
        _ => {}
    }
    let whole = input.digits(at, 4);
    if input.open(whole) {
        return if whole - at <= 3 {
            Read::Open
        } else {
            Read::No
        };
    }
    if whole == at || whole - at > 3 {
        return Read::No;
    }
    let mut value = number(input, at, whole);
    at = whole;
    let mut decimals = 0;
    if input.byte(at) == Some(b'.') {
        let end = input.digits(at + 1, 16);
        if input.open(end) {
            return Read::Open;
        }
        decimals = end - at - 1;
        // Without decimals it is a full stop that ends a sentence.
        if decimals > 0 {
            value += number(input, at + 1, end) / 10f64.powi(decimals as i32);
            at = end;
        }
    }
    let mut sign = false;
    match after(input, at, &["\u{b0}", "\u{ba}"]) {
        After::Open => return Read::Open,
        After::Yes(end) => {
            sign = true;
            at = end;
            if decimals == 0 {
                match minutes(input, at) {
                    Some(end) => at = end,
                    None => return Read::Open,
                }
            }
        }
        After::No => {}
    }
    if hemisphere.is_none() {
        // A pause ends what has no sign and few decimals.
        let far = sign || decimals >= 3;
        let space = usize::from(far && input.peek(at) == Peek::Some(b' '));
        match input.peek(at + space) {
            Peek::Open if input.open(at) || far => return Read::Open,
            Peek::Some(b @ (b'N' | b'S' | b'E' | b'W' | b'O')) if sign || decimals > 0 => {
                match input.peek_char(at + space + 1) {
                    Peek::Open => return Read::Open,
                    Peek::Some(c) if is_word(c) => {}
                    _ => {
                        hemisphere = Some(matches!(b, b'N' | b'S'));
                        at += space + 1;
                    }
                }
            }
            _ => {}
        }
    }
    match input.peek_char(at) {
        Peek::Open => return Read::Open,
        Peek::Some(c) if is_word(c) => return Read::No,
        Peek::Some('.') => match input.peek(at + 1) {
            Peek::Open => return Read::Open,
            Peek::Some(b) if is_digit(b) => return Read::No,
            _ => {}
        },
        _ => {}
    }
    Read::Part(Degrees {
        end: at,
        value,
        decimals,
        hemisphere,
        sign,
    })
}

fn number(input: &Input<'_>, from: usize, to: usize) -> f64 {
    let digits = input.bytes.get(from..to).unwrap_or_default();
    digits.iter().fold(0.0, |value, b| {
        value * 10.0 + f64::from(b.wrapping_sub(b'0'))
    })
}

enum After {
    No,
    Open,
    Yes(usize),
}

/// Whether one of a few marks stands at a place.
fn after(input: &Input<'_>, at: usize, marks: &[&str]) -> After {
    if input.open(at) {
        return After::Open;
    }
    let rest = input.text.get(at..).unwrap_or_default();
    match marks.iter().find(|mark| rest.starts_with(**mark)) {
        Some(mark) => After::Yes(at + mark.len()),
        None => After::No,
    }
}

/// Minutes and seconds after a degree sign, as far as they are there; `None` if that is open.
fn minutes(input: &Input<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    let units: [&[&str]; 2] = [
        &["\u{2032}", "'", "\u{2019}"],
        &["\u{2033}", "\"", "\u{201d}", "''"],
    ];
    for marks in units {
        let mut start = at;
        if input.peek(start) == Peek::Some(b' ') {
            start += 1;
        }
        let mut end = input.digits(start, 3);
        if input.open(end) && end - start <= 2 {
            return None;
        }
        if end == start || end - start > 2 {
            return Some(at);
        }
        if input.byte(end) == Some(b'.') {
            let fraction = input.digits(end + 1, 8);
            if input.open(fraction) && fraction - end <= 8 {
                return None;
            }
            end = fraction;
        }
        match after(input, end, marks) {
            After::Open => return None,
            After::Yes(next) => at = next,
            After::No => return Some(at),
        }
        // Two primes for one.
        if marks.contains(&"''") && input.open(at) {
            return None;
        }
    }
    Some(at)
}

/// Whether one of the last `most` words before the start is in `list`; numbers do not count.
fn named(input: &Input<'_>, list: &WordList, most: usize) -> bool {
    let (behind, cut) = input.behind();
    let mut rest = behind;
    let mut seen = 0;
    while seen < most {
        let (from, to) = last_word(rest.as_bytes()).unwrap_or_else(|| {
            let head = rest.trim_end_matches(|c: char| !c.is_alphanumeric());
            (
                head.trim_end_matches(char::is_alphanumeric).len(),
                head.len(),
            )
        });
        let word = rest.get(from..to).unwrap_or_default();
        let before = rest.get(..from).unwrap_or_default();
        if word.is_empty() || before.is_empty() && cut {
            return false;
        }
        rest = before;
        if word.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        seen += 1;
        // `userLat`, `geo_lat`: what a name ends in says what it is.
        if list.has(word) {
            return true;
        }
    }
    false
}
