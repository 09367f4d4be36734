//! One layer on an axum app: `cargo run --example axum_app`.
//!
//! The app echoes what it is sent; try it with
//! `curl localhost:3000/echo -d 'I am jane@example.com'`.

use axum::Router;
use axum::routing::post;
use portcullis::PiiRedactLayer;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new()
        .route(
            "/echo",
            post(async |body: String| format!("You said: {body}\n")),
        )
        .layer(PiiRedactLayer::default());
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("try: curl localhost:3000/echo -d 'I am jane@example.com'");
    axum::serve(listener, app).await
}
