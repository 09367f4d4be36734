//! One connection of the simulator's server.

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tower_service::Service;

use super::Simulator;
use super::body::SimulatorBody;
use super::error::SimulatorError;
use super::state::lock;

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
    let io = TokioIo::new(CutStream {
        stream,
        cut: cut.clone(),
    });
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut closing = false;
    loop {
        tokio::select! {
            // The connection goes first: what was said before a cut is sent before it.
            biased;
            _ = connection.as_mut() => break,
            () = cut.made.notified() => break,
            _ = closed.wait_for(|closed| *closed), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The script's order to break the connection.
#[derive(Default)]
struct Cut {
    ordered: AtomicBool,
    made: Notify,
}

impl Cut {
    fn make(&self) {
        self.ordered.store(true, Ordering::Release);
        self.made.notify_one();
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
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Err(SimulatorError::ConnectionReset))) => {
                self.cut.make();
                Poll::Pending
            }
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && !self.cut.ordered.load(Ordering::Acquire)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that, once the script has cut it, closes with a reset instead of an orderly end.
struct CutStream {
    stream: TcpStream,
    cut: Arc<Cut>,
}

impl Drop for CutStream {
    fn drop(&mut self) {
        if self.cut.ordered.load(Ordering::Acquire) {
            // Without lingering, closing resets. Should it fail, the client still sees the end.
            #[allow(
                deprecated,
                reason = "a zero linger does not block, and its successor is newer than the oldest Tokio supported"
            )]
            let _ = self.stream.set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for CutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
