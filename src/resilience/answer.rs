//! Answers that a layer gives in the place of the service within.

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};

use crate::body::{ApiError, Body};
use crate::target::Failure;

/// An error that the other layers recognise as `failure`. `Retry-After` is in
/// whole seconds, rounded up.
pub(super) fn refuse(
    failure: Failure,
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Duration>,
) -> Response<Body> {
    let mut response = ApiError::new(status, code, message).into_response();
    if let Some(after) = retry_after {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        let seconds = HeaderValue::from(seconds.max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response.extensions_mut().insert(failure);
    response
}
