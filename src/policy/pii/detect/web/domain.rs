//! Domain names (RFC 1035, RFC 5890) under a known top-level domain.
//!
//! Code is full of words with full stops between. So a name must end in a top-level domain, and
//! the more that domain is also a file ending or a word of code, the more must speak for the name.

use super::super::bytes::{is_unspaced, is_word};
use super::super::input::{Input, Peek, Step};
use super::suffix::{Tier, is_second, tier};
use super::url;

const MOST: usize = 253;
const LABEL: usize = 63;
/// The longest name, and what follows.
pub(in super::super) const LONGEST: usize = MOST + LABEL + 8;
pub(in super::super) const SCORE: f32 = 0.7;
/// A name with a path.
const PATH: f32 = 0.65;

/// First labels of packages and objects, and of the names that stand for files and streams.
#[rustfmt::skip]
const CODE: &[&str] = &[
    "self", "this", "java", "javax", "std", "sys", "os", "file", "files", "stream", "socket", "node",
    "math", "np", "pd", "tf", "torch", "args", "ctx", "req", "res", "obj", "app", "user", "request",
    "response", "config", "scipy", "skimage", "window", "document", "module", "process", "android",
    "kotlin", "scala", "system", "tokio", "futures", "async", "core", "lib", "src", "main", "index",
    "example", "data", "client", "server", "event", "item", "node", "row", "df", "e.g", "i.e",
    "test", "tests", "utils", "util", "base", "setup", "install", "build", "run", "deploy", "start",
    "script", "readme", "model", "models", "views", "urls", "settings", "init", "conftest", "store",
    "state", "props", "options", "params", "session", "order", "product", "account", "customer",
    "person", "invoice", "payment", "message", "date", "datetime", "time", "logger", "log",
];

/// Labels that begin the reversed name of a package: `org.apache.commons.io`.
const REVERSED: &[&str] = &["com", "org", "net", "io", "java", "javax", "edu", "gov"];

/// Words that say that a domain name follows.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "domain", "domains", "domainname", "website", "websites", "webseite", "site", "homepage", "host",
    "hostname", "hosts", "url", "urls", "visit", "web", "www", "nameserver", "dns", "subdomain",
    "dominio", "domaine", "sitio", "fqdn", "tld", "registrar", "whois", "ping", "nslookup", "dig",
];

/// A name as far as it goes.
enum Read {
    No,
    Open,
    /// Where it ends, and whether anything but itself must say that it is one.
    Name(usize),
}

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    match name(input) {
        Read::No => Step::No,
        Read::Open => Step::Unfinished,
        Read::Name(end) => match input.peek(end) {
            Peek::Open => Step::Unfinished,
            Peek::Some(b'/') => match input.peek(end + 1) {
                Peek::Open => Step::Unfinished,
                // With a path it is a URL.
                Peek::Some(b) if in_path(b) => Step::No,
                _ => Step::Match { end, score: SCORE },
            },
            _ => Step::Match { end, score: SCORE },
        },
    }
}

/// A name with a path after it, or one that begins with `www.`: a URL without its scheme.
pub(in super::super) fn run_url(input: &Input<'_>) -> Step {
    let end = match name(input) {
        Read::No => return Step::No,
        Read::Open => return Step::Unfinished,
        Read::Name(end) => end,
    };
    let path = match input.peek(end) {
        Peek::Open => return Step::Unfinished,
        Peek::Some(b'/') => match input.peek(end + 1) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b) if in_path(b) => true,
            _ => false,
        },
        _ => false,
    };
    let www = www(input);
    if !path && !www {
        return Step::No;
    }
    if !path {
        return Step::Match {
            end,
            score: url::SCORE,
        };
    }
    match url::end(input, end) {
        Some(end) => Step::Match {
            end,
            score: if www { url::SCORE } else { PATH },
        },
        None => Step::Unfinished,
    }
}

fn in_path(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'~' | b'@' | b'%' | b'#' | b'?')
}

fn www(input: &Input<'_>) -> bool {
    let head = input.bytes.get(input.start..input.start + 4);
    head.is_some_and(|head| head.eq_ignore_ascii_case(b"www."))
}

/// Whether a name could begin here: not in the middle of a path, a name or an expression.
fn may_start(input: &Input<'_>) -> bool {
    match input.before(1) {
        Some(b'@' | b'.' | b'$' | b'#' | b'%' | b'&' | b'~' | b'-' | b'+') => false,
        // The path of a file or the rest of a URL; but `//example.org` is a name.
        Some(b'/') => input.before(2) == Some(b'/'),
        Some(b'\\') => false,
        Some(b':') => input.before(2) != Some(b':'),
        _ => true,
    }
}

/// Whether digits and full stops stand here and nothing that could go on with them.
fn is_decimal(input: &Input<'_>) -> bool {
    let there = input.bytes.get(input.start..).unwrap_or_default();
    let run = there.iter().take(MOST);
    let end = run
        .take_while(|b| b.is_ascii_digit() || **b == b'.')
        .count();
    end > 0
        && there
            .get(end)
            .is_some_and(|b| b.is_ascii() && !b.is_ascii_alphanumeric() && !b"-_".contains(b))
}

