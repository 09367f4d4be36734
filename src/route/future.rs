//! The way of one call.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request};
use pin_project_lite::pin_project;
use serde::de::IgnoredAny;
use tower_service::Service;

use super::journey::{Cargo, Given, Journey, Leg, Planned, nothing};
use super::layer::Shared;
use super::table::{Order, Plan};
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

type Rest<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

pin_project! {
    /// The future of a [`RouteService`](super::RouteService).
    ///
    /// What most calls go through has a name here; only what has to be waited
    /// for beside the answer of the first target is boxed.
    pub struct RouteFuture<Svc, S>
    where
        Svc: Service<Request<Body>>,
    {
        #[pin]
        state: State<Svc::Future, Journey<Svc, S>, Svc::Error>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, J, E> {
        First { #[pin] future: F, journey: Option<J>, leg: Option<Leg> },
        Rest { rest: Rest<E> },
        Answered { response: Option<Response<Body>> },
    }
}

impl<Svc, S> RouteFuture<Svc, S>
where
    Svc: Service<Request<Body>>,
{
    fn of(state: State<Svc::Future, Journey<Svc, S>, Svc::Error>) -> Self {
        Self { state }
    }

    fn answered(response: Response<Body>) -> Self {
        Self::of(State::Answered {
            response: Some(response),
        })
    }
}

impl<Svc, S, RB> RouteFuture<Svc, S>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Clone + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    /// Calls `service`, which is ready.
    pub(super) fn begin(
        shared: &Arc<Shared<S>>,
        service: &mut Svc,
        request: Request<Body>,
    ) -> Self {
        if is_unread(&request) {
            return Self::rest(shared, service, |shared, service| async move {
                let (parts, body) = read(request).await.into_parts();
                match plan(&shared, parts, body) {
                    Ok((planned, body)) => depart(shared, service, planned, body).await,
                    Err(error) => Ok(error.into_response()),
                }
            });
        }
        let (parts, body) = request.into_parts();
        let (planned, body) = match plan(shared, parts, body) {
            Ok(planned) => planned,
            Err(error) => return Self::answered(error.into_response()),
        };
        let cargo = match planned.order.len() {
            ..2 => Cargo::Once(body),
            _ => match Replay::at_once(body) {
                Ok(replay) => Cargo::Replay(replay),
                Err(body) => {
                    return Self::rest(shared, service, |shared, service| {
                        depart(shared, service, planned, body)
                    });
                }
            },
        };
        match Journey::begin(shared, planned, cargo, || service.clone()) {
            Some((journey, leg, request)) => Self::of(State::First {
                future: service.call(request),
                journey: Some(journey),
                leg: Some(leg),
            }),
            None => Self::answered(nothing().into_response()),
        }
    }

    /// A way with something to wait for before the first target is asked.
    fn rest<F>(
        shared: &Arc<Shared<S>>,
        service: &mut Svc,
        way: impl FnOnce(Arc<Shared<S>>, Svc) -> F,
    ) -> Self
    where
        F: Future<Output = Result<Response<Body>, Svc::Error>> + Send + 'static,
    {
        // The service that is ready is the one to call; its clone is not.
        let next = service.clone();
        let service = std::mem::replace(service, next);
        let rest = Box::pin(way(Arc::clone(shared), service));
        Self::of(State::Rest { rest })
    }
}

impl<Svc, S, RB> Future for RouteFuture<Svc, S>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, Svc::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let rest: Rest<Svc::Error> = match state.as_mut().project() {
                StateProj::First {
                    future,
                    journey,
                    leg,
                } => {
                    let given = Given::of(ready!(future.poll(cx)));
                    let (Some(on), Some(by)) = (&*journey, leg.take()) else {
                        return Poll::Pending;
                    };
                    let given = match given {
                        Given::Response(response) if by.is_there(&response) => {
                            return Poll::Ready(Ok(on.leave(by, response)));
                        }
                        given => given,
                    };
                    let Some(journey) = journey.take() else {
                        return Poll::Pending;
                    };
                    Box::pin(journey.go(by, given))
                }
                StateProj::Rest { rest } => return rest.as_mut().poll(cx),
                StateProj::Answered { response } => {
                    return match response.take() {
                        Some(response) => Poll::Ready(Ok(response)),
                        None => Poll::Pending,
                    };
                }
            };
            state.set(State::Rest { rest });
        }
    }
}

impl<Svc, S> fmt::Debug for RouteFuture<Svc, S>
where
    Svc: Service<Request<Body>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteFuture").finish_non_exhaustive()
    }
}

