//! Reading a body into a document, or saying why it cannot be.

use std::collections::VecDeque;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use http::{HeaderMap, header};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;

use super::inspection::{Problem, timed_out};
use super::sse::BOM;
use super::{Body, BoxError, Document, Held, JsonError, Kind};

/// Codings of one body that are undone.
const MAX_CODINGS: usize = 2;

/// What a body claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaKind {
    Json,
    Events,
    /// Sound, pictures, archives: nothing that the filters could read.
    Binary,
    Other,
}

impl MediaKind {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let kind = kind.trim().as_bytes();
        let is = |name: &str| kind.eq_ignore_ascii_case(name.as_bytes());
        let begins = |prefix: &str| {
            let first = kind.get(..prefix.len());
            first.is_some_and(|first| first.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        let ends = |suffix: &str| {
            let at = kind.len().checked_sub(suffix.len());
            at.is_some_and(|at| kind[at..].eq_ignore_ascii_case(suffix.as_bytes()))
        };
        if is("application/json") || ends("+json") {
            Self::Json
        } else if is("text/event-stream") {
            Self::Events
        } else if ends("+xml") {
            Self::Other
        } else if ["audio/", "image/", "video/", "font/"]
            .into_iter()
            .any(begins)
        {
            Self::Binary
        } else {
            Self::Other
        }
    }
}

/// What was read.
pub(crate) enum Inspected {
    /// A body that holds a document.
    Document(Body),
    /// The body as it came, and why it could not be read.
    Problem(Problem, Body),
}

/// Reads a body to its end and parses it.
pub(crate) struct Inspect {
    body: Option<Body>,
    first: Bytes,
    more: BytesMut,
    trailers: Option<HeaderMap>,
    broken: Option<BoxError>,
    limit: usize,
    kind: MediaKind,
    /// Content codings, in the order in which they were applied.
    encodings: Vec<String>,
    keep: bool,
    /// The encoded bytes of a document that has been read.
    encoded: Option<Bytes>,
}

impl Inspect {
    /// `headers` are those that came with the body.
    pub(crate) fn new(body: Body, headers: &HeaderMap, limit: usize) -> Self {
        Self {
            body: Some(body),
            first: Bytes::new(),
            more: BytesMut::new(),
            trailers: None,
            broken: None,
            limit,
            kind: MediaKind::of(headers),
            encodings: codings(headers),
            keep: false,
            encoded: None,
        }
    }

    /// Keeps the bytes of a body that is encoded, for
    /// [`take_encoded`](Self::take_encoded).
    pub(crate) fn keep_encoded(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// The bytes of the document, if it came encoded.
    pub(crate) fn take_encoded(&mut self) -> Option<Bytes> {
        self.encoded.take()
    }

    /// Reads what is not JSON as plain text, even if it claims to be JSON.
    pub(crate) fn lenient(mut self) -> Self {
        self.kind = MediaKind::Other;
        self
    }

    /// What has been read, as one.
    fn take(&mut self) -> Bytes {
        let first = std::mem::take(&mut self.first);
        if self.more.is_empty() {
            return first;
        }
        let mut all = BytesMut::with_capacity(first.len() + self.more.len());
        all.extend_from_slice(&first);
        all.extend_from_slice(&std::mem::take(&mut self.more));
        all.freeze()
    }

    /// The body with what has been read of it put back.
    fn put_back(&mut self, mut body: Body) -> Body {
        let read = self.take();
        let observers = std::mem::take(&mut body.observers);
        let rest = Rest {
            read: VecDeque::from([read]),
            body,
            trailers: self.trailers.take(),
            broken: self.broken.take(),
        };
        let mut body = Body::of(Kind::Stream(rest.boxed_unsync()));
        body.observers = observers;
        body
    }

    fn parse(&mut self, mut body: Body) -> Inspected {
        let bytes = self.take();
        match document_of(&bytes, self.kind, &self.encodings, self.limit) {
            Ok(document) => {
                if self.keep && !self.encodings.is_empty() {
                    self.encoded = Some(bytes);
                }
                body.kind = Kind::Document(Arc::new(Held {
                    document,
                    trailers: self.trailers.take(),
                }));
                Inspected::Document(body)
            }
            Err(problem) => {
                self.first = bytes;
                Inspected::Problem(problem, self.put_back(body))
            }
        }
    }
}

impl Future for Inspect {
    type Output = Inspected;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Inspected> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Pending;
        };
        if matches!(body.kind, Kind::Document(_)) {
            return Poll::Ready(Inspected::Document(this.body.take().unwrap_or_default()));
        }
        let limit = this.limit;
        loop {
            let too_large = this.first.len() + this.more.len() > limit
                || body.size_hint().lower() > limit as u64;
            let problem = if too_large {
                Problem::TooLarge { limit }
            } else {
                // Not through the body itself: its observers wait for the end
                // of what the client gets, not of what is read here.
                match ready!(body.poll_kind(cx)) {
                    Some(Ok(frame)) => {
                        match frame.into_data() {
                            Ok(data) => {
                                if this.first.is_empty() && this.more.is_empty() {
                                    this.first = data;
                                } else {
                                    this.more.extend_from_slice(&data);
                                }
                            }
                            Err(frame) => this.trailers = frame.into_trailers().ok(),
                        }
                        continue;
                    }
                    None => {
                        let body = this.body.take().unwrap_or_default();
                        return Poll::Ready(this.parse(body));
                    }
                    Some(Err(error)) => {
                        body.observers.iter_mut().for_each(|o| o.broke_off(&error));
                        let problem = if timed_out(&error) {
                            Problem::TimedOut
                        } else {
                            Problem::Broken
                        };
                        this.broken = Some(error);
                        problem
                    }
                }
            };
            let body = this.body.take().unwrap_or_default();
            return Poll::Ready(Inspected::Problem(problem, this.put_back(body)));
        }
    }
}

