//! The record of one call: what was asked, who said what, and how it ended.
//!
//! A [`Call`] travels in the extensions of the request and of the response.
//! The outermost layer that wants the record opens it; policies and upstreams
//! add to it; when the response body ends, or is dropped, every
//! [`CallReader`] gets the finished [`CallRecord`], once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::{Extensions, HeaderMap, Request, StatusCode};
use serde::{Serialize, Serializer};

use crate::body::{
    ApiError, BoxError, Document, Lane, Observer, SegmentKind, Usage, Watch, is_word,
};

/// Which way a text went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// To the upstream.
    Request,
    /// To the client.
    Response,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The client got a whole answer, be it an error of the upstream's below
    /// 500.
    Finished,
    /// A policy refused the request, or ended the answer.
    Refused,
    /// The upstream could not be reached, broke off or answered 500 or above.
    UpstreamError,
    /// The upstream took too long.
    Timeout,
    /// The client went away before the end of the answer.
    ClientGone,
}

/// Counts of what a policy found, by label. Never values.
pub type Findings = BTreeMap<Cow<'static, str>, u64>;

/// What one policy did in a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PolicyRecord {
    /// The policy's name.
    pub policy: &'static str,
    /// What became of the request: `continue`, `rewrite`, `refuse`, `error`.
    pub verdict: &'static str,
    /// What it found in the request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub request: Findings,
    /// What it found in the answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub response: Findings,
}

/// One try at one target.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// The target's id.
    pub target: String,
    /// The status it answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong: `connect`, `tls`, `timeout`, `reset` or `protocol`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// Time to the head of the answer, or to the error.
    #[serde(rename = "head_ms", serialize_with = "millis")]
    pub head: Duration,
}

impl Attempt {
    /// A try at `target` that took `head` to the head of the answer or to the
    /// error.
    #[must_use]
    pub fn new(target: impl Into<String>, head: Duration) -> Self {
        Self {
            target: target.into(),
            status: None,
            error: None,
            head,
        }
    }
}

/// Who refused a call, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The policy's name.
    pub policy: &'static str,
    /// The code the client got.
    pub code: String,
}

/// Everything about one call. Serialises to one line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CallRecord {
    /// The request's `x-request-id`, or an id made for it.
    pub id: String,
    /// When it began.
    #[serde(serialize_with = "rfc3339")]
    pub time: SystemTime,
    /// The HTTP method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The model that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The status the client got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the model stopped, in its first choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Who refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What the policies did, the outermost first.
    pub policies: Vec<PolicyRecord>,
    /// The tries at targets, in their order.
    pub attempts: Vec<Attempt>,
    /// Tokens, as the upstream counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What it cost, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What passed without being inspected, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Cow<'static, str>>,
    /// The redacted texts of the request, if they are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_text: Option<String>,
    /// The redacted texts of the answer, if they are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_text: Option<String>,
    /// Bytes of the answer's body that left.
    pub response_bytes: u64,
    /// Time to the first byte of the answer's body.
    #[serde(
        rename = "first_byte_ms",
        serialize_with = "maybe_millis",
        skip_serializing_if = "Option::is_none"
    )]
    pub first_byte: Option<Duration>,
    /// Time to the first text of a stream.
    #[serde(
        rename = "first_text_ms",
        serialize_with = "maybe_millis",
        skip_serializing_if = "Option::is_none"
    )]
    pub first_text: Option<Duration>,
    /// Time to the end.
    #[serde(rename = "total_ms", serialize_with = "millis")]
    pub total: Duration,
}

fn millis<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((time.as_secs_f64() * 1e6).round() / 1e3)
}

fn maybe_millis<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    millis(&time.unwrap_or_default(), serializer)
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*time))
}

/// Gets the record of each call when it has ended. Must not block.
pub trait CallReader: Send + Sync {
    /// A call has ended.
    fn call_ended(&self, record: &CallRecord);
}

