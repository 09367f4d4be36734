use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use tower_service::Service;

use super::body::Bounded;
use super::connect::{
    CONNECT_TIMEOUT, HttpClient, InvalidCertificates, client, of_client, web_roots, with_roots,
};
use super::headers::{strip_foreign, strip_hop_by_hop, strip_ours, strip_theirs};
use crate::body::{
    ApiError, Body, BoxError, Inspect, Inspected, Inspection, MediaKind, Problem, TimedOut, Upload,
    forget_length,
};
use crate::call::{Attempt, Call, Try};
use crate::target::{ApiKey, Failure, InvalidBaseUrl, Key, Settings, Target, UpstreamError};

/// Together AI, or any upstream that speaks the OpenAI wire format.
///
/// A pooled client for HTTP/1.1 and HTTP/2. Clones share the pool. The
/// client's own `Authorization` does not pass; headers for one connection only
/// are stripped both ways. A request that a router has chosen a
/// [`Target`] for goes there, with that target's URL, key, model and limits;
/// others go to the one that the service was made with. Together's error answers (401, 404, 429 …) are
/// answers like any other, headers and all.
///
/// ```no_run
/// use portcullis::upstream::{ErrorResponseLayer, Together};
/// use portcullis::PiiRedactLayer;
/// use tower::ServiceBuilder;
///
/// let service = ServiceBuilder::new()
///     .layer(PiiRedactLayer::default())
///     .layer(ErrorResponseLayer::new())
///     .service(Together::new());
/// ```
#[derive(Clone)]
pub struct Together {
    client: HttpClient,
    /// Where calls go that no router has chosen a target for.
    target: Target,
}

impl Default for Together {
    fn default() -> Self {
        Self::new()
    }
}

impl Together {
    /// Together AI at `https://api.together.xyz/v1`, with the key in the
    /// environment variable `TOGETHER_API_KEY`.
    ///
    /// Without one, calls fail with [`UpstreamError::MissingKey`];
    /// [`has_key`](Self::has_key) tells.
    #[must_use]
    pub fn new() -> Self {
        Self::to(Target::together("together"))
    }

    /// Another upstream than Together AI.
    #[must_use]
    pub fn to(target: Target) -> Self {
        Self {
            client: client(web_roots()),
            target,
        }
    }

    /// Trusts these authorities, too: certificates in PEM, for upstreams in
    /// one's own house.
    ///
    /// # Errors
    /// When there is no certificate in it, or a broken one.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, InvalidCertificates> {
        self.client = client(with_roots(pem)?);
        Ok(self)
    }

    fn with(mut self, change: impl FnOnce(Target) -> Target) -> Self {
        self.target = change(self.target);
        self
    }

    /// The name of this target in records: `together`.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        self.with(|target| target.named(id))
    }

    /// Another place where the API begins.
    ///
    /// # Errors
    /// When it is not an `http` or `https` URL, or has a query or a password.
    pub fn base_url(mut self, url: &str) -> Result<Self, InvalidBaseUrl> {
        self.target = self.target.base_url(url)?;
        Ok(self)
    }

    /// The key to call it with.
    #[must_use]
    pub fn api_key(self, key: ApiKey) -> Self {
        self.with(|target| target.api_key(key))
    }

    /// Calls it without a key, as a model server in one's own house may want.
    #[must_use]
    pub fn without_key(self) -> Self {
        self.with(Target::without_key)
    }

    /// The model of every request, whatever it asks for.
    #[must_use]
    pub fn model(self, model: impl Into<String>) -> Self {
        self.with(|target| target.model(model))
    }

    /// How long a plain call may take as a whole: 60 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|target| target.timeout(timeout))
    }

    /// How long a stream may take as a whole: as long as a plain call.
    #[must_use]
    pub fn stream_timeout(self, timeout: Duration) -> Self {
        self.with(|target| target.stream_timeout(timeout))
    }

    /// How long connecting may take, TLS included: 10 s.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|target| target.connect_timeout(timeout))
    }

    /// Whether it can be called: it has a key, or needs none.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.target.has_key()
    }
}

impl<B> Service<Request<B>> for Together
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = UpstreamError;
    type Future = TogetherFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), UpstreamError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> TogetherFuture {
        let target = Target::of(request.extensions()).unwrap_or(&self.target);
        let attempt = send(self.client.clone(), target.clone(), request.map(Body::new));
        TogetherFuture {
            inner: Box::pin(attempt),
        }
    }
}

