//! String escapes (RFC 8259, section 7): undoing, writing, and splicing edits
//! into an escaped literal so that what was not edited keeps its spelling.

use crate::text::Edit;

/// One character of a literal: how many bytes it takes there, and what it is.
///
/// A surrogate without its other half reads as U+FFFD: upstreams do cut emoji
/// in two between stream events, and such an event must still be readable.
fn next_char(raw: &str) -> Option<(usize, char)> {
    let bytes = raw.as_bytes();
    if *bytes.first()? != b'\\' {
        let c = raw.chars().next()?;
        return Some((c.len_utf8(), c));
    }
    let simple = match bytes.get(1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => return Some(unicode_escape(raw)),
        &other => char::from(other),
    };
    Some((2, simple))
}

fn unicode_escape(raw: &str) -> (usize, char) {
    let first = hex4(raw, 2).unwrap_or(0xFFFD);
    if (0xD800..0xDC00).contains(&first)
        && raw.as_bytes().get(6..8) == Some(b"\\u")
        && let Some(second) = hex4(raw, 8)
        && (0xDC00..0xE000).contains(&second)
    {
        let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (12, char::from_u32(scalar).unwrap_or('\u{FFFD}'));
    }
    (6, char::from_u32(first).unwrap_or('\u{FFFD}'))
}

fn hex4(raw: &str, at: usize) -> Option<u32> {
    u32::from_str_radix(raw.get(at..at + 4)?, 16).ok()
}

/// Appends what the literal `raw` stands for.
pub(crate) fn unescape_into(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match next_char(rest) {
            Some((len, c)) => {
                out.push(c);
                rest = &rest[len..];
            }
            None => return,
        }
    }
    out.push_str(rest);
}

/// Appends `text` as the inside of a JSON string literal.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(char::from(HEX[(c as usize) >> 4]));
                out.push(char::from(HEX[(c as usize) & 15]));
            }
            c => out.push(c),
        }
    }
}

/// `text` as a JSON string, with its quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape_into(text, &mut out);
    out.push('"');
    out
}

/// The literal `raw` with `edits`, whose ranges count in the unescaped text.
pub(crate) fn splice_escaped(raw: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(raw.len());
    let (mut at, mut text_at) = (0, 0);
    let mut seek = |target: usize| {
        let from = at;
        while text_at < target
            && let Some((len, c)) = next_char(&raw[at..])
        {
            at += len;
            text_at += c.len_utf8();
        }
        from..at
    };
    for edit in edits {
        out.push_str(&raw[seek(edit.range.start)]);
        seek(edit.range.end);
        escape_into(&edit.text, &mut out);
    }
    out.push_str(&raw[seek(usize::MAX)]);
    out
}
