//! The way of one call.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request};
use serde::de::IgnoredAny;
use tower_service::Service;

use super::journey::{Cargo, Given, Journey};
use super::layer::Shared;
use super::table::Plan;
use super::{Ask, Strategy};
use crate::body::replay::Replay;
use crate::body::{
    ApiError, Body, BoxError, Document, Inspect, Inspected, Inspection, MediaKind, forget_length,
};
use crate::call::Call;
use crate::policy::AskedAgain;
use crate::target::{Avoid, LastResort, Provider, is_kept};

/// By this header a request may choose a provider.
const PROVIDER: HeaderName = HeaderName::from_static("x-portcullis-provider");

/// The future of a [`RouteService`](super::RouteService).
pub struct RouteFuture<E> {
    inner: Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>,
}

impl<E> RouteFuture<E> {
    pub(super) fn new(
        future: impl Future<Output = Result<Response<Body>, E>> + Send + 'static,
    ) -> Self {
        Self {
            inner: Box::pin(future),
        }
    }
}

impl<E> Future for RouteFuture<E> {
    type Output = Result<Response<Body>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.inner.as_mut().poll(cx)
    }
}

impl<E> fmt::Debug for RouteFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteFuture").finish_non_exhaustive()
    }
}

pub(super) async fn route<Svc, S, RB>(
    shared: Arc<Shared<S>>,
    service: Svc,
    request: Request<Body>,
) -> Result<Response<Body>, Svc::Error>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let (mut parts, body) = read(request).await.into_parts();
    let call = Call::of(&parts.extensions).cloned();
    if let (Some(call), Some(document)) = (&call, body.as_document()) {
        call.set_asked(document);
    }
    let (plan, body) = match plan(&shared, &mut parts, body) {
        Ok(planned) => planned,
        Err(error) => return Ok(error.into_response()),
    };
    let choices = body.as_document().map_or(1, choices);
    if parts.headers.contains_key(header::ACCEPT_ENCODING) && streams(&body) {
        // What is compressed could not be told good from bad.
        let identity = HeaderValue::from_static("identity");
        parts.headers.insert(header::ACCEPT_ENCODING, identity);
    }
    let mut targets = plan.targets;
    Avoid::reorder(&parts.extensions, &mut targets);
    if parts.extensions.get::<AskedAgain>().is_some() {
        // Its answer was not good enough.
        let last = call.as_ref().and_then(Call::last_target);
        if let Some(at) = targets.iter().position(|t| Some(t.id()) == last.as_deref()) {
            targets[at..].rotate_left(1);
        }
    }
    targets.truncate(shared.settings.fallbacks.saturating_add(1));
    if plan.last_resort {
        parts.extensions.insert(LastResort);
    }
    let cargo = if targets.len() > 1 {
        match Replay::read(body).await {
            Ok(replay) => Cargo::Replay(replay),
            Err(body) => {
                // Too long to be kept: it can be sent once.
                targets.truncate(1);
                Cargo::Once(body)
            }
        }
    } else {
        Cargo::Once(body)
    };
    let journey = Journey::new(shared, service, parts, cargo, targets, choices, call);
    match journey.go().await {
        Ok(response) => Ok(response),
        Err(Some(Given::Response(response))) => Ok(response),
        Err(Some(Given::Error(error))) => Err(error),
        Err(None) => Ok(nothing().into_response()),
    }
}

fn nothing() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "upstream_unavailable",
        "there is no target to send the request to",
    )
}

/// Reads a message, so that it can be seen what it asks for.
async fn read(request: Request<Body>) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let unread = body.as_document().is_none() && !body.is_empty();
    if !unread || MediaKind::of(&parts.headers) != MediaKind::Json {
        return Request::from_parts(parts, body);
    }
    let limit = Inspection::default().max_request_bytes;
    let body = match Inspect::new(body, &parts.headers, limit).await {
        Inspected::Document(body) => {
            if parts.headers.remove(header::CONTENT_ENCODING).is_some() {
                forget_length(&mut parts.headers);
            }
            body
        }
        Inspected::Problem(_, body) => body,
    };
    Request::from_parts(parts, body)
}

fn streams(body: &Body) -> bool {
    let document = body.as_document();
    document.is_some_and(|document| document.field("stream") == Some("true"))
}

/// How many choices an answer has: `n`, for each of its prompts.
fn choices(document: &Document) -> usize {
    let n = document.field("n").and_then(|n| n.parse().ok());
    let prompts = document.field("prompt").and_then(|prompt| {
        // A list of numbers is one prompt, in tokens.
        let first = prompt.strip_prefix('[')?.trim_start();
        let several = first.starts_with(['"', '[']);
        several.then(|| serde_json::from_str::<Vec<IgnoredAny>>(prompt))
    });
    let prompts = prompts.and_then(Result::ok).map_or(1, |all| all.len());
    n.unwrap_or(1_usize).max(1).saturating_mul(prompts)
}

/// A string member, copied only where it has escapes.
fn name_in<'a>(document: &'a Document, member: &str) -> Option<Cow<'a, str>> {
    let name = document.field(member)?;
    let name = name.strip_prefix('"')?.strip_suffix('"')?;
    match name.contains('\\') {
        false => Some(Cow::Borrowed(name)),
        true => document.string_field(member).map(Cow::Owned),
    }
}

/// Finds out where a request may go, and takes out what it says about that.
fn plan<S: Strategy>(
    shared: &Shared<S>,
    parts: &mut request::Parts,
    mut body: Body,
) -> Result<(Plan, Body), ApiError> {
    let document = body.as_document();
    let model = document.and_then(|document| name_in(document, "model"));
    let in_body = document.and_then(|document| name_in(document, "provider"));
    let in_header = parts.headers.remove(PROVIDER);
    let name = match &in_header {
        Some(value) => Some(value.to_str().unwrap_or("?")),
        None => in_body.as_deref(),
    };
    let provider = match name {
        Some(name) => Some(Provider::from_name(name).ok_or_else(|| {
            let name: String = name.chars().take(64).collect();
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "provider_not_found",
                format!("unknown provider {name:?}; say together, openai or openai-compatible"),
            )
            .with_param("provider")
        })?),
        None => None,
    };
    let plan = if is_kept(parts.uri.path()) {
        Plan {
            targets: shared.table.keeper(provider).cloned().into_iter().collect(),
            last_resort: false,
        }
    } else {
        let ask = Ask::new(parts, document);
        shared.table.plan(&ask, model.as_deref(), provider)?
    };
    let named = in_body.is_some();
    if named && let Some(document) = body.as_document_mut() {
        document.remove("provider");
        forget_length(&mut parts.headers);
    }
    Ok((plan, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_counted() {
        for (body, expected) in [
            (r#"{}"#, 1),
            (r#"{"n": 3}"#, 3),
            (r#"{"n": 0}"#, 1),
            (r#"{"n": -1}"#, 1),
            (r#"{"n": null, "prompt": "[1, 2]"}"#, 1),
            (r#"{"n": 2, "prompt": ["a", "b", "c"]}"#, 6),
            (r#"{"prompt": [1, 2, 3]}"#, 1),
            (r#"{"prompt": [ [1, 2], [3]]}"#, 2),
            (r#"{"prompt": []}"#, 1),
        ] {
            assert_eq!(choices(&Document::json(body).unwrap()), expected, "{body}");
        }
    }
}