async fn send(
    client: HttpClient,
    target: Target,
    request: Request<Body>,
) -> Result<Response<Body>, UpstreamError> {
    let target = target.settings();
    let start = Instant::now();
    let stream_limit = target.stream_timeout.unwrap_or(target.timeout);
    let longest = target.timeout.max(stream_limit);
    let call = Call::of(request.extensions()).cloned();
    let which = Try::of(request.extensions());
    // The time that the client takes for its request counts too.
    let parsed = parse(request, target.model.as_deref());
    let request = match timeout_at(start, longest, parsed).await {
        Ok(Ok(request)) => request,
        Ok(Err(error)) => return Ok(refuse(error)),
        Err(_) => return Ok(refuse(Problem::TimedOut.in_request())),
    };
    let document = request.body().as_document();
    let streams = document.map(|document| document.field("stream") == Some("true"));
    if let (Some(call), Some(document)) = (&call, document) {
        call.sent(document);
    }
    let request = match dress(target, request, call.as_ref())? {
        Ok(request) => request,
        Err(error) => return Ok(refuse(error)),
    };
    let (parts, body) = request.into_parts();
    let (body, upload) = Upload::watch(body);
    let request = Request::from_parts(parts, body);
    let limit = match streams {
        Some(false) => target.timeout,
        Some(true) => stream_limit,
        // What is asked for is not known before the head of the answer.
        None => longest,
    };
    let noted = Noted::new(target, call.clone(), which);
    let answer = CONNECT_TIMEOUT.scope(target.connect_timeout, client.request(request));
    let answer = timeout_at(start, limit, answer).await;
    let answer = answer.and_then(|answer| answer.map_err(of_client));
    let answer = answer.and_then(|answer| match answer.status().is_informational() {
        // Nobody has asked for another protocol.
        true => Err(UpstreamError::Protocol(NO_ANSWER.into())),
        false => Ok(answer),
    });
    if let Err(error) = &answer
        && let Some(problem) = fault_of_client(&upload, error)
    {
        noted.fail("incomplete_request");
        return Ok(refuse(problem.in_request()));
    }
    noted.note(&answer);
    let (mut parts, inner) = answer?.into_parts();
    strip_hop_by_hop(&mut parts.headers);
    strip_theirs(&mut parts.headers);
    let limit = match streams {
        None if MediaKind::of(&parts.headers) == MediaKind::Events => stream_limit,
        None => target.timeout,
        Some(_) => limit,
    };
    let body = Body::new(Bounded {
        inner,
        deadline: Box::pin(tokio::time::sleep_until(deadline(start, limit))),
        limit,
        call,
    });
    Ok(Response::from_parts(parts, body))
}

const NO_ANSWER: &str = "the upstream wants to change the protocol";

/// An answer of ours: the upstream was not asked, or not for the whole.
fn refuse(error: ApiError) -> Response<Body> {
    let mut response = error.into_response();
    response.extensions_mut().insert(Failure::Rejected);
    response
}

/// A request that did not come whole, or not in time, is not the upstream's
/// failure.
fn fault_of_client(upload: &Upload, error: &UpstreamError) -> Option<Problem> {
    match error {
        UpstreamError::Timeout(_) if upload.waits() => Some(Problem::TimedOut),
        _ => upload.problem(),
    }
}

/// A try that will be on the record, even if nobody waits for its end.
struct Noted {
    attempt: Option<(Call, Attempt)>,
    asked: Instant,
}

impl Noted {
    fn new(target: &Settings, call: Option<Call>, which: Try) -> Self {
        let attempt = call.map(|call| {
            let mut attempt = Attempt::new(target.id.as_str(), Duration::ZERO);
            attempt.error = Some("cancelled");
            attempt.retry = which.retry;
            attempt.hedge = which.hedge;
            (call, attempt)
        });
        let asked = Instant::now();
        Self { attempt, asked }
    }

    fn fail(mut self, kind: &'static str) {
        if let Some((_, attempt)) = &mut self.attempt {
            attempt.error = Some(kind);
        }
    }

    fn note<B>(mut self, answer: &Result<Response<B>, UpstreamError>) {
        if let Some((_, attempt)) = &mut self.attempt {
            attempt.status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            attempt.error = answer.as_ref().err().map(UpstreamError::kind);
        }
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Some((call, mut attempt)) = self.attempt.take() {
            attempt.head = self.asked.elapsed();
            call.attempt(attempt);
        }
    }
}

