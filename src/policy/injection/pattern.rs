//! Attacks that a team knows of: regular expressions of its own.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use regex_automata::dfa::{dense, regex::Regex};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

/// Memory the automata may take, in bytes.
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

/// The patterns, compiled into one automaton.
#[derive(Clone)]
pub(super) struct Patterns {
    regex: Arc<Regex>,
    names: Arc<[String]>,
}

impl Patterns {
    /// Compiles patterns with their names. Upper and lower case are one.
    pub(super) fn compile(sources: &[(String, String)]) -> Result<Self, InvalidPattern> {
        let compile = |regexes: &[&str]| {
            let dfa = dense::Config::new()
                .dfa_size_limit(Some(MAX_SIZE))
                .determinize_size_limit(Some(MAX_SIZE));
            Regex::builder()
                .dense(dfa)
                .syntax(syntax::Config::new().case_insensitive(true))
                .thompson(thompson::Config::new().nfa_size_limit(Some(MAX_SIZE)))
                .build_many(regexes)
                .map_err(|error| deepest(&error))
        };
        let fail = |name: &str, why: String| {
            let hint = match why.contains("word boundar") {
                true => "; write (?-u:\\b) for a boundary of ASCII words",
                false => "",
            };
            InvalidPattern {
                why: format!("pattern {name:?}: {why}{hint}"),
            }
        };
        // One by one first, to say which of them is at fault.
        for (name, regex) in sources {
            let one = compile(&[regex]).map_err(|error| fail(name, error))?;
            if one.is_match("") {
                return Err(InvalidPattern {
                    why: format!("pattern {name:?}: matches the empty text"),
                });
            }
        }
        let all: Vec<&str> = sources.iter().map(|(_, regex)| regex.as_str()).collect();
        let regex = compile(&all).map_err(|error| fail("of all together", error))?;
        Ok(Self {
            regex: Arc::new(regex),
            names: sources.iter().map(|(name, _)| name.clone()).collect(),
        })
    }

    /// The first match in `text`, with the pattern's name.
    pub(super) fn find(&self, text: &str) -> Option<(Range<usize>, &str)> {
        let found = self.regex.find(text)?;
        Some((found.range(), &self.names[found.pattern().as_usize()]))
    }
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
        f.debug_list().entries(self.names.iter()).finish()
    }
}
