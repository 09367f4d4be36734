//! The answer's way back through a policy.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Response, header, response};

use super::Recorder;
use super::future::refuse_reply;
use crate::body::filter::filter_document;
use crate::body::{
    Body, Flow, Inspect, Inspected, Inspection, MediaKind, Problem, ResponseFilter, Uninspectable,
    Window, forget_length, is_bodiless,
};
use crate::text::Edits;

/// What becomes of an answer.
pub(super) enum Reply {
    /// It may leave.
    Ready(Response<Body>),
    /// It has to be read first.
    Unread(Box<Answer>),
}

/// An answer that has to be read before it can be filtered.
pub(super) struct Answer {
    inspect: Option<Inspect>,
    parts: Option<response::Parts>,
    filters: Vec<Box<dyn ResponseFilter>>,
    /// An encoded stream: no use reading it.
    unreadable: Option<(Problem, Body)>,
}

impl Answer {
    /// The filtered response, if that takes no waiting. `head`: it has no body
    /// whatever its headers say.
    pub(super) fn of(
        response: Response<Body>,
        filters: Vec<Box<dyn ResponseFilter>>,
        head: bool,
        inspection: &Inspection,
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
                }));
            }
            forget_length(&mut parts.headers);
            let body = filter_events(body, filters, inspection);
            return Reply::Ready(Response::from_parts(parts, body));
        }
        let limit = inspection.max_response_bytes;
        let mut inspect = Inspect::new(body, &parts.headers, limit);
        if !parts.status.is_success() {
            // An error page that only claims to be JSON is still worth reading.
            inspect = inspect.lenient();
        }
        Reply::Unread(Box::new(Self {
            inspect: Some(inspect),
            parts: Some(parts),
            filters,
            unreadable: None,
        }))
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        inspection: &Inspection,
        recorder: &Recorder,
    ) -> Poll<Response<Body>> {
        let read = match (&mut self.inspect, self.unreadable.take()) {
            (_, Some((problem, body))) => Inspected::Problem(problem, body),
            (Some(inspect), None) => ready!(Pin::new(inspect).poll(cx)),
            (None, None) => return Poll::Pending,
        };
        let Some(mut parts) = self.parts.take() else {
            return Poll::Pending;
        };
        let mut body = match read {
            Inspected::Document(body) => body,
            // Bytes that are no text cannot hold what the filters look for.
            Inspected::Problem(problem, body)
                if inspection.passes(&problem) || matches!(problem, Problem::Binary) =>
            {
                recorder.warn(format!("response body passed uninspected: {problem}"));
                return Poll::Ready(Response::from_parts(parts, body));
            }
            Inspected::Problem(problem, _) => {
                return Poll::Ready(refuse_reply(&problem, recorder));
            }
        };
        if parts.headers.remove(header::CONTENT_ENCODING).is_some() {
            forget_length(&mut parts.headers);
        }
        let filters = std::mem::take(&mut self.filters);
        if let Some(document) = body.as_document_mut() {
            if document.looks_like_events() {
                let bytes = document.to_bytes();
                let body = filter_events(body.with_content(bytes), filters, inspection);
                forget_length(&mut parts.headers);
                return Poll::Ready(Response::from_parts(parts, body));
            }
            for mut filter in filters {
                if let Err(error) = filter_document(&mut *filter, document) {
                    recorder.refused(&error);
                    return Poll::Ready(error.into_response());
                }
            }
            if document.is_edited() {
                forget_length(&mut parts.headers);
            }
        }
        Poll::Ready(Response::from_parts(parts, body))
    }
}

fn filter_events(
    mut body: Body,
    filters: Vec<Box<dyn ResponseFilter>>,
    inspection: &Inspection,
) -> Body {
    let strict = inspection.malformed == Uninspectable::Refuse;
    for filter in filters {
        body = body.filter_events(filter, strict);
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
}
