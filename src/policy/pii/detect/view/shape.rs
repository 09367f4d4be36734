//! What a hidden number must look like, so that code and tables of numbers hold none.

use std::ops::Range;

use super::super::entity::Entity;

/// The fewest different digits of a telephone number that is written digit by digit: rows of
/// noughts and ones are none.
const DIGITS: u32 = 4;

/// Whether the bytes of `text` in `range` may be written for an `entity`. Only they decide, so that
/// the answer is the same in a stream.
pub(super) fn allows(text: &str, range: &Range<usize>, entity: Entity) -> bool {
    let value = text.get(range.clone()).unwrap_or_default().as_bytes();
    match entity {
        Entity::PhoneNumber | Entity::CreditCard | Entity::UsSsn => {
            let odd = value.iter().find(|b| matches!(b, b'_' | b'*' | b'~'));
            odd.is_none_or(|&mark| is_grouped(value, mark, entity))
                && (!is_spaced(value) || is_spelled(value, entity))
                && dots(value) != 1
        }
        _ => true,
    }
}

/// Whether an unusual mark parts all groups, and they are as long as those of an `entity` are.
/// Numbers of program text, `5_551_234_567`, are not.
fn is_grouped(value: &[u8], mark: u8, entity: Entity) -> bool {
    let shapes: &[&[usize]] = match entity {
        Entity::CreditCard => &[&[4, 4, 4, 4], &[4, 6, 5]],
        Entity::UsSsn => &[&[3, 2, 4]],
        _ => &[&[3, 3, 4]],
    };
    let groups = || value.split(|&b| b == mark);
    groups().all(|group| group.iter().all(u8::is_ascii_digit))
        && shapes
            .iter()
            .any(|shape| groups().map(<[u8]>::len).eq(shape.iter().copied()))
}

/// How often ` dot ` stands there. Once, it is a point in a sentence.
fn dots(value: &[u8]) -> usize {
    let words = value.split(|&b| b == b' ');
    words
        .filter(|word| word.eq_ignore_ascii_case(b"dot"))
        .count()
}

/// Whether two digits that stand alone have a space between them.
fn is_spaced(value: &[u8]) -> bool {
    let digit = |at: usize| value.get(at).is_some_and(u8::is_ascii_digit);
    (1..value.len()).any(|at| {
        value.get(at) == Some(&b' ')
            && digit(at - 1)
            && digit(at + 1)
            && !at.checked_sub(2).is_some_and(digit)
            && !digit(at + 2)
    })
}

/// Whether all digits stand alone (the coordinates of a drawing, `0 1 1 0-256 128`, do not), and
/// are those of an `entity` that rows of digits seldom are.
fn is_spelled(value: &[u8], entity: Entity) -> bool {
    let alone = |pair: &[u8]| !pair.iter().all(u8::is_ascii_digit);
    if !value.windows(2).all(alone) {
        return false;
    }
    let mut digits = value.iter().copied().filter(u8::is_ascii_digit);
    match entity {
        // The ranges of the four large networks and their usual lengths.
        Entity::CreditCard => {
            let count = digits.clone().count();
            match (digits.next(), digits.next()) {
                (Some(b'4'), _) | (Some(b'5'), Some(b'1'..=b'5')) => count == 16,
                (Some(b'6'), Some(b'0' | b'5')) => count == 16,
                (Some(b'3'), Some(b'4' | b'7')) => count == 15,
                _ => false,
            }
        }
        Entity::PhoneNumber => {
            let seen = digits.fold(0u16, |seen, b| seen | 1 << (b - b'0'));
            seen.count_ones() >= DIGITS
        }
        _ => true,
    }
}
