//! Whether an answer is good, before any of it reaches the client.
//!
//! A plain answer has to be there as a whole, as far as a bound; of a stream,
//! the first token. Until then the next target may still be tried.

use std::future::poll_fn;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header, response};
use memchr::memmem;
use tokio::time::Instant;

use super::trigger::Triggers;
use crate::body::{
    ApiError, Body, Decoder, Event, Front, Index, MediaKind, SegmentKind, is_bodiless,
};
use crate::target::Failure;

/// A plain answer longer than this, in bytes, may break off half way.
const MAX_PLAIN: usize = 8 * 1024 * 1024;
/// So much of a stream may come before its first token, in bytes.
const MAX_PRELUDE: usize = 64 * 1024;
/// So much of an error is read to know what it is, in bytes.
const MAX_ERROR: usize = 64 * 1024;

/// What has been found.
pub(super) enum Judged {
    /// It may leave.
    Good(Response<Body>, Kind),
    /// What is wrong, and what to answer if there is no other target.
    Bad(Failure, Response<Body>),
}

/// What kind of answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// A stream of the choices of a chat, or of completions.
    Choices,
    /// A stream of other events.
    Events,
}

/// What the head of an answer says about it.
pub(super) enum Glance {
    /// It is good, and there is nothing to wait for.
    Good(Kind),
    /// It is good if the rest is: a [`Whole`] can tell.
    Plain,
    /// It has to be [judged](judge).
    Unclear,
}

/// `head`: the request was a HEAD.
pub(super) fn glance(response: &Response<Body>, head: bool) -> Glance {
    if Failure::of_response(response).is_some() {
        return Glance::Unclear;
    }
    if head || is_bodiless(response.status()) {
        return Glance::Good(Kind::Plain);
    }
    match MediaKind::of(response.headers()) {
        MediaKind::Events if !is_encoded(response.headers()) => Glance::Unclear,
        // It may be an error.
        MediaKind::Json if !response.body().is_empty() => Glance::Plain,
        _ => Glance::Good(Kind::Plain),
    }
}

/// A plain answer that is read as a whole.
pub(super) struct Whole {
    parts: response::Parts,
    front: Front,
}

impl Whole {
    pub(super) fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let front = Front::of(body);
        Self { parts, front }
    }

    /// Reads it to its end, or as far as the bound.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.front.len() <= MAX_PLAIN && ready!(self.front.poll_next(cx)).is_some() {}
        Poll::Ready(())
    }

    pub(super) fn judge(self) -> Judged {
        let found = whole(&self.front, !is_encoded(&self.parts.headers));
        judged(self.parts, self.front, found)
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// `head`: the request was a HEAD. `stall`: how long a stream may take to its
/// first token.
pub(super) async fn judge(
    response: Response<Body>,
    head: bool,
    stall: Option<Duration>,
    triggers: Triggers,
) -> Judged {
    if let Some(failure) = Failure::of_response(&response) {
        return bad(response, failure, triggers).await;
    }
    match glance(&response, head) {
        Glance::Good(kind) => return Judged::Good(response, kind),
        Glance::Plain => {
            let mut whole = Whole::of(response);
            poll_fn(|cx| whole.poll(cx)).await;
            return whole.judge();
        }
        Glance::Unclear => {}
    }
    let (parts, body) = response.into_parts();
    let mut front = Front::of(body);
    let begun = begin(&mut front);
    let until = stall.and_then(|stall| Instant::now().checked_add(stall));
    let found = match until {
        Some(until) => tokio::time::timeout_at(until, begun)
            .await
            .unwrap_or(Err((Failure::Stall, None))),
        None => begun.await,
    };
    judged(parts, front, found)
}

fn judged(parts: response::Parts, front: Front, found: Found) -> Judged {
    match found {
        Ok(kind) => {
            let body = front.put_back();
            Judged::Good(Response::from_parts(parts, body), kind)
        }
        Err((failure, said)) => {
            front.give_up(&failure.into());
            Judged::Bad(failure, answer(failure, said))
        }
    }
}

/// An error of the upstream's, read if that may make a difference.
async fn bad(response: Response<Body>, failure: Failure, triggers: Triggers) -> Judged {
    let unclear = matches!(failure, Failure::Rejected | Failure::Auth);
    if !unclear || !triggers.look_into() {
        return Judged::Bad(failure, response);
    }
    let (parts, body) = response.into_parts();
    let mut front = Front::of(body);
    let mut text = Vec::new();
    while front.len() <= MAX_ERROR
        && let Some(frame) = front.next().await
    {
        text.extend_from_slice(&frame);
    }
    let failure = match Failure::of_error_body(&text) {
        Some(special) if special.is_of_request() => special,
        _ => failure,
    };
    let response = Response::from_parts(parts, front.put_back());
    Judged::Bad(failure, response)
}

type Found = Result<Kind, (Failure, Option<String>)>;

/// `plain`: it can be read.
fn whole(front: &Front, plain: bool) -> Found {
    if let Some(error) = front.broken() {
        return Err((Failure::of_source(&**error), None));
    }
    let short = plain && front.len() <= MAX_ERROR;
    match front.whole().filter(|_| short).and_then(error_in) {
        Some((failure, said)) => Err((failure, Some(said))),
        None => Ok(Kind::Plain),
    }
}

/// Members of answers that are more than an error: a job, say, that has failed.
const ANSWERS: [&str; 5] = ["choices", "data", "object", "output", "status"];

/// An error that some servers give with a good status.
fn error_in(body: Bytes) -> Option<(Failure, String)> {
    ERROR.find(&body)?;
    let body = String::from_utf8(body.into()).ok()?;
    let mut index = Index::default();
    index.read(&body).ok()?;
    let answers = || {
        ANSWERS
            .iter()
            .any(|name| index.field(&body, name).is_some())
    };
    if !index.error || answers() {
        return None;
    }
    let failure = Failure::of_error_body(body.as_bytes()).unwrap_or(Failure::ErrorEvent);
    Some((failure, body))
}

static ERROR: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("\"error\""));

