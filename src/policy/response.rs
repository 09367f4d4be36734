//! The answer's way back through a policy.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header, response};

use super::future::refuse_reply;
use super::layer::Settings;
use super::{OnFailure, Recorder};
use crate::body::filter::filter_document;
use crate::body::{
    ApiError, Body, BoxError, Consultation, Document, Ending, Flow, Inspect, Inspected, MediaKind,
    Problem, ResponseFilter, Rigour, Uninspectable, Window, forget_length, is_bodiless,
};
use crate::text::Edits;

/// What becomes of an answer.
pub(super) enum Reply {
    /// It may leave.
    Ready(Response<Body>),
    /// It has to be read first.
    Unread(Box<Answer>),
}

/// What has become of an answer that had to be read.
pub(super) enum Read {
    /// It may leave.
    Ready(Response<Body>),
    /// A filter wants another one in its place.
    AskAgain(Response<Body>, Vec<Box<dyn ResponseFilter>>),
}

/// An answer that has to be read before it can be filtered.
pub(super) struct Answer {
    inspect: Option<Inspect>,
    parts: Option<response::Parts>,
    filters: Vec<Box<dyn ResponseFilter>>,
    /// An encoded stream: no use reading it.
    unreadable: Option<(Problem, Body)>,
    /// It has been read.
    whole: Option<Whole>,
}

/// An answer that has been read, and what the filters wait for.
struct Whole {
    waiting: Vec<Consultation>,
    parts: response::Parts,
    body: Body,
    encoded: Option<Bytes>,
}

impl Answer {
    /// The filtered response, if that takes no waiting. `head`: it has no body
    /// whatever its headers say.
    pub(super) fn of(
        response: Response<Body>,
        filters: Vec<Box<dyn ResponseFilter>>,
        head: bool,
        settings: &Settings,
    ) -> Reply {
        let (mut parts, body) = response.into_parts();
        let kind = MediaKind::of(&parts.headers);
        // Sound and pictures cannot hold what the filters look for.
        if head || is_bodiless(parts.status) || body.is_empty() || kind == MediaKind::Binary {
            return Reply::Ready(Response::from_parts(parts, body));
        }
        let encoding = parts
            .headers
            .get(header::CONTENT_ENCODING)
            .filter(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
        // An error is no stream, whatever it claims to be.
        let events = kind == MediaKind::Events && parts.status.is_success();
        if body.is_events() || events {
            if let Some(encoding) = encoding {
                let name = String::from_utf8_lossy(encoding.as_bytes());
                let problem = Problem::Encoding(name.chars().take(32).collect());
                return Reply::Unread(Box::new(Self {
                    inspect: None,
                    parts: Some(parts),
                    filters,
                    unreadable: Some((problem, body)),
                    whole: None,
                }));
            }
            let body = filter_events(body, &mut parts.headers, filters, settings);
            return Reply::Ready(Response::from_parts(parts, body));
        }
        let limit = settings.inspection.max_response_bytes;
        let mut inspect = Inspect::new(body, &parts.headers, limit).keep_encoded(settings.shadow);
        if !parts.status.is_success() {
            // An error page that only claims to be JSON is still worth reading.
            inspect = inspect.lenient();
        }
        Reply::Unread(Box::new(Self {
            inspect: Some(inspect),
            parts: Some(parts),
            filters,
            unreadable: None,
            whole: None,
        }))
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        settings: &Settings,
        recorder: &Recorder,
    ) -> Poll<Read> {
        if self.whole.is_none() {
            match ready!(self.read(cx, settings, recorder)) {
                Ok(whole) => self.whole = Some(whole),
                Err(read) => return Poll::Ready(*read),
            }
        }
        let mut failed = None;
        // The first failure ends it.
        while let Some(whole) = &mut self.whole
            && failed.is_none()
            && let Some(waiting) = whole.waiting.last_mut()
        {
            failed = ready!(waiting.as_mut().poll(cx)).err();
            whole.waiting.pop();
        }
        match self.whole.take() {
            Some(whole) => Poll::Ready(self.filter(whole, failed, settings, recorder)),
            None => Poll::Pending,
        }
    }

    /// Reads it; gives what has become of it, if there is nothing to filter.
    fn read(
        &mut self,
        cx: &mut Context<'_>,
        settings: &Settings,
        recorder: &Recorder,
    ) -> Poll<Result<Whole, Box<Read>>> {
        let as_it_is = |response| Poll::Ready(Err(Box::new(Read::Ready(response))));
        let read = match (&mut self.inspect, self.unreadable.take()) {
            (_, Some((problem, body))) => Inspected::Problem(problem, body),
            (Some(inspect), None) => ready!(Pin::new(inspect).poll(cx)),
            (None, None) => return Poll::Pending,
        };
        let Some(mut parts) = self.parts.take() else {
            return Poll::Pending;
        };
        let body = match read {
            Inspected::Document(body) => body,
            // Bytes that are no text cannot hold what the filters look for.
            Inspected::Problem(problem, body)
                if settings.inspection.passes(&problem) || matches!(problem, Problem::Binary) =>
            {
                recorder.warn(format!("response body passed uninspected: {problem}"));
                return as_it_is(Response::from_parts(parts, body));
            }
            Inspected::Problem(problem, body) if settings.shadow => {
                if !problem.is_broken() {
                    recorder.would("would_refuse");
                }
                return as_it_is(Response::from_parts(parts, body));
            }
            Inspected::Problem(problem, _) => {
                return as_it_is(refuse_reply(&problem, recorder));
            }
        };
        let encoded = self.inspect.as_mut().and_then(Inspect::take_encoded);
        if !settings.shadow && parts.headers.remove(header::CONTENT_ENCODING).is_some() {
            forget_length(&mut parts.headers);
        }
        let mut waiting = Vec::new();
        if let Some(document) = body.as_document() {
            if document.looks_like_events() && encoded.is_none() {
                let bytes = document.to_bytes();
                let filters = std::mem::take(&mut self.filters);
                let body = body.with_content(bytes);
                let body = filter_events(body, &mut parts.headers, filters, settings);
                return as_it_is(Response::from_parts(parts, body));
            }
            // An error says nothing that a model has said.
            if parts.status.is_success() {
                let filters = self.filters.iter_mut();
                waiting.extend(filters.filter_map(|filter| filter.before_reply(document)));
            }
        }
        Poll::Ready(Ok(Whole {
            waiting,
            parts,
            body,
            encoded,
        }))
    }

    /// Shows it to the filters. `failed`: what one of them waited for did.
    fn filter(
        &mut self,
        whole: Whole,
        failed: Option<BoxError>,
        settings: &Settings,
        recorder: &Recorder,
    ) -> Read {
        let Whole {
            mut parts,
            mut body,
            encoded,
            ..
        } = whole;
        if let Some(error) = failed {
            let policy = recorder.policy;
            tracing::error!(policy, error = &*error, "policy failed");
            recorder.verdict("error");
            if settings.on_failure == OnFailure::Refuse && !settings.shadow {
                let error = ApiError::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "policy_failure",
                    format!("policy {policy:?} could not judge the answer"),
                );
                recorder.refused(&error);
                return Read::Ready(error.into_response());
            }
            recorder.warn(format!("policy {policy:?} failed, and the answer went on"));
        }
        let mut filters = std::mem::take(&mut self.filters);
        let mut again = false;
        if let Some(document) = body.as_document_mut() {
            for filter in &mut filters {
                match filter_document(&mut **filter, document) {
                    Ending::Accept => {}
                    Ending::AskAgain => again = true,
                    Ending::Refuse(error) => {
                        recorder.refused(&error);
                        return Read::Ready(error.into_response());
                    }
                }
                filter.head(&mut parts.headers);
            }
            if document.is_edited() {
                forget_length(&mut parts.headers);
            }
        }
        if let Some(encoded) = encoded {
            body = body.with_content(encoded);
        }
        let response = Response::from_parts(parts, body);
        match again {
            false => Read::Ready(response),
            true => Read::AskAgain(response, filters),
        }
    }
}

