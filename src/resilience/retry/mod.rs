//! Tries again what failed before anything of the answer had come.
//!
//! A call is tried again after a status that promises better luck (429, 500,
//! 502, 503, 504, 529), and when no connection could be made or it broke off
//! before the head of the answer; never once the answer has begun. Between
//! tries it waits, exponentially longer and at random ("full jitter": Brooker,
//! "Exponential Backoff And Jitter", AWS, 2015), or as long as the upstream
//! asks in `Retry-After`. A [budget](RetryBudget) across all calls keeps an
//! outage from being multiplied. Request bodies of up to 8 MiB are kept for
//! that, not copied; longer ones are sent once. Headers are the same each time,
//! an `Idempotency-Key` among them.
//!
//! What is tried again says a tower [`Policy`](tower::retry::Policy) of this
//! crate's. Tower's own `Retry` is not around it: it copies the whole request
//! and the service twice for each call, and hardly any call is tried again.
//!
//! ```
//! use portcullis::Body;
//! use portcullis::resilience::RetryLayer;
//! use portcullis::upstream::simulator::{Reply, Simulator};
//! use std::time::Duration;
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), portcullis::BoxError> {
//! let upstream = Simulator::new()
//!     .reply(Reply::error(http::StatusCode::SERVICE_UNAVAILABLE, "busy"))
//!     .reply(Reply::text("here I am"));
//! let service = ServiceBuilder::new()
//!     .layer(RetryLayer::default().initial_backoff(Duration::from_millis(5)))
//!     .service(upstream.clone());
//! let request = http::Request::post("/v1/chat/completions").body(Body::from(
//!     r#"{"model": "Qwen/Qwen3.5-9B", "messages": [{"role": "user", "content": "Hi"}]}"#,
//! ))?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(upstream.request_count(), 2);
//! # Ok(())
//! # }
//! ```

mod budget;
mod future;
mod layer;
mod policy;
mod retry_after;
mod service;
#[cfg(test)]
mod tests;

pub use self::budget::RetryBudget;
pub use self::future::RetryFuture;
pub use self::layer::RetryLayer;
pub use self::service::RetryService;
