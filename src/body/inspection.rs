//! How bodies are read, and what can be wrong with them.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use super::{ApiError, BoxError, JsonError};

/// How bodies are read, and what becomes of those that cannot be.
///
/// ```
/// use portcullis::body::{Inspection, Uninspectable};
///
/// let mut inspection = Inspection::default().max_request_bytes(1024 * 1024);
/// inspection.undecodable = Uninspectable::Pass;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Requests may be this long, in bytes: 8 MiB.
    pub max_request_bytes: usize,
    /// Replies may be this long, in bytes, unless they are streamed: 32 MiB.
    pub max_response_bytes: usize,
    /// What becomes of longer ones; refused, a request gets a 413.
    pub too_large: Uninspectable,
    /// What becomes of binary content, and of an encoding other than gzip and
    /// deflate; refused, a request gets a 415.
    pub undecodable: Uninspectable,
    /// What becomes of invalid UTF-8 and JSON; refused, a request gets a 400.
    pub malformed: Uninspectable,
}

/// What becomes of a body that cannot be inspected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Uninspectable {
    /// It is refused.
    #[default]
    Refuse,
    /// It passes as it is, and the call's record says so.
    Pass,
}

impl Default for Inspection {
    fn default() -> Self {
        Self {
            max_request_bytes: 8 * 1024 * 1024,
            max_response_bytes: 32 * 1024 * 1024,
            too_large: Uninspectable::Refuse,
            undecodable: Uninspectable::Refuse,
            malformed: Uninspectable::Refuse,
        }
    }
}

impl Inspection {
    /// One rule for whatever cannot be inspected.
    #[must_use]
    pub fn uninspectable(mut self, rule: Uninspectable) -> Self {
        self.too_large = rule;
        self.undecodable = rule;
        self.malformed = rule;
        self
    }

    /// Requests may be this long, in bytes.
    #[must_use]
    pub fn max_request_bytes(mut self, max: usize) -> Self {
        self.max_request_bytes = max;
        self
    }

    /// Whether a body with this problem may pass uninspected.
    pub(crate) fn passes(&self, problem: &Problem) -> bool {
        let rule = match problem {
            Problem::TooLarge { .. } => self.too_large,
            Problem::Encoding(_) | Problem::Binary => self.undecodable,
            Problem::Malformed(_) | Problem::NotUtf8 { .. } | Problem::Escapes => self.malformed,
            Problem::Broken | Problem::TimedOut => Uninspectable::Refuse,
        };
        rule == Uninspectable::Pass
    }
}

/// Why a body cannot be inspected.
#[derive(Debug)]
pub(crate) enum Problem {
    TooLarge {
        limit: usize,
    },
    Encoding(String),
    Binary,
    NotUtf8 {
        at: usize,
    },
    Malformed(JsonError),
    /// Text that is nearly JSON and holds escapes, which another reader might
    /// undo.
    Escapes,
    Broken,
    TimedOut,
}

/// A body has taken too long. The errors of bodies have it among their sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    /// How long it may take.
    pub limit: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "took longer than {} s", self.limit.as_secs_f64())
    }
}

impl std::error::Error for TimedOut {}

pub(super) fn timed_out(error: &BoxError) -> bool {
    let first: &(dyn std::error::Error + 'static) = &**error;
    std::iter::successors(Some(first), |error| error.source()).any(|error| error.is::<TimedOut>())
}

/// Headers that say how long a body is, or what it hashes to, and are wrong
/// once it has been edited.
pub(crate) fn forget_length(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::ETAG,
    ] {
        headers.remove(name);
    }
    for name in ["content-digest", "repr-digest", "digest", "content-md5"] {
        headers.remove(name);
    }
}

/// Whether answers with this status have no body, whatever their headers say.
pub(crate) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "larger than the limit of {limit} bytes"),
            Self::Encoding(name) => write!(
                f,
                "content-encoding {name:?} cannot be decoded; send identity, gzip or deflate"
            ),
            Self::Binary => f.write_str("binary content cannot be inspected"),
            Self::NotUtf8 { at } => write!(f, "not valid UTF-8 at byte {at}"),
            Self::Malformed(error) => error.fmt(f),
            Self::Escapes => f.write_str("escapes in what is not valid JSON"),
            Self::Broken => f.write_str("the body broke off"),
            Self::TimedOut => f.write_str("the body took too long"),
        }
    }
}

impl Problem {
    /// Whether the body itself is broken, rather than its inspection.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken | Self::TimedOut)
    }

    /// The answer to a client whose request has it.
    pub(crate) fn in_request(&self) -> ApiError {
        let (status, code) = match self {
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large"),
            Self::Encoding(_) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_content_encoding",
            ),
            Self::Binary => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::NotUtf8 { .. } => (StatusCode::BAD_REQUEST, "invalid_utf8"),
            Self::Malformed(_) | Self::Escapes => (StatusCode::BAD_REQUEST, "invalid_json"),
            Self::Broken => (StatusCode::BAD_REQUEST, "incomplete_request"),
            Self::TimedOut => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
        };
        ApiError::new(status, code, format!("request body: {self}"))
    }

    /// The answer to a client whose reply has it.
    pub(crate) fn in_response(&self) -> ApiError {
        let (status, code) = match self {
            Self::Broken => (StatusCode::BAD_GATEWAY, "upstream_reset"),
            Self::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            _ => (StatusCode::BAD_GATEWAY, "uninspectable_response"),
        };
        ApiError::new(status, code, format!("response of the upstream: {self}"))
    }
}
