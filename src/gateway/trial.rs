//! A team's own cases, run against its configuration: `portcullis test`.
//!
//! The policies are those that the gateway would run; in place of the target
//! stands a model that says what the case has it say. A policy that asks a
//! service of its own asks it.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::GatewayError;
use super::stack::{Kept, Parts, around};
use super::surface::Stack;
use crate::audit::AuditLayer;
use crate::body::{Body, BoxError};
use crate::call::{CallReader, CallRecord, PolicyRecord};
use crate::config::{Case, CaseFile, Config, Direction, Expected};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
/// How much of a text a report shows, in characters.
const SHOWN: usize = 300;

/// What came of each case. `Display` writes a line for each, and the sum.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trial {
    /// The cases, in the order of the file.
    pub results: Vec<CaseResult>,
}

/// What came of one case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Where it stands in its file.
    pub place: String,
    /// What was not as expected; empty if all was.
    pub failures: Vec<String>,
}

impl Trial {
    /// Whether every case went as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.results.iter().all(|result| result.failures.is_empty())
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut failed = 0;
        for CaseResult {
            name,
            place,
            failures,
        } in &self.results
        {
            if failures.is_empty() {
                writeln!(f, "{GOOD}ok{GOOD:#}      {name}")?;
                continue;
            }
            failed += 1;
            writeln!(f, "{BAD}FAILED{BAD:#}  {place}: {name}")?;
            for failure in failures {
                writeln!(f, "        {failure}")?;
            }
        }
        let (all, passed) = (self.results.len(), self.results.len() - failed);
        let cases = if all == 1 { "case" } else { "cases" };
        writeln!(f, "{all} {cases}: {passed} passed, {failed} failed")
    }
}

/// Runs every case of a file.
///
/// ```
/// use portcullis::config::{CaseFile, Config};
/// use portcullis::gateway::trial;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), portcullis::BoxError> {
/// let cases = CaseFile::parse(
///     "cases.yaml",
///     "cases:\n  - {name: an address, text: I am jane@example.com, expect: rewrite}\n",
/// )?;
/// let trial = trial::run(&Config::default(), &cases).await?;
/// assert!(trial.passed(), "{trial}");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When a policy of the configuration cannot be built.
pub async fn run(config: &Config, file: &CaseFile) -> Result<Trial, GatewayError> {
    let script = Arc::new(Script::default());
    let stack = stack(config, &script)?;
    let mut results = Vec::new();
    for (index, case) in file.cases().iter().enumerate() {
        let failures = match exchange(&stack, &script, case).await {
            Ok(exchange) => judge(case, &exchange),
            Err(error) => vec![format!("the call failed: {error}")],
        };
        results.push(CaseResult {
            name: case.name.clone(),
            place: file.place(index),
            failures,
        });
    }
    Ok(Trial { results })
}

/// What the model is to say, and what it saw.
#[derive(Default)]
struct Script {
    reply: Mutex<Option<Response<Bytes>>>,
    seen: Mutex<Option<Bytes>>,
    record: Mutex<Option<CallRecord>>,
}

fn put<T>(slot: &Mutex<T>, value: T) -> T {
    std::mem::replace(
        &mut *slot.lock().unwrap_or_else(PoisonError::into_inner),
        value,
    )
}

impl CallReader for Script {
    fn call_ended(&self, record: &CallRecord) {
        put(&self.record, Some(record.clone()));
    }
}

fn stack(config: &Config, script: &Arc<Script>) -> Result<Stack, GatewayError> {
    let own = Arc::clone(script);
    let model = service_fn(move |request: Request<Body>| {
        let script = Arc::clone(&own);
        async move {
            // What cannot be read has not been seen.
            let seen = request.into_body().collect().await.ok();
            put(&script.seen, seen.map(|body| body.to_bytes()));
            let reply = script.reply.lock();
            let reply = reply.unwrap_or_else(PoisonError::into_inner).clone();
            Ok::<_, Infallible>(reply.unwrap_or_default().map(Body::from))
        }
    });
    let kept = Kept::default();
    let sink: Arc<dyn CallReader> = Arc::new(Nothing);
    let model = BoxCloneSyncService::new(model);
    let stack = around(config, Some(sink), &mut Parts::after(&kept), model)?;
    let audit = AuditLayer::shared(Arc::clone(script) as Arc<dyn CallReader>);
    Ok(BoxCloneSyncService::new(audit.layer(stack)))
}

/// The cases' calls are no traffic, and go into no audit.
struct Nothing;

impl CallReader for Nothing {
    fn call_ended(&self, _: &CallRecord) {}
}

/// What came of a call.
struct Exchange {
    /// The texts of the messages that the model saw; `None` if it saw none.
    seen: Option<Vec<String>>,
    /// What the client read of the answer.
    read: String,
    /// The texts of the messages that were sent.
    sent: Vec<String>,
    record: CallRecord,
}

