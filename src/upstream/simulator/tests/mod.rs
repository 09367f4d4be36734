//! Tests of the simulator: `answers` and `routes` for what it says, `streams` for the shape of
//! streams, `faults` for how it fails and when, `observation` for what it records, `sockets` for
//! the server.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower_service::Service;

use super::{Simulator, SimulatorBody, SimulatorError};

mod answers;
mod faults;
mod observation;
mod properties;
mod routes;
mod sockets;
mod streams;

const MODEL: &str = "Qwen/Qwen3.5-9B";

fn request(method: Method, path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .body(Full::new(body.into()))
        .unwrap()
}

fn chat(extra: Value) -> Value {
    let mut body = json!({
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "I am Ann."},
        ],
    });
    let fields = extra.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body
}

async fn call(
    simulator: &Simulator,
    request: Request<Full<Bytes>>,
) -> Result<Response<SimulatorBody>, SimulatorError> {
    simulator.clone().call(request).await
}

async fn post(simulator: &Simulator, path: &str, body: &Value) -> Response<SimulatorBody> {
    call(simulator, request(Method::POST, path, body.to_string()))
        .await
        .unwrap()
}

async fn post_chat(simulator: &Simulator, extra: Value) -> Response<SimulatorBody> {
    post(simulator, "/v1/chat/completions", &chat(extra)).await
}

async fn json_of(response: Response<SimulatorBody>) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice(&response.collect().await.unwrap().to_bytes()).unwrap()
}

/// The data of every event of a stream with plain line feeds.
async fn events_of(response: Response<SimulatorBody>) -> Vec<String> {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.collect().await.unwrap().to_bytes();
    events(std::str::from_utf8(&text).unwrap())
}

fn events(text: &str) -> Vec<String> {
    let whole = text.strip_suffix("\n\n").unwrap();
    let data = whole.split("\n\n");
    data.map(|event| event.strip_prefix("data: ").unwrap().to_owned())
        .collect()
}

/// The chunks of a stream that ends with `[DONE]`.
async fn chunks_of(response: Response<SimulatorBody>) -> Vec<Value> {
    let mut events = events_of(response).await;
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    let parsed = events.iter().map(|event| serde_json::from_str(event));
    parsed.collect::<Result<_, _>>().unwrap()
}

/// The frames up to the end or the error.
async fn frames(body: &mut SimulatorBody) -> (Vec<Bytes>, Option<SimulatorError>) {
    let mut frames = Vec::new();
    loop {
        match body.frame().await {
            None => return (frames, None),
            Some(Ok(frame)) => frames.push(frame.into_data().unwrap()),
            Some(Err(error)) => return (frames, Some(error)),
        }
    }
}
