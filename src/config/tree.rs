//! The file as a tree in which every key and value knows its place.
//!
//! Built from the parser's events rather than by deserializing straight into the types: a
//! deserializer stops at the first fault and forgets where values stood, while the checks here
//! must report every fault, and later checks must still be able to point into the file.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::error::{Position, Problems};
use super::suggest::{printable, quoted, step};

/// How deep collections may nest. The configuration itself needs five levels.
const DEEPEST: usize = 16;
/// How many keys and values a file may hold.
const MOST_NODES: usize = 20_000;

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: Position,
}

/// A value of YAML's core schema.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something refused already; nothing further is said of it.
    Refused,
}

/// A key of a mapping and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Position,
    pub(super) node: Node,
}

impl Node {
    /// The value under a key, when this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.node),
            _ => None,
        }
    }

    /// The value under a key, to be changed.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::Map(entries) => entries
                .iter_mut()
                .find(|e| e.key == key)
                .map(|e| &mut e.node),
            _ => None,
        }
    }

    /// The elements, when this is a list.
    pub(super) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::List(nodes) => nodes,
            _ => &[],
        }
    }

    /// The text, when this is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The place of the value at a key path such as `providers.targets[0].model`.
    pub(super) fn locate(&self, path: &str) -> Option<Position> {
        let mut node = self;
        for step in path.split('.').filter(|step| !step.is_empty()) {
            let mut parts = step.split('[');
            if let Some(key) = parts.next().filter(|key| !key.is_empty()) {
                node = node.get(key)?;
            }
            for index in parts {
                let index: usize = index.strip_suffix(']')?.parse().ok()?;
                node = node.elements().get(index)?;
            }
        }
        Some(node.at)
    }

    /// The same value without places. Only for a tree nothing in was refused.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null | Value::Refused => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => i64::try_from(*value)
                .map(Json::from)
                .or_else(|_| u64::try_from(*value).map(Json::from))
                .unwrap_or_else(|_| Json::from(*value as f64)),
            Value::Float(value) => Json::from(*value),
            Value::Text(text) => Json::from(text.as_str()),
            Value::List(nodes) => nodes.iter().map(Node::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.node.to_json()))
                .collect(),
        }
    }

    /// A tree without places, for a configuration built in code.
    pub(super) fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Value::Int(value.into()),
                (None, Some(value)) => Value::Int(value.into()),
                (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(values) => Value::List(values.iter().map(Self::from_json).collect()),
            Json::Object(map) => Value::Map(
                map.iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        key_at: Position::default(),
                        node: Self::from_json(value),
                    })
                    .collect(),
            ),
        };
        Self {
            value,
            at: Position::default(),
        }
    }
}

/// Reads a file. Faults that leave a tree are put in `problems`; at one that does not, `None`.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        disallow_directives: true,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut builder = Builder {
        problems,
        open: Vec::new(),
        root: None,
        nodes: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                let mark = error.marker();
                let at = Position::new(mark.line().max(1), mark.col() + 1);
                let what = printable(&error.info());
                builder
                    .problems
                    .push(at, "", format!("not valid YAML: {what}"));
                return None;
            }
        }
    }
    // A file with nothing in it, or only comments, is one that sets nothing.
    match builder.root {
        Some(root) if !matches!(root.value, Value::Null) => Some(root),
        _ => Some(Node {
            value: Value::Map(Vec::new()),
            at: Position::START,
        }),
    }
}

/// A collection whose end has not come yet.
struct Open {
    at: Position,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        seen: HashMap<String, Position>,
        key: Key,
    },
}

/// What a mapping has of its next entry.
enum Key {
    Awaited,
    Read(String, Position),
    /// The value to come is dropped: its key was refused.
    Refused,
}

struct Builder<'a> {
    problems: &'a mut Problems,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

