//! Holds a tree against the schema of the configuration.
//!
//! The schema is the only description of the keys, types, names and limits: what an editor accepts
//! with the published schema and what is accepted here cannot drift apart. Only the keywords that
//! schema uses are understood; a test fails when it comes to use another.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::error::{Position, Problems};
use super::names::NAMES;
use super::rules;
use super::suggest::{nearest, quoted, step};
use super::tree::{Entry, Node, Value};

/// How many names a message lists at most; of a longer table, these stand for all.
const SHOWN_NAMES: usize = 12;

/// Reports every way in which the tree differs from the schema.
pub(super) fn check(schema: &Json, node: &Node, problems: &mut Problems) {
    let path = String::new();
    Checker { path, problems }.value(schema, node);
}

struct Checker<'a> {
    path: String,
    problems: &'a mut Problems,
}

impl Checker<'_> {
    fn value(&mut self, schema: &Json, node: &Node) {
        if matches!(node.value, Value::Refused) {
            return;
        }
        if let Some(branches) = schema.get("oneOf").and_then(Json::as_array) {
            return self.one_form(branches, node);
        }
        let expected = word(schema, "type");
        match (expected, &node.value) {
            ("object", Value::Map(entries)) => self.mapping(schema, node, entries),
            ("array", Value::List(nodes)) => self.list(schema, node, nodes),
            ("string", Value::Text(text)) => self.text(schema, node, text),
            ("boolean", Value::Bool(_)) => {}
            ("integer" | "number", Value::Int(value)) => {
                self.number(schema, node, *value as f64, &value.to_string());
            }
            ("number", Value::Float(value)) if value.is_finite() => {
                self.number(schema, node, *value, &value.to_string());
            }
            _ => self.mismatch(schema, node, expected),
        }
    }

    /// A value that may be a list or a mapping.
    fn one_form(&mut self, branches: &[Json], node: &Node) {
        let form = match node.value {
            Value::List(_) => "array",
            _ => "object",
        };
        let branch = branches.iter().find(|branch| word(branch, "type") == form);
        match (&node.value, branch) {
            (Value::List(_) | Value::Map(_), Some(branch)) => self.value(branch, node),
            _ => self.mismatch(&Json::Null, node, "array or object"),
        }
    }

    /// A mapping whose keys are the file's own.
    fn free_mapping(&mut self, schema: &Json, values: &Json, node: &Node, entries: &[Entry]) {
        if let Some(most) =
            limit(schema, "maxProperties").filter(|most| entries.len() as f64 > *most)
        {
            self.too_many(node, "keys", most, entries.len());
        }
        let names = schema.get("propertyNames").unwrap_or(&Json::Null);
        for Entry { key, key_at, node } in entries {
            let length = key.chars().count() as f64;
            let refused = if key.is_empty() && limit(names, "minLength").is_some() {
                Some("must not be empty".to_owned())
            } else if let Some(most) = limit(names, "maxLength").filter(|most| length > *most) {
                Some(format!("must be at most {most} characters long"))
            } else {
                let rule = rules::text(word(names, "x-rule"), key);
                rule.err().map(str::to_owned)
            };
            if let Some(what) = refused {
                self.report(*key_at, format!("the key {} {what}", quoted(key)));
            }
            self.under(step(key), |this| this.value(values, node));
        }
    }

    fn mapping(&mut self, schema: &Json, node: &Node, entries: &[Entry]) {
        if let Some(values) = schema.get("additionalProperties").filter(|s| s.is_object()) {
            return self.free_mapping(schema, values, node, entries);
        }
        let properties = schema.get("properties").and_then(Json::as_object);
        for entry in entries {
            match properties.and_then(|known| known.get(&entry.key)) {
                Some(property) => self.under(&entry.key, |this| this.value(property, &entry.node)),
                None => self.unknown_key(schema, entry),
            }
        }
        for key in words(schema, "required") {
            if !entries.iter().any(|entry| entry.key == key) {
                self.report(node.at, format!("the key \"{key}\" is missing; add it"));
            }
        }
    }

    fn unknown_key(&mut self, schema: &Json, entry: &Entry) {
        let Entry { key, key_at, .. } = entry;
        let names = schema.get(NAMES).unwrap_or(&Json::Null);
        let message = if words(names, "planned").any(|planned| planned == key) {
            let (noun, parent) = (word(names, "noun"), &self.path);
            format!("{noun} \"{key}\" is not built yet; remove it from {parent}")
        } else if schema.get("x-secret").is_some() {
            // Whoever writes a key in place of its name may write it here.
            let path = &self.path;
            format!("unknown key in {path} (not shown); only \"env\" stands here")
        } else {
            let properties = schema.get("properties").and_then(Json::as_object);
            let known = properties.into_iter().flat_map(|known| known.keys());
            let known: Vec<&str> = known.map(String::as_str).collect();
            let way_out = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("known here: {}", known.join(", ")),
            };
            format!("unknown key {}; {way_out}", quoted(key))
        };
        self.problems.push(*key_at, &self.path, message);
    }

    fn list(&mut self, schema: &Json, node: &Node, nodes: &[Node]) {
        if nodes.is_empty() && limit(schema, "minItems").is_some() {
            let way_out = "list at least one value, or remove the key for the default";
            self.report(node.at, format!("must not be empty; {way_out}"));
        }
        if let Some(most) = limit(schema, "maxItems").filter(|most| nodes.len() as f64 > *most) {
            self.too_many(node, "values", most, nodes.len());
        }
        let unique = schema.get("uniqueItems").is_some();
        let mut seen = HashSet::new();
        let items = schema.get("items").unwrap_or(&Json::Null);
        for (index, node) in nodes.iter().enumerate() {
            let before = self.path.len();
            self.path.push_str(&format!("[{index}]"));
            if let Value::Text(text) = &node.value
                && unique
                && !seen.insert(text)
            {
                let what = format!("{} is listed twice; remove one", quoted(text));
                self.report(node.at, what);
            } else {
                self.value(items, node);
            }
            self.path.truncate(before);
        }
    }

    fn too_many(&mut self, node: &Node, what: &str, most: f64, found: usize) {
        let what = format!("must have at most {most} {what}, not {found}; remove some");
        self.report(node.at, what);
    }

    fn text(&mut self, schema: &Json, node: &Node, text: &str) {
        if let Some(names) = schema.get(NAMES) {
            return self.name(names, node, text);
        }
        let length = text.chars().count() as f64;
        if text.trim().is_empty() && limit(schema, "minLength").is_some() {
            self.report(
                node.at,
                "must not be empty; write a value or remove the key",
            );
        } else if let Some(most) = limit(schema, "maxLength").filter(|most| length > *most) {
            self.report(node.at, format!("must be at most {most} characters long"));
        } else if let Err(what) = rules::text(word(schema, "x-rule"), text) {
            self.report(node.at, what);
        }
    }

    fn name(&mut self, names: &Json, node: &Node, text: &str) {
        if words(names, "built").any(|built| built == text) {
            return;
        }
        let noun = word(names, "noun");
        let built = || words(names, "built");
        let message = if words(names, "planned").any(|planned| planned == text) {
            let way_out = match self.path.rsplit_once('[') {
                Some((list, index)) if index.ends_with(']') => format!("remove it from {list}"),
                _ => format!("use {}", one_of(built())),
            };
            format!("{noun} \"{text}\" is not built yet; {way_out}")
        } else {
            let way_out = match nearest(text, built().chain(words(names, "planned"))) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if built().nth(SHOWN_NAMES).is_some() => {
                    let some = one_of(built().take(SHOWN_NAMES));
                    format!("use {some}, … (`portcullis schema` lists all)")
                }
                None => format!("use {}", one_of(built())),
            };
            format!("unknown {noun} {}; {way_out}", quoted(text))
        };
        self.problems.push(node.at, &self.path, message);
    }

    fn number(&mut self, schema: &Json, node: &Node, value: f64, shown: &str) {
        let least = limit(schema, "minimum").unwrap_or(f64::MIN);
        let most = limit(schema, "maximum").unwrap_or(f64::MAX);
        if !(least..=most).contains(&value) {
            let what = format!("must be from {least} to {most}, not {}", short(shown));
            self.report(node.at, what);
        }
    }

    fn mismatch(&mut self, schema: &Json, node: &Node, expected: &str) {
        if schema.get("x-secret").is_some() {
            let way_out = "name the environment variable that holds the key, \
                such as {env: TOGETHER_API_KEY}, and never write the key itself";
            return self.report(node.at, format!("expected a mapping; {way_out}"));
        }
        let found = match &node.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a whole number",
            Value::Float(value) if value.is_finite() => "a number with a fraction",
            Value::Float(_) => "an infinite number or NaN",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) | Value::Refused => "a mapping",
        };
        let (expected, way_out) = match expected {
            "object" => ("a mapping", "write \"key: value\" lines under it"),
            "array or object" => ("a list or a mapping", "write the values as [one, two]"),
            "array" => ("a list", "write the values as [one, two]"),
            "boolean" => ("true or false", "write true or false, without quotes"),
            "integer" => ("a whole number", "write digits only, without quotes"),
            "number" => ("a number", "write a finite number, without quotes"),
            _ => ("text", "put the value in quotes"),
        };
        let way_out = match node.value {
            Value::Null if self.path.ends_with(']') => "write a value or remove the entry",
            Value::Null => "write a value or remove the key",
            // Quotes would not make text of these.
            Value::List(_) | Value::Map(_) if expected == "text" => "write a single value",
            _ => way_out,
        };
        self.report(
            node.at,
            format!("expected {expected}, found {found}; {way_out}"),
        );
    }

    fn under(&mut self, key: &str, f: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        f(self);
        self.path.truncate(before);
    }

    /// Reports a problem with the value at the present path, whose name goes before the message.
    fn report(&mut self, at: Position, message: impl AsRef<str>) {
        let message = message.as_ref();
        let message = match self.path.as_str() {
            "" => format!("the file: {message}"),
            path => format!("{path}: {message}"),
        };
        self.problems.push(at, &self.path, message);
    }
}

fn word<'a>(schema: &'a Json, key: &str) -> &'a str {
    schema.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn words<'a>(schema: &'a Json, key: &str) -> impl Iterator<Item = &'a str> {
    let list = schema.get(key).and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str)
}

fn limit(schema: &Json, key: &str) -> Option<f64> {
    schema.get(key).and_then(Json::as_f64)
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    match names.as_slice() {
        [only] => only.clone(),
        _ => format!("one of {}", names.join(", ")),
    }
}

/// A number as the message shows it: one of 300 digits says no more than its first.
fn short(number: &str) -> String {
    match number.get(..24) {
        Some(start) if number.len() > 24 => format!("{start}…"),
        _ => number.to_owned(),
    }
}
