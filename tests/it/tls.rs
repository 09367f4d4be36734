//! TLS with an authority of one's own, and HTTP/2 on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis::Body;
use portcullis::config::{Config, Provider, Target};
use portcullis::gateway::Gateway;
use portcullis::upstream::{Together, UpstreamError};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tower::ServiceExt;

use crate::command::Scratch;
use crate::support::{chat, within};

/// A server that speaks HTTP/2 over TLS and nothing else.
struct Server {
    url: String,
    pem: String,
    connections: Arc<AtomicUsize>,
    /// Every connection is told that it is over.
    go_away: Arc<Notify>,
}

async fn server() -> Server {
    let name = vec!["127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(name).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let go_away = Arc::new(Notify::new());
    let (count, told) = (connections.clone(), go_away.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, count, told) = (acceptor.clone(), count.clone(), told.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                count.fetch_add(1, Ordering::SeqCst);
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer));
                let mut connection = std::pin::pin!(connection);
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = told.notified() => connection.as_mut().graceful_shutdown(),
                }
                let _ = connection.await;
            });
        }
    });
    Server {
        url,
        pem: made.cert.pem(),
        connections,
        go_away,
    }
}

/// Slow where it is asked to be; takes a stream back where it is asked to.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, BrokenOff> {
    assert_eq!(request.version(), Version::HTTP_2);
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if body.windows(4).any(|at| at == b"slow") {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    if body.windows(4).any(|at| at == b"cuts") {
        return Err(BrokenOff);
    }
    let answer = Full::from("{\"choices\":[{\"message\":{\"content\":\"hi\"}}]}");
    let mut response = Response::new(answer);
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
    Ok(response)
}

/// Becomes a reset of the stream.
#[derive(Debug)]
struct BrokenOff;

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken off")
    }
}

impl std::error::Error for BrokenOff {}

fn request(content: &str) -> Request<Body> {
    Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(chat(content, false).to_string()))
        .unwrap()
}

async fn ask(upstream: &Together, content: &str) -> Result<u16, UpstreamError> {
    let answer = within(
        Duration::from_secs(10),
        upstream.clone().oneshot(request(content)),
    );
    let response = answer.await?;
    let status = response.status().as_u16();
    response.into_body().collect().await.unwrap();
    Ok(status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_carries_many_calls_until_it_is_over() {
    let server = server().await;
    let upstream = Together::new().base_url(&server.url).unwrap().without_key();
    // Nobody vouches for it.
    let error = ask(&upstream, "hello").await.unwrap_err();
    assert_eq!(error.kind(), "tls", "{error:?}");
    let upstream = upstream.root_certificates(server.pem.as_bytes()).unwrap();
    assert_eq!(ask(&upstream, "hello").await.unwrap(), 200);
    let calls = (0..20).map(|_| {
        let upstream = upstream.clone();
        tokio::spawn(async move { ask(&upstream, "slow").await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), 200);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);

    // A stream that is taken back is a reset, and the connection lives on.
    let error = ask(&upstream, "cuts").await.unwrap_err();
    assert_eq!(error.kind(), "reset", "{error:?}");
    assert_eq!(ask(&upstream, "hello").await.unwrap(), 200);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);

    // Told that it is over, it finishes what is under way; what comes then goes
    // by another.
    let flying = {
        let upstream = upstream.clone();
        tokio::spawn(async move { ask(&upstream, "slow").await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.go_away.notify_waiters();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ask(&upstream, "hello").await.unwrap(), 200);
    assert_eq!(flying.await.unwrap().unwrap(), 200);
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_authority_of_ones_own_is_set_in_the_file() {
    let server = server().await;
    let mut config = Config::default();
    let mut target = Target::new(Provider::OpenAiCompatible);
    target.base_url = Some(server.url.clone());
    config.providers.targets = vec![target];
    config.policies.chain = Vec::new();
    let call = |gateway: Gateway| async move {
        let service = gateway.into_router();
        let request = request("hello").map(axum::body::Body::new);
        service.oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(call(Gateway::new(&config).unwrap()).await, 502);
    let file = Scratch::new("house.pem", &server.pem);
    config.providers.ca_file = Some(file.path().to_owned());
    config.validate().unwrap();
    assert_eq!(call(Gateway::new(&config).unwrap()).await, 200);
    for (content, why) in [
        ("", "there are none"),
        (
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
            "PEM",
        ),
    ] {
        let file = Scratch::new("bad.pem", content);
        config.providers.ca_file = Some(file.path().to_owned());
        let error = Gateway::new(&config).unwrap_err().to_string();
        assert!(
            error.starts_with("providers.ca_file: ") && error.contains(why),
            "{error}"
        );
    }
    config.providers.ca_file = Some("no/such.pem".to_owned());
    let error = Gateway::new(&config).unwrap_err().to_string();
    assert!(error.contains("no/such.pem"), "{error}");
}
