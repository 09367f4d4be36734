//! One identifier: its forms, its check, and the words that name it.

use super::super::bytes::Separator;
use super::super::context::{BEHIND_LONGEST as BEHIND, Telephone, behind, telephone};
use super::super::input::{Input, Step, Tri, is_alphanumeric, is_digit};
use super::super::opening::Openings;
use super::near::{Names, named};
use super::shape::{Read, Reading, lead, longest, read, word};

/// A written form of an identifier.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) text: &'static [u8],
    /// Whether the form and the check say enough without a word that names the identifier.
    alone: bool,
    /// The digits that it begins with, and whether more may follow them in the same group.
    lead: (usize, bool),
    /// The length of its first word.
    word: usize,
}

impl Form {
    /// Whether its first mark may be what stands behind the first word.
    fn goes_on(&self, input: &Input<'_>) -> bool {
        let Some(&mark) = self.text.get(self.word) else {
            return true;
        };
        match (mark, input.byte(input.start + self.word)) {
            (b' ', Some(b)) => matches!(b, b' ' | b'-' | 0x80..),
            (b'_', Some(b)) => matches!(b, b' ' | 0x80..),
            (b'-', Some(b)) => matches!(b, b'-' | 0x80..),
            (_, Some(b)) => b == mark,
            (_, None) => false,
        }
    }
}

/// A form that counts wherever it stands, if its letters are capitals.
pub(super) const fn alone(text: &'static str) -> Form {
    Form {
        text: text.as_bytes(),
        alone: true,
        lead: lead(text.as_bytes()),
        word: word(text.as_bytes()),
    }
}

/// A form that counts only after a word that names the identifier.
pub(super) const fn called(text: &'static str) -> Form {
    Form {
        text: text.as_bytes(),
        alone: false,
        lead: lead(text.as_bytes()),
        word: word(text.as_bytes()),
    }
}

/// An identifier. The first of its forms that fits the text and passes the check is the reading.
pub(in super::super) struct Rule {
    pub(super) forms: &'static [Form],
    /// Words and phrases that name it.
    pub(super) names: Names,
    /// Whether what was read is possible, given whether it is named.
    pub(super) check: fn(&Reading, bool) -> bool,
    /// The score after a name.
    pub(super) named: f32,
    /// The score without one.
    pub(super) alone: f32,
}

impl Rule {
    /// The highest score it gives.
    pub(in super::super) const fn ceiling(&self) -> f32 {
        if self.named > self.alone {
            self.named
        } else {
            self.alone
        }
    }

    const fn needs_name(&self) -> bool {
        let mut i = 0;
        while i < self.forms.len() {
            if self.forms[i].alone {
                return false;
            }
            i += 1;
        }
        true
    }

