//! The simulator as a service: from a request to a response.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower_service::Service;

use super::Simulator;
use super::activity::InFlight;
use super::answer::Answer;
use super::body::{SimulatorBody, Source};
use super::error::{ApiError, SimulatorError};
use super::events::EventStream;
use super::record::RecordedRequest;
use super::reply::{Fixed, Reply};
use super::route::{Call, Route};
use super::state::Shared;

/// Bytes of a request body read at most.
const MAX_BODY: usize = 32 << 20;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

type BoxError = Box<dyn Error + Send + Sync>;

/// The response to come of a [`Simulator`]. Dropping it after it was first polled counts as a
/// disconnect of the client.
#[must_use = "futures do nothing unless polled"]
pub struct SimulatorFuture {
    response: Pin<Box<dyn Future<Output = Result<Response<SimulatorBody>, SimulatorError>> + Send>>,
}

impl Future for SimulatorFuture {
    type Output = Result<Response<SimulatorBody>, SimulatorError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.response.as_mut().poll(cx)
    }
}

impl fmt::Debug for SimulatorFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorFuture").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for Simulator
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<SimulatorBody>;
    type Error = SimulatorError;
    type Future = SimulatorFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SimulatorError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> SimulatorFuture {
        let shared = self.shared.clone();
        SimulatorFuture {
            response: Box::pin(respond(shared, request)),
        }
    }
}

async fn respond<B>(
    shared: Arc<Shared>,
    request: Request<B>,
) -> Result<Response<SimulatorBody>, SimulatorError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut in_flight = shared.activity.begin();
    let (parts, body) = request.into_parts();
    let (body, too_large) = match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => (collected.to_bytes(), false),
        Err(error) if error.is::<LengthLimitError>() => (Bytes::new(), true),
        Err(error) => return Err(SimulatorError::RequestBody(error)),
    };
    let request = RecordedRequest {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
    };
    let id = shared.record(request.clone());
    let decision = if too_large {
        Decision::refuse(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The request body is too large.",
        ))
    } else {
        decide(&shared, &request, &id)
    };
    // The request may be large, and the response may take long.
    drop(request);
    let reply = decision.reply.clone();
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    if reply.reset {
        in_flight.complete();
        return Err(SimulatorError::ConnectionReset);
    }
    Ok(decision.into_response(&id, in_flight))
}

/// What to answer, and by which reply's pace.
struct Decision {
    reply: Arc<Reply>,
    outcome: Result<Answer, ApiError>,
}

impl Decision {
    fn refuse(error: ApiError) -> Self {
        Self {
            reply: Arc::new(Reply::new()),
            outcome: Err(error),
        }
    }

    fn into_response(self, id: &str, in_flight: InFlight) -> Response<SimulatorBody> {
        let reply = self.reply;
        let json = HeaderValue::from_static("application/json");
        let (status, content_type, source) = match (&reply.fixed, self.outcome) {
            (_, Err(error)) => {
                let body = error.body(id).into();
                (error.status, json, Source::Plain(body))
            }
            (Some(Fixed::Error { status, message }), Ok(_)) => {
                let error = ApiError::new(*status, message.to_string());
                (*status, json, Source::Plain(error.body(id).into()))
            }
            (
                Some(Fixed::Raw {
                    status,
                    content_type,
                    body,
                }),
                Ok(_),
            ) => (*status, content_type.clone(), Source::Plain(body.clone())),
            (None, Ok(Answer::Json(body))) => (StatusCode::OK, json, Source::Plain(body)),
            (None, Ok(Answer::Audio(body))) => (
                StatusCode::OK,
                HeaderValue::from_static("audio/mpeg"),
                Source::Plain(body),
            ),
            (None, Ok(Answer::Events(chunks))) => (
                StatusCode::OK,
                HeaderValue::from_static("text/event-stream"),
                Source::Events(EventStream::new(chunks, reply.framing)),
            ),
        };
        let body = SimulatorBody::new(source, reply.pacing, in_flight);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type);
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(REQUEST_ID, id);
        }
        for (name, _) in &reply.headers {
            headers.remove(name);
        }
        for (name, value) in &reply.headers {
            headers.append(name, value.clone());
        }
        if let Some(len) = body.exact_len()
            && !headers.contains_key(CONTENT_LENGTH)
        {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
        }
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

fn decide(shared: &Shared, request: &RecordedRequest, id: &str) -> Decision {
    if !authorized(shared, &request.headers) {
        return Decision::refuse(ApiError::unauthorized());
    }
    let ruled = shared.ruled(request);
    if let Some(reply) = &ruled
        && (reply.fixed.is_some() || reply.reset)
    {
        return Decision {
            reply: reply.clone(),
            outcome: Ok(Answer::Json(Bytes::new())),
        };
    }
    let catalogue = shared.catalogue();
    let call = Route::of(&request.path)
        .and_then(|route| route.parse(&request.method, &request.body, &catalogue));
    let call = match call {
        Ok(call) => call,
        Err(error) => return Decision::refuse(error),
    };
    let reply = match ruled {
        Some(reply) => reply,
        None if request.method == Method::GET => shared.script().always(),
        None => shared.script().take(),
    };
    let outcome = match reply.fixed {
        Some(_) => Answer::Json(Bytes::new()), // not used
        None => match call {
            Call::Chat(call) => call.answer(id, &reply),
            Call::Completion(call) => call.answer(id, &reply),
            Call::Embedding(call) => call.answer(),
            Call::Rerank(call) => call.answer(id, &reply),
            Call::Image(call) => call.answer(id),
            Call::Speech(call) => call.answer(),
            Call::Models => catalogue.list(),
        },
    };
    Decision {
        reply,
        outcome: Ok(outcome),
    }
}

fn authorized(shared: &Shared, headers: &HeaderMap) -> bool {
    let Some(key) = shared.key() else {
        return true;
    };
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '));
    given.is_some_and(|(scheme, given)| {
        scheme.eq_ignore_ascii_case("bearer") && given.trim() == key.as_ref()
    })
}
