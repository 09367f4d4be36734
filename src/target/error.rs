use std::error::Error;
use std::fmt;

use http::StatusCode;

use crate::body::{ApiError, BoxError, TimedOut};

/// Why an upstream gave no answer, or not the whole of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpstreamError {
    /// No connection could be made.
    Connect(BoxError),
    /// The connection could not be secured.
    Tls(BoxError),
    /// It took longer than the limit.
    Timeout(TimedOut),
    /// The connection broke off.
    Reset(BoxError),
    /// What came was not HTTP.
    Protocol(BoxError),
    /// There is no API key to call it with; the text says how to set one.
    MissingKey(String),
}

impl UpstreamError {
    /// There is no key for this target of a provider; `variable` is where one
    /// would be looked for.
    #[must_use]
    pub fn missing_key(provider: &str, variable: &str, target: &str) -> Self {
        Self::MissingKey(format!(
            "{provider} API key not configured: set {variable}, or give the target {target:?} \
             another key"
        ))
    }

    /// One word, for records and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Reset(_) => "reset",
            Self::Protocol(_) => "protocol",
            Self::MissingKey(_) => "missing_key",
        }
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(_) => f.write_str("could not connect to the upstream"),
            Self::Tls(_) => f.write_str("could not secure the connection to the upstream"),
            Self::Timeout(timed_out) => write!(f, "the upstream {timed_out}"),
            Self::Reset(_) => f.write_str("the upstream broke off"),
            Self::Protocol(_) => f.write_str("the upstream did not speak HTTP"),
            Self::MissingKey(how) => f.write_str(how),
        }
    }
}

impl Error for UpstreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect(error)
            | Self::Tls(error)
            | Self::Reset(error)
            | Self::Protocol(error) => Some(&**error),
            Self::Timeout(timed_out) => Some(timed_out),
            Self::MissingKey(_) => None,
        }
    }
}

/// Names no address and no cause: those are for the log, not for the client.
impl From<UpstreamError> for ApiError {
    fn from(error: UpstreamError) -> Self {
        let (status, code) = match &error {
            UpstreamError::Connect(_) | UpstreamError::MissingKey(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "upstream_unavailable")
            }
            UpstreamError::Timeout(_) => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            UpstreamError::Tls(_) => (StatusCode::BAD_GATEWAY, "upstream_tls"),
            UpstreamError::Reset(_) => (StatusCode::BAD_GATEWAY, "upstream_reset"),
            UpstreamError::Protocol(_) => (StatusCode::BAD_GATEWAY, "upstream_protocol"),
        };
        Self::new(status, code, error.to_string())
    }
}
