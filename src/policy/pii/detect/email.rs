//! E-mail addresses: the dot-atom form of RFC 5322, with internationalised domain names.
//!
//! The local part is read from the start of its unbroken run of characters and is at most [`LOCAL`]
//! bytes. A longer run is no address, not even by its tail: so whether a place starts one depends
//! only on what stands right before it, and a long run is let go as soon as it is too long.

use super::bytes::{is_unspaced, is_word, is_word_byte};
use super::input::{Input, Peek, Step, Tri, is_alphanumeric};

pub(super) const LOCAL: usize = 64;
const DOMAIN: usize = 253;
const LABEL: usize = 63;
/// Local part, `@`, domain, and a full stop with the character after it.
pub(super) const LONGEST: usize = LOCAL + 1 + DOMAIN + 2;
pub(super) const SCORE: f32 = 1.0;

/// How many marks before a start are looked through for the run it could belong to.
const MARKS: usize = 8;
/// How far before a start the `//` of a URL is looked for.
const USERINFO: usize = 48;

/// Endings of file and unit names, none of them a top-level domain: `logo@2x.png`,
/// `getty@tty1.service`.
#[rustfmt::skip]
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "tiff", "css", "js", "mjs", "ts",
    "tsx", "jsx", "json", "jsonl", "html", "htm", "xml", "yaml", "yml", "txt", "pdf", "doc",
    "docx", "xls", "xlsx", "csv", "tsv", "log", "exe", "dll", "lock", "toml", "conf", "tgz", "gz",
    "jar", "deb", "rpm", "whl", "service", "socket", "timer", "mount", "slice",
];

pub(super) fn run(input: &Input<'_>) -> Step {
    if !starts_run(input) {
        return Step::No;
    }
    match local(input) {
        Tri::Open => Step::Unfinished,
        Tri::No => Step::No,
        Tri::Yes => {
            let at = local_end(input);
            if userinfo(input) {
                return Step::No;
            }
            domain(input, at + 1)
        }
    }
}

/// Whether the start is where a local part can begin: not in the middle of one.
fn starts_run(input: &Input<'_>) -> bool {
    let (mut dots, mut back) = (0, 1);
    while back <= MARKS {
        match input.before(back) {
            Some(b'.') => dots += 1,
            Some(b'-' | b'+') => {}
            // `o'neil@…` was tried from its `o`.
            Some(b'\'') if back == 1 && after_o(input.before(2), input.before(3)) => return false,
            Some(b'@') => return false,
            Some(b) if is_word_byte(b) && back > 1 => return dots >= 3,
            _ => break,
        }
        back += 1;
    }
    // One full stop is no start of a dot-atom; three are an ellipsis in front of one.
    dots == 0 || dots >= 3
}

fn after_o(o: Option<u8>, before: Option<u8>) -> bool {
    matches!(o, Some(b'o' | b'O')) && !before.is_some_and(|b| is_word_byte(b) || b >= 0x80)
}

/// Reads the local part: yes if an `@` ends it.
fn local(input: &Input<'_>) -> Tri {
    let (mut at, mut dot) = (input.start, false);
    loop {
        let run = input.bytes.get(at..).unwrap_or_default();
        let run = run.iter().take(LOCAL + 1);
        let run = run.take_while(|&&b| is_word_byte(b)).count();
        at += run;
        dot &= run == 0;
        if at - input.start > LOCAL {
            return Tri::No;
        }
        match input.peek_char(at) {
            Peek::Open => return Tri::Open,
            Peek::End => return Tri::No,
            Peek::Some('@') => {
                let git = input.bytes.get(input.start..at) == Some(b"git");
                return if dot || git { Tri::No } else { Tri::Yes };
            }
            Peek::Some('.') if dot => return Tri::No,
            Peek::Some('.') => dot = true,
            Peek::Some('\'') => {
                let before = if at >= input.start + 2 {
                    input.byte(at - 2)
                } else {
                    None
                };
                let o = if at > input.start {
                    input.byte(at - 1)
                } else {
                    None
                };
                if !after_o(o, before) {
                    return Tri::No;
                }
            }
            Peek::Some('-' | '+') => dot = false,
            Peek::Some(c) if is_word(c) => dot = false,
            Peek::Some(_) => return Tri::No,
        }
        at += input
            .text
            .get(at..)
            .and_then(|t| t.chars().next())
            .map_or(1, char::len_utf8);
    }
}

