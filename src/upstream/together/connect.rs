//! The pooled client, and what its errors mean.

use std::error::Error;
use std::fmt;
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
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
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

/// Certificates of authorities that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCertificates {
    why: String,
}

impl fmt::Display for InvalidCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no certificates of an authority in PEM: {}; they begin with \
             -----BEGIN CERTIFICATE-----",
            self.why
        )
    }
}

impl Error for InvalidCertificates {}

/// The authorities that browsers trust.
pub(super) fn web_roots() -> RootCertStore {
    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

/// Those, and some of one's own.
pub(super) fn with_roots(pem: &[u8]) -> Result<RootCertStore, InvalidCertificates> {
    let invalid = |why: String| InvalidCertificates { why };
    let mut roots = web_roots();
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| invalid(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| invalid(error.to_string()))?;
    }
    if roots.len() == before {
        return Err(invalid("there are none".to_owned()));
    }
    Ok(roots)
}

/// HTTP/1.1 and HTTP/2, as the upstream offers (ALPN, RFC 7301).
pub(super) fn client(roots: RootCertStore) -> HttpClient {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_keepalive(Some(Duration::from_secs(60)));
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
        // What is broken HTTP aside, and what is wrong with the request: a
        // connection that went away, or a stream of HTTP/2 that was taken back.
        http.is_some_and(|e| !e.is_parse() && !e.is_user())
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
