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
use super::response::{Answer, Read, Recording, Reply};
use super::shadow::Shadow;
use super::verdict::{Action, DeferredVerdict};
use super::{OnFailure, Policy, PolicyRequest, Recorder, Verdict};
use crate::body::{
    ApiError, Body, BoxError, Document, Inspect, Inspected, Problem, ResponseFilter, forget_length,
};
use crate::call::Direction;

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
        Call { #[pin] future: F, after: After, head: bool, again: Option<Box<Again<S>>> },
        /// The answer is being read.
        Reply { answer: Box<Answer>, again: Option<Box<Again<S>>> },
        /// The service within is to be asked once more.
        Renew { filters: Vec<Box<dyn ResponseFilter>>, again: Option<Box<Again<S>>> },
        /// There is an answer already.
        Refused { response: Option<Response<Body>> },
    }
}

/// What waits for the answer.
#[derive(Default)]
struct After {
    filters: Vec<Box<dyn ResponseFilter>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The request's body as it came, for a policy that may not change it.
    original: Option<Bytes>,
    may_ask_again: bool,
}

/// What it takes to ask once more.
struct Again<S> {
    /// The request; gone once it has been asked again.
    request: Option<Request<Body>>,
    inner: S,
    /// For the head of the next answer.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The answer that was not good enough.
    first: Option<Response<Body>>,
}

