//! What a request says about the answer it wants.

use serde_json::Value;

use super::language::{self, Language};
use crate::body::{Document, Role, SegmentKind};

/// Numbers of sources up to this one are known.
const MOST_SOURCES: u32 = 1000;

/// A question that is longer, in bytes, holds more than a question.
const MOST_QUESTION: usize = 2000;

/// What the answer is held against.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The language of the question, if it is plain and no other is named.
    pub(super) language: Option<Language>,
    pub(super) json: Json,
    /// The schemas of the tools' arguments; `null` for a tool that has none.
    pub(super) tools: Vec<Value>,
    /// Numbers of the sources given; empty if none is.
    pub(super) sources: Vec<u32>,
}

/// Whether the answer is to be JSON.
#[derive(Debug, Default)]
pub(super) enum Json {
    #[default]
    No,
    /// An object.
    Object,
    /// A value that fits this schema.
    Schema(Value),
}

impl Asked {
    pub(super) fn of(request: &Document) -> Self {
        Self {
            language: question_language(request),
            json: json_of(request),
            tools: tools_of(request),
            sources: sources_of(request),
        }
    }
}

fn question_language(request: &Document) -> Option<Language> {
    let mut question = None;
    for segment in request.segments() {
        match (segment.kind(), segment.role()) {
            (SegmentKind::Content, Some(Role::User)) | (SegmentKind::Prompt, None) => {
                question = Some(segment.text());
            }
            _ => {}
        }
    }
    let language = plain_language(question?)?;
    let named = request.segments().any(|segment| {
        let asks = matches!(
            segment.role(),
            None | Some(Role::System | Role::Developer | Role::User)
        );
        let text = matches!(segment.kind(), SegmentKind::Content | SegmentKind::Prompt);
        asks && text && language::names_a_language(segment.text())
    });
    (!named).then_some(language)
}

/// The language of a question that is nothing but a question. One that quotes, or
/// hands over a text to work on, may well be in another language than that text:
/// every line has to agree.
fn plain_language(question: &str) -> Option<Language> {
    let quotes = |c: char| ":\"`«»„“”「」『』<>|".contains(c) || c == '\u{ff1a}';
    if question.len() > MOST_QUESTION || question.contains(quotes) {
        return None;
    }
    let lines = question.lines().filter(|line| !line.trim().is_empty());
    let mut languages = lines.map(language::identify);
    let first = languages.next()??;
    languages.all(|other| other == Some(first)).then_some(first)
}

fn json_of(request: &Document) -> Json {
    let Some(Ok(Value::Object(format))) = request
        .field("response_format")
        .map(serde_json::from_str::<Value>)
    else {
        return Json::No;
    };
    // OpenAI's place for the schema, and Together's.
    let schema = format
        .get("json_schema")
        .map(|given| given.get("schema").unwrap_or(given))
        .or_else(|| format.get("schema"))
        .filter(|schema| schema.is_object());
    match (format.get("type").and_then(Value::as_str), schema) {
        (Some("json_object" | "json_schema"), Some(schema)) => Json::Schema(schema.clone()),
        (Some("json_object" | "json_schema"), None) => Json::Object,
        _ => Json::No,
    }
}

fn tools_of(request: &Document) -> Vec<Value> {
    let Some(Ok(Value::Array(tools))) = request.field("tools").map(serde_json::from_str::<Value>)
    else {
        return Vec::new();
    };
    let choice = request
        .field("tool_choice")
        .and_then(|choice| serde_json::from_str::<Value>(choice).ok());
    let chosen = choice
        .as_ref()
        .and_then(|choice| choice.pointer("/function/name"));
    tools
        .into_iter()
        .filter_map(|mut tool| tool.get_mut("function").map(Value::take))
        .filter(|function| chosen.is_none() || function.get("name") == chosen)
        .map(|mut function| {
            let parameters = function.get_mut("parameters");
            parameters.map(Value::take).unwrap_or_default()
        })
        .collect()
}

