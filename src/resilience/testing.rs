//! What the tests of several layers need.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower_service::Service;

use crate::body::{Body, BoxError};
use crate::upstream::UpstreamError;

pub(super) type Answer = Result<Response<Body>, UpstreamError>;

/// What was asked, and when.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) at: Instant,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Bytes,
}

/// An upstream that answers as it is told.
#[derive(Clone)]
pub(super) struct Upstream {
    answer: Arc<dyn Fn(usize) -> Answer + Send + Sync>,
    delay: Duration,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Upstream {
    /// Answers the call of each number, from 0.
    pub(super) fn new(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            answer: Arc::new(answer),
            delay: Duration::ZERO,
            asked: Arc::default(),
        }
    }

    /// Answers so, one after the other, then with 200.
    pub(super) fn script(answers: Vec<Answer>) -> Self {
        let answers = Mutex::new(VecDeque::from(answers));
        Self::new(move |_| {
            answers
                .lock()
                .unwrap()
                .pop_front()
                .unwrap_or_else(|| ok("fine"))
        })
    }

    pub(super) fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Service<Request<Body>> for Upstream {
    type Response = Response<Body>;
    type Error = UpstreamError;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), UpstreamError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let at = Instant::now();
            let (parts, body) = request.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(error) => return Err(UpstreamError::Reset(error)),
            };
            let headers = parts.headers;
            let number = {
                let mut asked = this.asked.lock().unwrap();
                asked.push(Asked { at, headers, body });
                asked.len() - 1
            };
            tokio::time::sleep(this.delay).await;
            (this.answer)(number)
        })
    }
}

pub(super) fn ok(body: &'static str) -> Answer {
    Ok(Response::new(Body::from(body)))
}

pub(super) fn status(status: u16) -> Answer {
    let mut response = Response::new(Body::from("{}"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}

pub(super) fn connect() -> Answer {
    Err(UpstreamError::Connect("refused".into()))
}

pub(super) fn reset() -> Answer {
    Err(UpstreamError::Reset("reset".into()))
}

/// A frame of a body, its end, or a pause.
pub(super) enum Step {
    Data(&'static str),
    Break,
    Wait(Duration),
}

/// A body that comes in steps.
pub(super) struct Steps {
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl http_body::Body for Steps {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            return Poll::Ready(match self.steps.pop_front() {
                None => None,
                Some(Step::Data(data)) => {
                    Some(Ok(Frame::data(Bytes::from_static(data.as_bytes()))))
                }
                Some(Step::Break) => Some(Err(UpstreamError::Reset("cut".into()).into())),
                Some(Step::Wait(pause)) => {
                    self.pause = Some(Box::pin(tokio::time::sleep(pause)));
                    continue;
                }
            });
        }
    }
}

/// A streamed answer of server-sent events, or of anything else.
pub(super) fn steps(events: bool, steps: impl IntoIterator<Item = Step>) -> Answer {
    let mut response = Response::new(Body::new(Steps {
        steps: steps.into_iter().collect(),
        pause: None,
    }));
    if events {
        let kind = http::HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert("content-type", kind);
    }
    Ok(response)
}

pub(super) fn request(body: &'static str) -> Request<Body> {
    Request::post("/v1/chat/completions")
        .body(Body::from(body))
        .unwrap()
}
