//! A team's own cases: texts, and what its policies are to make of them.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::{ConfigError, Position, Problems};
use super::names::names;
use super::policy::PolicyName;
use super::tree::Node;
use super::{Direction, check, schema, source};

names! {
    /// What a case expects of the policies.
    pub enum Expected as "verdict" {
        built {
            /// The text passes as it is.
            Pass = "pass",
            /// It passes in other words.
            Rewrite = "rewrite",
            /// It is refused.
            Refuse = "refuse",
            /// A policy that is not enforced would have changed it.
            WouldRewrite = "would_rewrite",
            /// A policy that is not enforced would have refused it.
            WouldRefuse = "would_refuse",
        }
        planned {}
    }
}

names! {
    /// Who speaks in a message of a case.
    #[derive(Default)]
    pub enum Speaker as "role" {
        built {
            /// The application.
            System = "system",
            /// The application, under its newer name.
            Developer = "developer",
            /// The person who asks.
            #[default]
            User = "user",
            /// The model.
            Assistant = "assistant",
            /// The result of a tool.
            Tool = "tool",
        }
        planned {}
    }
}

/// A message of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CaseMessage {
    /// Who speaks.
    #[serde(default)]
    pub role: Speaker,
    /// What is said.
    pub content: String,
}

/// A text, and what the policies are to make of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Case {
    /// What the case is about, for the report.
    #[schemars(length(min = 1, max = 200), extend("x-rule" = "printable"))]
    pub name: String,
    /// The text: what a user asks, or, with `direction: response`, what the model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The messages of the request, in place of `text` or before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 1000))]
    pub messages: Vec<CaseMessage>,
    /// Which way the text goes.
    #[serde(default = "Case::request")]
    pub direction: Direction,
    /// Whether the model says it as a stream, word by word.
    #[serde(default)]
    pub stream: bool,
    /// What becomes of it.
    pub expect: Expected,
    /// By which policy; any by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// The text afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The labels of all that is found in it; not looked at by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("uniqueItems" = true))]
    pub labels: Option<Vec<String>>,
}

impl Case {
    const fn request() -> Direction {
        Direction::Request
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Cases {
    /// The configuration that is tested, seen from this file.
    #[schemars(length(min = 1, max = 4096), extend("x-rule" = "printable"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_config: Option<String>,
    /// The cases.
    #[schemars(length(min = 1))]
    cases: Vec<Case>,
}

/// A file of cases, read as strictly as a configuration.
///
/// ```
/// use portcullis::config::{CaseFile, Expected};
///
/// let file = CaseFile::parse(
///     "cases.yaml",
///     "cases:\n  - {name: an address, text: I am jane@example.com, expect: rewrite}\n",
/// )?;
/// assert_eq!(file.cases()[0].expect, Expected::Rewrite);
/// let error = CaseFile::parse("cases.yaml", "cases:\n  - {name: x, text: x, expect: pas}\n");
/// assert_eq!(
///     error.unwrap_err().to_string(),
///     r#"cases.yaml:2:32: unknown verdict "pas"; did you mean "pass"?"#,
/// );
/// # Ok::<(), portcullis::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CaseFile {
    name: String,
    folder: PathBuf,
    read: Cases,
    tree: Node,
}

impl CaseFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is longer than 1 MiB, or holds any problem.
    pub fn from_path(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let mut file = Self::parse(&name, &source::read(path)?)?;
        file.folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(file)
    }

    /// Reads the text of a file; `name` is what errors call the file.
    ///
    /// # Errors
    ///
    /// When the text is longer than 1 MiB or holds any problem.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let tree = source::tree(name, text, |tree, problems| {
            check::check(&schema::of::<Cases>(), tree, problems);
            between(tree, problems);
        })?;
        Ok(Self {
            name: name.to_owned(),
            folder: PathBuf::new(),
            read: source::typed(name, &tree)?,
            tree,
        })
    }

    /// The cases, in the order of the file.
    pub fn cases(&self) -> &[Case] {
        &self.read.cases
    }

    /// The configuration that the file names.
    pub fn policy_config(&self) -> Option<PathBuf> {
        let named = self.read.policy_config.as_ref()?;
        Some(self.folder.join(named))
    }

    /// Where a case stands: `cases.yaml:7:5`.
    pub fn place(&self, case: usize) -> String {
        let at = self.tree.locate(&format!("cases[{case}]"));
        let Position { line, column } = at.unwrap_or(Position::START);
        format!("{}:{line}:{column}", self.name)
    }
}

/// Reports what is wrong between values that are each right.
fn between(root: &Node, problems: &mut Problems) {
    let Some(cases) = root.get("cases") else {
        let what = "the key \"cases\" is missing; add it";
        return problems.push(root.at, "", format!("the file: {what}"));
    };
    for (index, case) in cases.elements().iter().enumerate() {
        let path = format!("cases[{index}]");
        let word = |key: &str| case.get(key).and_then(Node::text);
        let answer = word("direction") == Some(Direction::Response.as_str());
        let has = |key: &str| case.get(key).is_some();
        let what = if answer && !has("text") {
            "the key \"text\" is missing; write what the model says"
        } else if !has("text") && !has("messages") {
            "there is nothing to ask; add \"text\" or \"messages\""
        } else if has("stream") && !answer {
            "only an answer can be a stream; remove \"stream\", or add \"direction: response\""
        } else if has("output") && word("expect") == Some(Expected::Refuse.as_str()) {
            "what is refused has no output; remove \"output\""
        } else {
            continue;
        };
        problems.push(case.at, &path, format!("{path}: {what}"));
    }
}
