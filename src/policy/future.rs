use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, request};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::layer::Settings;
use super::response::{Answer, Recording, Reply};
use super::verdict::{Action, DeferredVerdict};
use super::{OnFailure, Policy, PolicyRequest, Recorder, Verdict};
use crate::body::{
    ApiError, Body, BoxError, Document, Inspect, Inspected, Problem, ResponseFilter, forget_length,
};

pin_project! {
    /// The future of a [`PolicyService`](super::PolicyService).
    pub struct PolicyFuture<S, P>
    where
        S: Service<Request<Body>>,
    {
        gate: Gate<P>,
        #[pin]
        state: State<S, S::Future>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F> {
        /// The request has not been judged.
        Start { request: Option<(request::Parts, Body, S)> },
        /// The request's body is being read.
        Read { inspect: Inspect, rest: Option<(request::Parts, S)> },
        /// The policy is making up its mind.
        Judge {
            verdict: DeferredVerdict,
            after: After,
            request: Option<(request::Parts, Body, S)>,
        },
        /// The service within is at work.
        Call { #[pin] future: F, after: After, head: bool },
        /// The answer is being read.
        Reply { answer: Box<Answer> },
        /// There is an answer already.
        Refused { response: Option<Response<Body>> },
    }
}

/// What waits for the answer.
#[derive(Default)]
struct After {
    filters: Vec<Box<dyn ResponseFilter>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A policy at work on one call.
pub(super) struct Gate<P> {
    pub(super) policy: Arc<P>,
    pub(super) settings: Arc<Settings>,
    pub(super) recorder: Recorder,
}

impl<S, P> PolicyFuture<S, P>
where
    S: Service<Request<Body>>,
{
    pub(super) fn new(gate: Gate<P>, inner: S, request: Request<Body>) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            gate,
            state: State::Start {
                request: Some((parts, body, inner)),
            },
        }
    }
}

impl<S, P, RB> Future for PolicyFuture<S, P>
where
    S: Service<Request<Body>, Response = Response<RB>>,
    P: Policy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Start { request } => {
                    let Some((parts, body, inner)) = request.take() else {
                        return Poll::Pending;
                    };
                    this.gate.open(parts, body, inner)
                }
                StateProj::Read { inspect, rest } => {
                    let read = ready!(Pin::new(inspect).poll(cx));
                    let Some((parts, inner)) = rest.take() else {
                        return Poll::Pending;
                    };
                    this.gate.read(read, parts, inner)
                }
                StateProj::Judge {
                    verdict,
                    after,
                    request,
                } => {
                    let verdict = ready!(verdict.as_mut().poll(cx));
                    let Some((parts, body, inner)) = request.take() else {
                        return Poll::Pending;
                    };
                    this.gate
                        .judged(verdict, std::mem::take(after), parts, body, inner)
                }
                StateProj::Call {
                    future,
                    after,
                    head,
                } => {
                    let mut response = ready!(future.poll(cx))?.map(Body::new);
                    let after = std::mem::take(after);
                    response.headers_mut().extend(after.headers);
                    if after.filters.is_empty() {
                        return Poll::Ready(Ok(response));
                    }
                    match Answer::of(
                        response,
                        after.filters,
                        *head,
                        &this.gate.settings.inspection,
                    ) {
                        Reply::Ready(response) => return Poll::Ready(Ok(response)),
                        Reply::Unread(answer) => State::Reply { answer },
                    }
                }
                StateProj::Reply { answer } => {
                    let response = ready!(answer.poll(
                        cx,
                        &this.gate.settings.inspection,
                        &this.gate.recorder
                    ));
                    return Poll::Ready(Ok(response));
                }
                StateProj::Refused { response } => {
                    return match response.take() {
                        Some(response) => Poll::Ready(Ok(response)),
                        None => Poll::Pending,
                    };
                }
            };
            this.state.set(next);
        }
    }
}

impl<P: Policy> Gate<P> {
    fn open<S>(&self, parts: request::Parts, body: Body, inner: S) -> State<S, S::Future>
    where
        S: Service<Request<Body>>,
    {
        let unread = body.is_empty() || !self.policy.reads_request();
        if unread || body.as_document().is_some() {
            return self.judge(parts, body, inner);
        }
        let limit = self.settings.inspection.max_request_bytes;
        State::Read {
            inspect: Inspect::new(body, &parts.headers, limit),
            rest: Some((parts, inner)),
        }
    }

