//! IPv6 addresses in the text forms of RFC 4291.

use super::context;
use super::input::{Input, Peek, Step, Tri, is_alphanumeric, is_digit};
use super::ip::{Quad, SCORE, quad};

/// How far the groups were read.
enum Read {
    No,
    Open,
    Whole(Groups),
}

#[derive(Default)]
struct Groups {
    end: usize,
    /// Groups of 16 bits; an embedded dotted quad makes two.
    count: usize,
    compressed: bool,
    digit: bool,
    /// Whether every group has exactly two digits, the way hardware addresses are written.
    pairs: bool,
}

pub(super) fn run(input: &Input<'_>) -> Step {
    if !may_start(input) {
        return Step::No;
    }
    let groups = match read(input) {
        Read::No => return Step::No,
        Read::Open => return Step::Unfinished,
        Read::Whole(groups) => groups,
    };
    let complete = if groups.compressed {
        groups.count <= 7
    } else {
        groups.count == 8
    };
    if !complete || groups.pairs && groups.count == 8 {
        return Step::No;
    }
    // `::` is a path separator in many languages, and so is `face::add`.
    if groups.count == 0 && !context::address(input) {
        return Step::No;
    }
    if groups.count > 0 && groups.count <= 2 && !groups.digit {
        return Step::No;
    }
    match input.edge(groups.end, b".", is_alphanumeric) {
        Tri::Yes => Step::Match {
            end: groups.end,
            score: SCORE,
        },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}

/// Looks at what stands before: part of a longer row, or an index such as `list[1::2]`.
fn may_start(input: &Input<'_>) -> bool {
    match input.before(1) {
        Some(b'.') => !input.before(2).is_some_and(is_alphanumeric),
        Some(b'[') => !input
            .before(2)
            .is_some_and(|b| is_alphanumeric(b) || b == b'_' || b == b')'),
        Some(b':') => {
            // A label may stand before (`addr:`), a group of the same row may not.
            let mut back = 2;
            while back <= 6 && input.before(back).is_some_and(|b| b.is_ascii_hexdigit()) {
                back += 1;
            }
            let run = back - 2;
            let label = input
                .before(back)
                .is_some_and(|b| is_alphanumeric(b) || b == b'_');
            label || run == 0 && input.before(2) != Some(b':')
        }
        _ => true,
    }
}

fn hex_run(input: &Input<'_>, at: usize) -> usize {
    let run = input.bytes.get(at..).unwrap_or_default().iter().take(5);
    at + run.take_while(|b| b.is_ascii_hexdigit()).count()
}

fn read(input: &Input<'_>) -> Read {
    let mut groups = Groups {
        pairs: true,
        ..Groups::default()
    };
    let mut at = input.start;
    if input.byte(at) == Some(b':') {
        match input.peek(at + 1) {
            Peek::Some(b':') => {}
            Peek::Open => return Read::Open,
            _ => return Read::No,
        }
        (groups.compressed, groups.end) = (true, at + 2);
        at += 2;
    }
    loop {
        let end = hex_run(input, at);
        let run = input.bytes.get(at..end).unwrap_or_default();
        let full = groups.count >= if groups.compressed { 7 } else { 8 };
        if run.len() > 4 || full && !run.is_empty() {
            return Read::No;
        }
        if input.open(end) {
            return Read::Open;
        }
        if run.is_empty() {
            // Only `::` may end an address, and a third colon may not follow it.
            let stop = groups.compressed && groups.end == at && input.byte(at) != Some(b':');
            return if stop { Read::Whole(groups) } else { Read::No };
        }
        let next = input.peek(end);
        if next == Peek::Some(b'.') && run.iter().all(u8::is_ascii_digit) {
            match input.peek(end + 1) {
                Peek::Open => return Read::Open,
                Peek::Some(b) if is_digit(b) => return embedded(input, groups, at),
                _ => {}
            }
        }
        groups.count += 1;
        groups.end = end;
        groups.digit |= run.iter().any(u8::is_ascii_digit);
        groups.pairs &= run.len() == 2;
        if next != Peek::Some(b':') {
            return Read::Whole(groups);
        }
        match input.peek(end + 1) {
            Peek::Some(b':') if groups.compressed => return Read::No,
            Peek::Some(b':') => {
                (groups.compressed, groups.end) = (true, end + 2);
                at = end + 2;
            }
            Peek::Some(b) if b.is_ascii_hexdigit() => at = end + 1,
            Peek::Open => return Read::Open,
            // A colon that ends a clause.
            _ => return Read::Whole(groups),
        }
    }
}

/// The last 32 bits as a dotted quad.
fn embedded(input: &Input<'_>, mut groups: Groups, at: usize) -> Read {
    if if groups.compressed {
        groups.count > 5
    } else {
        groups.count != 6
    } {
        return Read::No;
    }
    match quad(input, at) {
        Quad::No => Read::No,
        Quad::Open => Read::Open,
        Quad::End(end) => {
            groups.count += 2;
            (groups.end, groups.digit, groups.pairs) = (end, true, false);
            Read::Whole(groups)
        }
    }
}
