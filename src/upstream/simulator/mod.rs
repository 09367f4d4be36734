//! A simulator of Together AI's OpenAI-compatible API.
//!
//! A [`Simulator`] answers as the API does, without a model behind it: every answer is made from
//! the request and from a script of [`Reply`]s, identifiers count up and times stand still, so the
//! same requests in the same order get the same bytes. It is a [`tower_service::Service`] to call
//! in process, under a paused clock if wanted, and can serve a socket
//! ([`bind`](Simulator::bind)).
//!
//! It knows `POST` `/chat/completions`, `/completions`, `/embeddings`, `/rerank`,
//! `/images/generations` and `/audio/speech`, and `GET` `/models`, each with or without `/v1`.

mod activity;
mod answer;
mod body;
mod catalogue;
mod chat;
mod chat_stream;
mod choice;
mod completions;
mod connection;
mod error;
mod events;
mod media;
mod record;
mod reply;
mod request;
mod retrieval;
mod route;
mod script;
mod service;
mod socket;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod turns;
mod wire;

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, ToSocketAddrs};

pub use self::body::SimulatorBody;
pub use self::choice::Choice;
pub use self::error::SimulatorError;
pub use self::record::RecordedRequest;
pub use self::reply::{Newline, Reply};
pub use self::service::SimulatorFuture;
pub use self::socket::SimulatorServer;

use self::state::Shared;

/// A simulator of Together AI's API; clones share script, settings and record.
///
/// The reply to a request is the one of the first [`when`](Self::when) rule that has any, else the
/// next one queued by [`reply`](Self::reply), else the one given to [`always`](Self::always),
/// which at first quotes the last user message. A request that is refused (a missing key, an
/// unknown model, broken JSON) takes nothing from the queue, nor does `GET /models`.
///
/// Pauses need a Tokio runtime with its clock enabled; nothing else does in process, where no
/// task is spawned.
///
/// ```
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::{BodyExt, Full};
/// use portcullis::upstream::simulator::{Reply, Simulator};
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut simulator = Simulator::new().reply(Reply::text("Hello, Ann."));
/// let request = Request::post("/v1/chat/completions").body(Full::new(Bytes::from(
///     r#"{"model": "Qwen/Qwen3.5-9B", "messages": [{"role": "user", "content": "Hi"}]}"#,
/// )))?;
/// let response = simulator.call(request).await?;
/// let body = response.into_body().collect().await?.to_bytes();
/// let answer: serde_json::Value = serde_json::from_slice(&body)?;
/// assert_eq!(answer["choices"][0]["message"]["content"], "Hello, Ann.");
/// assert_eq!(simulator.requests().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

impl Simulator {
    /// A simulator that quotes the last user message.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared::new()),
        }
    }

    /// Queues a reply: each is used once, in order.
    #[must_use]
    pub fn reply(self, reply: Reply) -> Self {
        self.push(reply);
        self
    }

    /// Queues a reply while the simulator is in use; see [`reply`](Self::reply).
    pub fn push(&self, reply: Reply) {
        self.shared.script().push(reply);
    }

    /// Answers so whenever no rule applies and the queue is empty.
    #[must_use]
    pub fn always(self, reply: Reply) -> Self {
        self.shared.script().set_always(reply);
        self
    }

    /// Adds a rule: where it returns a reply, the request gets that one and the queue stays as it
    /// is. Rules are asked in the order added, on every path, known or not; a reply of
    /// [`status`](Reply::status), [`raw`](Reply::raw) or [`reset`](Reply::reset) is given whatever
    /// the request was, and others only if it is valid.
    #[must_use]
    pub fn when<F>(self, rule: F) -> Self
    where
        F: Fn(&RecordedRequest) -> Option<Reply> + Send + Sync + 'static,
    {
        self.shared.script().add_rule(Arc::new(rule));
        self
    }

    /// Refuses every request without this bearer key.
    #[must_use]
    pub fn require_key(self, key: impl Into<String>) -> Self {
        self.shared.set_key(key.into());
        self
    }

    /// Serves this model too, as a chat model that costs nothing.
    #[must_use]
    pub fn model(self, id: impl Into<String>) -> Self {
        self.shared.change_catalogue(|models| models.add(id.into()));
        self
    }

    /// Serves any model a request names, listed or not.
    #[must_use]
    pub fn any_model(self) -> Self {
        self.shared.change_catalogue(|models| models.serve_any());
        self
    }

    /// The requests received, oldest first: the last 1024 at most, and no more than 64 MiB of
    /// bodies.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.requests().all()
    }

    /// The request received last.
    #[must_use]
    pub fn last_request(&self) -> Option<RecordedRequest> {
        self.shared.requests().last()
    }

    /// How many requests were received since the beginning, including those no longer recorded.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.shared.requests().total()
    }

    /// How many clients went away before the end of their response: response bodies, or futures
    /// already polled, that were dropped early. A [cut](Reply::cut_after) is the simulator's own
    /// doing and does not count.
    #[must_use]
    pub fn disconnects(&self) -> u64 {
        self.shared.activity.counts().disconnects
    }

    /// How many requests are being answered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.activity.counts().in_flight
    }

    /// Waits until there has been a disconnect, if there was none yet.
    pub async fn disconnected(&self) {
        self.disconnected_times(1).await;
    }

    /// Waits until there have been this many disconnects since the beginning.
    pub async fn disconnected_times(&self, times: u64) {
        let activity = &self.shared.activity;
        activity.reached(|counts| counts.disconnects >= times).await;
    }

    /// Waits until no request is being answered.
    pub async fn idle(&self) {
        let activity = &self.shared.activity;
        activity.reached(|counts| counts.in_flight == 0).await;
    }

    /// Serves this address, over HTTP/1.1 and over HTTP/2 with prior knowledge.
    ///
    /// # Errors
    ///
    /// Fails if the address cannot be bound.
    pub async fn bind(&self, address: impl ToSocketAddrs) -> io::Result<SimulatorServer> {
        self.serve(TcpListener::bind(address).await?)
    }

    /// Serves a listener; see [`bind`](Self::bind). It needs to be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Fails if the listener has no address or there is no runtime to serve it.
    pub fn serve(&self, listener: TcpListener) -> io::Result<SimulatorServer> {
        SimulatorServer::start(self.clone(), listener)
    }
}

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.shared.activity.counts();
        f.debug_struct("Simulator")
            .field("requests", &self.request_count())
            .field("in_flight", &counts.in_flight)
            .field("disconnects", &counts.disconnects)
            .field("queued", &self.shared.script().queued())
            .field("requires_key", &self.shared.key().is_some())
            .finish_non_exhaustive()
    }
}
