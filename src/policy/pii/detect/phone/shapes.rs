//! The shapes of telephone numbers, each tried on the groups of digits.

use super::super::bytes::is_word;
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
    Whole { group: usize, score: f32 },
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
    let zeros = groups.digits(0).starts_with(&[0, 0]);
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
    if place + 1 < groups.len() {
        let space = groups.group(place + 1).gap == Gap::Space;
        return if space && soft { Tri::Yes } else { Tri::No };
    }
    let Some(end) = groups.end(place) else { return Tri::No };
    if groups.overflow {
        return match input.peek(end) {
            Peek::Some(b' ') if soft => Tri::Yes,
            _ => Tri::No,
        };
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
        Peek::Some(mark @ (':' | ',' | '-' | '.')) => match input.peek(end + 1) {
            Peek::Open if mark != ',' => Tri::Open,
            Peek::Some(b) if is_digit(b) && mark != ',' => Tri::No,
            _ => Tri::Yes,
        },
        // Where other digits after a space would matter, wait for them.
        Peek::Some(' ') if !soft && input.open(end + 1) => Tri::Open,
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

/// Takes as many groups from `from` on as keep the number of digits after `skip` within
/// `fewest..=most`, and ends with the last that reaches it.
fn greedy(
    input: &Input<'_>,
    groups: &Groups,
    from: usize,
    fewest: usize,
    most: usize,
    count: impl Fn(usize) -> Option<usize>,
    score: f32,
) -> Shape {
    let mut best = None;
    for place in from..groups.len() {
        let Some(digits) = count(place) else { break };
        let growing = groups.growing(input, place);
        if digits > most {
            break;
        }
        if growing {
            return Shape::Open;
        }
        if digits >= fewest {
            best = Some(place);
        }
        if place + 1 == groups.len() && groups.open && digits < most {
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
    if len == 1 && digits.first() == Some(&1) && digits.get(1).is_some_and(|&d| d < 2) {
        return Shape::No;
    }
    // The zero in `+44 (0)20` is not dialled, and some write it without its brackets.
    let trunk = groups.digits(from + len).first() == Some(&0);
    let extra = usize::from(trunk);
    let count = |place: usize| {
        let group = groups.group(place);
        let spread = group.len > 1 || group.first <= from + len + extra;
        spread.then(|| groups.through(place).saturating_sub(from + len))
    };
    // Some countries keep the zero (Italy), so the fewest is not raised for it.
    greedy(input, groups, 0, fewest, most + extra, count, INTERNATIONAL)
}

/// `00` instead of `+`; without any separator it needs a word before it.
fn exit_code(input: &Input<'_>, groups: &Groups) -> Shape {
    let bare = groups.len() == 1;
    let spelled = !bare || context::telephone(input) == Telephone::Named;
    if !spelled && !groups.open {
        return Shape::No;
    }
    match international(input, groups, 2) {
        Shape::Whole { group: 0, .. } if !spelled => Shape::No,
        // A run that stands alone is a number only if a separator can still come inside it.
        Shape::Open if !spelled && groups.through(0) > 7 => Shape::No,
        shape => shape,
    }
}

/// Three, three and four digits, maybe after a `1`.
fn north_american(input: &Input<'_>, groups: &Groups) -> Shape {
    let one = usize::from(groups.digits(0).first() == Some(&1) && groups.group(0).len == 1);
    for (place, len) in [(one, 3), (one + 1, 3), (one + 2, 4)] {
        let group = groups.group(place);
        if group.len == len && !groups.growing(input, place) {
            continue;
        }
        let missing = place >= groups.len() || groups.growing(input, place) && group.len <= len;
        let fits = missing && (place < groups.len() || groups.open) && group.len <= len;
        let so_far = (0..place.min(groups.len())).all(|p| p < one || groups.group(p).len >= 3);
        return if fits && groups.open && so_far && spaced_well(groups, one) {
            Shape::Open
        } else {
            Shape::No
        };
    }
    if !spaced_well(groups, one) {
        return Shape::No;
    }
    let marks = (groups.group(one + 1).gap, groups.group(one + 2).gap);
    let spaces = marks == (Gap::Space, Gap::Space) && !groups.group(one).bracket;
    whole(input, groups, one + 2, !spaces, NANP)
}

/// Whether the separators, as far as they are there, are those of a North American number.
fn spaced_well(groups: &Groups, one: usize) -> bool {
    let area = groups.group(one);
    let (second, third) = (groups.group(one + 1), groups.group(one + 2));
    let first_digit = groups.digits(area.first).first().copied();
    if groups.len() > one && first_digit == Some(0) || second.bracket || third.bracket {
        return false;
    }
    if groups.len() <= one + 1 {
        return true;
    }
    if one == 0 && first_digit == Some(1) && !area.bracket && second.gap == Gap::Space {
        return false;
    }
    if second.gap == Gap::Slash && !area.bracket || third.gap == Gap::Slash {
        return false;
    }
    groups.len() <= one + 2
        || area.bracket
        || second.gap == third.gap
        || second.gap == Gap::Space && third.gap == Gap::Hyphen
        || second.gap == Gap::Slash
}

/// An area code of two digits in brackets and eight or nine digits, in two groups or one.
fn bracketed(input: &Input<'_>, groups: &Groups) -> Shape {
    let area = groups.group(0);
    if !area.bracket || groups.digits(0).first() == Some(&0) {
        return Shape::No;
    }
    if area.len != 2 {
        return if groups.growing(input, 0) && area.len < 2 { Shape::Open } else { Shape::No };
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
        return if second.len <= 9 { Shape::Open } else { Shape::No };
    }
    match second.len {
        8 | 9 => whole(input, groups, 1, true, NATIONAL),
        3..=5 if groups.len() == 2 => if groups.open { Shape::Open } else { Shape::No },
        3..=5 if plain(third) && groups.growing(input, 2) => {
            if third.len <= 5 { Shape::Open } else { Shape::No }
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
        if place > 0 && place < groups.len() && !matches!(group.gap, Gap::Space | Gap::Hyphen) {
            return Shape::No;
        }
        if group.len == len && !groups.growing(input, place) && !group.bracket {
            continue;
        }
        let reached = place >= groups.len() || groups.growing(input, place);
        let open = groups.open && reached && group.len <= len && !group.bracket;
        return if open { Shape::Open } else { Shape::No };
    }
    if groups.group(1).gap != groups.group(2).gap {
        return Shape::No;
    }
    whole(input, groups, 2, groups.group(1).gap == Gap::Hyphen, NATIONAL)
}

/// A trunk zero, an area or mobile code, and at least one separator.
fn trunk(input: &Input<'_>, groups: &Groups) -> Shape {
    let digits = groups.digits(0);
    let first = groups.group(0);
    if digits.first() != Some(&0) || first.len > 6 {
        return Shape::No;
    }
    if first.len < 2 {
        return if groups.growing(input, 0) { Shape::Open } else { Shape::No };
    }
    let (mut marks, mut pairs) = ([false; 5], 0);
    for place in 0..groups.len() {
        let group = groups.group(place);
        if place > 0 {
            marks[group.gap as usize] = true;
        }
        pairs += usize::from(group.len == 2 && pairs == place);
    }
    // A table of small numbers looks like `01 23 45 67 89`, but goes on.
    let five = pairs >= 5;
    if five && (pairs > 5 || input.group_before().0 == 2 && input.before(1) == Some(b' ')) {
        return Shape::No;
    }
    if five && groups.len() == 5 {
        if groups.growing(input, 4) {
            return Shape::Open;
        }
        if date(groups, 4) {
            return Shape::No;
        }
        return whole(input, groups, 4, false, NATIONAL);
    }
    let count = |place: usize| {
        let group = groups.group(place);
        let slash = group.gap == Gap::Slash && place != 1;
        (group.len > 1 && !slash && (place == 0 || !group.bracket)).then(|| groups.through(place))
    };
    match greedy(input, groups, 0, 9, if first.len > 2 { 12 } else { 11 }, count, NATIONAL) {
        Shape::Whole { group: 0, .. } => Shape::No,
        Shape::Whole { group, .. } if date(groups, group) => Shape::No,
        // Nine digits in threes are written by too many other numbers.
        Shape::Whole { group: 2, .. } if groups.through(2) == 9 && first.len == 3 => Shape::No,
        // A run that is alone cannot become a number once it is too long for an area code.
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
    let (a, b, c) = (groups.group(0).len, groups.group(1).len, groups.group(2).len);
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
        // A run that is long enough stands for itself.
        if first.len > 15 || !named && !groups.open {
            return Shape::No;
        }
        if groups.growing(input, 0) {
            return if named { Shape::Open } else { Shape::No };
        }
        if !named || first.bracket {
            return Shape::No;
        }
        return if groups.len() == 1 || groups.group(1).gap == Gap::Space || first.len < 9 {
            run_end(input, groups, score)
        } else {
            Shape::No
        };
    }
    let mut tight = false;
    for place in 1..groups.len() {
        let gap = groups.group(place).gap;
        // After hyphens or dots, a space ends the number.
        if tight && gap == Gap::Space {
            return ended(groups, place - 1, score, input);
        }
        tight |= matches!(gap, Gap::Hyphen | Gap::Dot) && !groups.group(place - 1).bracket;
    }
    let count = |place: usize| {
        let group = groups.group(place);
        (place == 0 || group.len > 1).then(|| groups.through(place))
    };
    match greedy(input, groups, 0, 7, 15, count, score) {
        Shape::Whole { group: 0, .. } => Shape::No,
        Shape::Whole { group, .. } if not_a_number(groups, group) => Shape::No,
        shape => shape,
    }
}

fn run_end(input: &Input<'_>, groups: &Groups, score: f32) -> Shape {
    if groups.len() > 1 && groups.group(1).gap != Gap::Space {
        // `123456-78` goes on.
        let count = |place: usize| Some(groups.through(place));
        return match greedy(input, groups, 0, 7, 15, count, score) {
            Shape::Whole { group, .. } if not_a_number(groups, group) => Shape::No,
            shape => shape,
        };
    }
    if groups.len() == 1 && groups.open && groups.end(0).is_some_and(|e| !input.open(e)) {
        // A separator stands at the end: only a space leaves the run as it is.
        return match groups.end(0).and_then(|e| input.byte(e)) {
            Some(b' ') => whole(input, groups, 0, true, score),
            _ => Shape::Open,
        };
    }
    whole(input, groups, 0, true, score)
}

/// The number ends with the group at `last`, before a space and more digits.
fn ended(groups: &Groups, last: usize, score: f32, input: &Input<'_>) -> Shape {
    let short = (1..=last).any(|place| groups.group(place).len < 2);
    if !(7..=15).contains(&groups.through(last)) || short || not_a_number(groups, last) {
        return Shape::No;
    }
    whole(input, groups, last, true, score)
}

/// Dates, and large amounts with their thousands set apart.
fn not_a_number(groups: &Groups, last: usize) -> bool {
    let used = groups.through(last);
    let zeros = groups.digits(0).iter().take(used).rev().take_while(|&&d| d == 0).count();
    let threes = last >= 1 && (1..=last).all(|p| groups.group(p).len == 3);
    let dots = (1..=last).all(|p| groups.group(p).gap == Gap::Dot);
    date(groups, last) || zeros >= 6 || threes && dots
}
