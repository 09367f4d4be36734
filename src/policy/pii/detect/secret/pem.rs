//! Private keys in PEM (RFC 7468) and in the armour of OpenPGP (RFC 9580), from `-----BEGIN` to the
//! end of the `-----END` line. The line breaks may be escapes, as within JSON.
//!
//! A key is read for 16 KiB, which an RSA key of 16384 bits does not reach. What a longer one has
//! beyond that is text; one that breaks off is found as far as it goes.

use super::super::input::{Input, Peek, Step};

const MOST: usize = 16 * 1024;
pub(in super::super) const LONGEST: usize = MOST + 80;
pub(in super::super) const SCORE: f32 = 0.99;
/// The longest label of a key, `PRIVATE KEY` and what stands before it.
const LABEL: usize = 40;
/// The fewest characters of a key, so that a mere mention of one is none.
const LEAST: usize = 40;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    let there = input.bytes.get(input.start..).unwrap_or_default();
    let head = there.len().min(BEGIN.len());
    if there.get(..head) != BEGIN.get(..head) || input.before(1) == Some(b'-') {
        return Step::No;
    }
    if head < BEGIN.len() {
        return if input.last {
            Step::No
        } else {
            Step::Unfinished
        };
    }
    let label = input.start + BEGIN.len();
    let mut at = label;
    loop {
        if at - label > LABEL {
            return Step::No;
        }
        match input.peek(at) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b'A'..=b'Z' | b' ' | b'0'..=b'9') => at += 1,
            _ => break,
        }
    }
    let name = input.bytes.get(label..at).unwrap_or_default();
    if !name.windows(11).any(|w| w == b"PRIVATE KEY") {
        return Step::No;
    }
    for _ in 0..5 {
        match input.peek(at) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b'-') => at += 1,
            _ => return Step::No,
        }
    }
    body(input, at)
}

/// Reads lines of base64 and headers such as `Proc-Type: 4,ENCRYPTED` up to the `-----END` line.
fn body(input: &Input<'_>, from: usize) -> Step {
    let most = input.start + MOST;
    let (mut at, mut count, mut end) = (from, 0, from);
    while at < most {
        match input.peek(at) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b'-') if starts(input, at, b"--") != Some(false) => {
                return match starts(input, at, END) {
                    Some(true) => finish(input, at, end, count),
                    Some(false) => found(end, count),
                    None => Step::Unfinished,
                };
            }
            Peek::Some(b) if b.is_ascii_alphanumeric() || b"+/=".contains(&b) => {
                count += 1;
                at += 1;
                end = at;
            }
            // Headers, line breaks, and the marks of texts that hold texts.
            Peek::Some(b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b'"' | b'\'' | b'>' | b'|') => {
                at += 1
            }
            Peek::Some(b':' | b',' | b'-' | b'.' | b'(' | b')' | b'@' | b'_') if count < 200 => {
                at += 1
            }
            _ => break,
        }
        // Words after a blank are no longer the key, unless they are its headers.
        if count > 0 && prose(input, at) {
            break;
        }
    }
    found(end, count)
}

/// Whether a blank within a line has just been passed after the key's first lines: keys break
/// their lines, they have no words.
fn prose(input: &Input<'_>, at: usize) -> bool {
    at > input.start + 120
        && at
            .checked_sub(1)
            .and_then(|at| input.byte(at))
            .is_some_and(|b| b == b' ')
        && at
            .checked_sub(2)
            .and_then(|at| input.byte(at))
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'=')
}

fn found(end: usize, count: usize) -> Step {
    if count >= LEAST {
        Step::Match { end, score: SCORE }
    } else {
        Step::No
    }
}

/// The end of the `-----END …-----` line at `at`.
fn finish(input: &Input<'_>, at: usize, body: usize, count: usize) -> Step {
    let mut end = at + END.len();
    let most = end + LABEL + 5;
    while end < most {
        match input.peek(end) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b'A'..=b'Z' | b' ' | b'0'..=b'9') => end += 1,
            Peek::Some(b'-') => {
                let dashes = input.bytes.get(end..).unwrap_or_default().iter().take(5);
                let dashes = dashes.take_while(|&&b| b == b'-').count();
                if input.open(end + dashes) && dashes < 5 {
                    return Step::Unfinished;
                }
                end += dashes;
                return if count >= LEAST {
                    Step::Match { end, score: SCORE }
                } else {
                    Step::No
                };
            }
            _ => break,
        }
    }
    found(body, count)
}

/// Whether `word` stands at `at`; `None` if that is open.
fn starts(input: &Input<'_>, at: usize, word: &[u8]) -> Option<bool> {
    let there = input.bytes.get(at..).unwrap_or_default();
    let len = there.len().min(word.len());
    if there.get(..len) != word.get(..len) {
        return Some(false);
    }
    if len == word.len() {
        Some(true)
    } else if input.last {
        Some(false)
    } else {
        None
    }
}
