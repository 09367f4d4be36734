//! Everything that looks for values, as one: the built-in detectors, patterns
//! of one's own, and the placeholders of a vault.
//!
//! Where findings overlap, the one that starts first is taken; of those that
//! start at one place, a placeholder, then that of a pattern of one's own, then
//! that of a detector of one's own, then a built-in one (for which see
//! [`detect`](super::detect)).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::detect::{self, EntitySet, Finding, Locales, Scanner};
use super::detector::{self, Detectors};
use super::label::Label;
use super::pattern::{Found, Patterns};
use super::vault::{Held, Vault};

/// How far before undecided text the finder looks.
pub(super) const LOOKBEHIND: usize = detect::VIEW_LOOKBEHIND;

#[derive(Clone, Debug)]
pub(super) struct Finder {
    pub(super) entities: EntitySet,
    /// The countries whose values count.
    pub(super) locales: Locales,
    pub(super) patterns: Option<Patterns>,
    pub(super) detectors: Detectors,
    /// Findings below this score are passed over.
    pub(super) threshold: f32,
    pub(super) thresholds: HashMap<Label, f32>,
    /// Values that are let alone, in lower case.
    pub(super) allowed: HashSet<String>,
}

/// A value, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Hit {
    Value {
        label: Label,
        score: f32,
    },
    /// A placeholder, by its number in the vault.
    Placeholder {
        number: usize,
    },
}

/// The next finding of one source.
enum Next {
    Hit {
        range: Range<usize>,
        hit: Hit,
    },
    /// There is none before this place, and from there on it is open.
    Decided(usize),
}

impl Next {
    fn start(&self) -> usize {
        match self {
            Self::Hit { range, .. } => range.start,
            Self::Decided(at) => *at,
        }
    }
}

impl Finder {
    /// Reports what is found at or after `start`, first to last, and gives up
    /// to where the text is decided. A `scanner` that has read what stands
    /// before has less to do.
    pub(super) fn find(
        &self,
        text: &str,
        start: usize,
        last: bool,
        vault: Option<&Vault>,
        scanner: &mut Scanner,
        mut found: impl FnMut(Range<usize>, Hit),
    ) -> usize {
        let vault = vault.filter(|vault| !vault.is_empty());
        if self.patterns.is_none() && vault.is_none() && self.detectors.is_empty() {
            return scanner.scan(self.wanted(), text, start, last, &mut |finding: Finding| {
                if let Some(hit) = self.judge(text, &finding) {
                    found(finding.range, hit);
                }
            });
        }
        self.find_all(text, start, last, vault, found)
    }

    fn find_all(
        &self,
        text: &str,
        start: usize,
        last: bool,
        vault: Option<&Vault>,
        mut found: impl FnMut(Range<usize>, Hit),
    ) -> usize {
        let mut at = start;
        let mut built_in = BuiltIn::default();
        let mut placeholder: Option<Next> = None;
        let mut pattern: Option<Next> = None;
        let mut detected: Option<Next> = None;
        loop {
            // A finding that starts within another one is none.
            placeholder = placeholder.filter(|next| next.start() >= at);
            pattern = pattern.filter(|next| next.start() >= at);
            detected = detected.filter(|next| next.start() >= at);
            let held = placeholder.get_or_insert_with(|| next_placeholder(vault, text, at, last));
            let own = pattern.get_or_insert_with(|| self.next_pattern(text, at, last));
            let added = detected.get_or_insert_with(|| self.next_detected(text, at, last));
            let known = built_in.next(self, text, at, last);
            // By rank: of those that start at one place the first is taken.
            let ranked = [&*held, own, added, &known];
            let earliest = ranked.iter().map(|next| next.start()).min();
            let earliest = earliest.unwrap_or(text.len());
            let chosen = ranked.into_iter().find(|next| next.start() == earliest);
            match chosen {
                Some(Next::Hit { range, hit }) => {
                    found(range.clone(), hit.clone());
                    at = range.end;
                }
                _ => return earliest,
            }
        }
    }

    /// What the built-in detectors look for.
    fn wanted(&self) -> EntitySet {
        if self.locales == Locales::ALL {
            return self.entities;
        }
        let all = detect::Entity::ALL.iter().copied();
        all.filter(|&entity| self.entities.contains(entity) && self.locales.have(entity))
            .collect()
    }

