//! The shapes of telephone numbers, each tried on the groups of digits.

use super::super::bytes::{Separator, is_word, separator};
use super::super::context::{self, Telephone};
use super::super::input::{Input, Peek, Tri, is_digit};
use super::country::{Country, country};
use super::groups::{Gap, Group, Groups};
use super::{Extension, extension};

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
const NANP: f32 = 0.75;
const NAMED: f32 = 0.75;
const NATIONAL: f32 = 0.65;
const LIKELY: f32 = 0.6;

/// The first shape that does not say no.
pub(super) fn best(input: &Input<'_>, groups: &Groups) -> Shape {
    if groups.plus {
        return international(input, groups, 0);
    }
    let first = groups.group(0);
    let zeros = first.len >= 2 && groups.digits(0).starts_with(&[0, 0]);
    let shapes: [fn(&Input<'_>, &Groups) -> Shape; 5] =
        [exit_code, north_american, bracketed, chinese_mobile, trunk];
    let shapes = if zeros { &shapes[..1] } else { &shapes[1..] };
    for shape in shapes {
        match shape(input, groups) {
            Shape::No => {}
            other => return other,
        }
    }
    in_context(input, groups)
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

fn whole(input: &Input<'_>, groups: &Groups, group: usize, soft: bool, score: f32) -> Shape {
    match closes(input, groups, group, soft) {
        Tri::Yes => Shape::Whole { group, score },
        Tri::No => Shape::No,
        Tri::Open => Shape::Open,
    }
}

/// Whether the group at `place` has `len` digits.
fn has(input: &Input<'_>, groups: &Groups, place: usize, len: usize) -> Tri {
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
struct Span<'a> {
    /// Digits in front that do not count.
    skip: usize,
    fewest: usize,
    most: usize,
    /// Whether a group that will not grow any more may be one of the number's.
    fits: &'a dyn Fn(usize) -> bool,
}

/// Takes as many groups as keep the number of digits within the span, and ends with the last that
/// reaches it.
fn greedy(input: &Input<'_>, groups: &Groups, span: &Span<'_>, score: f32) -> Shape {
    let mut best = None;
    for place in 0..groups.len() {
        let digits = groups.through(place).saturating_sub(span.skip);
        if digits > span.most {
            break;
        }
        if groups.growing(input, place) {
            return Shape::Open;
        }
        if !(span.fits)(place) {
            break;
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
    let fits = |place: usize| {
        let group = groups.group(place);
        group.len > 1 || group.first <= from + len + extra
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

/// Whether the group stands in a row of such groups, as in an account number.
fn in_row(input: &Input<'_>, first: Group) -> bool {
    input.group_before() == (first.len, true)
}

/// Three, three and four digits, maybe after a `1`.
fn north_american(input: &Input<'_>, groups: &Groups) -> Shape {
    let first = groups.group(0);
    if groups.digits(0).first() == Some(&0) {
        return Shape::No;
    }
    if first.len == 1 && groups.growing(input, 0) {
        return Shape::Open;
    }
    let one = usize::from(first.len == 1);
    if one == 1 && groups.digits(0).first() != Some(&1) {
        return Shape::No;
    }
    for (place, len) in [(one, 3), (one + 1, 3), (one + 2, 4)] {
        if place < groups.len() && !spaced_well(groups, one, place) {
            return Shape::No;
        }
        match has(input, groups, place, len) {
            Tri::Yes => {}
            Tri::No => return Shape::No,
            Tri::Open => return Shape::Open,
        }
    }
    let spaces = !groups.group(one).bracket
        && [1, 2]
            .iter()
            .all(|&p| groups.group(one + p).gap == Gap::Space);
    whole(input, groups, one + 2, !spaces, NANP)
}

/// Whether the separator before a group is one that a North American number can have there.
fn spaced_well(groups: &Groups, one: usize, place: usize) -> bool {
    let (area, group) = (groups.group(one), groups.group(place));
    let first_digit = groups.digits(area.first).first().copied();
    match place - one {
        0 => first_digit != Some(0),
        1 => match group.gap {
            _ if group.bracket => false,
            Gap::None | Gap::Slash => area.bracket || group.gap == Gap::Slash,
            // `123 456 7890` is any number.
            Gap::Space => area.bracket || one == 1 || first_digit != Some(1),
            Gap::Hyphen | Gap::Dot => true,
        },
        _ => {
            let before = groups.group(one + 1).gap;
            let mixed = area.bracket || matches!(before, Gap::Space | Gap::Slash);
            let same = group.gap == before && group.gap != Gap::Slash;
            !group.bracket
                && (same || mixed && matches!(group.gap, Gap::Hyphen | Gap::Dot | Gap::Space))
        }
    }
}

/// An area code of two digits in brackets and eight or nine digits, in two groups or one.
fn bracketed(input: &Input<'_>, groups: &Groups) -> Shape {
    let area = groups.group(0);
    if !area.bracket || groups.digits(0).first() == Some(&0) {
        return Shape::No;
    }
    if area.len != 2 {
        return if groups.growing(input, 0) && area.len < 2 {
            Shape::Open
        } else {
            Shape::No
        };
    }
    let plain = |g: Group| matches!(g.gap, Gap::None | Gap::Space | Gap::Hyphen) && !g.bracket;
    if groups.len() == 1 {
        return if groups.open { Shape::Open } else { Shape::No };
    }
    let (second, third) = (groups.group(1), groups.group(2));
    if !plain(second) {
        return Shape::No;
    }
    if groups.growing(input, 1) {
        return if second.len <= 9 {
            Shape::Open
        } else {
            Shape::No
        };
    }
    match second.len {
        8 | 9 => whole(input, groups, 1, true, NATIONAL),
        3..=5 if groups.len() == 2 => {
            if groups.open {
                Shape::Open
            } else {
                Shape::No
            }
        }
        3..=5 if plain(third) && groups.growing(input, 2) => {
            if third.len <= 5 {
                Shape::Open
            } else {
                Shape::No
            }
        }
        3..=5 if plain(third) && (3..=5).contains(&third.len) && second.len + third.len >= 6 => {
            whole(input, groups, 2, true, NATIONAL)
        }
        _ => Shape::No,
    }
}

/// `138-1234-5678`.
fn chinese_mobile(input: &Input<'_>, groups: &Groups) -> Shape {
    let digits = groups.digits(0);
    if digits.first() != Some(&1) || digits.get(1).is_some_and(|&d| d < 3) {
        return Shape::No;
    }
    for (place, len) in [(0, 3), (1, 4), (2, 4)] {
        let group = groups.group(place);
        let marked = match (group.gap, place) {
            (gap, 0) => gap == Gap::None,
            (gap, 1) => matches!(gap, Gap::Space | Gap::Hyphen),
            (gap, _) => gap == groups.group(1).gap,
        };
        if place < groups.len() && (!marked || group.bracket) {
            return Shape::No;
        }
        match has(input, groups, place, len) {
            Tri::Yes => {}
            Tri::No => return Shape::No,
            Tri::Open => return Shape::Open,
        }
    }
    whole(
        input,
        groups,
        2,
        groups.group(1).gap == Gap::Hyphen,
        NATIONAL,
    )
}

/// A trunk zero, an area or mobile code, and at least one separator.
fn trunk(input: &Input<'_>, groups: &Groups) -> Shape {
    let digits = groups.digits(0);
    let first = groups.group(0);
    if digits.first() != Some(&0) || first.len > 6 {
        return Shape::No;
    }
    if first.len < 2 {
        return if groups.growing(input, 0) {
            Shape::Open
        } else {
            Shape::No
        };
    }
    if !groups.growing(input, 0) && in_row(input, first) {
        return Shape::No;
    }
    let settled = groups.len() - usize::from(groups.growing(input, groups.len() - 1));
    let pairs = (0..settled)
        .take_while(|&place| groups.group(place).len == 2)
        .count();
    if pairs >= 5 {
        // A table of small numbers looks like `01 23 45 67 89`, but goes on.
        return match has(input, groups, 5, 2) {
            Tri::Yes => Shape::No,
            Tri::Open if groups.len() > 5 => Shape::Open,
            _ => whole(input, groups, 4, groups.len() > 5, NATIONAL),
        };
    }
    let fits = |place: usize| {
        let group = groups.group(place);
        let slash = group.gap == Gap::Slash && place != 1;
        // `030 901820-0`: the exchange of a firm.
        let exchange = place > 1 && group.gap == Gap::Hyphen;
        (group.len > 1 || exchange) && !slash && (place == 0 || !group.bracket)
    };
    let most = if first.len > 2 { 12 } else { 11 };
    match greedy(
        input,
        groups,
        &Span {
            skip: 0,
            fewest: 9,
            most,
            fits: &fits,
        },
        NATIONAL,
    ) {
        Shape::Whole { group: 0, .. } => Shape::No,
        Shape::Whole { group, .. } if date(groups, group) => Shape::No,
        // Nine digits in threes are written by too many other numbers.
        Shape::Whole { group: 2, .. } if groups.through(2) == 9 && first.len == 3 => Shape::No,
        shape => shape,
    }
}

/// Whether the groups begin with a day, a month and a year, in either order.
fn date(groups: &Groups, last: usize) -> bool {
    if last < 2 || groups.group(1).gap != groups.group(2).gap {
        return false;
    }
    let value = |place: usize| {
        let group = groups.group(place);
        let digits = groups.digits(group.first).iter().take(group.len);
        digits.fold(0u64, |v, &d| v * 10 + u64::from(d))
    };
    let (a, b, c) = (
        groups.group(0).len,
        groups.group(1).len,
        groups.group(2).len,
    );
    let year = |v: u64| (1900..2100).contains(&v);
    let small = |v: u64| (1..=31).contains(&v);
    (a <= 2 && b <= 2 && c == 4 && small(value(0)) && small(value(1)) && year(value(2)))
        || (a == 4 && b <= 2 && c <= 2 && year(value(0)) && small(value(1)) && small(value(2)))
}

/// Seven to fifteen digits after a word that calls them a telephone number, or digits in groups
/// after one that speaks of reaching somebody.
fn in_context(input: &Input<'_>, groups: &Groups) -> Shape {
    if !groups.open && groups.digits(0).len() < 7 {
        return Shape::No;
    }
    let context = context::telephone(input);
    if context == Telephone::None {
        return Shape::No;
    }
    let named = context == Telephone::Named;
    let score = if named { NAMED } else { LIKELY };
    let first = groups.group(0);
    if first.len >= 7 {
        return if named {
            run_in_context(input, groups, score)
        } else {
            Shape::No
        };
    }
    let mut tight = false;
    for place in 1..groups.len() {
        let gap = groups.group(place).gap;
        // After hyphens or dots, a space ends the number.
        if tight && gap == Gap::Space {
            return ended(input, groups, place - 1, score);
        }
        tight |= matches!(gap, Gap::Hyphen | Gap::Dot) && !groups.group(place - 1).bracket;
    }
    let fits = |place: usize| {
        let group = groups.group(place);
        place == 0 || group.len > 1 || matches!(group.gap, Gap::Hyphen | Gap::Dot)
    };
    match greedy(
        input,
        groups,
        &Span {
            skip: 0,
            fewest: 7,
            most: 15,
            fits: &fits,
        },
        score,
    ) {
        Shape::Whole { group: 0, .. } => Shape::No,
        Shape::Whole { group, .. } if not_a_number(groups, group) => Shape::No,
        shape => shape,
    }
}

/// A first run that is long enough to stand for itself, with or without a tail after a hyphen.
fn run_in_context(input: &Input<'_>, groups: &Groups, score: f32) -> Shape {
    let first = groups.group(0);
    if first.len > 15 || first.bracket {
        return Shape::No;
    }
    if groups.growing(input, 0) {
        return Shape::Open;
    }
    if groups.len() == 1 || groups.group(1).gap == Gap::Space {
        return whole(input, groups, 0, true, score);
    }
    if groups.len() == 2 && groups.growing(input, 1) {
        return if first.len < 12 && groups.group(1).len <= 4 {
            Shape::Open
        } else {
            Shape::No
        };
    }
    let tail = groups.group(1);
    if first.len < 12 && tail.gap == Gap::Hyphen && tail.len <= 4 {
        return whole(input, groups, 1, true, score);
    }
    Shape::No
}

/// The number ends with the group at `last`, before a space and more digits.
fn ended(input: &Input<'_>, groups: &Groups, last: usize, score: f32) -> Shape {
    let short = (1..=last).any(|place| groups.group(place).len < 2);
    if !(7..=15).contains(&groups.through(last)) || short || not_a_number(groups, last) {
        return Shape::No;
    }
    whole(input, groups, last, true, score)
}

/// Dates, and large amounts with their thousands set apart.
fn not_a_number(groups: &Groups, last: usize) -> bool {
    let used = groups.through(last);
    let zeros = groups
        .digits(0)
        .iter()
        .take(used)
        .rev()
        .take_while(|&&d| d == 0)
        .count();
    let threes = last >= 1 && (1..=last).all(|p| groups.group(p).len == 3);
    let dots = (1..=last).all(|p| groups.group(p).gap == Gap::Dot);
    date(groups, last) || zeros >= 6 || threes && dots
}
