//! From the bytes of a file to a configuration, and back from a key to its place in the file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Config;
use super::error::{ConfigError, Position, Problems};
use super::tree::{self, Node};
use super::{check, patterns, rules, schema};

/// The longest file that is read.
const LONGEST: usize = 1024 * 1024;

/// A configuration together with the place of every value in its file.
///
/// For checks that come after parsing and want to point into the file:
///
/// ```
/// use portcullis::config::ConfigFile;
///
/// let file = ConfigFile::parse("policy-config.yaml", "policy:\n  audit: {path: /x/a.jsonl}\n")?;
/// let error = file.error_at("policy.audit.path", "cannot be opened; create the folder /x");
/// assert_eq!(
///     error.to_string(),
///     "policy-config.yaml:2:17: policy.audit.path: cannot be opened; create the folder /x",
/// );
/// # Ok::<(), portcullis::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConfigFile {
    name: String,
    config: Config,
    tree: Node,
}

impl ConfigFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is longer than 1 MiB, or holds any problem.
    pub fn from_path(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        Self::parse(&name, &read(path)?)
    }

    /// Reads the text of a file; `name` is what errors call the file.
    ///
    /// # Errors
    ///
    /// When the text is longer than 1 MiB or holds any problem.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let tree = tree(name, text, |tree, problems| {
            rules::expand_shorthands(tree, problems);
            check(tree, problems);
        })?;
        let config = typed(name, &tree)?;
        Ok(Self {
            name: name.to_owned(),
            config,
            tree,
        })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The configuration alone.
    pub fn into_config(self) -> Config {
        self.config
    }

    /// The place of the value at a key path such as `providers.targets[0].model`; `None` when the
    /// file does not set it.
    pub fn position(&self, path: &str) -> Option<Position> {
        self.tree.locate(path)
    }

    /// An error about the value at a key path, with its place, or that of the nearest part of the
    /// path the file has.
    pub fn error_at(&self, path: &str, message: &str) -> ConfigError {
        let mut known = path;
        let at = loop {
            if let Some(at) = self.tree.locate(known) {
                break at;
            }
            let end = known.rfind(['.', '[']).unwrap_or(0);
            known = known.get(..end).unwrap_or_default();
        };
        let message = format!("{path}: {message}");
        ConfigError::one(&self.name, at, path, message)
    }
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| {
        let what = format!("cannot be read: {error}; check the path and its permissions");
        ConfigError::one(&name, Position::default(), "", what)
    };
    let mut bytes = Vec::new();
    // One byte past the limit tells a file that is too long from one that just fits.
    File::open(path)
        .and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() > LONGEST {
        return Err(too_long(&name));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let valid = String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default());
        let line = valid.matches('\n').count() + 1;
        let column = valid.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        let what = "not UTF-8 text; save the file in that encoding";
        ConfigError::one(&name, Position::new(line, column), "", what)
    })
}

/// The tree of a file, if `check` finds no problem in it.
pub(super) fn tree(
    name: &str,
    text: &str,
    check: impl FnOnce(&mut Node, &mut Problems),
) -> Result<Node, ConfigError> {
    if text.len() > LONGEST {
        return Err(too_long(name));
    }
    let mut problems = Problems::default();
    let Some(mut tree) = tree::parse(text, &mut problems) else {
        return Err(problems.into_error(name));
    };
    check(&mut tree, &mut problems);
    match problems.is_empty() {
        true => Ok(tree),
        false => Err(problems.into_error(name)),
    }
}

/// A tree that has been held against the schema of `T`, as a `T`.
pub(super) fn typed<T: serde::de::DeserializeOwned>(
    name: &str,
    tree: &Node,
) -> Result<T, ConfigError> {
    // The schema and the types are derived from one another, so this does not fail; the error is
    // not shown because it may repeat a value.
    serde_json::from_value(tree.to_json())
        .map_err(|_| ConfigError::one(name, Position::START, "", "does not fit the configuration"))
}

/// Holds a configuration built in code against the rules a file must keep.
pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    let mut problems = Problems::default();
    // A number JSON cannot express becomes null here, which no key accepts.
    match serde_json::to_value(config) {
        Ok(json) => check(&Node::from_json(&json), &mut problems),
        Err(_) => problems.push(Position::default(), "", "cannot be written as a file"),
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems.into_error("configuration")),
    }
}

fn check(tree: &Node, problems: &mut Problems) {
    check::check(&schema::SCHEMA, tree, problems);
    rules::between(tree, problems);
    patterns::check(tree, problems);
}

fn too_long(name: &str) -> ConfigError {
    let what = format!("the file is longer than {LONGEST} bytes; is it the right file?");
    ConfigError::one(name, Position::START, "", what)
}