/// Reads the body, if it may be sent more than once, and goes.
async fn depart<Svc, S, RB>(
    shared: Arc<Shared<S>>,
    mut service: Svc,
    planned: Planned,
    body: Body,
) -> Result<Response<Body>, Svc::Error>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Clone + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let cargo = match planned.order.len() {
        ..2 => Cargo::Once(body),
        _ => match Replay::read(body).await {
            Ok(replay) => Cargo::Replay(replay),
            // Too long to be kept: it can be sent once.
            Err(body) => Cargo::Once(body),
        },
    };
    let begun = Journey::begin(&shared, planned, cargo, || service.clone());
    let Some((journey, leg, request)) = begun else {
        return Ok(nothing().into_response());
    };
    let given = Given::of(service.call(request).await);
    journey.go(leg, given).await
}

/// Whether it has to be read to see what it asks for.
fn is_unread(request: &Request<Body>) -> bool {
    let body = request.body();
    body.as_document().is_none()
        && !body.is_empty()
        && MediaKind::of(request.headers()) == MediaKind::Json
}

/// Reads a message, so that it can be seen what it asks for.
async fn read(request: Request<Body>) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
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

/// How many choices an answer has: `n`, for each of its prompts.
fn choices(n: Option<&str>, prompt: Option<&str>) -> usize {
    let n = n.and_then(|n| n.parse().ok());
    let prompts = prompt.and_then(|prompt| {
        // A list of numbers is one prompt, in tokens.
        let first = prompt.strip_prefix('[')?.trim_start();
        let several = first.starts_with(['"', '[']);
        several.then(|| serde_json::from_str::<Vec<IgnoredAny>>(prompt))
    });
    let prompts = prompts.and_then(Result::ok).map_or(1, |all| all.len());
    n.unwrap_or(1_usize).max(1).saturating_mul(prompts)
}

/// The string that a member of this name is, copied only where it has escapes.
fn text<'a>(document: Option<&'a Document>, name: &str, json: &'a str) -> Option<Cow<'a, str>> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    match text.contains('\\') {
        false => Some(Cow::Borrowed(text)),
        true => document?.string_field(name).map(Cow::Owned),
    }
}

/// Finds out where a request may go, and takes out what it says about that.
fn plan<S: Strategy>(
    shared: &Shared<S>,
    mut parts: request::Parts,
    mut body: Body,
) -> Result<(Planned, Body), ApiError> {
    let call = Call::of(&parts.extensions).cloned();
    if let (Some(call), Some(document)) = (&call, body.as_document()) {
        call.set_asked(document);
    }
    let document = body.as_document();
    let [model, in_body, stream, n, prompt] = match document {
        Some(document) => document.fields(["model", "provider", "stream", "n", "prompt"]),
        None => [None; 5],
    };
    let choices = choices(n, prompt);
    let streams = stream == Some("true");
    let model = model.and_then(|json| text(document, "model", json));
    let in_body = in_body.and_then(|json| text(document, "provider", json));
    // A look at each name costs less than to look up a few.
    let has = |name| parts.headers.keys().any(|other| *other == name);
    let (is_provider, is_coded) = (has(PROVIDER), has(header::ACCEPT_ENCODING));
    let in_header = is_provider
        .then(|| parts.headers.remove(PROVIDER))
        .flatten();
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
        shared.table.keeper(provider)
    } else {
        let ask = Ask::new(&parts, document);
        shared.table.plan(&ask, model.as_deref(), provider)?
    };
    if is_coded && streams {
        // What is compressed could not be told good from bad.
        let identity = HeaderValue::from_static("identity");
        parts.headers.insert(header::ACCEPT_ENCODING, identity);
    }
    let named = in_body.is_some();
    if named && let Some(document) = body.as_document_mut() {
        document.remove("provider");
        forget_length(&mut parts.headers);
    }
    let order = order(shared, plan, &mut parts, call.as_ref());
    let planned = Planned {
        parts,
        order,
        choices,
        call,
    };
    Ok((planned, body))
}

/// The order in which targets are tried, with what others have to say to it.
fn order<S: Strategy>(
    shared: &Shared<S>,
    plan: Plan,
    parts: &mut request::Parts,
    call: Option<&Call>,
) -> Order {
    let mut order = plan.order;
    let targets = shared.table.targets();
    if let Some(avoid) = Avoid::of(&parts.extensions)
        && let Some(at) = order.iter().position(|&number| targets[number] == *avoid)
    {
        order[at..].rotate_left(1);
    }
    if parts.extensions.get::<AskedAgain>().is_some() {
        // Its answer was not good enough.
        let last = call.and_then(Call::last_target);
        let is_last = |&number: &usize| Some(targets[number].id()) == last.as_deref();
        if let Some(at) = order.iter().position(is_last) {
            order[at..].rotate_left(1);
        }
    }
    order.truncate(shared.settings.fallbacks.saturating_add(1));
    if plan.last_resort {
        parts.extensions.insert(LastResort);
    }
    order
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
            let document = Document::json(body).unwrap();
            let [n, prompt] = document.fields(["n", "prompt"]);
            assert_eq!(choices(n, prompt), expected, "{body}");
        }
    }
}
