//! What went wrong with a try, read from an answer or an error.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;

use http::{Response, StatusCode};
use serde::Deserialize;

use super::UpstreamError;
use crate::body::{BoxError, TimedOut};

/// What went wrong with one try at one target.
///
/// Breakers count it, retries and routers go by it. A layer that answers in
/// the place of the target, because its breaker is open, say, puts the reason
/// into the extensions of its response, where the others find it.
///
/// ```
/// use http::{Response, StatusCode};
/// use portcullis::target::Failure;
///
/// let mut response = Response::new(());
/// assert_eq!(Failure::of_response(&response), None);
/// *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
/// assert_eq!(Failure::of_response(&response), Some(Failure::Unavailable));
/// response.extensions_mut().insert(Failure::CircuitOpen);
/// assert_eq!(Failure::of_response(&response), Some(Failure::CircuitOpen));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection could not be secured.
    Tls,
    /// The connection broke off, before the answer or in the middle of it.
    Reset,
    /// What came was not HTTP.
    Protocol,
    /// It took longer than a limit of ours, or a gateway's on the way (408,
    /// 504, 524).
    Timeout,
    /// Nothing of the answer has come for too long.
    Stall,
    /// Too many requests (429).
    RateLimited,
    /// Overloaded or out of service (502, 503, 529).
    Unavailable,
    /// Any other error of the server's (500 and above).
    ServerError,
    /// An error in a stream that had begun well.
    ErrorEvent,
    /// A stream without an event, or one that ended without an answer.
    Empty,
    /// The key is missing, wrong, or not paid for (401, 402, 403).
    Auth,
    /// The upstream does not want to talk about this.
    ContentPolicy,
    /// The request is too long for the model.
    ContextWindow,
    /// Any other error of the request's (400 to 499).
    Rejected,
    /// The target was not asked: its breaker is open.
    CircuitOpen,
    /// The target was not asked: too many calls are waiting for it.
    Overloaded,
}

/// The error and what it comes from. An I/O error keeps its cause where
/// `source` does not look.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

impl Failure {
    /// What is wrong with a response, as far as its head tells: the reason in
    /// its extensions, or what its status means.
    #[must_use]
    pub fn of_response<B>(response: &Response<B>) -> Option<Self> {
        match response.extensions().get::<Self>() {
            Some(failure) => Some(*failure),
            None => Self::of_status(response.status()),
        }
    }

