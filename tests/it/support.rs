//! What several of the tests need.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portcullis::call::{CallReader, CallRecord};
use portcullis::config::{Config, Provider, Target};
use portcullis::gateway::Gateway;
use portcullis::upstream::simulator::{Simulator, SimulatorServer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const MODEL: &str = "meta-llama/Llama-3.3-70B-Instruct-Turbo";

/// Keeps records where a test can look at them.
#[derive(Clone, Default)]
pub(crate) struct Records(Arc<Mutex<Vec<CallRecord>>>);

impl CallReader for Records {
    fn call_ended(&self, record: &CallRecord) {
        self.0.lock().unwrap().push(record.clone());
    }
}

impl Records {
    pub(crate) fn all(&self) -> Vec<CallRecord> {
        self.0.lock().unwrap().clone()
    }

    /// The records, once there are `count` of them.
    pub(crate) async fn wait(&self, count: usize) -> Vec<CallRecord> {
        within(Duration::from_secs(5), async {
            while self.all().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        self.all()
    }
}

pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future)
        .await
        .unwrap_or_else(|_| panic!("took longer than {limit:?}"))
}

/// A gateway in front of a simulator, both on sockets.
pub(crate) struct House {
    pub(crate) upstream: SimulatorServer,
    pub(crate) address: SocketAddr,
    pub(crate) records: Records,
    /// Until it has stopped: connections to the upstream live as long.
    gateway: Option<Gateway>,
    pub(crate) config: Config,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

impl House {
    pub(crate) async fn open(simulator: Simulator) -> Self {
        Self::with(simulator, |_| {}).await
    }

    pub(crate) async fn with(simulator: Simulator, change: impl FnOnce(&mut Config)) -> Self {
        let upstream = simulator.bind("127.0.0.1:0").await.unwrap();
        let mut target = Target::new(Provider::OpenAiCompatible);
        target.base_url = Some(upstream.base_url());
        let mut config = Config::default();
        config.providers.targets = vec![target];
        change(&mut config);
        let records = Records::default();
        let gateway = Gateway::with_audit(&config, Some(Arc::new(records.clone()))).unwrap();
        let gateway = gateway.drain_timeout(Duration::from_secs(2));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(gateway.clone().serve(listener, async {
            let _ = stopped.await;
        }));
        Self {
            upstream,
            address,
            records,
            gateway: Some(gateway),
            config,
            stop: Some(stop),
            served,
        }
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        self.upstream.simulator()
    }

    /// Tells the gateway to stop.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the gateway has stopped.
    pub(crate) async fn stopped(&mut self) {
        (&mut self.served).await.unwrap().unwrap();
        self.gateway = None;
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().unwrap()
    }

    pub(crate) async fn chat(&self, content: &str, stream: bool) -> Answer {
        let body = chat(content, stream).to_string();
        post(&client(), self.address, "/v1/chat/completions", body).await
    }
}

pub(crate) fn chat(content: &str, stream: bool) -> Value {
    json!({
        "model": MODEL,
        "stream": stream,
        "messages": [{"role": "user", "content": content}],
    })
}

pub(crate) type HttpClient = Client<HttpConnector, Full<Bytes>>;

pub(crate) fn client() -> HttpClient {
    Client::builder(TokioExecutor::new()).build_http()
}

pub(crate) fn client_h2() -> HttpClient {
    Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The answer's body broke off.
    pub(crate) broken: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&self.body));
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The error's code, in OpenAI's shape.
    pub(crate) fn code(&self) -> String {
        let error = self.json()["error"].clone();
        for member in ["message", "type", "param", "code"] {
            assert!(error.get(member).is_some(), "{member} in {error}");
        }
        error["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) async fn send(
    client: &HttpClient,
    request: Request<Full<Bytes>>,
) -> http::Response<Incoming> {
    within(Duration::from_secs(20), client.request(request))
        .await
        .unwrap()
}

pub(crate) async fn post(client: &HttpClient, to: SocketAddr, path: &str, body: String) -> Answer {
    let request = Request::post(format!("http://{to}{path}"))
        .header("content-type", "application/json")
        .header("authorization", "Bearer client-key")
        .body(Full::from(body))
        .unwrap();
    read(send(client, request).await).await
}

pub(crate) async fn read(response: http::Response<Incoming>) -> Answer {
    let (parts, mut body) = response.into_parts();
    let (mut bytes, mut broken) = (Vec::new(), false);
    while let Some(frame) = within(Duration::from_secs(20), body.frame()).await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |d| d)),
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    Answer {
        status: parts.status,
        version: parts.version,
        headers: parts.headers,
        body: bytes.into(),
        broken,
    }
}

/// What a client reads of a stream's first choice.
pub(crate) fn streamed_text(body: &[u8]) -> String {
    std::str::from_utf8(body)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok())
        .filter_map(|event| {
            let content = &event["choices"][0]["delta"]["content"];
            content.as_str().map(str::to_owned)
        })
        .collect()
}
