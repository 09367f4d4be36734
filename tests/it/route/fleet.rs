//! Simulators behind a router, in process, on the paused clock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use portcullis::call::CallRecord;
use portcullis::route::{RouteLayer, RouteService, Strategy};
use portcullis::target::Target;
use portcullis::upstream::simulator::{Reply, Simulator, SimulatorFuture};
use portcullis::{AuditLayer, Body};
use serde_json::Value;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

use crate::support::{Records, chat, streamed_text};

/// One simulator for each target, found by the target's id.
#[derive(Clone, Default)]
pub(crate) struct Fleet(Arc<HashMap<String, Simulator>>);

impl Fleet {
    pub(crate) fn new(simulators: impl IntoIterator<Item = (&'static str, Simulator)>) -> Self {
        let ships = simulators.into_iter();
        Self(Arc::new(
            ships
                .map(|(id, simulator)| (id.to_owned(), simulator.any_model()))
                .collect(),
        ))
    }

    pub(crate) fn ship(&self, id: &str) -> &Simulator {
        &self.0[id]
    }

    /// How many requests each has had.
    pub(crate) fn counts(&self, ids: &[&str]) -> Vec<u64> {
        ids.iter().map(|id| self.ship(id).request_count()).collect()
    }
}

impl Service<Request<Body>> for Fleet {
    type Response = Response<portcullis::upstream::simulator::SimulatorBody>;
    type Error = portcullis::upstream::simulator::SimulatorError;
    type Future = SimulatorFuture;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> SimulatorFuture {
        let id = Target::of(request.extensions()).unwrap().id().to_owned();
        self.ship(&id).clone().call(request)
    }
}

/// A target that nobody calls but the fleet.
pub(crate) fn target(id: &str) -> Target {
    Target::compatible(id, "http://127.0.0.1:9/v1").unwrap()
}

pub(crate) type Routed<S> = RouteService<Fleet, S>;

pub(crate) fn routed<S: Strategy>(layer: &RouteLayer<S>, fleet: &Fleet) -> Routed<S> {
    layer.layer(fleet.clone())
}

/// What a client got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The body broke off.
    pub(crate) broken: bool,
}

impl Got {
    pub(crate) fn text(&self) -> String {
        if self.body.starts_with("data:") || self.body.starts_with(':') {
            return streamed_text(self.body.as_bytes());
        }
        let answer: Value = serde_json::from_str(&self.body).unwrap();
        let content = &answer["choices"][0]["message"]["content"];
        content.as_str().unwrap_or_default().to_owned()
    }

    /// The code of the error, where there is one: the body's, or that of an
    /// event of the stream.
    pub(crate) fn error(&self) -> Option<String> {
        let events = self
            .body
            .lines()
            .map(|line| line.strip_prefix("data:").unwrap_or(line));
        let errors: Vec<Value> = events
            .filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok())
            .filter(|event| event["error"].is_object())
            .collect();
        assert!(errors.len() <= 1, "{}", self.body);
        let code = &errors.first()?["error"]["code"];
        Some(code.as_str().unwrap_or("?").to_owned())
    }

    /// A whole answer, as a client takes it.
    pub(crate) fn is_whole(&self) -> bool {
        self.status == 200
            && !self.broken
            && self.error().is_none()
            && (!self.body.starts_with("data:") || self.body.trim_end().ends_with("data: [DONE]"))
    }
}

pub(crate) async fn ask<S: Service<Request<Body>, Response = Response<Body>>>(
    service: S,
    request: Request<Body>,
) -> Got {
    let Ok(response) = service.oneshot(request).await else {
        return Got {
            status: 0,
            body: String::new(),
            broken: true,
        };
    };
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let (mut bytes, mut broken) = (Vec::new(), false);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |d| d)),
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    Got {
        status,
        body: String::from_utf8(bytes).unwrap(),
        broken,
    }
}

pub(crate) fn request(stream: bool) -> Request<Body> {
    request_of(&chat("Hello", stream))
}

pub(crate) fn request_of(body: &Value) -> Request<Body> {
    Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// Asks once and gives the record of the call too.
pub(crate) async fn recorded<S: Strategy>(
    layer: &RouteLayer<S>,
    fleet: &Fleet,
    request: Request<Body>,
) -> (Got, CallRecord) {
    let records = Records::default();
    let service = AuditLayer::new(records.clone()).layer(routed(layer, fleet));
    let got = ask(service, request).await;
    (got, records.all().remove(0))
}

/// Replies as `at` says for the time since the simulator was made.
pub(crate) fn timed(at: impl Fn(Duration) -> Reply + Send + Sync + 'static) -> Simulator {
    let start = Instant::now();
    Simulator::new().when(move |_| Some(at(start.elapsed())))
}
