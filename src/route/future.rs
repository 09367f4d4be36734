//! The way of one call.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, StatusCode, header, request};
use tokio::time::Instant;
use tower_service::Service;

use super::body::Ending;
use super::commit::{Judged, Kind, judge};
use super::layer::Shared;
use super::table::Plan;
use super::{Ask, Strategy};
use crate::body::replay::Replay;
use crate::body::{
    ApiError, Body, BoxError, Inspect, Inspected, Inspection, MediaKind, Observer, forget_length,
};
use crate::call::Call;
use crate::target::{Failure, InFlight, LastResort, Provider, Target};

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
    inner: Svc,
    request: Request<Body>,
) -> Result<Response<Body>, Svc::Error>
where
    Svc: Service<Request<Body>, Response = Response<RB>>,
    Svc::Error: 'static,
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
    let Plan {
        mut targets,
        last_resort,
    } = plan;
    if targets.is_empty() {
        return Ok(nothing().into_response());
    }
    targets.truncate(shared.settings.fallbacks.saturating_add(1));
    let mut body = Some(body);
    let replay = if targets.len() > 1 {
        match Replay::read(body.take().unwrap_or_default()).await {
            Ok(replay) => Some(replay),
            Err(whole) => {
                // Too long to be kept: it can be sent once.
                body = Some(whole);
                targets.truncate(1);
                None
            }
        }
    } else {
        None
    };
    let mut service = inner;
    let mut parts = Some(parts);
    let mut kept: Option<Given<Svc::Error>> = None;
    let count = targets.len();
    for (number, target) in targets.into_iter().enumerate() {
        let last = number + 1 == count;
        let next = if last { parts.take() } else { parts.clone() };
        // Taken only when it is the last.
        let Some(mut parts) = next else { break };
        if last_resort {
            parts.extensions.insert(LastResort);
        }
        let body = match &replay {
            Some(replay) => replay.body(),
            None => body.take().unwrap_or_default(),
        };
        if number > 0 {
            // The first was found ready by who called us.
            poll_fn(|cx| service.poll_ready(cx)).await?;
        }
        let request = Request::from_parts(parts, body);
        let tried = attempt(
            &shared,
            &mut service,
            target.clone(),
            request,
            last,
            call.as_ref(),
        );
        match tried.await {
            Tried::Good(response) => {
                if let (Some(call), true) = (&call, number > 0) {
                    call.recover();
                }
                return Ok(response);
            }
            Tried::Bad(failure, given) => {
                let (from, strategy) = (target.id(), shared.name);
                let goes_on = !last && shared.settings.triggers.has(failure);
                tracing::warn!(
                    target_id = from,
                    strategy,
                    failure = failure.kind(),
                    goes_on,
                    "a target failed"
                );
                // What a target said itself tells more than that it was not
                // asked.
                if kept.is_none() || !failure.is_local() {
                    kept = Some(given);
                }
                if !goes_on {
                    break;
                }
            }
        }
    }
    match kept {
        Some(Given::Response(response)) => Ok(response),
        Some(Given::Error(error)) => Err(error),
        None => Ok(nothing().into_response()),
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

/// Finds out where a request may go, and takes out what it says about that.
fn plan<S: Strategy>(
    shared: &Shared<S>,
    parts: &mut request::Parts,
    mut body: Body,
) -> Result<(Plan, Body), ApiError> {
    let document = body.as_document();
    let model = document.and_then(|document| document.string_field("model"));
    let in_body = document.and_then(|document| document.string_field("provider"));
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
    let ask = Ask::new(parts, document);
    let plan = shared.table.plan(&ask, model.as_deref(), provider)?;
    if in_body.is_some()
        && let Some(document) = body.as_document_mut()
    {
        document.remove("provider");
        forget_length(&mut parts.headers);
    }
    Ok((plan, body))
}

enum Tried<E> {
    Good(Response<Body>),
    Bad(Failure, Given<E>),
}

/// What the service within gave.
enum Given<E> {
    Response(Response<Body>),
    Error(E),
}

/// Tries one target.
async fn attempt<Svc, S, RB>(
    shared: &Shared<S>,
    service: &mut Svc,
    target: Target,
    mut request: Request<Body>,
    last: bool,
    call: Option<&Call>,
) -> Tried<Svc::Error>
where
    Svc: Service<Request<Body>, Response = Response<RB>>,
    Svc::Error: 'static,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    let settings = &shared.settings;
    let head = request.method() == Method::HEAD;
    request.extensions_mut().insert(target.clone());
    let in_flight = target.begin();
    let begun = Instant::now();
    let judged = match service.call(request).await {
        Ok(response) => {
            let response = response.map(Body::new);
            let started = Failure::of_response(&response).is_none();
            let stall = (!last).then_some(settings.first_token);
            let judged = judge(response, head, stall, settings.triggers).await;
            if let (Judged::Bad(failure, _), true, Some(call)) = (&judged, started, call) {
                call.attempt_failed(failure.kind());
            }
            judged
        }
        Err(error) => {
            let failure = Failure::of_error(&error);
            note(&target, failure);
            return Tried::Bad(failure, Given::Error(error));
        }
    };
    match judged {
        Judged::Good(response, kind) => {
            let now = Instant::now();
            target.state().latency().record(now - begun, now);
            if let Some(call) = call {
                call.priced(target.prices());
            }
            let mut response = match kind {
                Kind::Choices => {
                    forget_length_of(response, |body| Body::new(Ending::new(body, call.cloned())))
                }
                Kind::Plain | Kind::Events => response,
            };
            response.body_mut().observe(Box::new(Counted(in_flight)));
            Tried::Good(response)
        }
        Judged::Bad(failure, response) => {
            note(&target, failure);
            Tried::Bad(failure, Given::Response(response))
        }
    }
}

fn forget_length_of(response: Response<Body>, change: impl FnOnce(Body) -> Body) -> Response<Body> {
    let mut response = response.map(change);
    forget_length(response.headers_mut());
    response
}

/// Lets the strategies know of a failure that is the target's.
fn note(target: &Target, failure: Failure) {
    if !failure.is_local() && !failure.is_of_request() {
        target.state().latency().record_failure(Instant::now());
    }
}

/// Counts a call as long as its answer is on its way.
struct Counted(#[expect(dead_code, reason = "held until dropped")] InFlight);

impl Observer for Counted {}
