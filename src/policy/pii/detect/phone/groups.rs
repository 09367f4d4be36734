//! The groups of digits that a telephone number is written in.

use super::super::bytes::{Separator, separator};
use super::super::input::{Input, Peek};

/// The most groups that are looked at: `+44 (0) 6 12 34 56 78` has eight.
const GROUPS: usize = 9;
/// The most digits: fifteen of E.164, a trunk zero or an international prefix, and one too many.
pub(super) const DIGITS: usize = 19;
/// `+(`, the digits, between two groups at most a bracket, a separator of three bytes, a space of
/// three bytes and a bracket, then what follows.
pub(super) const LONGEST: usize = 2 + DIGITS + GROUPS * (1 + 3 + 3 + 1) + 4;

/// What stands between a group and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing but brackets, or the start.
    #[default]
    None,
    Space,
    Hyphen,
    Dot,
    Slash,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    pub(super) gap: Gap,
    pub(super) len: usize,
    /// Whether it stands in brackets of its own.
    pub(super) bracket: bool,
    /// Where its digits begin in `Groups::digits`.
    pub(super) first: usize,
    end: usize,
}

#[derive(Debug)]
pub(super) struct Groups {
    list: [Group; GROUPS],
    count: usize,
    digits: [u8; DIGITS],
    total: usize,
    pub(super) plus: bool,
    /// Whether text that is not there yet could add digits.
    pub(super) open: bool,
    /// The gap after the last group, if more digits follow than there is room for.
    pub(super) overflow: Option<Gap>,
}

impl Groups {
    /// Reads the groups at the input's start; an error says whether there could be some yet.
    pub(super) fn read(input: &Input<'_>) -> Result<Self, bool> {
        let mut groups = Self {
            list: [Group::default(); GROUPS],
            count: 0,
            digits: [0; DIGITS],
            total: 0,
            plus: false,
            open: false,
            overflow: None,
        };
        let mut at = input.start;
        let mut bracket = input.byte(at) == Some(b'(');
        at += usize::from(bracket);
        if input.byte(at) == Some(b'+') {
            groups.plus = true;
            at += 1;
            // `+(370) 12041779`
            if !bracket && input.byte(at) == Some(b'(') {
                bracket = true;
                at += 1;
            }
        }
        if input.open(at) {
            return Err(true);
        }
        let mut gap = Gap::None;
        loop {
            let end = input.digits(at, DIGITS + 1);
            if end == at {
                break;
            }
            if !groups.push(
                gap,
                bracket,
                input.bytes.get(at..end).unwrap_or_default(),
                end,
            ) {
                groups.overflow = Some(gap);
                return Ok(groups);
            }
            match groups.gap(input, end, bracket) {
                Some((next, following, in_bracket)) => {
                    (at, gap, bracket) = (following, next, in_bracket);
                }
                None => break,
            }
        }
        if groups.count == 0 {
            Err(false)
        } else {
            Ok(groups)
        }
    }

    fn push(&mut self, gap: Gap, bracket: bool, digits: &[u8], end: usize) -> bool {
        let first = self.total;
        for &b in digits {
            match self.digits.get_mut(self.total) {
                Some(digit) => *digit = b - b'0',
                None => return false,
            }
            self.total += 1;
        }
        match self.list.get_mut(self.count) {
            Some(group) => {
                *group = Group {
                    gap,
                    len: digits.len(),
                    bracket,
                    first,
                    end,
                }
            }
            None => return false,
        }
        self.count += 1;
        true
    }

    /// Reads what stands between a group that ends at `from` and the next: the gap, where the next
    /// digits begin, and whether they are in brackets.
    fn gap(&mut self, input: &Input<'_>, from: usize, open: bool) -> Option<(Gap, usize, bool)> {
        let mut at = from;
        let mut pending = |at: usize| self.open |= input.open(at);
        pending(at);
        if open {
            if input.peek(at) != Peek::Some(b')') {
                return None;
            }
            at += 1;
            pending(at);
        }
        let mut gap = Gap::None;
        if let Some((mark, len)) = separator(input.bytes, at) {
            gap = match mark {
                Separator::Space => Gap::Space,
                Separator::Hyphen => Gap::Hyphen,
                Separator::Dot => Gap::Dot,
                Separator::Slash => Gap::Slash,
            };
            at += len;
            pending(at);
            if let Some((Separator::Space, len)) = separator(input.bytes, at)
                && gap == Gap::Hyphen
            {
                at += len;
                pending(at);
            }
        }
        let bracket = input.peek(at) == Peek::Some(b'(');
        if bracket {
            at += 1;
            pending(at);
        }
        let digit = matches!(input.peek(at), Peek::Some(b) if b.is_ascii_digit());
        (digit && (gap != Gap::None || open || bracket)).then_some((gap, at, bracket))
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The group at `place`, or one without digits.
    pub(super) fn group(&self, place: usize) -> Group {
        self.list
            .get(..self.count)
            .and_then(|l| l.get(place))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn end(&self, place: usize) -> Option<usize> {
        self.list.get(..self.count)?.get(place).map(|g| g.end)
    }

    /// The digits from `first` on.
    pub(super) fn digits(&self, first: usize) -> &[u8] {
        self.digits.get(first..self.total).unwrap_or_default()
    }

    /// The digits up to the end of the group at `place`.
    pub(super) fn through(&self, place: usize) -> usize {
        let group = self.group(place);
        group.first + group.len
    }

    /// Whether the group at `place` may still get more digits.
    pub(super) fn growing(&self, input: &Input<'_>, place: usize) -> bool {
        place + 1 == self.count && self.end(place).is_some_and(|end| input.open(end))
    }
}
