//! The layers in apps of many kinds.

use std::convert::Infallible;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use portcullis::upstream::simulator::{Reply, Simulator};
use portcullis::upstream::{ErrorResponseLayer, Together};
use portcullis::{AuditLayer, Body, BoxError, PiiRedactLayer};
use tokio::net::TcpListener;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support;
use crate::support::{MODEL, Records, chat, client, streamed_text};

const ASKED: &str =
    r#"{"model":"m","messages":[{"role":"user","content":"I am jane@example.com"}]}"#;
const SEEN: &str = r#"{"model":"m","messages":[{"role":"user","content":"I am [EMAIL_ADDRESS]"}]}"#;

async fn echo(body: String) -> ([(&'static str, &'static str); 1], String) {
    ([("content-type", "application/json")], body)
}

#[tokio::test]
async fn on_a_router_and_on_a_method_router() {
    let router: Router = Router::new()
        .route("/v1/chat/completions", post(echo))
        .layer(PiiRedactLayer::default());
    let method: Router = Router::new().route(
        "/v1/chat/completions",
        post(echo).layer(PiiRedactLayer::default()),
    );
    for app in [router, method] {
        let request = Request::post("/v1/chat/completions")
            .header("content-type", "application/json")
            .header("content-length", ASKED.len())
            .body(axum::body::Body::from(ASKED))
            .unwrap();
        let response = app.oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, SEEN);
    }
}

#[tokio::test]
async fn around_a_service_fn_with_its_own_error() {
    #[derive(Debug, PartialEq)]
    struct Own;
    let service = ServiceBuilder::new()
        .layer(PiiRedactLayer::default())
        .service(service_fn(|request: Request<Body>| async move {
            let body = request.into_body().collect().await.map_err(|_| Own)?;
            if body.to_bytes().is_empty() {
                return Err(Own);
            }
            Ok(Response::new(Full::from("mail jane@example.com")))
        }));
    let response = service
        .clone()
        .oneshot(Request::new(Full::<Bytes>::from(ASKED)))
        .await
        .unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "mail [EMAIL_ADDRESS]");
    let failed = service
        .oneshot(Request::new(Full::<Bytes>::default()))
        .await;
    assert_eq!(failed.unwrap_err(), Own);
}

#[tokio::test]
async fn on_a_hyper_server() {
    let service = ServiceBuilder::new()
        .layer(PiiRedactLayer::default())
        .service(service_fn(|request: Request<Body>| async move {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .await
    });
    let answer = support::post(&client(), address, "/v1/chat/completions", ASKED.to_owned()).await;
    assert_eq!(answer.text(), SEEN);
    assert_eq!(answer.headers["content-length"], SEEN.len().to_string());
    server.abort();
}

#[tokio::test]
async fn a_whole_stack_on_a_router_over_a_socket() {
    let reply = Reply::text("").pieces(["from jan", "e@exam", "ple.com, bye"]);
    let upstream = Simulator::new()
        .always(reply)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let records = Records::default();
    let stack = ServiceBuilder::new()
        .layer(AuditLayer::new(records.clone()))
        .layer(PiiRedactLayer::default())
        .layer(ErrorResponseLayer::new())
        .service(
            Together::new()
                .base_url(&upstream.base_url())
                .unwrap()
                .without_key(),
        );
    let app: Router = Router::new().route_service("/v1/{*path}", stack);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let asked = chat("I am jane@example.com", true).to_string();
    let answer = support::post(&client(), address, "/v1/chat/completions", asked).await;
    assert_eq!(streamed_text(&answer.body), "from [EMAIL_ADDRESS], bye");
    let seen = upstream.simulator().last_request().unwrap().json().unwrap();
    assert_eq!(seen["messages"][0]["content"], "I am [EMAIL_ADDRESS]");
    assert_eq!(seen["model"], MODEL);
    let records = records.wait(1).await;
    assert_eq!(records[0].policies[0].response["EMAIL_ADDRESS"], 1);
    server.abort();
}

/// Each clone has to be got ready; calling one that is not is a fault.
#[derive(Default)]
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<Body>, BoxError>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        self.ready = true;
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.ready),
            "called without being ready"
        );
        std::future::ready(Ok(Response::new(request.into_body())))
    }
}

#[tokio::test]
async fn the_service_that_is_ready_is_the_one_that_is_called() {
    let mut service = ServiceBuilder::new()
        .layer(PiiRedactLayer::default())
        .layer(PiiRedactLayer::default())
        .service(Strict::default());
    for _ in 0..3 {
        // A body that has to be waited for: the call comes later than here.
        let frames = http_body_util::Full::<Bytes>::from(ASKED);
        let request = Request::new(axum::body::Body::new(frames));
        let ready = ServiceExt::<Request<axum::body::Body>>::ready(&mut service);
        let response = ready.await.unwrap().call(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, SEEN);
    }
}