async fn exchange(stack: &Stack, script: &Script, case: &Case) -> Result<Exchange, BoxError> {
    let answers = case.direction == Direction::Response;
    let said = case.text.as_deref().filter(|_| answers).unwrap_or("Fine.");
    let stream = answers && case.stream;
    let reply = if stream { streamed(said) } else { plain(said) };
    put(&script.reply, Some(reply));
    put(&script.seen, None);
    put(&script.record, None);

    let mut messages: Vec<Value> = case
        .messages
        .iter()
        .map(|message| json!({"role": message.role.as_str(), "content": message.content}))
        .collect();
    match &case.text {
        Some(text) if !answers => messages.push(json!({"role": "user", "content": text})),
        _ if messages.is_empty() => messages.push(json!({"role": "user", "content": "Hello."})),
        _ => {}
    }
    let sent = contents(&messages);
    let body = json!({"model": "test", "stream": stream, "messages": messages});
    let request = Request::post("/v1/chat/completions")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))?;
    let Ok(response) = stack.clone().oneshot(request).await;
    let body = response.into_body().collect().await?.to_bytes();
    let read = if stream {
        String::from_utf8_lossy(&body)
            .lines()
            .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
            .map(|event: Value| text_at(&event, "/choices/0/delta/content"))
            .collect()
    } else {
        let answer = serde_json::from_slice(&body).unwrap_or_default();
        text_at(&answer, "/choices/0/message/content")
    };
    let seen = put(&script.seen, None).map(|body| {
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        contents(request["messages"].as_array().map_or(&[], Vec::as_slice))
    });
    let record = put(&script.record, None).ok_or("there is no record of it")?;
    Ok(Exchange {
        seen,
        read,
        sent,
        record,
    })
}

fn text_at(json: &Value, pointer: &str) -> String {
    let text = json.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn contents(messages: &[Value]) -> Vec<String> {
    let content = |message| text_at(message, "/content");
    messages.iter().map(content).collect()
}

fn plain(text: &str) -> Response<Bytes> {
    let message = json!({"role": "assistant", "content": text});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let body = json!({"id": "test", "object": "chat.completion", "choices": [choice]});
    reply("application/json", body.to_string())
}

/// A word an event.
fn streamed(text: &str) -> Response<Bytes> {
    let event = |delta: Value, reason: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        let event = json!({"id": "test", "object": "chat.completion.chunk", "choices": [choice]});
        format!("data: {event}\n\n")
    };
    let words = text.split_inclusive(' ');
    let mut body: String = words
        .map(|word| event(json!({"content": word}), Value::Null))
        .collect();
    body.push_str(&event(json!({}), json!("stop")));
    body.push_str("data: [DONE]\n\n");
    reply("text/event-stream", body)
}

fn reply(kind: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    let kind = header::HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// What was not as expected.
fn judge(case: &Case, exchange: &Exchange) -> Vec<String> {
    let mut failures = Vec::new();
    let record = &exchange.record;
    let answers = case.direction == Direction::Response;
    let changed = match answers {
        true => case.text.as_deref() != Some(exchange.read.as_str()),
        false => exchange.seen.as_ref() != Some(&exchange.sent),
    };
    let findings = |policy: &PolicyRecord| match answers {
        true => policy.response.clone(),
        false => policy.request.clone(),
    };
    let would = |word: &str| {
        let mut would = record.policies.iter().filter(|p| p.verdict == word);
        match case.policy {
            Some(name) => would.find(|p| p.policy == name.as_str()),
            None => would.next(),
        }
    };
    let got = match &record.refusal {
        Some(refusal) => (Expected::Refuse, Some(refusal.policy)),
        None if would(case.expect.as_str()).is_some() => {
            (case.expect, would(case.expect.as_str()).map(|p| p.policy))
        }
        None if changed => {
            let who = record.policies.iter().filter(|policy| match answers {
                true => !policy.response.is_empty(),
                false => policy.verdict == "rewrite",
            });
            let named = case.policy.map(|name| name.as_str());
            let who: Vec<_> = who.map(|policy| policy.policy).collect();
            let who = who.iter().find(|who| Some(**who) == named).or(who.first());
            (Expected::Rewrite, who.copied())
        }
        None => (Expected::Pass, None),
    };
    let by = |who: Option<&str>| who.map_or(String::new(), |who| format!(" by {who}"));
    let expected = case.policy.map(|name| name.as_str());
    // What passes is passed by all.
    let other = expected.is_some() && case.expect != Expected::Pass && got.1 != expected;
    if got.0 != case.expect || other {
        let (want, have) = (case.expect, got.0);
        failures.push(format!(
            "expected {want}{}, got {have}{}",
            by(expected),
            by(got.1)
        ));
    }
    if let Some(expected) = &case.output
        && record.refusal.is_none()
    {
        let output = match (answers, &exchange.seen) {
            (true, _) => exchange.read.as_str(),
            (false, Some(seen)) => seen.last().map_or("", String::as_str),
            (false, None) => "",
        };
        if output != expected {
            failures.push(format!(
                "expected the text {}, got {}",
                shown(expected),
                shown(output)
            ));
        }
    }
    if let Some(expected) = &case.labels {
        let mut expected = expected.clone();
        let mut found: Vec<String> = record
            .policies
            .iter()
            .flat_map(|policy| findings(policy).into_keys())
            .map(|label| label.into_owned())
            .collect();
        expected.sort();
        found.sort();
        found.dedup();
        if expected != found {
            let list = |labels: &[String]| match labels {
                [] => "none".to_owned(),
                some => some.join(", "),
            };
            failures.push(format!(
                "expected the labels {}, found {}",
                list(&expected),
                list(&found)
            ));
        }
    }
    failures
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}
