//! One connection of the simulator's server.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_service::Service;

use super::Simulator;
use super::body::SimulatorBody;
use super::error::SimulatorError;
use super::state::lock;

/// How long a cut waits for a client that takes nothing more.
const CUT_LIMIT: Duration = Duration::from_secs(1);
/// Bytes that fit the receive buffer of any client, so that they arrive whether read yet or not.
const SURE_TO_ARRIVE: u64 = 32 << 10;

/// Serves one connection until it ends, is cut, or is told to close and has finished.
pub(super) async fn serve(
    stream: TcpStream,
    simulator: Simulator,
    mut closed: watch::Receiver<bool>,
) {
    let cut = Arc::new(Cut::default());
    let streams = Arc::new(Mutex::new(JoinSet::new()));
    let builder = auto::Builder::new(StreamExecutor(Arc::downgrade(&streams)));
    let service = service_fn(|request| {
        let request: Request<Incoming> = request;
        if request.version() < Version::HTTP_2 {
            // Whoever asks again has read what was answered before.
            cut.written.store(0, Ordering::Relaxed);
        }
        let answer = simulator.clone().call(request);
        let cut = cut.clone();
        async move {
            match answer.await {
                Ok(response) => Ok(response.map(|body| ConnectionBody { body, cut })),
                Err(SimulatorError::ConnectionReset) => {
                    cut.make();
                    std::future::pending::<Result<Response<ConnectionBody>, SimulatorError>>().await
                }
                Err(error) => Err(error),
            }
        }
    });
    let socket = Arc::new(Mutex::new(stream));
    let io = TokioIo::new(WatchedSocket {
        socket: socket.clone(),
        cut: cut.clone(),
    });
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut closing = false;
    let cut_off = loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => break false,
            () = cut.made.notified() => break true,
            _ = closed.wait_for(|closed| *closed), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if !cut_off {
        return;
    }
    let flushed = poll_fn(|cx| match connection.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(Flushed::AndEnded),
        Poll::Pending if cut.blocked.load(Ordering::Relaxed) => Poll::Pending,
        Poll::Pending => Poll::Ready(Flushed::AndOpen),
    });
    let flushed = timeout(CUT_LIMIT, flushed).await;
    let much = cut.written.load(Ordering::Relaxed) > SURE_TO_ARRIVE;
    if much && matches!(flushed, Ok(Flushed::AndOpen)) {
        // A reset would discard what the system still holds for a client that reads slowly. So
        // that one meets the end of the connection first, after all that was said.
        let _ = poll_fn(|cx| Pin::new(&mut *lock(&socket)).poll_shutdown(cx)).await;
        let _ = timeout(CUT_LIMIT, connection).await;
    }
    // Without lingering, closing resets. Should that fail, the client still meets the end.
    #[allow(
        deprecated,
        reason = "it cannot block at zero, and its successor is newer than the oldest Tokio allowed"
    )]
    let _ = lock(&socket).set_linger(Some(Duration::ZERO));
}

enum Flushed {
    AndOpen,
    AndEnded,
}

/// The script's order to break the connection, and what it takes to obey without losing what was
/// said before: a reset discards what the system has not delivered.
#[derive(Default)]
struct Cut {
    ordered: AtomicBool,
    made: Notify,
    /// The last write found the send buffer full.
    blocked: AtomicBool,
    /// Bytes written that the client may not have read.
    written: AtomicU64,
}

impl Cut {
    fn make(&self) {
        self.ordered.store(true, Ordering::Release);
        self.made.notify_one();
    }

    fn note_write(&self, write: &Poll<io::Result<usize>>) {
        self.blocked.store(write.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(Ok(written)) = write {
            let written = u64::try_from(*written).unwrap_or(u64::MAX);
            self.written.fetch_add(written, Ordering::Relaxed);
        }
    }

    fn is_ordered(&self) -> bool {
        self.ordered.load(Ordering::Acquire)
    }
}

/// Runs the streams of an HTTP/2 connection. The connection alone owns their tasks, so they end
/// with it.
#[derive(Clone)]
struct StreamExecutor(Weak<Mutex<JoinSet<()>>>);

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
{
    fn execute(&self, stream: F) {
        if let Some(streams) = self.0.upgrade() {
            let mut streams = lock(&streams);
            while streams.try_join_next().is_some() {}
            streams.spawn(async move {
                stream.await;
            });
        }
    }
}

/// A body that breaks its connection where the script says so, rather than fail: that way what
/// went before it has been sent.
struct ConnectionBody {
    body: SimulatorBody,
    cut: Arc<Cut>,
}

impl Body for ConnectionBody {
    type Data = Bytes;
    type Error = SimulatorError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SimulatorError>>> {
        if self.cut.is_ordered() {
            // The server may ask again before the connection is gone; an end would look orderly.
            return Poll::Pending;
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Err(SimulatorError::ConnectionReset))) => {
                self.cut.make();
                Poll::Pending
            }
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && !self.cut.is_ordered()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The socket as the protocol sees it, which takes note of what is written.
struct WatchedSocket {
    /// Never locked for longer than a poll, and by one task.
    socket: Arc<Mutex<TcpStream>>,
    cut: Arc<Cut>,
}

impl AsyncRead for WatchedSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.socket)).poll_read(cx, buffer)
    }
}

impl AsyncWrite for WatchedSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut *lock(&self.socket)).poll_write(cx, bytes);
        self.cut.note_write(&write);
        write
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut *lock(&self.socket)).poll_write_vectored(cx, bytes);
        self.cut.note_write(&write);
        write
    }

    fn is_write_vectored(&self) -> bool {
        lock(&self.socket).is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.socket)).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.socket)).poll_shutdown(cx)
    }
}
