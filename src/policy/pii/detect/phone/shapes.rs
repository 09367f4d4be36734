//! What all shapes of telephone numbers share, and the international one.

use super::super::bytes::{Separator, is_word, separator};
use super::super::context::{self, Telephone};
use super::super::input::{Input, Peek, Tri, is_digit};
use super::country::{Country, country};
use super::groups::{Gap, Groups};
use super::national::{bracketed, chinese_mobile, in_row, north_american, russian, trunk};
use super::{Extension, extension, named};

/// What one shape says of the groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    No,
    /// It depends on text that is not there yet.
    Open,
    /// The number ends with this group.
    Whole {
        group: usize,
        score: f32,
    },
}

const INTERNATIONAL: f32 = 0.8;

/// The first shape that does not say no.
pub(super) fn best(input: &Input<'_>, groups: &Groups) -> Shape {
    if groups.plus {
        return international(input, groups, 0);
    }
    let first = groups.group(0);
    let zeros = first.len >= 2 && groups.digits(0).starts_with(&[0, 0]);
    let shapes: &[fn(&Input<'_>, &Groups) -> Shape] = if zeros {
        &[exit_code]
    } else {
        &[north_american, bracketed, chinese_mobile, russian, trunk]
    };
    for shape in shapes {
        match shape(input, groups) {
            Shape::No => {}
            other => return other,
        }
    }
    named::in_context(input, groups)
}

/// Whether the number may end with the group at `place`; `soft` if other digits may follow after
/// a space.
fn closes(input: &Input<'_>, groups: &Groups, place: usize, soft: bool) -> Tri {
    let following = if place + 1 < groups.len() {
        Some(groups.group(place + 1).gap)
    } else {
        groups.overflow
    };
    if let Some(gap) = following {
        return if gap == Gap::Space && soft {
            Tri::Yes
        } else {
            Tri::No
        };
    }
    let Some(end) = groups.end(place) else {
        return Tri::No;
    };
    if groups.open {
        // What comes may be digits, which matters unless they come after a space.
        let space = matches!(separator(input.bytes, end), Some((Separator::Space, _)));
        return if space && soft { Tri::Yes } else { Tri::Open };
    }
    match input.peek_char(end) {
        Peek::End => Tri::Yes,
        Peek::Open => Tri::Open,
        Peek::Some('x' | 'X' | 'e' | 'E') => match extension(input, end) {
            Extension::End(_) => Tri::Yes,
            Extension::Open => Tri::Open,
            Extension::None => Tri::No,
        },
        Peek::Some(c) if is_word(c) || c == '%' => Tri::No,
        Peek::Some(':' | '-' | '.') => match input.peek(end + 1) {
            Peek::Open => Tri::Open,
            Peek::Some(b) if is_digit(b) => Tri::No,
            _ => Tri::Yes,
        },
        Peek::Some(_) => Tri::Yes,
    }
}

pub(super) fn whole(
    input: &Input<'_>,
    groups: &Groups,
    group: usize,
    soft: bool,
    score: f32,
) -> Shape {
    match closes(input, groups, group, soft) {
        Tri::Yes => Shape::Whole { group, score },
        Tri::No => Shape::No,
        Tri::Open => Shape::Open,
    }
}

/// Whether the group at `place` has `len` digits.
pub(super) fn has(input: &Input<'_>, groups: &Groups, place: usize, len: usize) -> Tri {
    if place >= groups.len() {
        return if groups.open { Tri::Open } else { Tri::No };
    }
    match groups.group(place).len {
        there if groups.growing(input, place) && there <= len => Tri::Open,
        there if there == len => Tri::Yes,
        _ => Tri::No,
    }
}

/// How many digits a number has, and which groups it may have.
pub(super) struct Span<'a> {
    /// Digits in front that do not count.
    pub(super) skip: usize,
    pub(super) fewest: usize,
    pub(super) most: usize,
    /// Whether the group at a place may be one of the number's; the flag says that it may still
    /// grow, so that its length says nothing.
    pub(super) fits: &'a dyn Fn(usize, bool) -> bool,
}

/// Takes as many groups as keep the number of digits within the span, and ends with the last that
/// reaches it.
pub(super) fn greedy(input: &Input<'_>, groups: &Groups, span: &Span<'_>, score: f32) -> Shape {
    let mut best = None;
    for place in 0..groups.len() {
        let digits = groups.through(place).saturating_sub(span.skip);
        if digits > span.most {
            break;
        }
        let growing = groups.growing(input, place);
        if !(span.fits)(place, growing) {
            break;
        }
        if growing {
            return Shape::Open;
        }
        if digits >= span.fewest {
            best = Some(place);
        }
        if place + 1 == groups.len() && groups.open && digits < span.most {
            return Shape::Open;
        }
    }
    match best {
        Some(place) => whole(input, groups, place, true, score),
        None => Shape::No,
    }
}

/// A country code from the digit at `from` on, and a national number of its length.
fn international(input: &Input<'_>, groups: &Groups, from: usize) -> Shape {
    let digits = groups.digits(from);
    let (len, fewest, most) = match country(digits) {
        Country::Unknown => return Shape::No,
        Country::Short => return if groups.open { Shape::Open } else { Shape::No },
        Country::Known { len, fewest, most } => (len, fewest, most),
    };
    if digits.first() == Some(&1) {
        // No area code begins with 0; with 1 only those of examples do, set apart.
        let area = (0..groups.len())
            .map(|p| groups.group(p))
            .find(|g| g.first == from + 1);
        match digits.get(1) {
            Some(0) => return Shape::No,
            Some(1) if area.is_none_or(|a| a.len > 3) => return Shape::No,
            _ => {}
        }
    }
    // The zero in `+44 (0)20` is not dialled, and some write it without its brackets. Some
    // countries keep it (Italy), so the fewest is not raised for it.
    let extra = usize::from(groups.digits(from + len).first() == Some(&0));
    let fits = |place: usize, growing: bool| {
        let group = groups.group(place);
        growing || group.len > 1 || group.first <= from + len + extra
    };
    let span = Span {
        skip: from + len,
        fewest,
        most: most + extra,
        fits: &fits,
    };
    greedy(input, groups, &span, INTERNATIONAL)
}

/// `00` instead of `+`; without an early separator it needs a word before it.
fn exit_code(input: &Input<'_>, groups: &Groups) -> Shape {
    if !groups.growing(input, 0) && in_row(input, groups.group(0)) {
        return Shape::No;
    }
    let alone = groups.len() == 1 && !groups.open;
    let spaced = groups.group(0).len <= 7 && !alone;
    if spaced || context::telephone(input) == Telephone::Named {
        international(input, groups, 2)
    } else {
        Shape::No
    }
}