    fn judge(&self, text: &str, finding: &Finding) -> Option<Hit> {
        let label = Label::from(finding.entity);
        let value = text.get(finding.range.clone())?;
        let accepted =
            self.accepts(&label, finding.score, value) && self.locales.own(finding.entity, value);
        accepted.then_some(Hit::Value {
            label,
            score: finding.score,
        })
    }

    fn accepts(&self, label: &Label, score: f32, value: &str) -> bool {
        let threshold = match self.thresholds.is_empty() {
            true => self.threshold,
            false => *self.thresholds.get(label).unwrap_or(&self.threshold),
        };
        score >= threshold
            && (self.allowed.is_empty() || !self.allowed.contains(&value.to_lowercase()))
    }

    fn next_detected(&self, text: &str, at: usize, last: bool) -> Next {
        let mut at = at;
        loop {
            at = match self.detectors.is_empty() {
                true => text.len(),
                false => self.detectors.next_start(text, at),
            };
            if at >= text.len() {
                return Next::Decided(text.len());
            }
            if !text.is_char_boundary(at) {
                at += 1;
                continue;
            }
            let accepts = |label: &Label, score, value: &str| self.accepts(label, score, value);
            match self.detectors.match_at(text, at, last, accepts) {
                detector::Found::No => at += 1,
                detector::Found::Unfinished => return Next::Decided(at),
                detector::Found::Match { end, label, score } => {
                    let label = label.clone();
                    return Next::Hit {
                        range: at..end,
                        hit: Hit::Value { label, score },
                    };
                }
            }
        }
    }

    fn next_pattern(&self, text: &str, at: usize, last: bool) -> Next {
        let Some(patterns) = &self.patterns else {
            return Next::Decided(text.len());
        };
        let mut at = at;
        loop {
            at = patterns.next_start(text, at);
            if at >= text.len() {
                return Next::Decided(text.len());
            }
            if !text.is_char_boundary(at) {
                at += 1;
                continue;
            }
            match patterns.match_at(text, at, last) {
                Found::No => at += 1,
                Found::Unfinished => return Next::Decided(at),
                Found::Match { end, pattern } => {
                    let (label, score) = patterns.label(pattern);
                    let end = text.floor_char_boundary(end);
                    if end > at && self.accepts(label, score, &text[at..end]) {
                        let label = label.clone();
                        return Next::Hit {
                            range: at..end,
                            hit: Hit::Value { label, score },
                        };
                    }
                    at += 1;
                }
            }
        }
    }
}

fn next_placeholder(vault: Option<&Vault>, text: &str, at: usize, last: bool) -> Next {
    let Some(vault) = vault else {
        return Next::Decided(text.len());
    };
    let mut at = at;
    loop {
        at = vault.next_start(text, at);
        if at >= text.len() {
            return Next::Decided(text.len());
        }
        match vault.match_at(text, at, last) {
            Held::No => at += 1,
            Held::Unfinished => return Next::Decided(at),
            Held::Match { end, number } => {
                return Next::Hit {
                    range: at..end,
                    hit: Hit::Placeholder { number },
                };
            }
        }
    }
}

/// The findings of the built-in detectors from some place on, read at once and
/// handed out one by one.
#[derive(Default)]
struct BuiltIn {
    findings: std::collections::VecDeque<Finding>,
    decided: usize,
    read: bool,
}

impl BuiltIn {
    fn next(&mut self, finder: &Finder, text: &str, at: usize, last: bool) -> Next {
        // What another source has taken changes what can be found behind it.
        let overlapped = self.findings.front().is_some_and(|f| f.range.start < at);
        if !self.read || overlapped || self.decided < at {
            self.read = true;
            self.findings.clear();
            let findings = &mut self.findings;
            self.decided = detect::scan_any(finder.wanted(), text, at, last, &mut |f| {
                findings.push_back(f);
            });
        }
        while let Some(finding) = self.findings.front() {
            match finder.judge(text, finding) {
                Some(hit) => {
                    let range = finding.range.clone();
                    // It stays at the front until it is taken, or overlapped.
                    return Next::Hit { range, hit };
                }
                None => {
                    self.findings.pop_front();
                }
            }
        }
        Next::Decided(self.decided)
    }
}
