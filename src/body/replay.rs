//! Request bodies that can be sent more than once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::inspect::Rest;
use super::{Body, BoxError, Held, Kind};

/// Longer bodies are sent once, in bytes: 8 MiB, as much as a request may be
/// long that a policy reads.
pub(crate) const MAX_REPLAY_BYTES: usize = 8 * 1024 * 1024;

/// Frames shorter than this are joined, or a body in frames of a byte each
/// would take many times its length.
const SMALL: usize = 4096;

/// A request body that can be sent more than once. Clones share its bytes and
/// its parse.
#[derive(Clone)]
pub(crate) enum Replay {
    Empty,
    Full(Bytes),
    Document(Arc<Held>),
    Frames(Arc<Frames>),
}

/// A body as it came, with nothing left to wait for.
pub(crate) struct Frames {
    frames: Vec<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Replay {
    /// Reads a body to its end. One that is longer than
    /// [`MAX_REPLAY_BYTES`], or that breaks off, is given back as it came.
    pub(crate) fn read(body: Body) -> ReplayRead {
        ReplayRead {
            body: Some(body),
            frames: Frames {
                frames: Vec::new(),
                trailers: None,
            },
            small: BytesMut::new(),
            length: 0,
        }
    }

    /// A copy of a body that there is nothing to be read of; its observers have
    /// waited for that. Another stays as it is.
    pub(crate) fn of(body: &mut Body) -> Option<Self> {
        let copy = match &body.kind {
            Kind::Empty => Self::Empty,
            Kind::Full(bytes) => Self::Full(bytes.clone()),
            Kind::Document(held) => Self::Document(Arc::clone(held)),
            Kind::Stream(_) | Kind::Filtered(_) => return None,
        };
        body.end(None);
        Some(copy)
    }

    /// The body, to be sent for the last time.
    pub(crate) fn into_body(self) -> Body {
        match self {
            Self::Empty => Body::empty(),
            Self::Full(bytes) => Body::of(Kind::Full(bytes)),
            Self::Document(held) => Body::of(Kind::Document(held)),
            Self::Frames(_) => self.body(),
        }
    }

    /// The body, to be sent.
    pub(crate) fn body(&self) -> Body {
        Body::of(match self {
            Self::Empty => Kind::Empty,
            Self::Full(bytes) => Kind::Full(bytes.clone()),
            Self::Document(held) => Kind::Document(Arc::clone(held)),
            Self::Frames(frames) => {
                let frames = Arc::clone(frames);
                Kind::Stream(Replayed { frames, next: 0 }.boxed_unsync())
            }
        })
    }
}

/// The future of [`Replay::read`].
pub(crate) struct ReplayRead {
    body: Option<Body>,
    frames: Frames,
    /// Short frames that have not been joined to one yet.
    small: BytesMut,
    /// Of what has been read, in bytes.
    length: usize,
}

impl ReplayRead {
    fn push(&mut self, frame: Bytes) {
        self.length += frame.len();
        if frame.len() < SMALL {
            self.small.extend_from_slice(&frame);
        } else {
            self.join();
            self.frames.frames.push(frame);
        }
    }

    fn join(&mut self) {
        if !self.small.is_empty() {
            self.frames.frames.push(self.small.split().freeze());
        }
    }

    fn take(&mut self) -> Frames {
        self.join();
        Frames {
            frames: std::mem::take(&mut self.frames.frames),
            trailers: self.frames.trailers.take(),
        }
    }

    /// The body with what has been read of it put back.
    fn put_back(&mut self, mut body: Body, broken: Option<BoxError>) -> Body {
        let Frames { frames, trailers } = self.take();
        let observers = std::mem::take(&mut body.observers);
        let rest = Rest {
            read: frames.into(),
            body,
            trailers,
            broken,
        };
        let mut body = Body::of(Kind::Stream(rest.boxed_unsync()));
        body.observers = observers;
        body
    }
}

impl Future for ReplayRead {
    type Output = Result<Replay, Body>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Pending;
        };
        if let Some(known) = Replay::of(body) {
            this.body = None;
            return Poll::Ready(Ok(known));
        }
        loop {
            let Some(body) = &mut this.body else {
                return Poll::Pending;
            };
            let least = (this.length as u64).saturating_add(body.size_hint().lower());
            let broken = if least > MAX_REPLAY_BYTES as u64 {
                None
            } else {
                // Not through the body itself: its observers wait for what is
                // sent, not for what is read here.
                match ready!(body.poll_kind(cx)) {
                    Some(Ok(frame)) => {
                        match frame.into_data() {
                            Ok(data) => this.push(data),
                            Err(frame) => this.frames.trailers = frame.into_trailers().ok(),
                        }
                        continue;
                    }
                    None => {
                        body.end(None);
                        this.body = None;
                        return Poll::Ready(Ok(this.take().into()));
                    }
                    Some(Err(error)) => Some(error),
                }
            };
            let body = this.body.take().unwrap_or_default();
            return Poll::Ready(Err(this.put_back(body, broken)));
        }
    }
}

impl From<Frames> for Replay {
    fn from(mut read: Frames) -> Self {
        match (read.frames.len(), &read.trailers) {
            (0, None) => Self::Empty,
            (1, None) => Self::Full(read.frames.pop().unwrap_or_default()),
            _ => Self::Frames(Arc::new(read)),
        }
    }
}

/// Frames on their way out.
struct Replayed {
    frames: Arc<Frames>,
    /// The next frame; behind the last are the trailers.
    next: usize,
}