    /// Its names, if it finds nothing without one of them.
    pub(in super::super) const fn needed_names(&'static self) -> Option<&'static Names> {
        if self.needs_name() {
            Some(&self.names)
        } else {
            None
        }
    }

    /// The most bytes from the start that it reads.
    pub(in super::super) const fn longest(&self) -> usize {
        longest(self.forms)
    }

    /// How what it finds opens.
    pub(in super::super) const fn openings(&self) -> Openings {
        let (mut openings, mut i) = (Openings::NONE, 0);
        while i < self.forms.len() {
            openings = openings.with_form(self.forms[i].text);
            i += 1;
        }
        openings
    }

    pub(in super::super) fn run(&self, input: &Input<'_>) -> Step {
        let run = input.digits(input.start, 20);
        let (digits, cut) = (run - input.start, input.open(run));
        let mut context = None;
        // The name is looked for first where nothing counts without one.
        if self.needs_name() {
            if !named(input, &self.names) {
                return Step::No;
            }
            context = Some(true);
        }
        for form in self.forms {
            // Most starts are turned down by the length of their first group alone.
            if input
                .word
                .is_some_and(|word| word != form.word || !form.goes_on(input))
            {
                continue;
            }
            let (first, more) = form.lead;
            let fits = match digits {
                0 if first == 0 => true,
                _ if first == 0 => form.text.first() == Some(&b'*'),
                _ => digits == first || cut && digits < first || more && digits > first,
            };
            if !fits {
                continue;
            }
            let mut named = || *context.get_or_insert_with(|| named(input, &self.names));
            match read(input, form.text) {
                Read::No => {}
                Read::Open { small } => {
                    if form.alone && !small && stands_alone(input) || named() && stands(input) {
                        return Step::Unfinished;
                    }
                }
                Read::Whole(reading) => {
                    // The check is stricter, if it differs, for what is not named.
                    if !(self.check)(&reading, true) || !stands(input) {
                        continue;
                    }
                    let (end, edge, score) = if named() {
                        (
                            reading.end,
                            input.edge(reading.end, b"-./", is_digit),
                            self.named,
                        )
                    } else if form.alone
                        && !reading.small
                        && stands_alone(input)
                        && (self.check)(&reading, false)
                        && !(first > 0 && telephone(input) == Telephone::Named)
                    {
                        let row = reading.mark == Some(Separator::Space);
                        (reading.end, edge_alone(input, reading.end, row), self.alone)
                    } else {
                        continue;
                    };
                    match edge {
                        Tri::Yes => return Step::Match { end, score },
                        Tri::Open => return Step::Unfinished,
                        Tri::No => {}
                    }
                }
            }
        }
        Step::No
    }
}

/// The longest value in one run that a name may stand behind.
const RUN: usize = 20;
pub(in super::super) const BEHIND_LONGEST: usize = RUN + BEHIND + 8;

impl Rule {
    /// Values in one run of letters and digits that one of `names` stands behind: `… is my
    /// passport number`.
    pub(in super::super) fn run_behind(&self, input: &Input<'_>, names: &[&str]) -> Step {
        let there = input.bytes.get(input.start..).unwrap_or_default();
        let run = there.iter().take(RUN + 1);
        let run = run.take_while(|&&b| is_alphanumeric(b) || b == b'-');
        let (mut len, mut digits) = (0, 0);
        for b in run {
            len += 1;
            digits += usize::from(b.is_ascii_digit());
        }
        let end = input.start + len;
        if len > RUN || !stands(input) {
            return Step::No;
        }
        if input.open(end) {
            return Step::Unfinished;
        }
        if digits < 5 || input.byte(end) != Some(b' ') {
            return Step::No;
        }
        // Most words have no name behind them, which costs less to see than the forms.
        let named = behind(input, end, names, &[]);
        let fits = |form: &Form| match read(input, form.text) {
            Read::Whole(reading) => reading.end == end && (self.check)(&reading, true),
            _ => false,
        };
        if named == Tri::No || !self.forms.iter().any(fits) {
            return Step::No;
        }
        match named {
            Tri::Open => Step::Unfinished,
            _ => Step::Match {
                end,
                score: self.named,
            },
        }
    }
}

/// Whether the text before the start lets a named identifier begin there.
fn stands(input: &Input<'_>) -> bool {
    !matches!(input.before(1), Some(b'+' | b'$')) && !input.glued(b"-./,", is_digit)
}

/// Whether the text before the start lets an identifier begin there that nothing names.
fn stands_alone(input: &Input<'_>) -> bool {
    let (before, _) = input.behind();
    !before.ends_with(['+', '$', '#', '€', '£', '¥', '₹', '%', '@', '\\'])
        && !input.glued(b"-./=~", is_alphanumeric)
        && !input.glued(b", ", is_digit)
}

fn edge_alone(input: &Input<'_>, end: usize, row: bool) -> Tri {
    let glue: &[u8] = if row { b" ," } else { b"," };
    match input.edge(end, b"-./@=", is_alphanumeric) {
        Tri::Yes => input.edge(end, glue, is_digit),
        other => other,
    }
}
