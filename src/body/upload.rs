//! Who a request's body is waiting for.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

#[cfg(feature = "together")]
use super::inspection::Problem;
use super::inspection::timed_out;
use super::{Body, BoxError, Kind};

/// What is known of a request's body on its way: a client that is slow, or
/// breaks off, is not the upstream's failure.
#[derive(Clone, Default)]
pub(crate) struct Upload(Arc<AtomicU8>);

const FLOWS: u8 = 0;
const WAITS: u8 = 1;
const BROKEN: u8 = 2;
const TIMED_OUT: u8 = 3;

impl Upload {
    /// Watches a body that is still to come.
    pub(crate) fn watch(mut body: Body) -> (Body, Self) {
        let upload = Self::default();
        if matches!(body.kind, Kind::Stream(_)) {
            let observers = std::mem::take(&mut body.observers);
            let watched = Watched {
                inner: body,
                upload: upload.clone(),
            };
            body = Body::of(Kind::Stream(watched.boxed_unsync()));
            body.observers = observers;
        }
        (body, upload)
    }

    /// Whether more of it is awaited from the client.
    pub(crate) fn waits(&self) -> bool {
        self.0.load(Ordering::Relaxed) == WAITS
    }

    /// What the client has done wrong.
    #[cfg(feature = "together")]
    pub(crate) fn problem(&self) -> Option<Problem> {
        match self.0.load(Ordering::Relaxed) {
            BROKEN => Some(Problem::Broken),
            TIMED_OUT => Some(Problem::TimedOut),
            _ => None,
        }
    }
}

struct Watched {
    inner: Body,
    upload: Upload,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        let state = match &polled {
            Poll::Pending => WAITS,
            Poll::Ready(Some(Err(error))) if timed_out(error) => TIMED_OUT,
            Poll::Ready(Some(Err(_))) => BROKEN,
            Poll::Ready(_) => FLOWS,
        };
        self.upload.0.store(state, Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
