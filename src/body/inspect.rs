//! Reading a body into a document, or saying why it cannot be.

use std::fmt;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;
use http::{HeaderMap, StatusCode, header};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;

use super::sse::BOM;
use super::{ApiError, Body, BoxError, Document, Held, JsonError, Kind};

/// Codings of one body that are undone.
const MAX_CODINGS: usize = 2;

/// How bodies are read, and what becomes of those that cannot be.
///
/// ```
/// use portcullis::body::{Inspection, Uninspectable};
///
/// let mut inspection = Inspection::default().max_request_bytes(1024 * 1024);
/// inspection.undecodable = Uninspectable::Pass;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Requests may be this long, in bytes: 8 MiB.
    pub max_request_bytes: usize,
    /// Replies may be this long, in bytes, unless they are streamed: 32 MiB.
    pub max_response_bytes: usize,
    /// What becomes of longer ones; refused, a request gets a 413.
    pub too_large: Uninspectable,
    /// What becomes of binary content, and of an encoding other than gzip and
    /// deflate; refused, a request gets a 415.
    pub undecodable: Uninspectable,
    /// What becomes of invalid UTF-8 and JSON; refused, a request gets a 400.
    pub malformed: Uninspectable,
}

/// What becomes of a body that cannot be inspected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Uninspectable {
    /// It is refused.
    #[default]
    Refuse,
    /// It passes as it is, and the call's record says so.
    Pass,
}

impl Default for Inspection {
    fn default() -> Self {
        Self {
            max_request_bytes: 8 * 1024 * 1024,
            max_response_bytes: 32 * 1024 * 1024,
            too_large: Uninspectable::Refuse,
            undecodable: Uninspectable::Refuse,
            malformed: Uninspectable::Refuse,
        }
    }
}

impl Inspection {
    /// One rule for whatever cannot be inspected.
    #[must_use]
    pub fn uninspectable(mut self, rule: Uninspectable) -> Self {
        self.too_large = rule;
        self.undecodable = rule;
        self.malformed = rule;
        self
    }

    /// Requests may be this long, in bytes.
    #[must_use]
    pub fn max_request_bytes(mut self, max: usize) -> Self {
        self.max_request_bytes = max;
        self
    }

    /// Whether a body with this problem may pass uninspected.
    pub(crate) fn passes(&self, problem: &Problem) -> bool {
        let rule = match problem {
            Problem::TooLarge { .. } => self.too_large,
            Problem::Encoding(_) | Problem::Binary => self.undecodable,
            Problem::Malformed(_) | Problem::NotUtf8 { .. } | Problem::Escapes => self.malformed,
            Problem::Broken | Problem::TimedOut => Uninspectable::Refuse,
        };
        rule == Uninspectable::Pass
    }
}

/// Why a body cannot be inspected.
#[derive(Debug)]
pub(crate) enum Problem {
    TooLarge {
        limit: usize,
    },
    Encoding(String),
    Binary,
    NotUtf8 {
        at: usize,
    },
    Malformed(JsonError),
    /// Text that is nearly JSON and holds escapes, which another reader might
    /// undo.
    Escapes,
    Broken,
    TimedOut,
}

/// A body has taken too long. The errors of bodies have it among their sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    /// How long it may take.
    pub limit: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "took longer than {} s", self.limit.as_secs_f64())
    }
}

impl std::error::Error for TimedOut {}

fn timed_out(error: &BoxError) -> bool {
    let first: &(dyn std::error::Error + 'static) = &**error;
    std::iter::successors(Some(first), |error| error.source()).any(|error| error.is::<TimedOut>())
}

/// Headers that say how long a body is, or what it hashes to, and are wrong
/// once it has been edited.
pub(crate) fn forget_length(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::ETAG,
    ] {
        headers.remove(name);
    }
    for name in ["content-digest", "repr-digest", "digest", "content-md5"] {
        headers.remove(name);
    }
}

/// Whether answers with this status have no body, whatever their headers say.
pub(crate) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "larger than the limit of {limit} bytes"),
            Self::Encoding(name) => write!(
                f,
                "content-encoding {name:?} cannot be decoded; send identity, gzip or deflate"
            ),
            Self::Binary => f.write_str("binary content cannot be inspected"),
            Self::NotUtf8 { at } => write!(f, "not valid UTF-8 at byte {at}"),
            Self::Malformed(error) => error.fmt(f),
            Self::Escapes => f.write_str("escapes in what is not valid JSON"),
            Self::Broken => f.write_str("the body broke off"),
            Self::TimedOut => f.write_str("the body took too long"),
        }
    }
}

impl Problem {
    /// The answer to a client whose request has it.
    pub(crate) fn in_request(&self) -> ApiError {
        let (status, code) = match self {
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large"),
            Self::Encoding(_) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_content_encoding",
            ),
            Self::Binary => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::NotUtf8 { .. } => (StatusCode::BAD_REQUEST, "invalid_utf8"),
            Self::Malformed(_) | Self::Escapes => (StatusCode::BAD_REQUEST, "invalid_json"),
            Self::Broken => (StatusCode::BAD_REQUEST, "incomplete_request"),
            Self::TimedOut => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
        };
        ApiError::new(status, code, format!("request body: {self}"))
    }

    /// The answer to a client whose reply has it.
    pub(crate) fn in_response(&self) -> ApiError {
        let (status, code) = match self {
            Self::Broken => (StatusCode::BAD_GATEWAY, "upstream_reset"),
            Self::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            _ => (StatusCode::BAD_GATEWAY, "uninspectable_response"),
        };
        ApiError::new(status, code, format!("response of the upstream: {self}"))
    }
}

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
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Self::Json,
            "text/event-stream" => Self::Events,
            _ if kind.ends_with("+json") => Self::Json,
            _ if kind.ends_with("+xml") => Self::Other,
            _ if ["audio/", "image/", "video/", "font/"]
                .iter()
                .any(|prefix| kind.starts_with(prefix)) =>
            {
                Self::Binary
            }
            _ => Self::Other,
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
        }
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
            read,
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
                body.kind = Kind::Document(Box::new(Held {
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
struct Rest {
    read: Bytes,
    body: Body,
    trailers: Option<HeaderMap>,
    broken: Option<BoxError>,
}

impl http_body::Body for Rest {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.read.has_remaining() {
            let read = std::mem::take(&mut self.read);
            return Poll::Ready(Some(Ok(Frame::data(read))));
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
        self.read.is_empty()
            && self.trailers.is_none()
            && self.broken.is_none()
            && self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let read = self.read.len() as u64;
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
