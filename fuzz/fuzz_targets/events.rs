//! Any bytes are survived as a stream of events, and frames change nothing.
#![no_main]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::{Body as _, Frame};
use libfuzzer_sys::fuzz_target;
use portcullis::{Body, PiiRedactLayer};
use tower::{Layer, Service, service_fn};

struct Frames(VecDeque<Bytes>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn filtered(frames: VecDeque<Bytes>) -> Vec<u8> {
    let mut service = PiiRedactLayer::default().layer(service_fn(move |_: Request<Body>| {
        let mut response = Response::new(Body::new(Frames(frames.clone())));
        let events = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert("content-type", events);
        std::future::ready(Ok::<_, Infallible>(response))
    }));
    let mut cx = Context::from_waker(Waker::noop());
    let mut call = pin!(service.call(Request::new(Body::empty())));
    let Poll::Ready(Ok(response)) = call.as_mut().poll(&mut cx) else {
        panic!("nothing here waits");
    };
    let mut body = response.into_body();
    let mut out = Vec::new();
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut cx) {
        if let Ok(data) = frame.into_data() {
            out.extend_from_slice(&data);
        }
    }
    out
}

fuzz_target!(|input: (&[u8], u8)| {
    let (bytes, size) = input;
    let whole = filtered([Bytes::copy_from_slice(bytes)].into());
    let size = usize::from(size % 16) + 1;
    let frames = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    // A line feed behind a cut carriage return may go when a stream is ended.
    let lines = |out: &[u8]| -> Vec<Vec<u8>> {
        out.split(|byte| b"\r\n".contains(byte))
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    };
    assert_eq!(lines(&filtered(frames)), lines(&whole));
});