/// In the extensions of a request that is asked once more, because a filter did
/// not like the answer ([`Ending::AskAgain`](crate::body::Ending::AskAgain)): a
/// router picks another target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedAgain;

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
    S: Service<Request<Body>, Response = Response<RB>> + Clone,
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
                    let read = ready!(Pin::new(&mut *inspect).poll(cx));
                    let original = inspect.take_encoded();
                    let Some((parts, inner)) = rest.take() else {
                        return Poll::Pending;
                    };
                    this.gate.read(read, original, parts, inner)
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
                    again,
                } => {
                    let answered = ready!(future.poll(cx));
                    let first = again.as_mut().and_then(|again| again.first.take());
                    let mut response = match (answered, first) {
                        (Ok(response), None) => response.map(Body::new),
                        (Ok(second), Some(_)) if second.status().is_success() => {
                            second.map(Body::new)
                        }
                        // Better a poor answer than none.
                        (_, Some(first)) => return Poll::Ready(Ok(first)),
                        (Err(error), None) => return Poll::Ready(Err(error)),
                    };
                    let after = std::mem::take(after);
                    response.headers_mut().extend(after.headers);
                    if after.filters.is_empty() {
                        return Poll::Ready(Ok(response));
                    }
                    match Answer::of(response, after.filters, *head, &this.gate.settings) {
                        Reply::Ready(response) => return Poll::Ready(Ok(response)),
                        Reply::Unread(answer) => State::Reply {
                            answer,
                            again: again.take(),
                        },
                    }
                }
                StateProj::Reply { answer, again } => {
                    let read = answer.poll(cx, &this.gate.settings, &this.gate.recorder);
                    match (ready!(read), again.take()) {
                        (Read::AskAgain(first, filters), Some(mut again))
                            if again.request.is_some() =>
                        {
                            again.first = Some(first);
                            State::Renew {
                                filters,
                                again: Some(again),
                            }
                        }
                        (Read::Ready(response) | Read::AskAgain(response, _), _) => {
                            return Poll::Ready(Ok(response));
                        }
                    }
                }
                StateProj::Renew { filters, again } => {
                    let Some(waiting) = again.as_mut() else {
                        return Poll::Pending;
                    };
                    let ready = ready!(waiting.inner.poll_ready(cx));
                    match (ready, waiting.request.take(), waiting.first.take()) {
                        (Ok(()), Some(mut request), first) => {
                            let recorder = &this.gate.recorder;
                            recorder.found(Direction::Response, "asked_again", 1);
                            request.extensions_mut().insert(AskedAgain);
                            waiting.first = first;
                            State::Call {
                                future: waiting.inner.call(request),
                                after: After {
                                    filters: std::mem::take(filters),
                                    headers: std::mem::take(&mut waiting.headers),
                                    ..After::default()
                                },
                                head: false,
                                again: again.take(),
                            }
                        }
                        (_, _, Some(first)) => return Poll::Ready(Ok(first)),
                        (_, _, None) => return Poll::Pending,
                    }
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
        S: Service<Request<Body>> + Clone,
    {
        let unread = body.is_empty() || !self.policy.reads_request();
        if unread || body.as_document().is_some() {
            return self.judge(None, parts, body, inner);
        }
        let limit = self.settings.inspection.max_request_bytes;
        let inspect = Inspect::new(body, &parts.headers, limit);
        State::Read {
            inspect: inspect.keep_encoded(self.settings.shadow),
            rest: Some((parts, inner)),
        }
    }

    fn read<S>(
        &self,
        read: Inspected,
        original: Option<Bytes>,
        mut parts: request::Parts,
        inner: S,
    ) -> State<S, S::Future>
    where
        S: Service<Request<Body>> + Clone,
    {
        match read {
            Inspected::Document(body) => {
                // Decoded, if it was encoded: the document is what counts.
                if original.is_none() && parts.headers.remove(header::CONTENT_ENCODING).is_some() {
                    forget_length(&mut parts.headers);
                }
                self.judge(original, parts, body, inner)
            }
            Inspected::Problem(problem, body) if self.settings.inspection.passes(&problem) => {
                self.recorder
                    .warn(format!("request body passed uninspected: {problem}"));
                self.judge(None, parts, body, inner)
            }
            Inspected::Problem(problem, body) if self.settings.shadow => {
                if !problem.is_broken() {
                    self.recorder.would("would_refuse");
                }
                self.judge(None, parts, body, inner)
            }
            Inspected::Problem(problem, _) => self.refuse(problem.in_request()),
        }
    }

    fn judge<S>(
        &self,
        original: Option<Bytes>,
        parts: request::Parts,
        body: Body,
        inner: S,
    ) -> State<S, S::Future>
    where
        S: Service<Request<Body>> + Clone,
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
        let after = After {
            original,
            ..After::default()
        };
        self.judged(verdict, after, parts, body, inner)
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
        S: Service<Request<Body>> + Clone,
    {
        let verdict = match verdict {
            Ok(verdict) => {
                self.note(verdict.word());
                verdict
            }
            Err(error) => {
                let policy = self.policy.name();
                tracing::error!(policy, error = &*error, "policy failed");
                self.recorder.verdict("error");
                if self.settings.on_failure == OnFailure::Refuse && !self.settings.shadow {
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
        after.may_ask_again |= verdict.may_ask_again;
        if !self.settings.shadow {
            after.headers.extend(verdict.headers);
        }
        match verdict.action {
            Action::Continue => {}
            Action::Rewrite(_) | Action::Refuse(_) if self.settings.shadow => {}
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
        if let Some(original) = after.original.take() {
            body = body.with_content(original);
        }
        let head = parts.method == Method::HEAD;
        let again = self.again(&after, &parts, &body);
        let future = inner.call(Request::from_parts(parts, body));
        let again = again.map(|request| {
            Box::new(Again {
                request: Some(request),
                inner,
                headers: after.headers.clone(),
                first: None,
            })
        });
        State::Call {
            future,
            after,
            head,
            again,
        }
    }

    /// A copy of the request, if it may have to be asked again. Of a document,
    /// which is cheap; a stream that has left could not be withheld.
    fn again(&self, after: &After, parts: &request::Parts, body: &Body) -> Option<Request<Body>> {
        if !after.may_ask_again || self.settings.shadow {
            return None;
        }
        let document = body.as_document()?;
        if document.field("stream") == Some("true") {
            return None;
        }
        let body = Body::document(document.clone());
        Some(Request::from_parts(parts.clone(), body))
    }

    fn note(&self, word: &'static str) {
        if !self.recorder.is_read() || word == "deferred" {
            return;
        }
        match (self.settings.shadow, word) {
            (false, _) => self.recorder.verdict(word),
            (true, "rewrite") => self.recorder.would("would_rewrite"),
            (true, "refuse") => self.recorder.would("would_refuse"),
            (true, _) => self.recorder.would("continue"),
        }
    }

    fn recording(&self, filter: Box<dyn ResponseFilter>) -> Box<dyn ResponseFilter> {
        if self.settings.shadow {
            return Box::new(Shadow::new(filter, self.recorder.clone()));
        }
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
