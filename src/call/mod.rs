//! The record of one call: what was asked, who said what, and how it ended.
//!
//! A [`Call`] travels in the extensions of the request and of the response.
//! The outermost layer that wants the record opens it; policies and upstreams
//! add to it; when the response body ends, or is dropped, every
//! [`CallReader`] gets the finished [`CallRecord`], once.

mod guard;
mod record;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::{Extensions, HeaderMap, Request, StatusCode};

pub(crate) use self::guard::{CallGuard, CallWatch};
pub(crate) use self::record::Try;
pub use self::record::{
    Attempt, CallRecord, Direction, Findings, Outcome, PolicyRecord, Refusal, Scores,
};
use crate::body::{ApiError, Document, Lane, SegmentKind, Usage, is_word};
use crate::target::Pricing;

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
    /// Of the target that answers.
    pricing: Option<Pricing>,
    /// Of a target whose answer came too late.
    lost_pricing: Option<Pricing>,
    /// The answer's texts, if they are to be kept.
    texts: Option<Vec<(Lane, String)>>,
}

/// What a policy that is not enforced would have done, the weakest first.
const WOULD: [&str; 4] = [
    "continue",
    "would_rewrite",
    "would_ask_again",
    "would_refuse",
];

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
            pricing: None,
            lost_pricing: None,
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

    /// The target of the last try.
    pub(crate) fn last_target(&self) -> Option<String> {
        let state = self.state();
        state.record.attempts.last().map(|last| last.target.clone())
    }

    /// Notes that the last try failed after it had begun well: its stream
    /// stalled, say.
    pub fn attempt_failed(&self, kind: &'static str) {
        if let Some(attempt) = self.state().record.attempts.last_mut() {
            attempt.error = Some(kind);
        }
    }

    /// Of two tries that ran at once, this one has lost: the one that is the
    /// hedge, or the other one. Its prompt has been read, and is paid for.
    pub(crate) fn lost(&self, hedge: bool, pricing: Option<Pricing>) {
        let mut state = self.state();
        state.lost_pricing = pricing;
        let mut attempts = state.record.attempts.iter_mut().rev();
        let lost = attempts.find(|attempt| attempt.hedge == hedge && attempt.error.is_none());
        if let Some(attempt) = lost {
            attempt.error = Some("cancelled");
        }
    }

    /// What failed has been made good by another try.
    pub fn recover(&self) {
        let mut state = self.state();
        if state.failure != Some(Outcome::Refused) {
            state.failure = None;
        }
    }

    /// Sets the prices of the target that answers: the call's cost is worked
    /// out from the tokens it used, unless [`set_cost`](Self::set_cost) says.
    pub fn priced(&self, pricing: Option<Pricing>) {
        self.state().pricing = pricing;
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

    /// Notes what a policy that is not enforced would have done: the strongest
    /// of what it says stays.
    pub(crate) fn would(&self, policy: &'static str, verdict: &'static str) {
        let weight = |word| WOULD.iter().position(|known| *known == word);
        with_policy(&mut self.state().record, policy, |p| {
            if weight(verdict) >= weight(p.verdict) {
                p.verdict = verdict;
            }
        });
    }

    pub(crate) fn score(&self, policy: &'static str, name: Cow<'static, str>, score: f32) {
        with_policy(&mut self.state().record, policy, |p| {
            p.scores.insert(name, score);
        });
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
            if let (None, Some(pricing), Some(usage)) =
                (state.record.cost_usd, state.pricing, state.record.usage)
            {
                let mut cost = pricing.cost(usage.prompt_tokens, usage.completion_tokens);
                if let Some(lost) = state.lost_pricing {
                    cost += lost.cost(usage.prompt_tokens, 0);
                }
                state.record.cost_usd = Some(cost);
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
                scores: Scores::new(),
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