/// A handle to the record of a call in flight.
///
/// ```
/// use portcullis::call::Call;
///
/// let mut request = http::Request::new(());
/// assert!(Call::of(request.extensions()).is_none());
/// let call = Call::new(&request);
/// request.extensions_mut().insert(call.clone());
/// call.warn("the reply is binary and passed uninspected");
/// assert!(Call::of(request.extensions()).is_some());
/// ```
#[derive(Clone)]
pub struct Call {
    state: Arc<Mutex<State>>,
}

struct State {
    record: CallRecord,
    started: Instant,
    readers: Vec<Arc<dyn CallReader>>,
    /// Known only to those who saw it happen.
    failure: Option<Outcome>,
    emitted: bool,
    /// The stream has said that it is over: a client may leave then.
    done: bool,
    /// The answer's texts, if they are to be kept.
    texts: Option<Vec<(Lane, String)>>,
}

/// Texts of one direction are kept up to this length, in bytes.
const MAX_TEXT: usize = 256 * 1024;

fn join_text(all: &mut String, text: &str) {
    if !all.is_empty() {
        all.push('\n');
    }
    let room = MAX_TEXT.saturating_sub(all.len());
    all.push_str(&text[..text.floor_char_boundary(room)]);
}

impl Call {
    /// Opens the record of a request.
    #[must_use]
    pub fn new<B>(request: &Request<B>) -> Self {
        let record = CallRecord {
            id: request_id(request.headers()),
            time: SystemTime::now(),
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            model: None,
            stream: false,
            outcome: Outcome::ClientGone,
            status: None,
            finish_reason: None,
            refusal: None,
            policies: Vec::new(),
            attempts: Vec::new(),
            usage: None,
            cost_usd: None,
            warnings: Vec::new(),
            request_text: None,
            response_text: None,
            response_bytes: 0,
            first_byte: None,
            first_text: None,
            total: Duration::ZERO,
        };
        let state = State {
            record,
            started: Instant::now(),
            readers: Vec::new(),
            failure: None,
            emitted: false,
            done: false,
            texts: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// The call that these extensions belong to, if anyone records it.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// The lock is held for moments, and never across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a reader of the finished record.
    pub fn add_reader(&self, reader: Arc<dyn CallReader>) {
        self.state().readers.push(reader);
    }

    /// The call's id.
    #[must_use]
    pub fn id(&self) -> String {
        self.state().record.id.clone()
    }

    /// The record as it is now.
    #[must_use]
    pub fn snapshot(&self) -> CallRecord {
        self.state().record.clone()
    }

    /// Says that something passed without being inspected, and why.
    pub fn warn(&self, warning: impl Into<Cow<'static, str>>) {
        let mut state = self.state();
        let warning = warning.into();
        if state.record.warnings.len() < 16 && !state.record.warnings.contains(&warning) {
            state.record.warnings.push(warning);
        }
    }

    /// Adds a try at a target.
    pub fn attempt(&self, attempt: Attempt) {
        self.state().record.attempts.push(attempt);
    }

    /// Says what failed, where the status of the response does not.
    pub fn fail(&self, outcome: Outcome) {
        self.state().failure.get_or_insert(outcome);
    }

    /// Sets what the call cost, in US dollars.
    pub fn set_cost(&self, usd: f64) {
        self.state().record.cost_usd = Some(usd);
    }

    /// Notes what the request asks for, the first time it is read: a target
    /// may set another model later.
    pub(crate) fn set_asked(&self, request: &Document) {
        let record = &mut self.state().record;
        if record.model.is_none() {
            // Before redaction: only what can be a name may be kept.
            record.model = request.string_field("model").filter(|name| is_word(name));
            record.stream = request.field("stream") == Some("true");
        }
    }

    pub(crate) fn set_usage(&self, usage: Usage) {
        self.state().record.usage = Some(usage);
    }

    pub(crate) fn set_finish_reason(&self, reason: &str) {
        let reason: String = reason.chars().take(64).collect();
        self.state().record.finish_reason.get_or_insert(reason);
    }

    /// Asks for the texts to be kept.
    pub(crate) fn keep_texts(&self) {
        self.state().texts.get_or_insert_default();
    }

    /// Notes the texts of a request as it leaves for the upstream, if they are
    /// to be kept. For an upstream service to call.
    pub fn sent(&self, request: &Document) {
        let mut state = self.state();
        if state.texts.is_some() {
            let mut text = String::new();
            for segment in request.segments() {
                if segment.kind() != SegmentKind::Other {
                    join_text(&mut text, segment.text());
                }
            }
            state.record.request_text = Some(text);
        }
    }

    /// Adds to a text of the answer, if they are to be kept.
    pub(crate) fn answered(&self, lane: Lane, text: &str) {
        let mut state = self.state();
        let Some(texts) = &mut state.texts else {
            return;
        };
        if matches!(lane.kind, SegmentKind::Repeat | SegmentKind::Other) {
            return;
        }
        let room = MAX_TEXT.saturating_sub(texts.iter().map(|(_, text)| text.len()).sum());
        let text = &text[..text.floor_char_boundary(room)];
        match texts.iter_mut().find(|(other, _)| *other == lane) {
            Some((_, all)) => all.push_str(text),
            None => texts.push((lane, text.to_owned())),
        }
    }

    pub(crate) fn set_status(&self, status: StatusCode) {
        self.state().record.status = Some(status.as_u16());
    }

    pub(crate) fn policy(&self, policy: &'static str, verdict: &'static str) {
        with_policy(&mut self.state().record, policy, |p| p.verdict = verdict);
    }

    pub(crate) fn found(
        &self,
        policy: &'static str,
        direction: Direction,
        label: Cow<'static, str>,
        count: u64,
    ) {
        with_policy(&mut self.state().record, policy, |p| {
            let findings = match direction {
                Direction::Request => &mut p.request,
                Direction::Response => &mut p.response,
            };
            *findings.entry(label).or_default() += count;
        });
    }

    pub(crate) fn refused(&self, policy: &'static str, error: &ApiError) {
        let mut state = self.state();
        state.failure = Some(Outcome::Refused);
        state.record.refusal.get_or_insert_with(|| Refusal {
            policy,
            code: error.code().to_owned(),
        });
    }

    /// Hands the record to its readers, the first time it is asked to.
    fn emit(&self, ended: Outcome, bytes: u64, first_byte: Option<Instant>) {
        let (record, readers) = {
            let mut state = self.state();
            if std::mem::replace(&mut state.emitted, true) {
                return;
            }
            let ended = match ended {
                Outcome::ClientGone if state.done => Outcome::Finished,
                ended => ended,
            };
            let outcome = state.failure.unwrap_or(match state.record.status {
                _ if ended != Outcome::Finished => ended,
                Some(504) => Outcome::Timeout,
                Some(500..) => Outcome::UpstreamError,
                _ => Outcome::Finished,
            });
            if let Some(texts) = state.texts.take() {
                let mut all = String::new();
                for (_, text) in &texts {
                    join_text(&mut all, text);
                }
                state.record.response_text = Some(all);
            }
            let started = state.started;
            state.record.outcome = outcome;
            state.record.response_bytes = bytes;
            state.record.first_byte = first_byte.map(|at| at - started);
            state.record.total = started.elapsed();
            (state.record.clone(), std::mem::take(&mut state.readers))
        };
        for reader in readers {
            reader.call_ended(&record);
        }
    }
}

fn with_policy(
    record: &mut CallRecord,
    policy: &'static str,
    change: impl FnOnce(&mut PolicyRecord),
) {
    let at = match record.policies.iter().position(|p| p.policy == policy) {
        Some(at) => at,
        None => {
            record.policies.push(PolicyRecord {
                policy,
                verdict: "continue",
                request: Findings::new(),
                response: Findings::new(),
            });
            record.policies.len() - 1
        }
    };
    change(&mut record.policies[at]);
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id()).finish()
    }
}

