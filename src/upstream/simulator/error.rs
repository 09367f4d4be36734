//! How a simulated call fails: with no answer, or with an error answer.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::StatusCode;
use serde::Serialize;

/// Why a call to the simulator, or the body of its answer, came to no end.
#[derive(Debug)]
#[non_exhaustive]
pub enum SimulatorError {
    /// The script broke the connection here.
    ConnectionReset,
    /// The body of the request could not be read.
    RequestBody(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for SimulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionReset => f.write_str("connection reset by the simulated upstream"),
            Self::RequestBody(_) => f.write_str("the request body could not be read"),
        }
    }
}

impl Error for SimulatorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::ConnectionReset => None,
            Self::RequestBody(source) => Some(source.as_ref()),
        }
    }
}

/// An error answer, as Together words it.
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    message: Cow<'static, str>,
    kind: &'static str,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

impl ApiError {
    /// An error of this status, with the type and code that go with it.
    pub(super) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let (kind, code) = match status {
            StatusCode::UNAUTHORIZED => ("invalid_request_error", Some("invalid_api_key")),
            StatusCode::TOO_MANY_REQUESTS => ("rate_limit_error", Some("rate_limit_exceeded")),
            StatusCode::SERVICE_UNAVAILABLE => ("server_error", Some("overloaded")),
            StatusCode::GATEWAY_TIMEOUT => ("server_error", Some("timeout")),
            status if status.is_server_error() => ("server_error", None),
            _ => ("invalid_request_error", None),
        };
        Self {
            status,
            message: message.into(),
            kind,
            param: None,
            code,
        }
    }

    /// The request lacks a field, or has one of the wrong kind.
    pub(super) fn param(param: &'static str, message: &'static str) -> Self {
        Self {
            param: Some(param),
            code: Some("invalid_request"),
            ..Self::new(StatusCode::BAD_REQUEST, message)
        }
    }

    pub(super) fn invalid_json() -> Self {
        Self {
            code: Some("invalid_json"),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "The request body is not valid JSON.",
            )
        }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Invalid API key provided.")
    }

    pub(super) fn unknown_model(model: &str) -> Self {
        Self {
            param: Some("model"),
            code: Some("model_not_available"),
            ..Self::new(
                StatusCode::NOT_FOUND,
                format!("Unable to access model {model}. It does not exist or is not available."),
            )
        }
    }

    pub(super) fn body(&self, id: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let body = ErrorBody {
            id,
            error: ErrorDetail {
                message: &self.message,
                kind: self.kind,
                param: self.param,
                code: self.code,
            },
        };
        super::events::write_json(&mut out, &body);
        out
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    id: &'a str,
    error: ErrorDetail<'a>,
}

#[derive(Serialize)]
struct ErrorDetail<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}
