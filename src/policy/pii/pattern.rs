//! Patterns of one's own, run so that streams stay exact.
//!
//! All patterns are compiled into one automaton, which is run anchored from
//! every place where one may start. It says when it can match no more; until
//! then, at the end of what has come, the text from there on is held back. A
//! match is at most [`LONGEST`] bytes long, so this ends.

use std::fmt;
use std::sync::Arc;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind, PatternID, util::syntax};

use super::label::Label;

/// Matches of patterns of one's own are at most this long, in bytes; a longer
/// one is cut there.
pub const LONGEST: usize = 512;
/// The automaton may take this much memory, in bytes.
const MAX_SIZE: usize = 8 * 1024 * 1024;

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPattern {
    why: String,
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for InvalidPattern {}

/// The patterns of a policy, compiled.
#[derive(Clone)]
pub(super) struct Patterns {
    automaton: Arc<dense::DFA<Vec<u32>>>,
    labels: Arc<[(Label, f32)]>,
    /// Bytes that a match may begin with.
    first: Arc<[bool; 256]>,
}

/// What starts at a place.
pub(super) enum Found {
    No,
    Unfinished,
    Match { end: usize, pattern: usize },
}

/// A pattern of one's own, with its name and score.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) label: Label,
    pub(super) regex: String,
    pub(super) score: f32,
    /// Upper and lower case are one.
    pub(super) any_case: bool,
}

impl Patterns {
    pub(super) fn compile(patterns: &[Pattern]) -> Result<Self, InvalidPattern> {
        let fail = |name: &str, why: &dyn fmt::Display| {
            let why = why.to_string();
            let hint = if why.contains("word boundar") {
                "; write (?-u:\\b) for a boundary of ASCII words"
            } else {
                ""
            };
            InvalidPattern {
                why: format!("pattern {name:?}: {why}{hint}"),
            }
        };
        let compile = |sources: &[String]| {
            dense::Builder::new()
                .configure(
                    dense::Config::new()
                        .match_kind(MatchKind::All)
                        .start_kind(StartKind::Anchored)
                        .dfa_size_limit(Some(MAX_SIZE))
                        .determinize_size_limit(Some(MAX_SIZE)),
                )
                .syntax(syntax::Config::new().utf8(true))
                .thompson(thompson::Config::new().nfa_size_limit(Some(MAX_SIZE)))
                .build_many(sources)
                .map_err(|error| deepest(&error))
        };
        let mut sources = Vec::new();
        for pattern in patterns {
            let source = match pattern.any_case {
                true => format!("(?i:{})", pattern.regex),
                false => pattern.regex.clone(),
            };
            // One by one first, to say which of them is at fault.
            let name = pattern.label.as_str();
            let one = compile(std::slice::from_ref(&source)).map_err(|e| fail(name, &e))?;
            if one.has_empty() {
                return Err(fail(name, &"matches the empty text"));
            }
            sources.push(source);
        }
        let automaton = compile(&sources).map_err(|e| fail("of all together", &e))?;
        let mut first = [false; 256];
        for (byte, may) in first.iter_mut().enumerate() {
            let byte = u8::try_from(byte).unwrap_or_default();
            *may = starts(&automaton, byte);
        }
        Ok(Self {
            automaton: Arc::new(automaton),
            labels: patterns
                .iter()
                .map(|pattern| (pattern.label.clone(), pattern.score))
                .collect(),
            first: Arc::new(first),
        })
    }

    pub(super) fn label(&self, pattern: usize) -> (&Label, f32) {
        let (label, score) = &self.labels[pattern];
        (label, *score)
    }

    /// The first place at or after `at` where a match may begin.
    pub(super) fn next_start(&self, text: &str, at: usize) -> usize {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let found = rest.iter().position(|&byte| self.first[usize::from(byte)]);
        found.map_or(text.len(), |found| at + found)
    }

    /// The longest match that begins at `at`; of equals, the pattern given
    /// first.
    pub(super) fn match_at(&self, text: &str, at: usize, last: bool) -> Found {
        let bytes = text.as_bytes();
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let config = start::Config::new()
            .anchored(Anchored::Yes)
            .look_behind(before);
        let Ok(mut state) = self.automaton.start_state(&config) else {
            return Found::No;
        };
        let mut best: Option<(usize, PatternID)> = None;
        let end = bytes.len().min(at + LONGEST);
        for (offset, &byte) in bytes[at..end].iter().enumerate() {
            state = self.automaton.next_state(state, byte);
            if self.automaton.is_special_state(state) {
                if self.automaton.is_match_state(state) {
                    // The automaton says so one byte late.
                    best = Some((at + offset, self.first_pattern(state)));
                } else if self.automaton.is_dead_state(state) || self.automaton.is_quit_state(state)
                {
                    return finish(best, at);
                }
            }
        }
        if end == bytes.len() && !last && end < at + LONGEST {
            return Found::Unfinished;
        }
        // Without the text behind a cut, only what can be seen counts.
        let eoi = match bytes.get(end) {
            Some(&byte) => self.automaton.next_state(state, byte),
            None if last => self.automaton.next_eoi_state(state),
            None => return Found::Unfinished,
        };
        if self.automaton.is_match_state(eoi) {
            best = Some((end, self.first_pattern(eoi)));
        }
        finish(best, at)
    }

    fn first_pattern(&self, state: regex_automata::util::primitives::StateID) -> PatternID {
        let matches = self.automaton.match_len(state);
        (0..matches)
            .map(|at| self.automaton.match_pattern(state, at))
            .min()
            .unwrap_or(PatternID::ZERO)
    }
}

fn finish(best: Option<(usize, PatternID)>, at: usize) -> Found {
    match best {
        Some((end, pattern)) if end > at => Found::Match {
            end,
            pattern: pattern.as_usize(),
        },
        _ => Found::No,
    }
}

/// Whether some match may begin with this byte, whatever stands before it.
fn starts(automaton: &dense::DFA<Vec<u32>>, byte: u8) -> bool {
    [None, Some(b'a'), Some(b' '), Some(b'\n'), Some(b'\r')]
        .into_iter()
        .any(|before| {
            let config = start::Config::new()
                .anchored(Anchored::Yes)
                .look_behind(before);
            match automaton.start_state(&config) {
                Ok(state) => !automaton.is_dead_state(automaton.next_state(state, byte)),
                Err(_) => false,
            }
        })
}

/// A pattern for a word or words as they stand.
pub(super) fn literal(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 16);
    let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if word(value.chars().next()) {
        out.push_str(r"(?-u:\b)");
    }
    for c in value.chars() {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
    }
    if word(value.chars().next_back()) {
        out.push_str(r"(?-u:\b)");
    }
    out
}

fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.labels.iter().map(|l| l.0.as_str()))
            .finish()
    }
}