/// A body of which the beginning has been read.
pub(super) struct Rest {
    pub(super) read: VecDeque<Bytes>,
    pub(super) body: Body,
    pub(super) trailers: Option<HeaderMap>,
    pub(super) broken: Option<BoxError>,
}

impl http_body::Body for Rest {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        while let Some(read) = self.read.pop_front() {
            if !read.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(read))));
            }
        }
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.read.iter().all(Bytes::is_empty)
            && self.trailers.is_none()
            && self.broken.is_none()
            && self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let read = self.read.iter().map(|read| read.len() as u64).sum::<u64>();
        let rest = self.body.size_hint();
        let mut hint = http_body::SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + read);
        }
        hint.set_lower(rest.lower() + read);
        hint
    }
}

/// The content codings that are to be undone; a few at most, for each costs a
/// copy, and nobody uses two.
fn codings(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(|name| String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != "identity")
        .take(MAX_CODINGS + 1)
        .collect()
}

fn document_of(
    bytes: &Bytes,
    kind: MediaKind,
    encodings: &[String],
    limit: usize,
) -> Result<Document, Problem> {
    let mut bytes = bytes.clone();
    if encodings.len() > MAX_CODINGS {
        return Err(Problem::Encoding("of many layers".to_owned()));
    }
    for name in encodings.iter().rev() {
        bytes = decode(&bytes, name, limit)?;
    }
    let text = bytes.strip_prefix(BOM).unwrap_or(&bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let structured = matches!(first, Some(b'{' | b'[' | b'"'));
    let message = match ByteString::try_from(bytes) {
        Ok(message) => message,
        Err(error) if kind == MediaKind::Json || structured => {
            let at = error.valid_up_to();
            return Err(Problem::NotUtf8 { at });
        }
        Err(_) => return Err(Problem::Binary),
    };
    if message.is_empty() {
        return Ok(Document::text(message));
    }
    // What is JSON is read as JSON whatever it claims to be: an upstream might
    // do the same, and escapes would hide from a filter of plain text.
    if structured || kind == MediaKind::Json {
        match Document::json(message.clone()) {
            Ok(document) => return Ok(document),
            Err(error @ JsonError::Syntax { .. }) if kind == MediaKind::Json => {
                return Err(Problem::Malformed(error));
            }
            Err(JsonError::Syntax { .. }) if message.contains("\\u") => {
                return Err(Problem::Escapes);
            }
            Err(JsonError::Syntax { .. }) => {}
            Err(error) => return Err(Problem::Malformed(error)),
        }
    }
    if message.contains('\0') {
        return Err(Problem::Binary);
    }
    Ok(Document::text(message))
}

fn decode(bytes: &[u8], name: &str, limit: usize) -> Result<Bytes, Problem> {
    let mut out = Vec::new();
    let bounded = limit as u64 + 1;
    let read = match name {
        "gzip" | "x-gzip" => flate2::read::MultiGzDecoder::new(bytes)
            .take(bounded)
            .read_to_end(&mut out),
        // HTTP's "deflate" is the zlib format (RFC 9110, section 8.4.1.2).
        "deflate" => flate2::read::ZlibDecoder::new(bytes)
            .take(bounded)
            .read_to_end(&mut out),
        other => {
            let name: String = other.chars().take(32).collect();
            return Err(Problem::Encoding(name));
        }
    };
    match read {
        Err(_) => Err(Problem::Encoding(name.to_owned())),
        Ok(read) if read > limit => Err(Problem::TooLarge { limit }),
        Ok(_) => Ok(out.into()),
    }
}