impl Builder<'_> {
    /// `None` when reading must stop.
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let at = Position::new(span.start.line().max(1), span.start.col() + 1);
        if event.is_node() {
            self.nodes += 1;
            if self.nodes > MOST_NODES {
                let what = format!("the file holds more than {MOST_NODES} keys and values");
                self.problems
                    .push(at, "", format!("{what}; is it the right file?"));
                return None;
            }
        }
        let tag = event.tag().is_some();
        if tag {
            let at = span
                .tag_start()
                .map_or(at, |mark| Position::new(mark.line().max(1), mark.col() + 1));
            let way_out = "write the value without it, in quotes when it is text";
            self.report(at, &format!("YAML tags are not accepted; {way_out}"));
        } else if event.is_node() && !event.is_alias() && event.anchor_id().is_some() {
            self.report(at, "YAML anchors are not accepted; remove the \"&\" name");
        }
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let what = "a second YAML document starts here; keep one document in the file";
                self.problems.push(at, "", what);
                return None;
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.report(at, "YAML aliases are not accepted; write the value out");
                self.place(Value::Refused, at, "");
            }
            Event::Scalar(text, style, ..) => {
                let value = match style {
                    _ if tag => Value::Refused,
                    ScalarStyle::Plain => resolve(&text),
                    _ => Value::Text(text.clone().into_owned()),
                };
                self.place(value, at, &text);
            }
            Event::SequenceStart(..) => self.enter(at, Kind::List(Vec::new())),
            Event::MappingStart(..) => self.enter(
                at,
                Kind::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: Key::Awaited,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let value = match open.kind {
                        Kind::List(nodes) => Value::List(nodes),
                        Kind::Map { entries, .. } => Value::Map(entries),
                    };
                    self.place(value, open.at, "");
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The key path of the value read next.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.kind {
                Kind::List(nodes) => path.push_str(&format!("[{}]", nodes.len())),
                Kind::Map { key, .. } => {
                    let key = match key {
                        Key::Awaited => continue,
                        Key::Refused => "…",
                        Key::Read(key, _) => step(key),
                    };
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
            }
        }
        path
    }

    fn report(&mut self, at: Position, message: &str) {
        let path = self.path();
        let message = match path.as_str() {
            "" => message.to_owned(),
            path => format!("{path}: {message}"),
        };
        self.problems.push(at, &path, message);
    }

    fn enter(&mut self, at: Position, kind: Kind) {
        self.open.push(Open { at, kind });
    }

    /// Puts a finished value where it belongs. `raw` is a scalar as it is spelt, which is what
    /// counts when it turns out to be a key.
    fn place(&mut self, value: Value, at: Position, raw: &str) {
        let node = Node { value, at };
        let refused = match self.open.last() {
            Some(Open {
                kind:
                    Kind::Map {
                        seen,
                        key: Key::Awaited,
                        ..
                    },
                ..
            }) => key_refused(&node, raw, seen),
            _ => None,
        };
        if let Some(what) = &refused {
            self.report(at, what);
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.kind {
            Kind::List(nodes) => nodes.push(node),
            Kind::Map { entries, seen, key } => match std::mem::replace(key, Key::Awaited) {
                Key::Awaited if refused.is_some() || matches!(node.value, Value::Refused) => {
                    *key = Key::Refused;
                }
                Key::Awaited => {
                    seen.insert(raw.to_owned(), at);
                    *key = Key::Read(raw.to_owned(), at);
                }
                Key::Refused => {}
                Key::Read(name, key_at) => {
                    // A value left out is reported at its key: its own place is past the line.
                    let at = match node.value {
                        Value::Null => key_at,
                        _ => at,
                    };
                    entries.push(Entry {
                        key: name,
                        key_at,
                        node: Node { at, ..node },
                    });
                }
            },
        }
    }
}

/// Why a value cannot be the next key of a mapping with these keys, if so.
fn key_refused(node: &Node, raw: &str, seen: &HashMap<String, Position>) -> Option<String> {
    match node.value {
        Value::List(_) | Value::Map(_) => {
            Some("a key must be plain text, not a list or a mapping".to_owned())
        }
        Value::Refused => None,
        _ => seen.get(raw).map(|first| {
            let (key, line) = (quoted(raw), first.line);
            format!("duplicate key {key}; it stands at line {line} already, remove one")
        }),
    }
}

/// What a scalar without quotes means in YAML 1.2's core schema.
fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Value::Float(if text.starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        });
    }
    let radix = |prefix, radix| {
        let digits: &str = text.strip_prefix(prefix)?;
        // `from_str_radix` would take a sign here, which YAML does not.
        let plain = digits.starts_with(|c: char| c.is_ascii_hexdigit());
        plain.then(|| i128::from_str_radix(digits, radix).ok())?
    };
    if let Some(value) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Value::Int(value);
    }
    let starts_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let number_like = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    if !starts_number || !text.chars().all(number_like) {
        return Value::Text(text.to_owned());
    }
    if let Ok(value) = text.parse::<i128>() {
        return Value::Int(value);
    }
    match text.parse::<f64>() {
        Ok(value) => Value::Float(value),
        Err(_) => Value::Text(text.to_owned()),
    }
}