fn deadline(start: Instant, limit: Duration) -> tokio::time::Instant {
    // Some thirty years, as tokio has it, where the limit is beyond reckoning.
    const FAR: Duration = Duration::from_secs(86400 * 365 * 30);
    let end = start.checked_add(limit.min(FAR));
    end.unwrap_or_else(|| start + Duration::from_secs(86400))
        .into()
}

async fn timeout_at<T>(
    start: Instant,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Result<T, UpstreamError> {
    tokio::time::timeout_at(deadline(start, limit), future)
        .await
        .map_err(|_| UpstreamError::Timeout(TimedOut { limit }))
}

/// The request as the upstream is to see it. The inner error is the client's.
fn dress(
    target: &Settings,
    request: Request<Body>,
    call: Option<&Call>,
) -> Result<Result<Request<Body>, ApiError>, UpstreamError> {
    let (mut parts, body) = request.into_parts();
    let Some(uri) = target.base_url.join(&parts.uri) else {
        return Ok(Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "unknown_url",
            format!("unknown request URL: {} {}", parts.method, parts.uri.path()),
        )));
    };
    parts.uri = uri;
    // The connection decides what is spoken on it, not the client's.
    parts.version = http::Version::HTTP_11;
    strip_hop_by_hop(&mut parts.headers);
    strip_ours(&mut parts.headers);
    strip_foreign(&mut parts.headers, target.provider);
    match &target.key {
        Key::None => {}
        Key::Known(key) => {
            parts.headers.insert(header::AUTHORIZATION, key.header());
        }
        Key::Missing => {
            let variable = target.provider.key_variable().unwrap_or_default();
            return Err(UpstreamError::missing_key(
                target.provider.title(),
                variable,
                &target.id,
            ));
        }
    }
    if let Some(call) = call
        && !parts.headers.contains_key("x-request-id")
        && let Ok(id) = HeaderValue::try_from(call.id())
    {
        parts.headers.insert("x-request-id", id);
    }
    parts.extensions = http::Extensions::new();
    Ok(Ok(Request::from_parts(parts, body)))
}

/// Reads a message, which says whether it asks for a stream, and sets its
/// model. What cannot be read passes, unless it was to be changed.
async fn parse(request: Request<Body>, model: Option<&str>) -> Result<Request<Body>, ApiError> {
    let (mut parts, body) = request.into_parts();
    let kind = MediaKind::of(&parts.headers);
    let unread = match model {
        None => kind != MediaKind::Json,
        // Sound and files, which may be long, and name no model that could be
        // set.
        Some(_) => kind == MediaKind::Binary || is_upload(&parts.headers),
    };
    if body.is_empty() || unread {
        return Ok(Request::from_parts(parts, body));
    }
    let limit = Inspection::default().max_request_bytes;
    let mut body = match Inspect::new(body, &parts.headers, limit).await {
        Inspected::Document(body) => body,
        // Sound for transcription, say.
        Inspected::Problem(Problem::Binary, body) => return Ok(Request::from_parts(parts, body)),
        Inspected::Problem(problem, body) if model.is_none() && !problem.is_broken() => {
            return Ok(Request::from_parts(parts, body));
        }
        Inspected::Problem(problem, _) => return Err(problem.in_request()),
    };
    if parts.headers.remove(header::CONTENT_ENCODING).is_some() {
        forget_length(&mut parts.headers);
    }
    if let (Some(document), Some(model)) = (body.as_document_mut(), model)
        && TAKES_MODEL
            .iter()
            .any(|name| document.field(name).is_some())
        && document.string_field("model").as_deref() != Some(model)
    {
        document.set_string("model", model);
        forget_length(&mut parts.headers);
    }
    Ok(Request::from_parts(parts, body))
}

fn is_upload(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let starts = |with: &str| {
        let start = kind.trim_start().get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    starts("multipart/") || starts("application/octet-stream")
}

/// Members by which a request shows that it asks a model.
const TAKES_MODEL: [&str; 5] = ["model", "messages", "prompt", "input", "query"];

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// The future of a call to [`Together`].
pub struct TogetherFuture {
    inner: Pin<Box<dyn Future<Output = Result<Response<Body>, UpstreamError>> + Send>>,
}

impl Future for TogetherFuture {
    type Output = Result<Response<Body>, UpstreamError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.inner.as_mut().poll(cx)
    }
}

impl fmt::Debug for TogetherFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TogetherFuture").finish_non_exhaustive()
    }
}