fn filter_events(
    mut body: Body,
    headers: &mut HeaderMap,
    filters: Vec<Box<dyn ResponseFilter>>,
    settings: &Settings,
) -> Body {
    let rigour = match settings.inspection.malformed {
        _ if settings.shadow => Rigour::Observe,
        Uninspectable::Refuse => Rigour::Strict,
        Uninspectable::Pass => Rigour::Lenient,
    };
    if !settings.shadow {
        forget_length(headers);
    }
    for filter in filters {
        body = body.filter_events(filter, rigour);
    }
    body
}

/// Notes on the record when a filter ends a stream.
pub(super) struct Recording {
    pub(super) filter: Box<dyn ResponseFilter>,
    pub(super) recorder: Recorder,
}

impl ResponseFilter for Recording {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let flow = self.filter.filter(window, edits);
        if let Flow::Stop(error) = &flow {
            self.recorder.refused(error);
        }
        flow
    }

    fn lookbehind(&self) -> usize {
        self.filter.lookbehind()
    }

    fn finish_reason(&mut self, choice: u32, reason: &str) {
        self.filter.finish_reason(choice, reason);
    }

    fn choice_ended(&mut self, choice: u32) -> Ending {
        let ending = self.filter.choice_ended(choice);
        if let Ending::Refuse(error) = &ending {
            self.recorder.refused(error);
        }
        ending
    }

    fn judges_end(&self) -> bool {
        self.filter.judges_end()
    }

    fn before_reply(&mut self, reply: &Document) -> Option<Consultation> {
        self.filter.before_reply(reply)
    }

    fn after_stream(&mut self) -> Option<Consultation> {
        self.filter.after_stream()
    }

    fn head(&mut self, headers: &mut HeaderMap) {
        self.filter.head(headers);
    }
}
