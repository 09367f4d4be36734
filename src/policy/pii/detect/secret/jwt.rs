//! JSON web tokens (RFC 7519): three runs of base64 for URLs with full stops between, of which the
//! first is a JSON object. Encrypted ones (RFC 7516) have five.
//!
//! A token is read for 16 KiB. Of a longer one that much is found, and what it has beyond that is
//! text.

use super::super::bytes::is_word_byte;
use super::super::input::{Input, Peek, Step};

/// The longest token that is read.
const MOST: usize = 16 * 1024;
/// The longest header, so that other base64 is let go.
const HEAD: usize = 4096;
pub(in super::super) const LONGEST: usize = MOST + 4;
pub(in super::super) const SCORE: f32 = 0.99;
/// The longest header whose beginning is looked at, decoded.
const HEADER: usize = 48;

fn in_part(b: u8) -> bool {
    is_word_byte(b) || b == b'-'
}

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    let there = input.bytes.get(input.start..).unwrap_or_default();
    // `{"`, and the letter of a name.
    let head = there.get(..there.len().min(3)).unwrap_or_default();
    if !b"eyJ".starts_with(head) || head.len() < 3 && input.last {
        return Step::No;
    }
    if input.before(1).is_some_and(|b| in_part(b) || b == b'.') {
        return Step::No;
    }
    let (mut at, mut dots, mut part) = (input.start, 0, input.start);
    loop {
        if dots == 0 && at - input.start > HEAD {
            return Step::No;
        }
        if at - input.start >= MOST {
            return Step::Match {
                end: input.start + MOST,
                score: SCORE,
            };
        }
        match input.peek(at) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b'.') if dots < 4 => {
                // The first two parts are never empty; the key of an encrypted one may be.
                let empty = at == part;
                if empty && dots != 1 {
                    break;
                }
                if dots == 0 && !object(input, at) {
                    return Step::No;
                }
                match input.peek(at + 1) {
                    Peek::Open => return Step::Unfinished,
                    Peek::Some(b) if in_part(b) || b == b'.' && dots == 0 => {
                        dots += 1;
                        at += 1;
                        part = at;
                    }
                    _ => break,
                }
            }
            Peek::Some(b) if in_part(b) => at += 1,
            _ => break,
        }
    }
    if dots >= 2 && at > part {
        Step::Match {
            end: at,
            score: SCORE,
        }
    } else {
        Step::No
    }
}

/// Whether the header that ends at `end` is the beginning of a JSON object with a name in it.
fn object(input: &Input<'_>, end: usize) -> bool {
    let mut decoded = [0u8; HEADER];
    let (mut bits, mut have, mut len) = (0u32, 0, 0);
    for &b in input.bytes.get(input.start..end).unwrap_or_default() {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'-' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            match decoded.get_mut(len) {
                Some(place) => *place = (bits >> have) as u8,
                None => break,
            }
            len += 1;
        }
    }
    let header = decoded.get(..len).unwrap_or_default();
    let name = header.starts_with(b"{\"") && header.windows(2).any(|w| w == b"\":");
    name && header.iter().all(|&b| (0x20..0x7F).contains(&b))
}