/// Reads a stream up to its first token.
async fn begin(front: &mut Front) -> Found {
    let mut decoder = Decoder::default();
    let mut index = Index::default();
    while let Some(frame) = front.next().await {
        let mut at = 0;
        while let Some(event) = decoder.next(&frame, &mut at) {
            // One that is too long for us is for the client to read.
            let Ok(event) = event else {
                return Ok(Kind::Events);
            };
            if let Some(found) = look(&event, &mut index) {
                return found;
            }
        }
        if front.len() > MAX_PRELUDE {
            return Ok(Kind::Events);
        }
    }
    if let Some(error) = front.broken() {
        return Err((Failure::of_source(&**error), None));
    }
    match decoder.finish().and_then(|event| look(&event, &mut index)) {
        Some(found) => found,
        None => Err((Failure::Empty, None)),
    }
}

/// What an event says about the stream; `None` if it says nothing yet.
fn look(event: &Event, index: &mut Index) -> Option<Found> {
    let data = event.data()?.trim();
    if data == "[DONE]" {
        return Some(Err((Failure::Empty, None)));
    }
    if data.is_empty() {
        return None;
    }
    if index.read(data).is_err() || !index.object {
        return Some(Ok(Kind::Events));
    }
    if index.error {
        let failure = Failure::of_error_body(data.as_bytes()).unwrap_or(Failure::ErrorEvent);
        return Some(Err((failure, Some(data.to_owned()))));
    }
    if index.field(data, "choices").is_none() {
        // Of another API, whose events are not known here.
        return Some(Ok(Kind::Events));
    }
    let says = index
        .texts()
        .any(|(_, slot)| slot.kind != SegmentKind::Other && !index.text(data, slot).is_empty());
    let ends = index
        .choices
        .iter()
        .any(|choice| choice.finish_reason.is_some());
    (says || ends).then_some(Ok(Kind::Choices))
}

/// What a client is told of a stream that came to nothing; nothing of it has
/// left, so that there can be a proper status.
fn answer(failure: Failure, said: Option<String>) -> Response<Body> {
    let (status, code) = status(failure);
    let Some(said) = said else {
        let message = format!("response of the upstream: {failure}");
        return ApiError::new(status, code, message).into_response();
    };
    let mut response = ApiError::new(status, code, "").into_response();
    *response.body_mut() = Body::from(said);
    response
}

/// How a failure is told to a client.
pub(super) fn status(failure: Failure) -> (StatusCode, &'static str) {
    match failure {
        Failure::Timeout | Failure::Stall => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
        Failure::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded"),
        Failure::Connect | Failure::Unavailable | Failure::CircuitOpen | Failure::Overloaded => {
            (StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable")
        }
        Failure::Tls => (StatusCode::BAD_GATEWAY, "upstream_tls"),
        Failure::Reset => (StatusCode::BAD_GATEWAY, "upstream_reset"),
        Failure::Protocol => (StatusCode::BAD_GATEWAY, "upstream_protocol"),
        Failure::Empty => (StatusCode::BAD_GATEWAY, "upstream_empty"),
        Failure::ContentPolicy => (StatusCode::BAD_REQUEST, "content_policy"),
        Failure::ContextWindow => (StatusCode::BAD_REQUEST, "context_length_exceeded"),
        Failure::Rejected => (StatusCode::BAD_REQUEST, "upstream_rejected"),
        _ => (StatusCode::BAD_GATEWAY, "upstream_error"),
    }
}
