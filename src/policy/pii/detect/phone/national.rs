//! The national forms that give themselves away by their groups.

use super::super::input::{Input, Tri};
use super::groups::{Gap, Group, Groups};
use super::shapes::{Shape, Span, greedy, has, whole};

const NANP: f32 = 0.75;
const NATIONAL: f32 = 0.65;

/// Whether the group stands in a row of such groups, as in an account number.
pub(super) fn in_row(input: &Input<'_>, first: Group) -> bool {
    input.group_before() == (first.len, true) || first.len == 4 && in_account(input)
}

/// Whether the first two groups of an account number stand before the start: `GI77 QBZG `.
fn in_account(input: &Input<'_>) -> bool {
    let (before, _) = input.behind();
    let Some((_, head)) = before.as_bytes().split_last_chunk::<10>() else {
        return false;
    };
    let capitals = |from: usize, to: usize| {
        let part = head.get(from..to).unwrap_or_default();
        part.iter().all(u8::is_ascii_uppercase)
    };
    let spaces = head.get(4) == Some(&b' ') && head.get(9) == Some(&b' ');
    let check = head.get(2..4).unwrap_or_default();
    spaces && capitals(0, 2) && capitals(5, 9) && check.iter().all(u8::is_ascii_digit)
}

/// Three, three and four digits, maybe after a `1`.
pub(super) fn north_american(input: &Input<'_>, groups: &Groups) -> Shape {
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
pub(super) fn bracketed(input: &Input<'_>, groups: &Groups) -> Shape {
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
pub(super) fn chinese_mobile(input: &Input<'_>, groups: &Groups) -> Shape {
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

/// `8 (495) 123-45-67`, `8-495-123-45-67`: the trunk prefix of Russia and Kazakhstan.
pub(super) fn russian(input: &Input<'_>, groups: &Groups) -> Shape {
    if groups.digits(0).first() != Some(&8) || groups.group(0).len != 1 {
        return Shape::No;
    }
    if groups.growing(input, 0) || groups.len() == 1 && groups.open {
        return Shape::Open;
    }
    let area = groups.group(1);
    if groups.len() > 1 && !area.bracket && area.gap != Gap::Hyphen {
        return Shape::No;
    }
    for place in 1..5 {
        let group = groups.group(place);
        let len = if place < 3 { 3 } else { 2 };
        let marked =
            matches!(group.gap, Gap::Space | Gap::Hyphen) || group.gap == Gap::None && place < 3;
        if place < groups.len() && !marked {
            return Shape::No;
        }
        match has(input, groups, place, len) {
            Tri::Yes => {}
            Tri::No => return Shape::No,
            Tri::Open => return Shape::Open,
        }
    }
    whole(input, groups, 4, true, NATIONAL)
}

/// A trunk zero, an area or mobile code, and at least one separator.
pub(super) fn trunk(input: &Input<'_>, groups: &Groups) -> Shape {
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
    let fits = |place: usize, growing: bool| {
        let group = groups.group(place);
        // `06-22/189 3244`, as in Hungary.
        let hungarian = place == 2 && first.len == 2 && groups.group(1).gap == Gap::Hyphen;
        let slash = group.gap == Gap::Slash && (place != 1 || first.len < 3) && !hungarian;
        // `030 901820-0`: the exchange of a firm.
        let exchange = place > 1 && group.gap == Gap::Hyphen;
        (growing || group.len > 1 || exchange) && !slash && (place == 0 || !group.bracket)
    };
    let pair = |place: usize| groups.group(place).len == 2 && fits(place, false);
    let pairs = (0..settled).take_while(|&place| pair(place)).count();
    if pairs >= 5 {
        // A table of small numbers looks like `01 23 45 67 89`, but goes on.
        return match has(input, groups, 5, 2) {
            Tri::Yes => Shape::No,
            Tri::Open if groups.len() > 5 => Shape::Open,
            _ => {
                let more = groups.len() > 5 || groups.overflow.is_some();
                whole(input, groups, 4, more, NATIONAL)
            }
        };
    }
    let most = match first.len {
        0..=2 => 11,
        3 | 4 => 12,
        _ => 13,
    };
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
        Shape::Whole { group, .. } if date(groups, 0, group) || date(groups, 1, group) => Shape::No,
        Shape::Whole { group, .. } if octets(groups, group) => Shape::No,
        // Nine digits in threes are written by too many other numbers.
        Shape::Whole { group: 2, .. } if groups.through(2) == 9 && first.len == 3 => Shape::No,
        // Five and four are a ZIP code.
        Shape::Whole { group: 1, .. } if groups.through(1) == 9 && first.len == 5 => Shape::No,
        Shape::Whole { group, score } if (0..=group).all(|p| groups.group(p).len == first.len) => {
            match has(input, groups, group + 1, first.len) {
                Tri::Yes => Shape::No,
                Tri::Open => Shape::Open,
                Tri::No => Shape::Whole { group, score },
            }
        }
        shape => shape,
    }
}

/// Whether all groups are three digits between dots, or four that begin with a zero: parts of an
/// address, or code points.
fn octets(groups: &Groups, last: usize) -> bool {
    (0..=last).all(|p| groups.group(p).len == 3 && (p == 0 || groups.group(p).gap == Gap::Dot))
        || (0..=last).all(|p| {
            let group = groups.group(p);
            group.len == 4 && groups.digits(group.first).first() == Some(&0)
        })
}

/// Whether the groups from `from` on begin with a day, a month and a year, in either order.
pub(super) fn date(groups: &Groups, from: usize, last: usize) -> bool {
    if last < from + 2 || groups.group(from + 1).gap != groups.group(from + 2).gap {
        return false;
    }
    let value = |place: usize| {
        let group = groups.group(from + place);
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