/// The client's id if it is fit to be logged, or a new one (UUID version 7,
/// RFC 9562: sorted by time).
fn request_id(headers: &HeaderMap) -> String {
    let given = headers
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()));
    match given {
        Some(id) => id.to_owned(),
        None => uuid::Uuid::now_v7().to_string(),
    }
}

/// Held by whoever opened the record: the call has ended when it is told so,
/// or when it is dropped.
pub(crate) struct CallGuard {
    call: Call,
    bytes: u64,
    first_byte: Option<Instant>,
}

impl CallGuard {
    pub(crate) fn new(call: Call) -> Self {
        Self {
            call,
            bytes: 0,
            first_byte: None,
        }
    }

    /// The service failed, and no response came of it.
    pub(crate) fn fail(self) {
        self.call.emit(Outcome::UpstreamError, 0, None);
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.call
            .emit(Outcome::ClientGone, self.bytes, self.first_byte);
    }
}

impl Observer for CallGuard {
    fn data(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.first_byte.get_or_insert_with(Instant::now);
    }

    fn end(&mut self, error: Option<&BoxError>) {
        let ended = match error {
            None => Outcome::Finished,
            Some(_) => Outcome::UpstreamError,
        };
        self.call.emit(ended, self.bytes, self.first_byte);
    }
}

