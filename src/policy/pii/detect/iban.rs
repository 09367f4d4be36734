//! International bank account numbers (ISO 13616): a country, its length, and check digits that
//! hold modulo 97; in one run or in groups of four, in capitals or in small letters.

use super::bytes::{Separator, separator};
use super::input::{Input, Step, Tri, is_alphanumeric, is_digit};

/// The longest number, its separators of three bytes, and what follows.
pub(super) const LONGEST: usize = 34 + 8 * 3 + 4;
pub(super) const SCORE: f32 = 1.0;

/// Each country with the length of its numbers.
const COUNTRIES: &[u8] = b"\
AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18\
FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20\
LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24\
SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

pub(super) fn run(input: &Input<'_>) -> Step {
    if input.glued(b"-./", is_alphanumeric) {
        return Step::No;
    }
    let Some(length) = head(input) else {
        // Only the end of the text excuses a head that is not complete.
        return if prefix_of_head(input) {
            Step::Unfinished
        } else {
            Step::No
        };
    };
    let capitals = input
        .byte(input.start)
        .is_some_and(|b| b.is_ascii_uppercase());
    let mut sum = Sum::default();
    let (mut at, mut count, mut spaced) = (input.start, 0, None);
    while count < length {
        if count > 0 && count % 4 == 0 {
            match (separator(input.bytes, at), spaced) {
                (Some((Separator::Space, len)), None | Some(true)) => {
                    (at, spaced) = (at + len, Some(true));
                }
                (_, None) => spaced = Some(false),
                (_, Some(false)) => {}
                (_, Some(true)) if input.open(at) => return Step::Unfinished,
                (_, Some(true)) => return Step::No,
            }
            if input.open(at) {
                return Step::Unfinished;
            }
        }
        match input.byte(at) {
            Some(b) if b.is_ascii_digit() => {}
            Some(b) if b.is_ascii_uppercase() && capitals => {}
            Some(b) if b.is_ascii_lowercase() && !capitals => {}
            None if !input.last => return Step::Unfinished,
            _ => return Step::No,
        }
        sum.add(input.byte(at).unwrap_or(b'0'), count);
        (at, count) = (at + 1, count + 1);
    }
    if !sum.holds() {
        return Step::No;
    }
    match input.edge(at, b".-", is_digit) {
        Tri::Yes => Step::Match {
            end: at,
            score: SCORE,
        },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}

/// The length of the number, if a country and possible check digits stand at the start.
fn head(input: &Input<'_>) -> Option<usize> {
    let &[a, b, c, d] = input.bytes.get(input.start..input.start + 4)? else {
        return None;
    };
    if a.is_ascii_uppercase() != b.is_ascii_uppercase()
        || !c.is_ascii_digit()
        || !d.is_ascii_digit()
    {
        return None;
    }
    // The check digits are 98 less a remainder of 97, so from 02 to 98.
    if !(2..=98).contains(&((c - b'0') * 10 + (d - b'0'))) {
        return None;
    }
    country(a, b)
}

fn prefix_of_head(input: &Input<'_>) -> bool {
    let there = input.bytes.get(input.start..).unwrap_or_default();
    if input.last || there.len() >= 4 {
        return false;
    }
    match *there {
        [a] => COUNTRIES
            .chunks_exact(4)
            .any(|c| c.first() == Some(&a.to_ascii_uppercase())),
        [a, b, ref check @ ..] => {
            a.is_ascii_uppercase() == b.is_ascii_uppercase()
                && check.iter().all(u8::is_ascii_digit)
                && country(a, b).is_some()
        }
        [] => false,
    }
}

fn country(a: u8, b: u8) -> Option<usize> {
    let code = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    COUNTRIES
        .chunks_exact(4)
        .find(|c| c.starts_with(&code))
        .and_then(|c| match c {
            [_, _, tens, ones] => Some(usize::from((tens - b'0') * 10 + (ones - b'0'))),
            _ => None,
        })
}

/// The remainder modulo 97 of the number with its first four characters moved to the end.
#[derive(Default)]
struct Sum {
    rest: u32,
    head: [u8; 4],
}

impl Sum {
    fn add(&mut self, b: u8, place: usize) {
        match self.head.get_mut(place) {
            Some(head) => *head = b,
            None => self.rest = step(self.rest, b),
        }
    }

    fn holds(&self) -> bool {
        self.head.iter().fold(self.rest, |rest, &b| step(rest, b)) == 1
    }
}

fn step(rest: u32, b: u8) -> u32 {
    match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        _ => (rest * 100 + u32::from(b.to_ascii_uppercase()) - 55) % 97,
    }
}
