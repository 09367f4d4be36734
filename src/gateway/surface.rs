//! What the gateway answers, and where.

use std::any::Any;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{any_service, get};
use http::{HeaderName, Request, Response, StatusCode};
use tower::util::BoxCloneSyncService;
use tower::{Service as _, ServiceBuilder, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::body::{ApiError, Body};

pub(super) type Stack = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long a client may pause within the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-upstream-request-id");

/// Answers with the stack that there is when a call comes.
pub(super) fn router(current: Arc<ArcSwap<Stack>>) -> Router {
    let stack = service_fn(move |request: Request<axum::body::Body>| {
        let mut stack = Stack::clone(&current.load());
        async move {
            // The stack is always ready: it holds no queue.
            let mut response = stack.call(request.map(Body::new)).await?;
            // The id in our answers is the one in our logs.
            if let Some(id) = response.headers_mut().remove(REQUEST_ID) {
                response.headers_mut().insert(UPSTREAM_REQUEST_ID, id);
            }
            Ok::<_, Infallible>(response)
        }
    });
    Router::new()
        .route("/healthz", get(healthy))
        .route("/v1/{*path}", any_service(stack))
        .fallback(unknown)
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(CatchPanicLayer::custom(panicked))
                .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT)),
        )
}

async fn healthy() -> impl IntoResponse {
    ([("content-type", "application/json")], r#"{"status":"ok"}"#)
}

async fn unknown(request: axum::extract::Request) -> Response<Body> {
    let asked = format!("{} {}", request.method(), request.uri().path());
    ApiError::new(
        StatusCode::NOT_FOUND,
        "unknown_url",
        format!("unknown request URL: {asked}; the API begins at /v1"),
    )
    .into_response()
}

fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    // The panic hook has logged it; the client learns no more than this.
    tracing::error!("a call has panicked");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "the gateway has a fault; its log says more",
    )
    .into_response()
}