    fn read<S>(&self, read: Inspected, mut parts: request::Parts, inner: S) -> State<S, S::Future>
    where
        S: Service<Request<Body>>,
    {
        match read {
            Inspected::Document(body) => {
                // Decoded, if it was encoded: the document is what counts.
                if parts.headers.remove(header::CONTENT_ENCODING).is_some() {
                    forget_length(&mut parts.headers);
                }
                self.judge(parts, body, inner)
            }
            Inspected::Problem(problem, body) if self.settings.inspection.passes(&problem) => {
                self.recorder
                    .warn(format!("request body passed uninspected: {problem}"));
                self.judge(parts, body, inner)
            }
            Inspected::Problem(problem, _) => self.refuse(problem.in_request()),
        }
    }

    fn judge<S>(&self, parts: request::Parts, body: Body, inner: S) -> State<S, S::Future>
    where
        S: Service<Request<Body>>,
    {
        let empty;
        let document = match body.as_document() {
            Some(document) => {
                if let Some(call) = &self.recorder.call {
                    call.set_asked(document);
                    if self.policy.reads_request() && document.has_token_ids() {
                        call.warn("a prompt of token ids passed uninspected");
                    }
                }
                document
            }
            None => {
                empty = Document::text("");
                &empty
            }
        };
        let verdict = self.policy.judge(&PolicyRequest {
            parts: &parts,
            document,
            recorder: &self.recorder,
        });
        self.judged(verdict, After::default(), parts, body, inner)
    }

    fn judged<S>(
        &self,
        verdict: Result<Verdict, BoxError>,
        mut after: After,
        mut parts: request::Parts,
        mut body: Body,
        mut inner: S,
    ) -> State<S, S::Future>
    where
        S: Service<Request<Body>>,
    {
        let verdict = match verdict {
            Ok(verdict) => {
                let word = verdict.word();
                if self.recorder.is_read() && word != "deferred" {
                    self.recorder.verdict(word);
                }
                verdict
            }
            Err(error) => {
                let policy = self.policy.name();
                tracing::error!(policy, error = &*error, "policy failed");
                self.recorder.verdict("error");
                if self.settings.on_failure == OnFailure::Refuse {
                    return self.refuse(ApiError::new(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "policy_failure",
                        format!("policy {policy:?} could not judge the request"),
                    ));
                }
                self.recorder
                    .warn(format!("policy {policy:?} failed, and the call went on"));
                Verdict::proceed()
            }
        };
        if let Some(filter) = verdict.filter {
            after.filters.push(self.recording(filter));
        }
        after.headers.extend(verdict.headers);
        match verdict.action {
            Action::Continue => {}
            Action::Rewrite(edits) => {
                if let Some(document) = body.as_document_mut() {
                    for (segment, edits) in &edits {
                        document.edit(*segment, edits);
                    }
                }
                forget_length(&mut parts.headers);
            }
            Action::Refuse(error) => return self.refuse(error),
            Action::Deferred(verdict) => {
                return State::Judge {
                    verdict,
                    after,
                    request: Some((parts, body, inner)),
                };
            }
        }
        if !after.filters.is_empty() {
            // An answer that is compressed could not be read.
            parts.headers.insert(
                header::ACCEPT_ENCODING,
                HeaderValue::from_static("identity"),
            );
        }
        let head = parts.method == Method::HEAD;
        State::Call {
            future: inner.call(Request::from_parts(parts, body)),
            after,
            head,
        }
    }

    fn recording(&self, filter: Box<dyn ResponseFilter>) -> Box<dyn ResponseFilter> {
        if !self.recorder.is_read() {
            return filter;
        }
        Box::new(Recording {
            filter,
            recorder: self.recorder.clone(),
        })
    }

    fn refuse<S>(&self, error: ApiError) -> State<S, S::Future>
    where
        S: Service<Request<Body>>,
    {
        self.recorder.refused(&error);
        State::Refused {
            response: Some(error.into_response()),
        }
    }
}

/// What a client is told when its reply could not be inspected.
pub(super) fn refuse_reply(problem: &Problem, recorder: &Recorder) -> Response<Body> {
    let error = problem.in_response();
    match problem {
        Problem::Broken | Problem::TimedOut => {}
        _ => recorder.refused(&error),
    }
    error.into_response()
}

impl<S, P> fmt::Debug for PolicyFuture<S, P>
where
    S: Service<Request<Body>>,
    P: Policy,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyFuture")
            .field("policy", &self.gate.policy.name())
            .finish_non_exhaustive()
    }
}
