//! Escapes within a text: the whole text is read with them undone.

use std::ops::Range;

/// Replaces what `read` reads at places with `mark`; none if fewer than
/// `fewest` can be.
fn undo(
    text: &str,
    mark: u8,
    fewest: usize,
    read: impl Fn(&str) -> Option<(usize, Unescaped)>,
) -> Option<(String, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let (mut at, mut sent, mut count) = (0, 0, 0);
    let mut range: Option<Range<usize>> = None;
    while let Some(next) = memchr::memchr(mark, &bytes[at..]) {
        at += next;
        let Some((len, unescaped)) = read(&text[at..]) else {
            at += 1;
            continue;
        };
        out.extend_from_slice(&bytes[sent..at]);
        match unescaped {
            Unescaped::Byte(byte) => out.push(byte),
            Unescaped::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        let start = range.map_or(at, |range| range.start);
        at += len;
        sent = at;
        range = Some(start..at);
        count += 1;
    }
    out.extend_from_slice(&bytes[sent..]);
    // Bytes that make no character were no text.
    let text = String::from_utf8(out).ok()?;
    (count >= fewest).then_some((text, range?))
}

/// What an escape stands for.
enum Unescaped {
    Byte(u8),
    Char(char),
}

/// The number that `len` hexadecimal digits make.
fn hex(text: &str, len: usize) -> Option<u32> {
    let digits = text.get(..len)?;
    let all = digits.bytes().all(|b| b.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(digits, 16).ok())?
}

/// URL escapes.
pub(super) fn url(text: &str) -> Option<(String, Range<usize>)> {
    undo(text, b'%', 3, |rest| {
        Some((3, Unescaped::Byte(hex(&rest[1..], 2)? as u8)))
    })
}

/// Escapes of JSON and of programming languages.
pub(super) fn backslashes(text: &str) -> Option<(String, Range<usize>)> {
    undo(text, b'\\', 2, |rest| {
        let rest = &rest[1..];
        let code = |len: usize| {
            Some((
                len + 2,
                Unescaped::Char(char::from_u32(hex(&rest[1..], len)?)?),
            ))
        };
        match rest.bytes().next()? {
            b'u' if rest[1..].starts_with('{') => {
                let end = rest.get(..9).unwrap_or(rest).find('}')?;
                let c = char::from_u32(hex(rest.get(2..)?, end.checked_sub(2)?)?)?;
                Some((end + 2, Unescaped::Char(c)))
            }
            b'u' => code(4),
            b'U' => code(8),
            b'x' => code(2),
            b'n' => Some((2, Unescaped::Char('\n'))),
            b't' => Some((2, Unescaped::Char('\t'))),
            b'"' => Some((2, Unescaped::Char('"'))),
            _ => None,
        }
    })
}

/// HTML character references: numbers, and those that hide markup.
pub(super) fn html(text: &str) -> Option<(String, Range<usize>)> {
    const NAMES: [(&str, char); 6] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&nbsp;", ' '),
    ];
    undo(text, b'&', 2, |rest| {
        if let Some((name, c)) = NAMES.iter().find(|(name, _)| rest.starts_with(name)) {
            return Some((name.len(), Unescaped::Char(*c)));
        }
        let number = rest.strip_prefix("&#")?;
        let (digits, radix) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        let len = digits
            .bytes()
            .take(8)
            .take_while(u8::is_ascii_hexdigit)
            .count();
        let code = u32::from_str_radix(&digits[..len], radix).ok()?;
        let semicolon = usize::from(digits[len..].starts_with(';'));
        let whole = rest.len() - digits.len() + len + semicolon;
        Some((whole, Unescaped::Char(char::from_u32(code)?)))
    })
}