fn local_end(input: &Input<'_>) -> usize {
    let run = input
        .bytes
        .get(input.start..)
        .unwrap_or_default()
        .iter()
        .take(LOCAL + 1);
    input.start + run.take_while(|&&b| b != b'@').count()
}

/// Whether the run belongs to the user information of a URL: `ftp://user:secret@host.example`.
fn userinfo(input: &Input<'_>) -> bool {
    for back in 1..=USERINFO {
        match input.before(back) {
            Some(b'/') => {
                return input.before(back + 1) == Some(b'/')
                    && input.before(back + 2) == Some(b':');
            }
            Some(b'.' | b'-' | b'+' | b'_' | b'~' | b'%' | b':' | b'!' | b'$' | b'*') => {}
            Some(b) if b.is_ascii_alphanumeric() => {}
            _ => return false,
        }
    }
    false
}

/// Reads the domain from `from`.
fn domain(input: &Input<'_>, from: usize) -> Step {
    let (mut at, mut label, mut labels) = (from, from, 0);
    let mut unspaced = false;
    let mut previous = from..from;
    loop {
        let c = match input.peek_char(at) {
            Peek::Open if at - from > DOMAIN => return Step::No,
            Peek::Open => return Step::Unfinished,
            Peek::End => break,
            Peek::Some(c) => c,
        };
        match c {
            '.' => match input.peek_char(at + 1) {
                Peek::Open if at - from > DOMAIN => return Step::No,
                Peek::Open if at == label => return Step::No,
                Peek::Open => return Step::Unfinished,
                Peek::Some(next) if at > label && continues(next) => {
                    labels += 1;
                    previous = label..at;
                    at += 1;
                    label = at;
                    continue;
                }
                _ => break,
            },
            '-' => {
                // A hyphen is in a label only if more of the label follows it.
                let run = input.bytes.get(at..).unwrap_or_default().iter().take(LABEL);
                let next = at + run.take_while(|&&b| b == b'-').count();
                match input.peek_char(next) {
                    _ if at == label || next - label > LABEL => return Step::No,
                    Peek::Open if next - from > DOMAIN => return Step::No,
                    Peek::Open => return Step::Unfinished,
                    Peek::Some(c) if continues(c) => at = next,
                    _ => break,
                }
                continue;
            }
            '_' | '@' => return Step::No,
            c if !continues(c) => break,
            // Where a script without spaces meets another, the address ends.
            c if at == label => unspaced = is_unspaced(c),
            c if is_unspaced(c) && !unspaced => break,
            _ => {}
        }
        at += c.len_utf8();
        if at - label > LABEL || at - from > DOMAIN {
            return Step::No;
        }
    }
    let Some(top) = input.text.get(label..at) else {
        return Step::No;
    };
    if labels == 0 || !top_level(top) {
        return Step::No;
    }
    let end = match input.text.get(previous.clone()) {
        // `…@example.org.Then` ends before a sentence that lacks its space.
        Some(before) if labels > 1 && sentence(before, top) => previous.end,
        _ => at,
    };
    Step::Match { end, score: SCORE }
}

fn continues(c: char) -> bool {
    c != '_' && (is_word(c) || is_unspaced(c) && c.is_alphanumeric())
}

fn top_level(label: &str) -> bool {
    if label.is_ascii() {
        let name = label.len() >= 2 && label.bytes().all(|b| b.is_ascii_alphabetic());
        let encoded = label.len() > 4
            && label
                .get(..4)
                .is_some_and(|p| p.eq_ignore_ascii_case("xn--"))
            && label.bytes().all(|b| is_alphanumeric(b) || b == b'-');
        return encoded || name && !FILES.iter().any(|f| label.eq_ignore_ascii_case(f));
    }
    label.chars().count() >= 2 && label.chars().all(char::is_alphabetic)
}

fn sentence(before: &str, top: &str) -> bool {
    let mut top = top.bytes();
    before.len() >= 2
        && before.bytes().all(|b| b.is_ascii_lowercase())
        && top.next().is_some_and(|b| b.is_ascii_uppercase())
        && top.all(|b| b.is_ascii_lowercase())
}