impl http_body::Body for Replayed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let at = self.next;
        let frame = match self.frames.frames.get(at) {
            Some(data) => Some(Frame::data(data.clone())),
            None if at == self.frames.frames.len() => {
                self.frames.trailers.clone().map(Frame::trailers)
            }
            None => None,
        };
        if frame.is_some() {
            self.next += 1;
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        let trailers = usize::from(self.frames.trailers.is_some());
        self.next >= self.frames.frames.len() + trailers
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.frames.frames.iter().skip(self.next);
        SizeHint::with_exact(left.map(|frame| frame.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::task::Waker;

    use http::HeaderValue;
    use http_body_util::StreamBody;
    use proptest::prelude::*;

    use super::*;
    use crate::body::{Document, Once};

    fn ready<F: Future>(future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    struct Pieces(std::vec::IntoIter<Result<Frame<Bytes>, BoxError>>);

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Ready(self.0.next())
        }
    }

    fn pieces(sizes: &[usize]) -> (Body, Vec<u8>) {
        let mut all = Vec::new();
        let mut frames = Vec::new();
        for (number, &size) in sizes.iter().enumerate() {
            let data = vec![number as u8; size];
            all.extend_from_slice(&data);
            frames.push(Ok(Frame::data(Bytes::from(data))));
        }
        (Body::new(Pieces(frames.into_iter())), all)
    }

    fn bytes(body: Body) -> Bytes {
        ready(body.collect()).unwrap().to_bytes()
    }

    proptest! {
        #[test]
        fn every_copy_is_the_body(sizes in proptest::collection::vec(0_usize..10_000, 0..12)) {
            let (body, all) = pieces(&sizes);
            let replay = ready(Replay::read(body)).unwrap();
            for _ in 0..3 {
                let copy = replay.body();
                prop_assert_eq!(copy.size_hint().exact(), Some(all.len() as u64));
                prop_assert_eq!(&bytes(copy)[..], &all[..]);
            }
        }
    }

    #[test]
    fn a_frame_is_not_copied_and_small_ones_are_joined() {
        let big = Bytes::from(vec![7; SMALL]);
        let small = Bytes::from_static(b"x");
        let frames: Vec<_> = std::iter::once(big.clone())
            .chain(std::iter::repeat_n(small, 100))
            .map(|data| Ok(Frame::data(data)))
            .collect();
        let body = Body::new(Pieces(frames.into_iter()));
        let Replay::Frames(frames) = ready(Replay::read(body)).unwrap() else {
            panic!("two frames");
        };
        assert_eq!(frames.frames.len(), 2);
        assert_eq!(frames.frames[0].as_ptr(), big.as_ptr());
    }

    #[test]
    fn a_parse_is_kept_and_an_edit_of_one_copy_stays_there() {
        let document = Document::json(r#"{"model":"a"}"#).unwrap();
        let replay = ready(Replay::read(Body::document(document))).unwrap();
        let mut first = replay.body();
        first
            .as_document_mut()
            .expect("it is parsed")
            .set_string("model", "b");
        assert_eq!(bytes(first), r#"{"model":"b"}"#);
        let second = replay.body();
        assert_eq!(second.as_document().unwrap().field("model"), Some(r#""a""#));
        assert_eq!(bytes(second), r#"{"model":"a"}"#);
    }

    #[test]
    fn trailers_are_sent_each_time() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        let frames = vec![
            Ok(Frame::data(Bytes::from_static(b"a"))),
            Ok(Frame::trailers(trailers.clone())),
        ];
        let body = Body::new(Pieces(frames.into_iter()));
        let replay = ready(Replay::read(body)).unwrap();
        for _ in 0..2 {
            let collected = ready(replay.body().collect()).unwrap();
            assert_eq!(collected.trailers(), Some(&trailers));
            assert_eq!(collected.to_bytes(), "a");
        }
    }

    #[test]
    fn what_is_too_long_passes_once_and_whole() {
        let sizes = [SMALL, 1, MAX_REPLAY_BYTES, 3];
        let (body, all) = pieces(&sizes);
        let Err(body) = ready(Replay::read(body)) else {
            panic!("it is too long");
        };
        assert_eq!(&bytes(body)[..], &all[..]);
        // Known by its length, it is not even touched.
        let long = http_body_util::Full::new(Bytes::from(vec![0; MAX_REPLAY_BYTES + 1]));
        let Err(body) = ready(Replay::read(Body::new(long))) else {
            panic!("it is too long");
        };
        assert_eq!(body.size_hint().exact(), Some(MAX_REPLAY_BYTES as u64 + 1));
    }

    #[test]
    fn a_body_that_breaks_off_breaks_off_where_it_did() {
        let frames = vec![
            Ok(Frame::data(Bytes::from_static(b"ab"))),
            Err("reset".into()),
        ];
        let Err(mut body) = ready(Replay::read(Body::new(Pieces(frames.into_iter())))) else {
            panic!("it breaks off");
        };
        let first = ready(body.frame()).unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "ab");
        assert_eq!(
            ready(body.frame()).unwrap().unwrap_err().to_string(),
            "reset"
        );
    }

    #[test]
    fn nothing_stays_nothing() {
        let replay = ready(Replay::read(Body::empty())).unwrap();
        assert!(replay.body().is_empty());
        let end = StreamBody::new(Once(None::<Result<Frame<Bytes>, Infallible>>));
        let replay = ready(Replay::read(Body::new(end))).unwrap();
        assert!(replay.body().is_end_stream());
    }
}
