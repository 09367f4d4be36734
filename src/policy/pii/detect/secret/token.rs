//! Tokens by the prefix that their issuer gives them (see `issuers` for the list).

use super::super::bytes::is_word_byte;
use super::super::cue::{self, Cue, Prefixes};
use super::super::input::{Input, Step};
use super::super::opening::{self, Openings};
use super::issuers::{Body, ISSUERS, Issuer};
use super::placeholder::is_placeholder;

/// The longest token that is read.
const MOST: usize = 512;
pub(in super::super) const LONGEST: usize = MOST + 4;
pub(in super::super) const SCORE: f32 = 0.99;

/// The number of a bot, and its colon.
pub(in super::super) const BOTS: Openings = Openings::digits(0b111 << 8, opening::OTHER);

/// By its prefix a token is known, for its first word need hold no trigger byte.
pub(in super::super) const CUE: Cue = Cue::words(super::issuers::WORDS);

/// For each byte, the first issuer whose prefix begins with it, counted from 1.
static HEADS: [u8; 256] = LISTS.0;
/// For each issuer, counted from 1, the next with the same first byte.
static NEXTS: [u8; ISSUERS.len() + 1] = LISTS.1;

const LISTS: ([u8; 256], [u8; ISSUERS.len() + 1]) = {
    let (mut heads, mut nexts) = ([0; 256], [0; ISSUERS.len() + 1]);
    let mut place = ISSUERS.len();
    assert!(place < 256);
    while place > 0 {
        let first = ISSUERS[place - 1].prefix.as_bytes()[0] as usize;
        nexts[place] = heads[first];
        heads[first] = place as u8;
        place -= 1;
    }
    (heads, nexts)
};

static PREFIXES: Prefixes = cue::add([0; 512], CUE);

/// Keys that their issuers print in public samples, by their last characters.
#[rustfmt::skip]
const SAMPLES: &[&[u8]] = &[
    b"xoX-oo6YyIs", b"CgHIAODrlU", b"hhrOq1cS7g", b"AFnzAvvuU", b"JmprNXsw", b"xaOi4FmqE", b"1srVL_n0nvY",
];

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    let there = input.bytes.get(input.start..).unwrap_or_default();
    let Some(&first) = there.first() else {
        return Step::No;
    };
    if within(input) && first != b'S' {
        return Step::No;
    }
    if let Some(&[a, b, c]) = there.get(..3)
        && !cue::has(&PREFIXES, a, b, c)
    {
        return Step::No;
    }
    let mut open = false;
    let mut best: Option<usize> = None;
    let mut place = HEADS.get(usize::from(first)).copied().unwrap_or(0);
    while let Some(issuer) = usize::from(place)
        .checked_sub(1)
        .and_then(|at| ISSUERS.get(at))
    {
        place = NEXTS.get(usize::from(place)).copied().unwrap_or(0);
        let prefix = issuer.prefix.as_bytes();
        let len = prefix.len().min(there.len());
        if there.get(..len) != prefix.get(..len) {
            continue;
        }
        if len < prefix.len() {
            open |= !input.last;
            continue;
        }
        match body(input, issuer) {
            Step::No => {}
            Step::Unfinished => open = true,
            Step::Match { end, .. } => best = best.max(Some(end)),
        }
    }
    match best {
        // One that is open may be longer.
        _ if open => Step::Unfinished,
        Some(end) => Step::Match { end, score: SCORE },
        None => Step::No,
    }
}

/// Whether the start is in the middle of a longer run; after `-` and `/` a token may begin (`-u`, a
/// path).
fn within(input: &Input<'_>) -> bool {
    matches!(input.before(1), Some(b'.' | b'+' | b'$' | b'{' | b'<'))
}

fn body(input: &Input<'_>, issuer: &Issuer) -> Step {
    let from = input.start + issuer.prefix.len();
    let mut at = from;
    // Each part but the last ends in its mark.
    for part in issuer.parts {
        let run = input.bytes.get(at..).unwrap_or_default();
        let end = at
            + run
                .iter()
                .take(part.most + 1)
                .take_while(|&&b| part.body.has(b))
                .count();
        let len = end - at;
        if len > part.most {
            return Step::No;
        }
        if input.open(end) {
            return Step::Unfinished;
        }
        at = end;
        match part.mark {
            Some(mark) => {
                if len < part.least || input.byte(end) != Some(mark) {
                    return Step::No;
                }
                at += 1;
            }
            None => {
                // A full stop or a dash may end the sentence that the token ends.
                let trimmed = run
                    .get(..len)
                    .unwrap_or_default()
                    .iter()
                    .rev()
                    .take_while(|&&b| b == b'.')
                    .count();
                if len - trimmed < part.least {
                    return Step::No;
                }
                at -= trimmed;
            }
        }
    }
    let whole = input.bytes.get(from..at).unwrap_or_default();
    let sample = SAMPLES.iter().any(|tail| whole.ends_with(tail));
    if sample
        || !whole.is_empty() && is_placeholder(whole)
        || issuer.digit && !whole.iter().any(u8::is_ascii_digit)
    {
        return Step::No;
    }
    // A longer word is something else.
    if input.byte(at).is_some_and(is_word_byte) {
        return Step::No;
    }
    Step::Match {
        end: at,
        score: SCORE,
    }
}

