//! The one body type, for requests and for responses.
//!
//! A [`Body`] is an opaque stream of bytes, or a [`Document`] (a message
//! parsed once, with edits waiting), or a filtered stream (server-sent events
//! and the [`ResponseFilter`]s they run through). [`Body::new`] recognises a
//! `Body` and does not wrap it again, so that any number of layers cost one
//! parse on the way in and one decode on the way out.

mod api_error;
pub(crate) mod document;
pub(crate) mod filter;
mod filtered;
mod front;
mod inspect;
mod inspection;
pub(crate) mod replay;
mod sse;

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use serde::{Deserialize, Serialize};

pub use self::api_error::ApiError;
pub(crate) use self::document::escape::escape_into as escape_json;
pub(crate) use self::document::index::Index;
#[cfg(test)]
pub(crate) use self::document::index::READS;
pub(crate) use self::document::shape::is_word;
pub use self::document::{Document, JsonError, MAX_DEPTH, Role, Segment, SegmentKind};
pub use self::filter::{Consultation, Ending, Flow, Lane, ResponseFilter, Window};
pub(crate) use self::filter::{Rigour, Watch};
use self::filtered::Filtered;
pub(crate) use self::front::Front;

pub(crate) use self::inspect::{Inspect, Inspected, MediaKind};
pub use self::inspection::{Inspection, TimedOut, Uninspectable};
pub(crate) use self::inspection::{Problem, forget_length, is_bodiless};
pub(crate) use self::sse::{Decoder, Event};

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Tokens, as the upstream counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the request.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
}

/// The body of a request or a response.
///
/// ```
/// use http_body_util::BodyExt;
/// use portcullis::Body;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), portcullis::BoxError> {
/// let body = Body::from("hello");
/// // Wrapped again, it is the same body.
/// let body = Body::new(Body::new(body));
/// assert_eq!(body.collect().await?.to_bytes(), "hello");
/// # Ok(())
/// # }
/// ```
pub struct Body {
    kind: Kind,
    observers: Vec<Box<dyn Observer>>,
}

enum Kind {
    Empty,
    Full(Bytes),
    Stream(UnsyncBoxBody<Bytes, BoxError>),
    /// Shared by the copies of a request that is sent again.
    Document(Arc<Held>),
    Filtered(Box<Filtered>),
}

/// A message that has been read, with the trailers that followed it.
#[derive(Clone)]
pub(crate) struct Held {
    document: Document,
    trailers: Option<HeaderMap>,
}

/// Is told what happens to a body, wherever it is read. Dropped without
/// [`end`](Observer::end), it has been abandoned.
pub(crate) trait Observer: Send {
    /// A frame of data has left.
    fn data(&mut self, _bytes: usize) {}
    /// It has broken off while it was read for a layer on the way.
    fn broke_off(&mut self, _error: &BoxError) {}
    /// The body has come to its end, or broken off.
    fn end(&mut self, _error: Option<&BoxError>) {}
}

