//! The simulator behind a socket.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::Simulator;
use super::connection;

/// How long [`SimulatorServer::shutdown`] lets open responses finish.
const GRACE: Duration = Duration::from_secs(1);
/// The pause after an accept that failed, which mostly means too many open files.
const ACCEPT_RETRY: Duration = Duration::from_millis(10);

/// A [`Simulator`] served on a socket. Dropping it stops every task it spawned and so closes the
/// listener and all connections.
///
/// ```
/// use portcullis::upstream::simulator::Simulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = Simulator::new().bind("127.0.0.1:0").await?;
/// println!("give your client the base URL {}", server.base_url());
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct SimulatorServer {
    simulator: Simulator,
    address: SocketAddr,
    connections: Arc<Connections>,
    closing: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Connections {
    accepted: AtomicU64,
    open: AtomicUsize,
}

/// One open connection, counted until it is dropped.
struct Open(Arc<Connections>);

impl Open {
    fn new(connections: &Arc<Connections>) -> Self {
        connections.accepted.fetch_add(1, Ordering::Relaxed);
        connections.open.fetch_add(1, Ordering::Relaxed);
        Self(connections.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl SimulatorServer {
    pub(super) fn start(simulator: Simulator, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let connections = Arc::new(Connections::default());
        let (closing, closed) = watch::channel(false);
        let accepting = runtime.spawn(accept(
            listener,
            simulator.clone(),
            connections.clone(),
            closed,
        ));
        Ok(Self {
            simulator,
            address,
            connections,
            closing,
            accepting,
        })
    }

    /// The address served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for a client, `/v1` included.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The simulator served, to queue replies and to see what was asked.
    #[must_use]
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// How many connections were accepted since the beginning.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.accepted.load(Ordering::Relaxed)
    }

    /// How many connections are open.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.connections.open.load(Ordering::Relaxed)
    }

    /// Accepts no more connections, lets open responses finish for up to a second, then closes
    /// what is left and returns once every task has ended.
    pub async fn shutdown(mut self) {
        self.closing.send_replace(true);
        // It fails only if the task was aborted, and then it has ended just as well.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for SimulatorServer {
    fn drop(&mut self) {
        // The task owns the connections' tasks, which end with it.
        self.accepting.abort();
    }
}

impl fmt::Debug for SimulatorServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorServer")
            .field("address", &self.address)
            .field("connections", &self.connections())
            .field("open_connections", &self.open_connections())
            .finish_non_exhaustive()
    }
}

async fn accept(
    listener: TcpListener,
    simulator: Simulator,
    connections: Arc<Connections>,
    mut closed: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = closed.wait_for(|closed| *closed) => break,
            // Takes finished tasks out, so that the set holds no more than the open connections.
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let open = Open::new(&connections);
                // Small events are to leave at once. A socket that refuses still works.
                let _ = stream.set_nodelay(true);
                let served = connection::serve(stream, simulator.clone(), closed.clone());
                tasks.spawn(async move {
                    served.await;
                    drop(open);
                });
            }
            Err(_) => sleep(ACCEPT_RETRY).await,
        }
    }
    drop(listener);
    let finished = async { while tasks.join_next().await.is_some() {} };
    if timeout(GRACE, finished).await.is_err() {
        tasks.shutdown().await;
    }
}