    /// What a status means; nothing wrong below 400.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Option<Self> {
        Some(match status.as_u16() {
            ..400 => return None,
            401..=403 => Self::Auth,
            408 | 504 | 524 => Self::Timeout,
            429 => Self::RateLimited,
            502 | 503 | 529 => Self::Unavailable,
            400..500 => Self::Rejected,
            500.. => Self::ServerError,
        })
    }

    /// What an error means that a service gave in place of an answer: an
    /// [`UpstreamError`], an [`io::Error`] or a
    /// [`BoxError`](crate::BoxError). One that is not known is a
    /// [`Reset`](Self::Reset).
    #[must_use]
    pub fn of_error<E: 'static>(error: &E) -> Self {
        let error = error as &dyn Any;
        if let Some(error) = error.downcast_ref::<UpstreamError>() {
            Self::of_upstream(error)
        } else if let Some(error) = error.downcast_ref::<BoxError>() {
            Self::of_source(&**error)
        } else if let Some(error) = error.downcast_ref::<io::Error>() {
            Self::of_source(error)
        } else {
            error.downcast_ref::<Self>().copied().unwrap_or(Self::Reset)
        }
    }

    /// What an error means, as it or what it comes from tells. One that is not
    /// known is a [`Reset`](Self::Reset).
    #[must_use]
    pub fn of_source(error: &(dyn Error + 'static)) -> Self {
        causes(error)
            .find_map(|error| {
                if let Some(failure) = error.downcast_ref::<Self>() {
                    return Some(*failure);
                }
                if let Some(error) = error.downcast_ref::<UpstreamError>() {
                    return Some(Self::of_upstream(error));
                }
                if error.is::<TimedOut>() {
                    return Some(Self::Timeout);
                }
                let error = error.downcast_ref::<io::Error>()?;
                match error.kind() {
                    io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable => Some(Self::Connect),
                    io::ErrorKind::TimedOut => Some(Self::Timeout),
                    _ => None,
                }
            })
            .unwrap_or(Self::Reset)
    }

    fn of_upstream(error: &UpstreamError) -> Self {
        match error {
            UpstreamError::Connect(_) => Self::Connect,
            UpstreamError::Tls(_) => Self::Tls,
            UpstreamError::Timeout(_) => Self::Timeout,
            UpstreamError::Reset(_) => Self::Reset,
            UpstreamError::Protocol(_) => Self::Protocol,
            UpstreamError::MissingKey(_) => Self::Auth,
        }
    }

    /// What an error body says beyond its status: `code`, `type` and, where
    /// servers name neither, the words of the message. `None` when it is
    /// nothing special.
    #[must_use]
    pub fn of_error_body(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Outer<'a> {
            #[serde(borrow)]
            error: Inner<'a>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Inner<'a> {
            code: serde_json::Value,
            r#type: serde_json::Value,
            #[serde(borrow)]
            message: std::borrow::Cow<'a, str>,
        }
        let error = serde_json::from_slice::<Outer<'_>>(body).ok()?.error;
        let names = [&error.code, &error.r#type];
        for name in names.into_iter().filter_map(serde_json::Value::as_str) {
            let found = match name {
                "context_length_exceeded" | "string_above_max_length" => Self::ContextWindow,
                "content_filter"
                | "content_policy_violation"
                | "content_policy"
                | "moderation_blocked"
                | "ResponsibleAIPolicyViolation" => Self::ContentPolicy,
                "rate_limit_exceeded" | "rate_limit_error" | "insufficient_quota" => {
                    Self::RateLimited
                }
                "invalid_api_key" | "authentication_error" => Self::Auth,
                "overloaded" | "overloaded_error" | "model_overloaded" => Self::Unavailable,
                "timeout" => Self::Timeout,
                _ => continue,
            };
            return Some(found);
        }
        let message = error.message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
        if says(&["context length", "context window", "maximum context"])
            // Together's words.
            || (message.contains("tokens") && message.contains("must be <="))
        {
            return Some(Self::ContextWindow);
        }
        if let Some(status) = error
            .code
            .as_u64()
            .and_then(|code| u16::try_from(code).ok())
        {
            return StatusCode::from_u16(status).ok().and_then(Self::of_status);
        }
        None
    }

    /// Whether a layer of ours answered, and the target was not asked.
    #[must_use]
    pub fn is_local(self) -> bool {
        matches!(self, Self::CircuitOpen | Self::Overloaded)
    }

    /// Whether it is the request's own fault, which no target is to blame for.
    #[must_use]
    pub fn is_of_request(self) -> bool {
        matches!(
            self,
            Self::ContentPolicy | Self::ContextWindow | Self::Rejected
        )
    }

    /// One word, for records and metrics.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::Stall => "stall",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::ServerError => "server_error",
            Self::ErrorEvent => "error_event",
            Self::Empty => "empty",
            Self::Auth => "auth",
            Self::ContentPolicy => "content_policy",
            Self::ContextWindow => "context_window",
            Self::Rejected => "rejected",
            Self::CircuitOpen => "circuit_open",
            Self::Overloaded => "queue_full",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection could be made",
            Self::Tls => "the connection could not be secured",
            Self::Reset => "the connection broke off",
            Self::Protocol => "what came was not HTTP",
            Self::Timeout => "it took too long",
            Self::Stall => "the answer came to a halt",
            Self::RateLimited => "too many requests",
            Self::Unavailable => "out of service",
            Self::ServerError => "an error of the server's",
            Self::ErrorEvent => "an error in the stream",
            Self::Empty => "an answer without content",
            Self::Auth => "the key is missing or was not accepted",
            Self::ContentPolicy => "against the upstream's content policy",
            Self::ContextWindow => "too long for the model",
            Self::Rejected => "the request was not accepted",
            Self::CircuitOpen => "the circuit breaker is open",
            Self::Overloaded => "too many calls are waiting",
        })
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn statuses() {
        for (status, expected) in [
            (200, None),
            (304, None),
            (400, Some(Failure::Rejected)),
            (401, Some(Failure::Auth)),
            (404, Some(Failure::Rejected)),
            (408, Some(Failure::Timeout)),
            (422, Some(Failure::Rejected)),
            (429, Some(Failure::RateLimited)),
            (500, Some(Failure::ServerError)),
            (503, Some(Failure::Unavailable)),
            (504, Some(Failure::Timeout)),
            (529, Some(Failure::Unavailable)),
            (599, Some(Failure::ServerError)),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Failure::of_status(status), expected, "{status}");
        }
    }

    #[test]
    fn errors_are_found_among_sources() {
        let limit = Duration::from_secs(1);
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let cases: [(BoxError, Failure); 6] = [
            (
                UpstreamError::Timeout(TimedOut { limit }).into(),
                Failure::Timeout,
            ),
            (UpstreamError::Reset("x".into()).into(), Failure::Reset),
            (
                UpstreamError::MissingKey(String::new()).into(),
                Failure::Auth,
            ),
            (
                io::Error::other(TimedOut { limit }).into(),
                Failure::Timeout,
            ),
            (refused.into(), Failure::Connect),
            ("what?".into(), Failure::Reset),
        ];
        for (error, expected) in cases {
            assert_eq!(Failure::of_source(&*error), expected, "{error:?}");
            assert_eq!(Failure::of_error(&error), expected, "{error:?}");
        }
    }

    #[test]
    fn error_bodies() {
        let of = |body: &str| Failure::of_error_body(body.as_bytes());
        for (body, expected) in [
            (
                r#"{"error":{"code":"context_length_exceeded"}}"#,
                Some(Failure::ContextWindow),
            ),
            (
                r#"{"error":{"code":"content_filter","message":"no"}}"#,
                Some(Failure::ContentPolicy),
            ),
            (
                r#"{"error":{"type":"rate_limit_error","code":null}}"#,
                Some(Failure::RateLimited),
            ),
            (
                r#"{"error":{"code":503,"message":"busy"}}"#,
                Some(Failure::Unavailable),
            ),
            (
                r#"{"error":{"message":"`inputs` tokens + `max_new_tokens` must be <= 8193"}}"#,
                Some(Failure::ContextWindow),
            ),
            (r#"{"error":{"message":"hm"}}"#, None),
            (r#"{"error":"hm"}"#, None),
            ("<html>", None),
        ] {
            assert_eq!(of(body), expected, "{body}");
        }
    }
}
