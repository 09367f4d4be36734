//! The answer's way back through a policy.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Response, StatusCode, header, response};

use super::Recorder;
use super::future::{forget_length, refuse_reply};
use crate::body::filter::filter_document;
use crate::body::{
    Body, Flow, Inspect, Inspected, Inspection, MediaKind, Problem, ResponseFilter, Window,
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
    filter: Box<dyn ResponseFilter>,
    /// An encoded stream: no use reading it.
    unreadable: Option<(Problem, Body)>,
}

impl Answer {
    /// The filtered response, if that takes no waiting. `head`: it has no body
    /// whatever its headers say.
    pub(super) fn of(
        response: Response<Body>,
        filter: Box<dyn ResponseFilter>,
        head: bool,
        inspection: &Inspection,
    ) -> Reply {
        let (mut parts, body) = response.into_parts();
        let bodiless = matches!(
            parts.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::SWITCHING_PROTOCOLS
        );
        let kind = MediaKind::of(&parts.headers);
        // Sound and pictures cannot hold what the filters look for.
        if head || bodiless || body.is_empty() || kind == MediaKind::Binary {
            return Reply::Ready(Response::from_parts(parts, body));
        }
        let encoding = parts
            .headers
            .get(header::CONTENT_ENCODING)
            .filter(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
        if body.is_events() || kind == MediaKind::Events {
            if let Some(encoding) = encoding {
                let name = String::from_utf8_lossy(encoding.as_bytes());
                let problem = Problem::Encoding(name.chars().take(32).collect());
                return Reply::Unread(Box::new(Self {
                    inspect: None,
                    parts: Some(parts),
                    filter,
                    unreadable: Some((problem, body)),
                }));
            }
            forget_length(&mut parts.headers);
            return Reply::Ready(Response::from_parts(parts, body.filter_events(filter)));
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
            filter,
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
            Inspected::Problem(problem, body) if inspection.passes(&problem) => {
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
        if let Some(document) = body.as_document_mut() {
            if let Err(error) = filter_document(&mut *self.filter, document) {
                recorder.refused(&error);
                return Poll::Ready(error.into_response());
            }
            if document.is_edited() {
                forget_length(&mut parts.headers);
            }
        }
        Poll::Ready(Response::from_parts(parts, body))
    }
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
