//! URLs that let anybody in who has them: with a password before the host (RFC 3986, 3.2.1), as
//! databases, queues and mirrors are reached by, and the webhooks of messengers.

use super::super::bytes::is_word_byte;
use super::super::input::{Input, Peek, Step};
use super::super::web::url;
use super::placeholder::is_placeholder;

const SCHEME: usize = 24;
/// The longest user name and password.
const USER: usize = 256;
pub(in super::super) const LONGEST: usize = SCHEME + USER + url::LONGEST;
pub(in super::super) const SCORE: f32 = 0.98;

/// What webhooks' URLs go on with after the scheme, and the fewest characters after that.
const HOOKS: &[(&[u8], usize)] = &[
    (b"hooks.slack.com/services/", 20),
    (b"hooks.slack.com/workflows/", 20),
    (b"hooks.slack.com/triggers/", 20),
    (b"discord.com/api/webhooks/", 40),
    (b"discordapp.com/api/webhooks/", 40),
    (b"hooks.zapier.com/hooks/catch/", 10),
    (b"api.telegram.org/bot", 30),
    (b"outlook.office.com/webhook/", 40),
];
/// A host that each customer has a name before.
const TEAMS: &[u8] = b".webhook.office.com/webhookb2/";

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    let host = match scheme(input) {
        Ok(host) => host,
        Err(step) => return step,
    };
    match user(input, host) {
        Step::No => hook(input, host),
        Step::Match { end, .. } => to_end(input, end),
        Step::Unfinished => Step::Unfinished,
    }
}

fn to_end(input: &Input<'_>, from: usize) -> Step {
    match url::end(input, from) {
        Some(end) => Step::Match {
            end: before_next(input, from, end),
            score: SCORE,
        },
        None => Step::Unfinished,
    }
}

/// Where a URL from `from` to `end` ends: without a query of its own, `&` goes on with that of a
/// URL or a form around it.
fn before_next(input: &Input<'_>, from: usize, end: usize) -> usize {
    let rest = input.bytes.get(from..end).unwrap_or_default();
    match rest.iter().position(|b| matches!(b, b'?' | b'&')) {
        Some(at) if rest.get(at) == Some(&b'&') => from + at,
        _ => end,
    }
}

/// Where the authority begins, after a scheme and `://`.
fn scheme(input: &Input<'_>) -> Result<usize, Step> {
    let there = input.bytes.get(input.start..).unwrap_or_default();
    if input
        .before(1)
        .is_some_and(|b| matches!(b, b'+' | b'.' | b'-'))
    {
        return Err(Step::No);
    }
    let run = there.iter().take(SCHEME + 1);
    let len = run
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'))
        .count();
    if !(2..=SCHEME).contains(&len) {
        let open = len < 2 && input.open(input.start + len);
        return Err(if open { Step::Unfinished } else { Step::No });
    }
    let marks = there.get(len..).unwrap_or_default();
    if marks.starts_with(b"://") {
        Ok(input.start + len + 3)
    } else if !input.last && b"://".starts_with(marks) {
        Err(Step::Unfinished)
    } else {
        Err(Step::No)
    }
}

/// Reads a name, a colon, a password and `@`; the end is after that.
fn user(input: &Input<'_>, from: usize) -> Step {
    let (mut at, mut colon, mut sign) = (from, None, None);
    loop {
        if at - from > USER {
            break;
        }
        match input.peek(at) {
            Peek::Open => return Step::Unfinished,
            Peek::Some(b':') if colon.is_none() => colon = Some(at),
            Peek::Some(b'@') => sign = Some(at),
            Peek::Some(b) if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%#^".contains(&b) => {}
            _ => break,
        }
        at += 1;
    }
    let (Some(colon), Some(sign)) = (colon, sign) else {
        return Step::No;
    };
    let password = input.bytes.get(colon + 1..sign).unwrap_or_default();
    let variable = password
        .first()
        .is_none_or(|b| matches!(b, b'$' | b'%' | b'*' | b'{' | b':'));
    let sample = [&b"password"[..], b"pass", b"passwd", b"secret", b"pwd"].contains(&password);
    if variable || sample || password.len() > 5 && is_placeholder(password) {
        return Step::No;
    }
    Step::Match {
        end: sign + 1,
        score: SCORE,
    }
}

fn hook(input: &Input<'_>, host: usize) -> Step {
    let there = input.bytes.get(host..).unwrap_or_default();
    let known = HOOKS.iter().find(|(head, _)| there.starts_with(head));
    let (head, least) = match known {
        Some((head, least)) => (head.len(), *least),
        None => {
            let run = there.iter().take(64);
            let dot = run.take_while(|&&b| is_word_byte(b) || b == b'-').count();
            if !there.get(dot..).is_some_and(|rest| rest.starts_with(TEAMS)) {
                // What is shorter than a host is held as a URL.
                return if input.last || !undecided(there, dot) {
                    Step::No
                } else {
                    Step::Unfinished
                };
            }
            (dot + TEAMS.len(), 40)
        }
    };
    match url::end(input, host + head) {
        None => Step::Unfinished,
        Some(end) => {
            let end = before_next(input, host + head, end);
            let secret = input.bytes.get(host + head..end).unwrap_or_default();
            if secret.len() >= least && !is_placeholder(secret) {
                Step::Match { end, score: SCORE }
            } else {
                Step::No
            }
        }
    }
}

/// Whether the host that has begun can still become one of a webhook.
fn undecided(there: &[u8], dot: usize) -> bool {
    let rest = there.get(dot..).unwrap_or_default();
    HOOKS.iter().any(|(head, _)| head.starts_with(there)) || TEAMS.starts_with(rest) && dot < 64
}
