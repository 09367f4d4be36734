//! What is wrong with a configuration, and where.

use std::fmt;

/// Past this many problems the rest are only counted: nobody reads more, and a hostile file must
/// not buy an answer larger than itself.
const MOST_PROBLEMS: usize = 50;

/// A place in the file: line and column, both counted from 1, columns in characters.
///
/// `0:0` stands for "no place": the configuration was built in code, or the file was unreadable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    pub(super) const fn new(line: usize, column: usize) -> Self {
        Self { line, column }
    }

    pub(super) const START: Self = Self::new(1, 1);
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, from 1; 0 when there is no file to point into.
    pub line: usize,
    /// The column in characters, from 1; 0 when there is no file to point into.
    pub column: usize,
    /// The key path of the value at fault, such as `providers.targets[0].base_url`; for an unknown
    /// or duplicate key, of the mapping it stands in. Empty for the file as a whole.
    pub path: String,
    /// What is wrong and how to put it right. Never holds a secret.
    pub message: String,
}

/// A configuration that was refused, with every problem found in it.
///
/// `Display` writes one line a problem: `policy-config.yaml:7:1: unknown key "polices"; …`.
///
/// ```
/// # use portcullis::config::Config;
/// let error = Config::parse("policy-config.yaml", "polices:\n  chain: []\n").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"policy-config.yaml:1:1: unknown key "polices"; did you mean "policies"?"#,
/// );
/// assert_eq!(error.problems()[0].line, 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    name: String,
    problems: Vec<Problem>,
}

impl ConfigError {
    /// An error with one problem.
    pub(super) fn one(name: &str, at: Position, path: &str, message: impl Into<String>) -> Self {
        let mut problems = Problems::default();
        problems.push(at, path, message);
        problems.into_error(name)
    }

    /// The problems found, in the order of the file. Never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The name of the file the problems are in.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let Problem { line, column, .. } = problem;
            write!(f, "{}:", self.name)?;
            if *line > 0 {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " {}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Problems as they are found.
#[derive(Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    pub(super) fn push(&mut self, at: Position, path: &str, message: impl Into<String>) {
        if self.list.len() >= MOST_PROBLEMS {
            self.left_out += 1;
            return;
        }
        self.list.push(Problem {
            line: at.line,
            column: at.column,
            path: path.to_owned(),
            message: message.into(),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_error(mut self, name: &str) -> ConfigError {
        // Stable, so that two problems with one value keep the order they were found in.
        self.list.sort_by_key(|p| (p.line, p.column));
        if self.left_out > 0
            && let Some(last) = self.list.last()
        {
            self.list.push(Problem {
                line: last.line,
                column: last.column,
                path: String::new(),
                message: format!("{} more problems are not shown", self.left_out),
            });
        }
        ConfigError {
            // One line a problem holds even when a file's name has a line break in it.
            name: name.replace(char::is_control, "?"),
            problems: self.list,
        }
    }
}