/// The numbers by which the request's texts name sources: `[1]` at the
/// beginning of a line, `Source 2:`, `Document 3`, `<document index="4">`.
fn sources_of(request: &Document) -> Vec<u32> {
    let mut sources = Vec::new();
    let mut add = |number: u32| {
        if (1..=MOST_SOURCES).contains(&number) && !sources.contains(&number) {
            sources.push(number);
        }
    };
    for segment in request.segments() {
        let kind = segment.kind();
        if !matches!(kind, SegmentKind::Content | SegmentKind::Prompt)
            || segment.role() == Some(Role::Assistant)
        {
            continue;
        }
        for line in segment.text().lines() {
            let line = line.trim_start_matches(|c: char| c.is_whitespace() || "-*>#<".contains(c));
            let number = match line.strip_prefix(['[', '【']) {
                Some(rest) => leading_number(rest, &[']', '】']),
                None => named(line),
            };
            number.into_iter().for_each(&mut add);
        }
    }
    sources
}

fn leading_number(text: &str, ends: &[char]) -> Option<u32> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = text[..digits].parse().ok()?;
    (ends.is_empty() || text[digits..].starts_with(ends)).then_some(number)
}

fn named(line: &str) -> Option<u32> {
    const WORDS: [&str; 8] = [
        "source", "document", "doc", "quelle", "fuente", "passage", "snippet", "citation",
    ];
    let word = line.split(|c: char| !c.is_alphabetic()).next()?;
    if !WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) {
        return None;
    }
    let rest = line[word.len()..].trim_start();
    let rest = rest
        .strip_prefix("index=")
        .or(rest.strip_prefix("id="))
        .unwrap_or(rest);
    leading_number(rest.trim_start_matches(['"', '[', '#', ' ']), &[])
}

/// Of the numbers that an answer cites, how many were not given.
pub(super) fn unmatched(cited: &[u32], sources: &[u32]) -> f32 {
    if sources.is_empty() || cited.is_empty() {
        return 0.0;
    }
    let wrong = cited.iter().filter(|number| !sources.contains(number));
    wrong.count() as f32 / cited.len() as f32
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(request: &Value) -> Asked {
        Asked::of(&Document::json(request.to_string()).unwrap())
    }

    #[test]
    fn sources_are_read_from_the_request() {
        let content = "Use these.\n[1] First\n  - [2]: second\nSource 3: third\n<document index=\"4\">\n\
            Doc [5]\nand [6] in the middle, Sourcery 7";
        let request = json!({"model": "m", "messages": [{"role": "user", "content": content}]});
        assert_eq!(asked(&request).sources, [1, 2, 3, 4, 5]);
        assert_eq!(unmatched(&[1, 9], &[1, 2]), 0.5);
        assert_eq!(unmatched(&[9], &[]), 0.0);
    }

    #[test]
    fn formats_and_tools_are_read_from_the_request() {
        let schema = json!({"type": "object"});
        for format in [
            json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}),
            json!({"type": "json_object", "schema": schema}),
            json!({"type": "json_schema", "json_schema": schema}),
        ] {
            let request = json!({"model": "m", "messages": [], "response_format": format});
            let Json::Schema(found) = asked(&request).json else {
                panic!("no schema in {format}");
            };
            assert_eq!(found, schema);
        }
        let request = json!({
            "model": "m", "messages": [],
            "response_format": {"type": "text"},
            "tools": [
                {"type": "function", "function": {"name": "a", "parameters": schema}},
                {"type": "function", "function": {"name": "b"}},
            ],
        });
        let read = asked(&request);
        assert!(matches!(read.json, Json::No));
        assert_eq!(read.tools, [schema.clone(), Value::Null]);
        let mut request = request;
        request["tool_choice"] = json!({"type": "function", "function": {"name": "a"}});
        assert_eq!(asked(&request).tools, [schema]);
    }

    #[test]
    fn a_question_that_names_a_language_has_none() {
        let ask = |text: &str| {
            asked(&json!({"model": "m", "messages": [{"role": "user", "content": text}]})).language
        };
        let question = "What is the best way to cook an egg if I do not have a pan?";
        assert!(ask(question).is_some());
        assert!(ask(&format!("{question} Answer in German.")).is_none());
        let german =
            "Wie kann ich ein Ei kochen, wenn ich keine Pfanne habe und es schnell gehen muss";
        for quoting in [
            format!("Sum this up: {german}"),
            format!("{german}\nSum this up"),
            format!("{question}\n{german}"),
            format!("What does \"{german}\" mean?"),
        ] {
            assert!(ask(&quoting).is_none(), "{quoting}");
        }
        assert!(ask(&format!("{question}\n\n{question}")).is_some());
    }
}