/// Notes what a stream says about the call.
pub(crate) struct CallWatch(pub(crate) Call);

impl Watch for CallWatch {
    fn first_text(&mut self) {
        let mut state = self.0.state();
        let elapsed = state.started.elapsed();
        state.record.first_text.get_or_insert(elapsed);
    }

    fn usage(&mut self, usage: Usage) {
        self.0.set_usage(usage);
    }

    fn finish_reason(&mut self, reason: &str) {
        self.0.set_finish_reason(reason);
    }

    fn done(&mut self) {
        self.0.state().done = true;
    }

    fn error_event(&mut self) {
        self.0.fail(Outcome::UpstreamError);
    }

    fn stopped(&mut self, error: &ApiError) {
        self.0.fail(Outcome::Refused);
        self.0.refused("stream", error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<CallRecord>>);

    impl CallReader for Kept {
        fn call_ended(&self, record: &CallRecord) {
            self.0.lock().unwrap().push(record.clone());
        }
    }

    fn open() -> (CallGuard, Arc<Kept>) {
        let call = Call::new(&Request::new(()));
        let kept = Arc::new(Kept::default());
        call.add_reader(kept.clone());
        (CallGuard::new(call), kept)
    }

    fn outcome(kept: &Kept) -> Outcome {
        let kept = kept.0.lock().unwrap();
        assert_eq!(kept.len(), 1, "emitted once");
        kept[0].outcome
    }

    #[test]
    fn it_is_emitted_once_at_the_end_or_the_drop() {
        let (mut guard, kept) = open();
        guard.data(3);
        guard.end(None);
        drop(guard);
        assert_eq!(outcome(&kept), Outcome::Finished);
        assert_eq!(kept.0.lock().unwrap()[0].response_bytes, 3);

        let (guard, kept) = open();
        drop(guard);
        assert_eq!(outcome(&kept), Outcome::ClientGone);

        let (mut guard, kept) = open();
        guard.end(Some(&"reset".into()));
        assert_eq!(outcome(&kept), Outcome::UpstreamError);

        let (guard, kept) = open();
        guard.fail();
        assert_eq!(outcome(&kept), Outcome::UpstreamError);
    }

    #[test]
    fn the_status_and_those_who_know_better_decide_the_outcome() {
        for (status, failure, expected) in [
            (200, None, Outcome::Finished),
            (422, None, Outcome::Finished),
            (503, None, Outcome::UpstreamError),
            (504, None, Outcome::Timeout),
            (403, Some(Outcome::Refused), Outcome::Refused),
            (200, Some(Outcome::Timeout), Outcome::Timeout),
        ] {
            let (mut guard, kept) = open();
            guard.call.set_status(StatusCode::from_u16(status).unwrap());
            if let Some(failure) = failure {
                guard.call.fail(failure);
            }
            guard.end(None);
            assert_eq!(outcome(&kept), expected);
        }
    }

    #[test]
    fn an_id_that_cannot_be_logged_is_not_taken_over() {
        let mut headers = HeaderMap::new();
        assert_eq!(request_id(&headers).len(), 36);
        headers.insert("x-request-id", http::HeaderValue::from_static("abc"));
        assert_eq!(request_id(&headers), "abc");
        let long = http::HeaderValue::try_from("x".repeat(129)).unwrap();
        headers.insert("x-request-id", long);
        assert_eq!(request_id(&headers).len(), 36);
    }
}
