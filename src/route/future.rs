//! The way of one call.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Extensions, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use pin_project_lite::pin_project;
use serde::de::IgnoredAny;
use tower_service::Service;

use super::commit::{Glance, Judged, Whole};
use super::journey::{Given, Journey, Leg, Planned, Tried, nothing};
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
    /// What most calls go through has a name here. What is boxed is reading a
    /// request, a stream's way to its first token, and other targets.
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
        // A plain answer of the first target is being read.
        Read { whole: Option<Whole>, journey: Option<J>, leg: Option<Leg> },
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
        mut request: Request<Body>,
    ) -> Self {
        if is_unread(&request) {
            return Self::rest(shared, service, |shared, service| async move {
                let mut request = read(request).await;
                match plan(&shared, &mut request) {
                    Ok(planned) => depart(shared, service, planned, request).await,
                    Err(error) => Ok(error.into_response()),
                }
            });
        }
        let planned = match plan(shared, &mut request) {
            Ok(planned) => planned,
            Err(error) => return Self::answered(error.into_response()),
        };
        let copy = match planned.order.len() {
            ..2 => None,
            _ => match Replay::of(request.body_mut()) {
                Some(copy) => Some(copy),
                None => {
                    return Self::rest(shared, service, |shared, service| {
                        depart(shared, service, planned, request)
                    });
                }
            },
        };
        match Journey::begin(shared, planned, copy, &mut request, || service.clone()) {
            Some((journey, leg)) => Self::of(State::First {
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
            let next = match state.as_mut().project() {
                StateProj::First {
                    future,
                    journey,
                    leg,
                } => {
                    let given = Given::of(ready!(future.poll(cx)));
                    let (Some(on), Some(by)) = (&*journey, leg.take()) else {
                        return Poll::Pending;
                    };
                    let glance = match &given {
                        Given::Response(response) => by.glance(response),
                        Given::Error(_) => Glance::Unclear,
                    };
                    match (glance, given) {
                        (Glance::Good(_), Given::Response(response)) => {
                            return Poll::Ready(Ok(on.leave(by, response)));
                        }
                        (Glance::Plain, Given::Response(response)) => State::Read {
                            whole: Some(Whole::of(response)),
                            journey: journey.take(),
                            leg: Some(by),
                        },
                        (_, given) => {
                            let Some(journey) = journey.take() else {
                                return Poll::Pending;
                            };
                            let rest = Box::pin(journey.go(by, Tried::Given(given)));
                            State::Rest { rest }
                        }
                    }
                }
                StateProj::Read {
                    whole,
                    journey,
                    leg,
                } => {
                    let Some(reading) = whole else {
                        return Poll::Pending;
                    };
                    ready!(reading.poll(cx));
                    let (Some(whole), Some(on), Some(by)) = (whole.take(), &*journey, leg.take())
                    else {
                        return Poll::Pending;
                    };
                    let judged = match whole.judge() {
                        Judged::Good(response, _) => {
                            return Poll::Ready(Ok(on.leave(by, response)));
                        }
                        judged => judged,
                    };
                    let Some(journey) = journey.take() else {
                        return Poll::Pending;
                    };
                    let rest = Box::pin(journey.go(by, Tried::Judged(judged)));
                    State::Rest { rest }
                }
                StateProj::Rest { rest } => return rest.as_mut().poll(cx),
                StateProj::Answered { response } => {
                    return match response.take() {
                        Some(response) => Poll::Ready(Ok(response)),
                        None => Poll::Pending,
                    };
                }
            };
            state.set(next);
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
    mut request: Request<Body>,
) -> Result<Response<Body>, Svc::Error>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Clone + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let mut copy = None;
    if planned.order.len() > 1 {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = match Replay::read(body).await {
            Ok(read) => copy.insert(read).body(),
            // Too long to be kept: it can be sent once.
            Err(body) => body,
        };
    }
    let begun = Journey::begin(&shared, planned, copy, &mut request, || service.clone());
    let Some((journey, leg)) = begun else {
        return Ok(nothing().into_response());
    };
    let given = Given::of(service.call(request).await);
    journey.go(leg, Tried::Given(given)).await
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
fn plan<S: Strategy>(shared: &Shared<S>, request: &mut Request<Body>) -> Result<Planned, ApiError> {
    // A look at each name costs less than to look up a few.
    let has = |name| request.headers().keys().any(|other| *other == name);
    let (is_provider, is_coded) = (has(PROVIDER), has(header::ACCEPT_ENCODING));
    let in_header = match is_provider {
        true => request.headers_mut().remove(PROVIDER),
        false => None,
    };
    let call = Call::of(request.extensions()).cloned();
    let document = request.body().as_document();
    if let (Some(call), Some(document)) = (&call, document) {
        call.set_asked(document);
    }
    let [model, in_body, stream, n, prompt] = match document {
        Some(document) => document.fields(["model", "provider", "stream", "n", "prompt"]),
        None => [None; 5],
    };
    let choices = choices(n, prompt);
    let streams = stream == Some("true");
    let model = model.and_then(|json| text(document, "model", json));
    let in_body = in_body.and_then(|json| text(document, "provider", json));
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
    let plan = if is_kept(request.uri().path()) {
        shared.table.keeper(provider)
    } else {
        let ask = Ask::new(request.headers(), document);
        shared.table.plan(&ask, model.as_deref(), provider)?
    };
    let named = in_body.is_some();
    if is_coded && streams {
        // What is compressed could not be told good from bad.
        let identity = HeaderValue::from_static("identity");
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT_ENCODING, identity);
    }
    if named && let Some(document) = request.body_mut().as_document_mut() {
        document.remove("provider");
        forget_length(request.headers_mut());
    }
    let order = order(shared, plan, request.extensions_mut(), call.as_ref());
    Ok(Planned {
        order,
        choices,
        call,
    })
}

/// The order in which targets are tried, with what others have to say to it.
fn order<S: Strategy>(
    shared: &Shared<S>,
    plan: Plan,
    extensions: &mut Extensions,
    call: Option<&Call>,
) -> Order {
    let mut order = plan.order;
    let targets = shared.table.targets();
    if let Some(avoid) = Avoid::of(extensions)
        && let Some(at) = order.iter().position(|&number| targets[number] == *avoid)
    {
        order[at..].rotate_left(1);
    }
    if extensions.get::<AskedAgain>().is_some() {
        // Its answer was not good enough.
        let last = call.and_then(Call::last_target);
        let is_last = |&number: &usize| Some(targets[number].id()) == last.as_deref();
        if let Some(at) = order.iter().position(is_last) {
            order[at..].rotate_left(1);
        }
    }
    order.truncate(shared.settings.fallbacks.saturating_add(1));
    if plan.last_resort {
        extensions.insert(LastResort);
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
