//! The pooled client, and what its errors mean.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use crate::body::{Body, BoxError, TimedOut};
use crate::target::{UpstreamError, causes};

pub(super) type HttpClient = Client<Connector, Body>;

tokio::task_local! {
    /// How long the call at hand may take to connect. The pool is shared by
    /// all targets, and asks the connector while the call is being polled.
    pub(super) static CONNECT_TIMEOUT: Duration;
}

/// Connects, and secures the connection, within the time of the target.
#[derive(Clone)]
pub(super) struct Connector(HttpsConnector<HttpConnector>);

impl Service<Uri> for Connector {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = CONNECT_TIMEOUT.try_with(|limit| *limit).unwrap_or(DEFAULT);
        let connecting = tokio::time::timeout(limit, self.0.call(uri));
        Box::pin(async move {
            connecting
                .await
                .unwrap_or_else(|_| Err(TimedOut { limit }.into()))
        })
    }
}

const DEFAULT: Duration = Duration::from_secs(10);

/// HTTP/1.1 and HTTP/2, as the upstream offers (ALPN, RFC 7301).
pub(super) fn client() -> HttpClient {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_keepalive(Some(Duration::from_secs(60)));
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = rustls::crypto::ring::default_provider();
    #[expect(clippy::expect_used, reason = "proved below")]
    let tls = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        // Fails only for a provider without cipher suites for TLS 1.2 and 1.3;
        // ring's default one has both.
        .expect("ring supports the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(http);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(90))
        .http2_keep_alive_interval(Duration::from_secs(30))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .http2_adaptive_window(true)
        .build(Connector(connector))
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>())
}

fn is_reset(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let http = cause.downcast_ref::<hyper::Error>();
        let io = cause.downcast_ref::<io::Error>();
        http.is_some_and(|e| e.is_incomplete_message() || e.is_closed() || e.is_canceled())
            || io.is_some_and(|e| {
                matches!(
                    e.kind(),
                    io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::BrokenPipe
                        | io::ErrorKind::UnexpectedEof
                )
            })
    })
}

pub(super) fn of_client(error: hyper_util::client::legacy::Error) -> UpstreamError {
    if is_tls(&error) {
        UpstreamError::Tls(error.into())
    } else if error.is_connect() {
        UpstreamError::Connect(error.into())
    } else if is_reset(&error) {
        UpstreamError::Reset(error.into())
    } else {
        UpstreamError::Protocol(error.into())
    }
}

pub(super) fn of_body(error: hyper::Error) -> UpstreamError {
    // Broken framing aside, a body that fails is one that was cut short.
    if error.is_parse() {
        UpstreamError::Protocol(error.into())
    } else {
        UpstreamError::Reset(error.into())
    }
}
