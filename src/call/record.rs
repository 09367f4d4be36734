use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use http::Extensions;
use serde::{Serialize, Serializer};

use crate::body::Usage;

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

/// What a policy measured, by name.
pub type Scores = BTreeMap<Cow<'static, str>, f32>;

/// What one policy did in a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PolicyRecord {
    /// The policy's name.
    pub policy: &'static str,
    /// What became of the request: `continue`, `rewrite`, `refuse`, `error`. Of
    /// a policy that is not enforced, what would have become of the request or
    /// of its answer: `would_rewrite`, `would_ask_again`,
    /// `would_refuse`.
    pub verdict: &'static str,
    /// What it measured, by name, from 0 to 1.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: Scores,
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
    /// What went wrong: `connect`, `tls`, `timeout`, `reset`, `protocol`, or
    /// `cancelled` when nobody waited for it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// Which retry at this target it was, from 1; `None` for the first try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<u32>,
    /// It was made because another one took long.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hedge: bool,
    /// Time to the head of the answer, or to the error.
    #[serde(rename = "head_ms", serialize_with = "millis")]
    pub head: Duration,
}

/// Which try a request is, where it is not the first: for the record, in its
/// extensions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Try {
    pub(crate) retry: Option<u32>,
    pub(crate) hedge: bool,
}

impl Try {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }
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
            retry: None,
            hedge: false,
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
