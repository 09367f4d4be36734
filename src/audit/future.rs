use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, header, response};
use http_body::Body as _;
use pin_project_lite::pin_project;

use crate::body::{
    Body, BoxError, Flow, Inspect, Inspected, Inspection, Lane, MediaKind, Observer as _,
    ResponseFilter, Rigour, Window, is_bodiless,
};
use crate::call::{Call, CallGuard, CallWatch};
use crate::text::Edits;

pin_project! {
    /// The future of an [`AuditService`](super::AuditService).
    pub struct AuditFuture<F> {
        #[pin]
        inner: F,
        call: Call,
        guard: Option<CallGuard>,
        include_text: bool,
        // The request was a HEAD.
        head: bool,
        // A plain answer on its way into a document.
        reading: Option<(response::Parts, Inspect)>,
    }
}

impl<F> AuditFuture<F> {
    pub(super) fn new(
        inner: F,
        call: Call,
        guard: Option<CallGuard>,
        include_text: bool,
        head: bool,
    ) -> Self {
        Self {
            inner,
            call,
            guard,
            include_text,
            head,
            reading: None,
        }
    }
}

impl<F, RB, E> Future for AuditFuture<F>
where
    F: Future<Output = Result<Response<RB>, E>>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            if let Some((_, inspect)) = this.reading {
                let read = ready!(Pin::new(inspect).poll(cx));
                let body = match read {
                    Inspected::Document(body) | Inspected::Problem(_, body) => body,
                };
                // Just seen to be there.
                let Some((parts, _)) = this.reading.take() else {
                    return Poll::Pending;
                };
                note_document(this.call, &body, *this.include_text);
                let response = Response::from_parts(parts, body);
                return Poll::Ready(Ok(close(
                    response,
                    this.call,
                    this.guard.take(),
                    *this.head,
                )));
            }
            let response = match ready!(this.inner.as_mut().poll(cx)) {
                Ok(response) => response.map(Body::new),
                Err(error) => {
                    if let Some(guard) = this.guard.take() {
                        guard.fail();
                    }
                    return Poll::Ready(Err(error));
                }
            };
            this.call.set_status(response.status());
            *this.head |= is_bodiless(response.status());
            let (parts, mut body) = response.into_parts();
            let kind = MediaKind::of(&parts.headers);
            let encoded = parts.headers.contains_key(header::CONTENT_ENCODING);
            if body.is_events() || (kind == MediaKind::Events && !encoded) {
                body = body.watch_events(Box::new(CallWatch(this.call.clone())));
                if *this.include_text {
                    body =
                        body.filter_events(Box::new(KeepText(this.call.clone())), Rigour::Observe);
                }
            } else if body.as_document().is_some() {
                note_document(this.call, &body, *this.include_text);
            } else if kind == MediaKind::Json && !encoded && !*this.head && !body.is_empty() {
                let limit = Inspection::default().max_response_bytes;
                let inspect = Inspect::new(body, &parts.headers, limit);
                *this.reading = Some((parts, inspect));
                continue;
            }
            let response = Response::from_parts(parts, body);
            return Poll::Ready(Ok(close(
                response,
                this.call,
                this.guard.take(),
                *this.head,
            )));
        }
    }
}

/// The record is closed when the answer's body ends.
fn close(
    mut response: Response<Body>,
    call: &Call,
    guard: Option<CallGuard>,
    head: bool,
) -> Response<Body> {
    response.extensions_mut().insert(call.clone());
    if let Some(mut guard) = guard {
        // Nobody reads a body that has ended, or that answers a HEAD.
        if response.body().is_end_stream() || head {
            guard.end(None);
        } else {
            response.body_mut().observe(Box::new(guard));
        }
    }
    response
}

fn note_document(call: &Call, body: &Body, include_text: bool) {
    let Some(document) = body.as_document() else {
        return;
    };
    if let Some(usage) = document.usage() {
        call.set_usage(usage);
    }
    if let Some(reason) = document.finish_reason() {
        call.set_finish_reason(reason);
    }
    if include_text {
        for segment in document.segments() {
            let lane = Lane::of(&segment);
            call.answered(lane, segment.text());
        }
    }
}

/// Keeps what the client reads of a stream.
struct KeepText(Call);

impl ResponseFilter for KeepText {
    fn filter(&mut self, window: &Window<'_>, _: &mut Edits) -> Flow {
        self.0.answered(window.lane(), window.undecided());
        Flow::Release(window.text().len())
    }
}

impl<F> fmt::Debug for AuditFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditFuture")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
