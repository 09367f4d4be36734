//! A proxy of one's own: `cargo run --example custom_proxy --features together,simulator`.
//!
//! With `TOGETHER_API_KEY` set it calls Together AI, without it a simulator of
//! Together's API. A policy of our own stands beside the built-in ones.

use axum::Router;
use http::StatusCode;
use portcullis::audit::JsonLinesSink;
use portcullis::policy::{Policy, PolicyLayer, PolicyRequest, Verdict};
use portcullis::upstream::simulator::Simulator;
use portcullis::upstream::{ErrorResponseLayer, Together};
use portcullis::{ApiError, AuditLayer, BoxError, PiiRedactLayer};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

/// Refuses what is too long for our purposes.
struct ShortOnly;

impl Policy for ShortOnly {
    fn name(&self) -> &'static str {
        "short-only"
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let length: usize = request.document().segments().map(|s| s.text().len()).sum();
        Ok(if length <= 2000 {
            Verdict::proceed()
        } else {
            let message = "please keep it under 2000 bytes";
            Verdict::refuse(ApiError::new(StatusCode::BAD_REQUEST, "too_long", message))
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut together = Together::new();
    let simulator = Simulator::new().any_model().bind("127.0.0.1:0").await?;
    if !together.has_key() {
        println!("TOGETHER_API_KEY is not set: calling a simulator");
        together = together.base_url(&simulator.base_url())?.without_key();
    }
    let stack = ServiceBuilder::new()
        .layer(AuditLayer::new(JsonLinesSink::to_writer(std::io::stdout())))
        .layer(PolicyLayer::new(ShortOnly))
        .layer(PiiRedactLayer::default())
        .layer(ErrorResponseLayer::new())
        .service(together);
    let app = Router::new().route_service("/v1/{*path}", stack);
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!(
        "try: curl -N localhost:3000/v1/chat/completions -H 'content-type: application/json' -d \
         '{{\"model\":\"any\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"I am jane@example.com\"}}]}}'"
    );
    Ok(axum::serve(listener, app).await?)
}
