//! Reading the beginning of a body, and putting it back.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt as _;

use super::inspect::Rest;
use super::{Body, BoxError, Kind};

/// A body of which the beginning is read. Its observers are not told: they
/// wait for what the client gets.
pub(crate) struct Front {
    body: Body,
    read: Vec<Bytes>,
    length: usize,
    trailers: Option<HeaderMap>,
    broken: Option<BoxError>,
    ended: bool,
}

impl Front {
    pub(crate) fn of(body: Body) -> Self {
        Self {
            body,
            read: Vec::new(),
            length: 0,
            trailers: None,
            broken: None,
            ended: false,
        }
    }

    /// The next frame of data; `None` at the end, or when it broke off.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if self.ended || self.broken.is_some() {
                return Poll::Ready(None);
            }
            match ready!(self.body.poll_kind(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.length += data.len();
                        self.read.push(data.clone());
                        return Poll::Ready(Some(data));
                    }
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
                Some(Err(error)) => {
                    self.body
                        .observers
                        .iter_mut()
                        .for_each(|observer| observer.broke_off(&error));
                    self.broken = Some(error);
                }
                None => self.ended = true,
            }
        }
    }

    /// How much has been read, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Why it broke off.
    pub(crate) fn broken(&self) -> Option<&BoxError> {
        self.broken.as_ref()
    }

    /// What has been read, if there is no more of it, as one.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        if !self.ended || self.broken.is_some() {
            return None;
        }
        Some(match self.read.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            several => several.concat().into(),
        })
    }

    /// Nobody wants it, for this reason: its observers are told.
    pub(crate) fn give_up(mut self, reason: &BoxError) {
        self.body
            .observers
            .iter_mut()
            .for_each(|observer| observer.broke_off(reason));
    }

    /// The body as it came.
    pub(crate) fn put_back(self) -> Body {
        let mut body = self.body;
        let untouched = self.read.is_empty() && self.trailers.is_none();
        if untouched && self.broken.is_none() && !self.ended {
            return body;
        }
        let observers = std::mem::take(&mut body.observers);
        let whole = self.ended && self.trailers.is_none() && self.read.len() <= 1;
        let mut front = if whole {
            Body::from(self.read.into_iter().next().unwrap_or_default())
        } else {
            let rest = Rest {
                read: self.read.into(),
                body,
                trailers: self.trailers,
                broken: self.broken,
            };
            Body::of(Kind::Stream(rest.boxed_unsync()))
        };
        front.observers = observers;
        if front.is_empty() {
            // Nobody reads what is known to be empty.
            front.end(None);
        }
        front
    }
}
