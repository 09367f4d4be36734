//! Digits that are a telephone number because a word before or behind them says so.

use super::super::context::{self, Telephone};
use super::super::input::{Input, Tri};
use super::groups::{Gap, Groups};
use super::national::date;
use super::shapes::{Shape, Span, greedy, whole};

const NAMED: f32 = 0.75;
const LIKELY: f32 = 0.6;

/// Seven to fifteen digits after a word that calls them a telephone number, or digits in groups
/// after one that speaks of reaching somebody.
pub(super) fn in_context(input: &Input<'_>, groups: &Groups) -> Shape {
    // The words before are looked at last: they cost more than the digits.
    let shape = any_shape(input, groups);
    if shape == Shape::No {
        return Shape::No;
    }
    let used = if let Shape::Whole { group, .. } = shape {
        group + 1
    } else {
        groups.len()
    };
    let likely = groups.group(0).len < 7
        && (1..used).all(|p| !matches!(groups.group(p).gap, Gap::Dot | Gap::Slash));
    match (context::telephone(input), shape) {
        (Telephone::Named, shape) => shape,
        (Telephone::Likely, Shape::Whole { group, .. }) if likely && groups.through(group) >= 7 => {
            Shape::Whole {
                group,
                score: LIKELY,
            }
        }
        (Telephone::Likely, Shape::Open) if likely => Shape::Open,
        (Telephone::Likely, Shape::Whole { group: 0, .. })
            if reachable(groups) && context::reached(input) =>
        {
            Shape::Whole {
                group: 0,
                score: LIKELY,
            }
        }
        (Telephone::Likely, Shape::Open) if context::reached(input) => Shape::Open,
        (_, shape) => behind(input, groups, shape),
    }
}

/// A run of digits that is as long as a national number, and neither a time in seconds nor a date.
fn reachable(groups: &Groups) -> bool {
    let digits = groups.digits(0);
    match groups.group(0).len {
        8 => !matches!(digits, [1, 9, ..] | [2, 0, ..]),
        10 => !digits.starts_with(&[1]),
        len => (9..=12).contains(&len),
    }
}

/// Digits that are a telephone number because a word behind them says so.
fn behind(input: &Input<'_>, groups: &Groups, shape: Shape) -> Shape {
    let first = groups.group(0);
    // So that a year, a count or a fraction in prose is not waited for.
    let year = first.len == 4 && matches!(groups.digits(0), [1, 9, ..] | [2, 0, ..]);
    let fraction = groups.len() > 1 && groups.group(1).gap == Gap::Dot;
    let small = first.len == 1 || year || fraction;
    match shape {
        _ if small && !groups.growing(input, 0) => Shape::No,
        Shape::Whole { group, .. } => {
            let Some(end) = groups.end(group) else {
                return Shape::No;
            };
            match context::telephone_behind(input, end) {
                Tri::Yes => shape,
                Tri::Open => Shape::Open,
                Tri::No => Shape::No,
            }
        }
        shape => shape,
    }
}

/// Digits that are a telephone number if a word says so.
fn any_shape(input: &Input<'_>, groups: &Groups) -> Shape {
    if groups.group(0).len >= 7 {
        return run_in_context(input, groups);
    }
    // After hyphens or dots, a space ends the number.
    let tight = |place: usize| {
        let mark = matches!(groups.group(place).gap, Gap::Hyphen | Gap::Dot);
        mark && !groups.group(place - 1).bracket
    };
    let first_tight = (1..groups.len())
        .find(|&p| tight(p))
        .unwrap_or(groups.len());
    // But not in Sweden and Hungary: `08-80 62 91`, `06-1/700 7061`.
    let trunk = groups.digits(0).first() == Some(&0)
        && first_tight == 1
        && groups.group(1).gap == Gap::Hyphen
        && groups.group(1).len <= 3;
    let fits = |place: usize, growing: bool| {
        let group = groups.group(place);
        match group.gap {
            _ if place == 0 => true,
            Gap::Hyphen | Gap::Dot => true,
            Gap::Space if trunk && place > 1 => growing || (2..=4).contains(&group.len),
            Gap::Space => (growing || group.len > 1) && place < first_tight,
            Gap::None | Gap::Slash => growing || group.len > 1,
        }
    };
    let span = Span {
        skip: 0,
        fewest: 7,
        most: 15,
        fits: &fits,
    };
    match greedy(input, groups, &span, NAMED) {
        Shape::Whole { group: 0, .. } => Shape::No,
        Shape::Whole { group, .. } if not_a_number(groups, group) => Shape::No,
        Shape::No if pairs(groups) => whole(input, groups, 2, false, NAMED),
        shape => shape,
    }
}

/// Six digits in pairs, as in Greenland: the shortest that a country has.
fn pairs(groups: &Groups) -> bool {
    let pair = |place: usize| {
        let group = groups.group(place);
        group.len == 2 && (place == 0 || group.gap == Gap::Space) && !group.bracket
    };
    groups.len() == 3 && (0..3).all(pair)
}

/// A first run that is long enough to stand for itself, with or without a tail after a hyphen.
fn run_in_context(input: &Input<'_>, groups: &Groups) -> Shape {
    let first = groups.group(0);
    if first.len > 15 || first.bracket {
        return Shape::No;
    }
    if groups.growing(input, 0) {
        return Shape::Open;
    }
    if groups.len() == 1 || groups.group(1).gap == Gap::Space {
        return whole(input, groups, 0, true, NAMED);
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
        return whole(input, groups, 1, true, NAMED);
    }
    Shape::No
}

/// Dates, spans of years, and large amounts with their thousands set apart.
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
    let years = last == 1
        && (0..2).all(|p| {
            let group = groups.group(p);
            let digits = groups.digits(group.first);
            group.len == 4 && (digits.starts_with(&[1, 9]) || digits.starts_with(&[2, 0]))
        });
    date(groups, 0, last) || years || zeros >= 6 || threes && dots
}