impl Body {
    /// Wraps a body of another kind; a `Body` is given back as it is.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        if let Some(own) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return own.take().unwrap_or_default();
        }
        match body {
            Some(body) if !body.is_end_stream() => {
                Self::of(Kind::Stream(body.map_err(Into::into).boxed_unsync()))
            }
            _ => Self::empty(),
        }
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            observers: Vec::new(),
        }
    }

    /// A body without content.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(Kind::Empty)
    }

    /// A message that has been parsed.
    #[must_use]
    pub fn document(document: Document) -> Self {
        Self::of(Kind::Document(Arc::new(Held {
            document,
            trailers: None,
        })))
    }

    /// The message, if the body has been parsed.
    #[must_use]
    pub fn as_document(&self) -> Option<&Document> {
        match &self.kind {
            Kind::Document(held) => Some(&held.document),
            _ => None,
        }
    }

    /// The message, to edit it.
    pub fn as_document_mut(&mut self) -> Option<&mut Document> {
        match &mut self.kind {
            Kind::Document(held) => Some(&mut Arc::make_mut(held).document),
            _ => None,
        }
    }

    /// The body with other content, for the same observers.
    pub(crate) fn with_content(mut self, bytes: Bytes) -> Self {
        self.kind = Kind::Full(bytes);
        self
    }

    /// Whether it is known to have no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            _ => false,
        }
    }

    /// Reads the body as server-sent events, and runs `filter` over them
    /// behind those that are there.
    pub(crate) fn filter_events(mut self, filter: Box<dyn ResponseFilter>, rigour: Rigour) -> Self {
        self.as_events().add_filter(filter, rigour);
        self
    }

    /// Reads the body as server-sent events, and tells `watch` what they say.
    pub(crate) fn watch_events(mut self, watch: Box<dyn Watch>) -> Self {
        self.as_events().add_watch(watch);
        self
    }

    /// Whether the body is read as server-sent events.
    pub(crate) fn is_events(&self) -> bool {
        matches!(self.kind, Kind::Filtered(_))
    }

    fn as_events(&mut self) -> &mut Filtered {
        if !self.is_events() {
            let kind = std::mem::replace(&mut self.kind, Kind::Empty);
            self.kind = Kind::Filtered(Box::new(Filtered::new(Self::of(kind))));
        }
        match &mut self.kind {
            Kind::Filtered(filtered) => filtered,
            _ => unreachable!("it has just been made one"),
        }
    }

    pub(crate) fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observers.push(observer);
    }

    fn end(&mut self, error: Option<&BoxError>) {
        for mut observer in self.observers.drain(..) {
            observer.end(error);
        }
    }

    fn poll_kind(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.kind {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.kind = Kind::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Kind::Stream(body) => Pin::new(body).poll_frame(cx),
            Kind::Filtered(body) => body.poll_frame(cx),
            Kind::Document(held) => {
                let bytes = held.document.to_bytes();
                let trailers = held.trailers.clone();
                self.kind = match (bytes.is_empty(), trailers) {
                    (_, None) => Kind::Empty,
                    (false, Some(trailers)) => Kind::Stream(
                        http_body_util::StreamBody::new(Once(Some(Ok(Frame::trailers(trailers)))))
                            .boxed_unsync(),
                    ),
                    (true, Some(trailers)) => {
                        self.kind = Kind::Empty;
                        return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                    }
                };
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let polled = this.poll_kind(cx);
        if this.observers.is_empty() {
            return polled;
        }
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.observers.iter_mut().for_each(|o| o.data(bytes));
                // Whoever reads it need not ask again.
                if this.is_end_stream() {
                    this.end(None);
                }
            }
            Poll::Ready(Some(Err(error))) => this.end(Some(error)),
            Poll::Ready(None) => this.end(None),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Stream(body) => body.is_end_stream(),
            Kind::Filtered(body) => body.is_end(),
            Kind::Document(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(body) => body.size_hint(),
            Kind::Filtered(_) => SizeHint::default(),
            Kind::Document(held) => SizeHint::with_exact(held.document.serialized_len() as u64),
        }
    }
}

/// One item, as a stream.
struct Once<T>(Option<T>);

impl<T: Unpin> futures_core::Stream for Once<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.take())
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::of(Kind::Full(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::from(Bytes::from(text))
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::from(Bytes::from_static(text.as_bytes()))
    }
}

impl From<Document> for Body {
    fn from(document: Document) -> Self {
        Self::document(document)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Empty => f.write_str("Body(empty)"),
            Kind::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Stream(_) => f.write_str("Body(stream)"),
            Kind::Document(held) => f.debug_tuple("Body").field(&held.document).finish(),
            Kind::Filtered(filtered) => f.debug_tuple("Body").field(filtered).finish(),
        }
    }
}

#[cfg(test)]
mod tests;