fn name(input: &Input<'_>) -> Read {
    if !may_start(input) {
        return Read::No;
    }
    if is_decimal(input) {
        return Read::No;
    }
    let (mut at, mut label, mut labels) = (input.start, input.start, 0usize);
    let mut before = label..label;
    loop {
        if at - input.start > MOST || at - label > LABEL {
            return Read::No;
        }
        let plain = input.bytes.get(at..).unwrap_or_default();
        let plain = plain.iter().take(LABEL + 1);
        at += plain.take_while(|b| b.is_ascii_alphanumeric()).count();
        if at - label > LABEL {
            return Read::No;
        }
        match input.peek_char(at) {
            Peek::Open => return Read::Open,
            Peek::End => break,
            Peek::Some('.') if at > label => match input.peek_char(at + 1) {
                Peek::Open => return Read::Open,
                Peek::Some(c) if continues(c) => {
                    labels += 1;
                    before = label..at;
                    at += 1;
                    label = at;
                }
                _ => break,
            },
            Peek::Some('-') if at > label => at += 1,
            Peek::Some('_') => return Read::No,
            Peek::Some(c) if continues(c) => at += c.len_utf8(),
            Peek::Some(_) => break,
        }
        // Most words have no full stop in them, and one is decided by its end.
        if at - label > LABEL {
            return Read::No;
        }
    }
    if labels == 0 {
        return Read::No;
    }
    let (Some(top), Some(second)) = (input.text.get(label..at), input.text.get(before.clone()))
    else {
        return Read::No;
    };
    // `…example.org.Then`: a sentence that lacks its space.
    let sentence = labels > 1
        && top.len() > 1
        && top.starts_with(|c: char| c.is_ascii_uppercase())
        && !second.starts_with(|c: char| c.is_ascii_uppercase());
    if sentence {
        let head = input
            .text
            .get(input.start..before.start)
            .unwrap_or_default();
        let second_label = head
            .trim_end_matches('.')
            .rsplit('.')
            .next()
            .unwrap_or_default();
        let whole = input.text.get(input.start..before.end).unwrap_or_default();
        let strong = tier(second) == Some(Tier::Strong);
        return if strong && shape(whole, second_label, second, labels - 1) {
            Read::Name(before.end)
        } else {
            Read::No
        };
    }
    let whole = input.text.get(input.start..at).unwrap_or_default();
    // A method call, an index, an address, or a longer word.
    match input.peek_char(at) {
        Peek::Some('@' | '(' | '[' | '\\' | '$' | '-' | '_') => {
            let escape = input.peek(at) == Peek::Some(b'\\');
            if !escape {
                return Read::No;
            }
        }
        Peek::Open => return Read::Open,
        _ => {}
    }
    let Some(tier) = known(top) else {
        return Read::No;
    };
    if !shape(whole, second, top, labels) {
        return Read::No;
    }
    let spoken = labels >= 2 && (is_second(second) || www(input));
    let good = match tier {
        Tier::Strong => true,
        Tier::Fair => spoken || fair(whole, second, labels) || named(input),
        Tier::Weak => spoken || second.contains('-') && named(input) || named(input),
    };
    if good { Read::Name(at) } else { Read::No }
}

fn continues(c: char) -> bool {
    c != '_' && is_word(c) && !is_unspaced(c)
}

/// The tier of a top-level domain, in one case.
fn known(top: &str) -> Option<Tier> {
    if let Some(encoded) = top.strip_prefix("xn--") {
        return (encoded.len() > 2).then_some(Tier::Strong);
    }
    if !top.bytes().all(|b| b.is_ascii_lowercase()) {
        // `EXAMPLE.COM`, and nothing that is half so.
        let upper = top.bytes().all(|b| b.is_ascii_uppercase());
        return if upper && ["COM", "ORG", "NET", "EDU", "GOV"].contains(&top) {
            Some(Tier::Strong)
        } else {
            None
        };
    }
    tier(top)
}

/// Whether the labels are those of a domain name and not of code.
fn shape(whole: &str, second: &str, top: &str, labels: usize) -> bool {
    let generic = matches!(top, "com" | "org" | "net" | "co" | "COM" | "ORG" | "NET");
    let mut first = true;
    for label in whole.split('.') {
        if label.is_empty() || label.starts_with('-') || label.ends_with('-') {
            return false;
        }
        // Packages are named from the other end.
        if first && labels >= 2 && REVERSED.contains(&label) {
            return false;
        }
        first = false;
    }
    let letter = whole
        .get(..whole.len() - top.len())
        .is_some_and(|names| names.chars().any(char::is_alphabetic));
    let first = whole.split('.').next().unwrap_or_default();
    let code = labels == 1 && !generic && CODE.contains(&first);
    letter && !code && (generic || second.chars().count() >= 2)
        // `Foo.co` is a company, `fooBar.de` a field.
        && (generic || labels > 1 || !camel(second))
}

/// Capitals after small letters, as in `fooBar`.
fn camel(label: &str) -> bool {
    let small = label.starts_with(|c: char| c.is_ascii_lowercase());
    small && label.bytes().any(|b| b.is_ascii_uppercase())
}

fn fair(whole: &str, second: &str, labels: usize) -> bool {
    let first = whole.split('.').next().unwrap_or_default();
    second.len() >= 3
        && whole.bytes().all(|b| !b.is_ascii_uppercase())
        && !CODE.contains(&first)
        && !CODE.contains(&second)
        && labels <= 3
}

/// Whether one of the few words before says that a domain name follows.
fn named(input: &Input<'_>) -> bool {
    let (behind, cut) = input.behind();
    let mut words = behind.rsplit(|c: char| !c.is_alphanumeric());
    let mut seen = 0;
    while let Some(word) = words.next() {
        if word.is_empty() {
            continue;
        }
        seen += 1;
        let partial = cut && words.clone().next().is_none();
        if seen > 4 || partial {
            return false;
        }
        if NAMES.iter().any(|name| name.eq_ignore_ascii_case(word)) {
            return true;
        }
    }
    false
}
