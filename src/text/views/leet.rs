//! Digits and marks in place of letters.

use std::ops::Range;

use super::letters;

/// The fewest words that are written so.
const FEWEST: usize = 2;
/// Of so many words of the stretch at least one is.
const SHARE: usize = 3;

const fn letter(b: u8) -> Option<u8> {
    Some(match b {
        b'0' => b'o',
        b'1' | b'!' | b'|' => b'i',
        b'2' => b'z',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'6' | b'9' => b'g',
        b'7' | b'+' => b't',
        b'8' => b'b',
        _ => return None,
    })
}

/// The text with such words spelled out.
pub(super) fn leet(normal: &str) -> Option<(String, Range<usize>)> {
    let bytes = normal.as_bytes();
    let mut out = normal.as_bytes().to_vec();
    let (mut at, mut count, mut range) = (0, 0, 0..0);
    // Words since the stretch began, and up to its end.
    let (mut since, mut words) = (0, 0);
    while at < bytes.len() {
        let part = |b: &u8| b.is_ascii_alphabetic() || letter(*b).is_some();
        let len = bytes[at..].iter().take_while(|b| part(b)).count();
        if len == 0 {
            at += 1;
            continue;
        }
        let end = at + len;
        let word = &bytes[at..end];
        since += 1;
        // A mark at the end ends a sentence.
        let tail = word
            .iter()
            .rev()
            .take_while(|b| !b.is_ascii_alphanumeric())
            .count();
        let word = &word[..len - tail];
        let letters = word.iter().filter(|b| b.is_ascii_alphabetic()).count();
        let hidden = word.len() - letters;
        let standing = hidden > 0 && word.len() >= 2 && (letters > 0 || word.len() == 1);
        if standing && word.len() <= 40 {
            let spelled = &mut out[at..at + word.len()];
            for b in spelled.iter_mut() {
                *b = letter(*b).unwrap_or(*b);
            }
            // A one is an i or an l.
            for place in 0..word.len() {
                if matches!(word[place], b'1' | b'|' | b'!') {
                    let with_i = letters::naturalness(spelled);
                    spelled[place] = b'l';
                    if letters::naturalness(spelled) <= with_i {
                        spelled[place] = b'i';
                    }
                }
            }
            // 4k, a4, 3d and v2 are what they are.
            // Hexadecimal digits are a number.
            let number = word.iter().all(u8::is_ascii_hexdigit);
            let natural = letters::naturalness(spelled) > 0;
            if word.len() >= 3 && natural && !number {
                if count == 0 {
                    (range.start, since) = (at, 1);
                }
                count += 1;
                (range.end, words) = (at + word.len(), since);
            }
        }
        at = end;
    }
    let text = String::from_utf8(out).ok()?;
    (count >= FEWEST && count * SHARE >= words).then_some((text, range))
}
