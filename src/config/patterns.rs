//! What a schema cannot say of the policy `pii-detector`: which types there are, and which patterns
//! can be used.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::entity::Entity;
use super::error::{Position, Problems};
use super::pii::{DENY_LIST, LONGEST_REGEX, MOST_DENIED, MOST_DENY_LISTS, MOST_PATTERNS};
use super::schema::SCHEMA;
use super::suggest::{nearest, printable, quoted, step};
use super::tree::{Entry, Node, Value};
use crate::policy::pii::{InvalidPattern, PiiRedactLayer};

const PATH: &str = "policy.pii-detector";
/// How much of why a pattern cannot be used is shown, in characters.
const LONGEST_REASON: usize = 300;
/// How many types a message lists.
const SHOWN_TYPES: usize = 6;

/// Reports types nothing is found as, and patterns that cannot be used.
pub(super) fn check(root: &Node, problems: &mut Problems) {
    let settings = root.get("policy").and_then(|node| node.get("pii-detector"));
    let Some(settings) = settings else {
        return;
    };
    let names = names(settings);
    let pointer = "/properties/policy/properties/pii-detector";
    let schema = SCHEMA.pointer(pointer).unwrap_or(&Json::Null);
    types(schema, settings, PATH, &names, problems);
    compile(settings, problems);
}

fn entries(node: Option<&Node>) -> &[Entry] {
    match node.map(|node| &node.value) {
        Some(Value::Map(entries)) => entries,
        _ => &[],
    }
}

fn elements(node: Option<&Node>) -> &[Node] {
    node.map_or(&[], Node::elements)
}

/// The names of the patterns and deny lists of the file.
fn names(settings: &Node) -> HashSet<&str> {
    let patterns = settings.get("detect_patterns");
    let listed = elements(patterns).iter();
    let listed = listed.filter_map(|pattern| pattern.get("name")?.text());
    let denied = entries(settings.get("deny_list"));
    let keys = entries(patterns).iter().chain(denied);
    // Known without a list too, so that one can be emptied and its action left.
    let mut names = HashSet::from([DENY_LIST]);
    names.extend(listed.chain(keys.map(|entry| entry.key.as_str())));
    names
}

/// Walks the settings for the mappings whose keys are types.
fn types(schema: &Json, node: &Node, path: &str, names: &HashSet<&str>, problems: &mut Problems) {
    for entry in entries(Some(node)) {
        let key = entry.key.as_str();
        if schema.get("x-types").is_none() {
            let property = schema.get("properties").and_then(|known| known.get(key));
            if let Some(property) = property {
                types(
                    property,
                    &entry.node,
                    &format!("{path}.{key}"),
                    names,
                    problems,
                );
            }
        } else if !names.contains(key) && Entity::ALL.iter().all(|known| known.as_str() != key) {
            let built_in = || Entity::ALL.iter().map(|entity| entity.as_str());
            let way_out = match nearest(key, built_in().chain(names.iter().copied())) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => {
                    let some: Vec<_> = built_in().take(SHOWN_TYPES).collect();
                    format!(
                        "use an entity ({}, …), or a name of detect_patterns or deny_list",
                        some.join(", ")
                    )
                }
            };
            let what = format!("unknown type {}; {way_out}", quoted(key));
            problems.push(entry.key_at, path, what);
        }
    }
}

/// One pattern or list, as far as the schema has nothing to say of it.
enum Source<'a> {
    Regex(&'a str),
    Values(Vec<&'a str>),
}

/// Builds the detector the way the gateway does: each alone may be right and all together too much.
fn compile(settings: &Node, problems: &mut Problems) {
    let mut layer = PiiRedactLayer::default();
    let mut fits = true;
    for (name, source, at, path) in sources(settings) {
        // A name that may be a secret is not repeated.
        let label = step(name);
        let added = |layer: PiiRedactLayer| match &source {
            Source::Regex(regex) => layer.pattern(label, regex),
            Source::Values(values) => layer.deny(label, values),
        };
        let alone = added(PiiRedactLayer::default()).map(drop);
        let error = match alone {
            // Once it is too much, it is so with each further one, and said once.
            Ok(()) if fits => match added(layer.clone()) {
                Ok(more) => {
                    layer = more;
                    continue;
                }
                Err(error) => {
                    fits = false;
                    error
                }
            },
            Ok(()) => continue,
            Err(error) => error,
        };
        problems.push(at, &path, format!("{path}: {}", reason(&error)));
    }
}

fn sources(settings: &Node) -> Vec<(&str, Source<'_>, Position, String)> {
    let mut sources = Vec::new();
    let denied = settings.get("deny_list");
    let path = format!("{PATH}.deny_list");
    if let Some(list) = denied.filter(|node| !node.elements().is_empty()) {
        sources.push((DENY_LIST, values(list), list.at, path.clone()));
    }
    for Entry { key, node, .. } in sorted(denied).into_iter().take(MOST_DENY_LISTS) {
        let path = format!("{path}.{}", step(key));
        sources.push((key, values(node), node.at, path));
    }
    let path = format!("{PATH}.detect_patterns");
    let patterns = settings.get("detect_patterns");
    let listed = elements(patterns).iter().enumerate().take(MOST_PATTERNS);
    for (index, pattern) in listed {
        let name = pattern.get("name").and_then(Node::text);
        let regex = pattern
            .get("regex")
            .and_then(|node| Some((usable(node)?, node.at)));
        if let (Some(name), Some((regex, at))) = (name, regex) {
            let path = format!("{path}[{index}].regex");
            sources.push((name, Source::Regex(regex), at, path));
        }
    }
    for Entry { key, node, .. } in sorted(patterns).into_iter().take(MOST_PATTERNS) {
        if let Some(regex) = usable(node) {
            let path = format!("{path}.{}", step(key));
            sources.push((key, Source::Regex(regex), node.at, path));
        }
    }
    sources
}

/// The entries in the order of their keys, which is the order of the configuration.
fn sorted(node: Option<&Node>) -> Vec<&Entry> {
    let mut entries: Vec<_> = entries(node).iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries
}

fn values(list: &Node) -> Source<'_> {
    let values = list.elements().iter().filter_map(usable);
    Source::Values(values.take(MOST_DENIED).collect())
}

/// A text, unless the schema refuses it: nothing more is said of it then.
fn usable(node: &Node) -> Option<&str> {
    let text = node.text()?;
    let fits = !text.trim().is_empty() && text.chars().count() <= LONGEST_REGEX;
    fits.then_some(text)
}

/// Why a pattern cannot be used, on one line. What the parser of regular expressions says is
/// several: the expression, a mark under it, and, as the last, what is wrong.
fn reason(error: &InvalidPattern) -> String {
    let why = error.to_string();
    let line = match why.split_once('\n') {
        Some((first, rest)) => {
            let last = rest.lines().next_back().unwrap_or_default();
            let last = last.strip_prefix("error: ").unwrap_or(last);
            format!("{first} {last}")
        }
        None => why,
    };
    printable(&line).chars().take(LONGEST_REASON).collect()
}
