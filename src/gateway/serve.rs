//! Connections: HTTP/1.1 and HTTP/2 (prior knowledge), kept alive, and none
//! left behind when the server is.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::Service as _;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    drain: Duration,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "listening");
    let tasks = Tasks::default();
    let mut builder = Builder::new(tasks.clone());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let graceful = GracefulShutdown::new();
    // Dropped with this future, and with it every connection.
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Of the peer, or for want of file handles: neither is a
                    // reason to stop, the latter one to wait.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let watcher = graceful.watcher();
        connections.spawn(connection(builder.clone(), stream, router.clone(), watcher));
    }
    drop(listener);
    tracing::info!(
        connections = connections.len(),
        "stopping: calls in flight may finish"
    );
    if tokio::time::timeout(drain, graceful.shutdown())
        .await
        .is_err()
    {
        let left = connections.len();
        tracing::warn!(left, "calls in flight took too long and are cut off");
    }
    connections.shutdown().await;
    tasks.shutdown().await;
    Ok(())
}

/// Serves one connection to its end.
async fn connection(builder: Builder<Tasks>, stream: TcpStream, router: Router, watcher: Watcher) {
    // Events are small, and each is awaited.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let builder = match tokio::time::timeout(HEAD_TIMEOUT, preface(&stream)).await {
        Ok(Ok(Spoken::Http2)) => builder.http2_only(),
        Ok(Ok(Spoken::Http1)) => builder.http1_only(),
        // Gone, or silent.
        Ok(Err(_)) | Err(_) => return,
    };
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move { router.call(request).await }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

enum Spoken {
    Http1,
    Http2,
}

/// Which protocol the client speaks, by its first bytes, which stay where they
/// are. The server's own way to find out has no limit in time.
async fn preface(stream: &TcpStream) -> io::Result<Spoken> {
    const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut seen = [0; HTTP2.len()];
    loop {
        let length = stream.peek(&mut seen).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if seen[..length] != HTTP2[..length] {
            return Ok(Spoken::Http1);
        }
        if length == HTTP2.len() {
            return Ok(Spoken::Http2);
        }
        // What is there stays there, so there is nothing to wait for but time.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The tasks of HTTP/2 streams, which end with the server.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    fn set(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn shutdown(self) {
        let mut tasks = std::mem::take(&mut *self.set());
        tasks.shutdown().await;
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut tasks = self.set();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(future);
    }
}
