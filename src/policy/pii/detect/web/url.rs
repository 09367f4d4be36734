//! URLs (RFC 3986, with the characters beyond ASCII of RFC 3987): `http`, `https`, `ftp`, `ws` and
//! their likes with `://`, `www.` names, and names under a known top-level domain with a path.
//!
//! Marks that end a sentence or close a bracket are no part of a URL that they follow. A URL goes
//! on for [`LONGEST`] bytes at most; what a longer one has beyond that is text.

use super::super::bytes::{is_unspaced, is_word};
use super::super::input::{Input, Peek, Step};
use super::domain;

/// The longest URL that is read, as the first browsers bounded it.
const MOST: usize = 2048;
/// The URL, and a character that follows.
pub(in super::super) const LONGEST: usize = MOST + 4;
pub(in super::super) const SCORE: f32 = 0.9;

#[rustfmt::skip]
const SCHEMES: &[&[u8]] = &[b"https", b"http", b"ftp", b"ftps", b"sftp", b"ws", b"wss"];

/// What stands at the start.
enum Head {
    No,
    Open,
    /// Where the authority begins.
    Authority(usize),
}

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    let host = match head(input, SCHEMES) {
        Head::Open => return Step::Unfinished,
        Head::Authority(at) => at,
        Head::No => return domain::run_url(input),
    };
    // A host, perhaps after user information; not `http://,` and not `https://...`.
    match input.peek_char(host) {
        Peek::Open => return Step::Unfinished,
        Peek::Some(c) if is_word(c) || matches!(c, '[' | '%') || is_unspaced(c) => {}
        _ => return Step::No,
    }
    match end(input, host) {
        Some(end) if named(input, host, end) => Step::Match { end, score: SCORE },
        Some(_) => Step::No,
        None => Step::Unfinished,
    }
}

/// Whether the host is one: `http://word` is not, unless a port or a path follows.
fn named(input: &Input<'_>, host: usize, end: usize) -> bool {
    let rest = input.bytes.get(host..end).unwrap_or_default();
    let local = rest
        .get(..9)
        .is_some_and(|r| r.eq_ignore_ascii_case(b"localhost"));
    // A path counts if something is in it.
    let more = rest.iter().position(|b| b".:[@/".contains(b));
    local || more.is_some_and(|at| at + 1 < rest.len()) || !rest.is_ascii()
}

/// A site as such, a domain name as it is written for a browser, is likelier than a page.
pub(in super::super) const SITE_SCORE: f32 = 0.95;

/// A URL that is nothing but a scheme, a host and perhaps `/`: it names a site, and counts as the
/// domain name in it.
pub(in super::super) fn run_host(input: &Input<'_>) -> Step {
    let host = match head(input, SCHEMES) {
        Head::Authority(host) => host,
        Head::Open => return Step::Unfinished,
        Head::No => return Step::No,
    };
    let end = match run(input) {
        Step::Match { end, .. } => end,
        // Whatever is open here is so for the URL as well.
        other => return other,
    };
    let rest = input.bytes.get(host..end).unwrap_or_default();
    let name = rest.strip_suffix(b"/").unwrap_or(rest);
    let letter = name.iter().any(u8::is_ascii_alphabetic);
    if letter && name.contains(&b'.') && !name.iter().any(|b| b"/:?#@[".contains(b)) {
        Step::Match {
            end,
            score: SITE_SCORE,
        }
    } else {
        Step::No
    }
}

/// Reads one of `schemes` and `://`.
fn head(input: &Input<'_>, schemes: &[&[u8]]) -> Head {
    let there = input.bytes.get(input.start..).unwrap_or_default();
    let first = there.first().map(u8::to_ascii_lowercase);
    for scheme in schemes {
        if scheme.first().copied() != first {
            continue;
        }
        let len = scheme.len().min(there.len());
        let same = there.get(..len).unwrap_or_default();
        if !same.eq_ignore_ascii_case(scheme.get(..len).unwrap_or_default()) {
            continue;
        }
        let marks = there.get(len..).unwrap_or_default();
        if marks.starts_with(b"://") {
            return Head::Authority(input.start + len + 3);
        }
        if !input.last && b"://".starts_with(marks) {
            return Head::Open;
        }
    }
    Head::No
}

/// Where the URL ends whose next character is at `from`; `None` if that is open.
pub(in super::super) fn end(input: &Input<'_>, from: usize) -> Option<usize> {
    let most = input.start + MOST;
    let (mut at, mut end) = (from, from);
    // Round and square brackets that are open, as far as anybody nests them.
    let mut round = 0u8;
    let mut square = 0u8;
    while at < most {
        let c = match input.peek_char(at) {
            Peek::Open => return None,
            Peek::End => break,
            Peek::Some(c) => c,
        };
        at += c.len_utf8();
        match c {
            '.' | ',' | ';' | ':' | '!' | '?' | '*' | '\'' => continue,
            '(' => {
                round = round.saturating_add(1);
                continue;
            }
            '[' => {
                square = square.saturating_add(1);
                continue;
            }
            ')' if round > 0 => round -= 1,
            ']' if square > 0 => square -= 1,
            c if c.is_ascii_alphanumeric() => {}
            '-' | '_' | '~' | '/' | '#' | '@' | '$' | '&' | '+' | '=' | '%' => {}
            // In a script without spaces the sentence goes on where the URL has ended.
            c if !c.is_ascii() && c.is_alphanumeric() && !is_unspaced(c) => {}
            _ => break,
        }
        end = at;
    }
    Some(end)
}