/// How the keys of [`shaped`] open: the first run of letters and digits.
pub(in super::super) const SHAPES: Openings =
    Openings::ALL.within(1 << 5 | 1 << 6 | 1 << 14 | 1 << 15 | 1 << 16);

/// Keys without a prefix whose marks stand after a few characters: of Terraform Cloud
/// (`….atlasv1.…`), MaxMind (`…_…_mmk`), Entra ID (`….8Q~…`), and a Facebook app (`…|…`).
pub(in super::super) fn shaped(input: &Input<'_>) -> Step {
    const MOST: usize = 16;
    if within(input) {
        return Step::No;
    }
    let there = input.bytes.get(input.start..).unwrap_or_default();
    let len = there
        .iter()
        .take(MOST + 1)
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    if input.open(input.start + len) {
        return if (1..=MOST).contains(&len) {
            Step::Unfinished
        } else {
            Step::No
        };
    }
    let (head, rest) = (there.get(..len).unwrap_or_default(), there.get(len..));
    let rest = rest.unwrap_or_default();
    let body = |mark: &[u8], has: fn(u8) -> bool, least: usize, most: usize| {
        let known = mark.len().min(rest.len());
        if rest.get(..known) != mark.get(..known) || known < mark.len() && input.last {
            return Step::No;
        }
        if known < mark.len() {
            return Step::Unfinished;
        }
        let run = rest.get(known..).unwrap_or_default();
        let count = run.iter().take(most + 1).take_while(|&&b| has(b)).count();
        let end = input.start + len + known + count;
        let key = run.get(..count).unwrap_or_default();
        match count {
            _ if count > most => Step::No,
            _ if input.open(end) => Step::Unfinished,
            _ if count < least || is_placeholder(key) => Step::No,
            _ => Step::Match { end, score: SCORE },
        }
    };
    match (len, rest.first()) {
        (14, Some(b'.')) => body(b".atlasv1.", |b| Body::Dotted.has(b) && b != b'.', 60, 70),
        (5, Some(b'~')) if head.ends_with(b"Q") && head.get(3).is_some_and(u8::is_ascii_digit) => {
            body(
                b"~",
                |b| Body::Url.has(b) || matches!(b, b'~' | b'.'),
                31,
                34,
            )
        }
        (15 | 16, Some(b'|')) if head.iter().all(u8::is_ascii_digit) => {
            body(b"|", |b| Body::Url.has(b), 27, 40)
        }
        (6, Some(b'_')) => match body(b"_", is_word_byte, 33, 33) {
            Step::Match { end, .. } if !there.get(..end - input.start).is_some_and(maxmind) => {
                Step::No
            }
            step => step,
        },
        _ => Step::No,
    }
}

fn maxmind(key: &[u8]) -> bool {
    key.ends_with(b"_mmk") && key.iter().filter(|&&b| b == b'_').count() == 2
}

/// A bot of Telegram: its number, a colon, and 35 characters that begin with `AA`.
pub(in super::super) fn bot(input: &Input<'_>) -> Step {
    if within(input) {
        return Step::No;
    }
    let colon = input.digits(input.start, 11);
    let len = colon - input.start;
    if input.open(colon) {
        return if len <= 10 {
            Step::Unfinished
        } else {
            Step::No
        };
    }
    if !(8..=10).contains(&len) || input.byte(colon) != Some(b':') {
        return Step::No;
    }
    let key = input.bytes.get(colon + 1..).unwrap_or_default();
    let head = key.len().min(2);
    let run = key
        .iter()
        .take(36)
        .take_while(|&&b| Body::Url.has(b))
        .count();
    if key.get(..head) != b"AA".get(..head) || run > 35 {
        return Step::No;
    }
    let end = colon + 1 + run;
    if input.open(end) {
        return Step::Unfinished;
    }
    if run == 35 && !is_placeholder(key.get(..run).unwrap_or_default()) {
        Step::Match { end, score: SCORE }
    } else {
        Step::No
    }
}

impl Body {
    fn has(self, b: u8) -> bool {
        match self {
            Body::Hex => b.is_ascii_hexdigit(),
            Body::Letters => b.is_ascii_alphanumeric(),
            Body::Capitals => b.is_ascii_uppercase() || b.is_ascii_digit(),
            Body::Word => is_word_byte(b),
            Body::Url => is_word_byte(b) || b == b'-',
            Body::Dotted => is_word_byte(b) || matches!(b, b'-' | b'.' | b'='),
            Body::Base64 => {
                b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-')
            }
            Body::Digits => b.is_ascii_digit(),
        }
    }
}
