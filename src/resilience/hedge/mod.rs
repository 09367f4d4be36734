//! Asks a second target when the first takes long.
//!
//! When an answer has not begun after the time within which 95 of 100 do, the
//! same request is sent once more; a router sends it to another target. The
//! first good answer is the client's, and the other call is dropped at once
//! (Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013). Both are on the
//! record, and the prompt of the one that lost is part of the cost.
//!
//! Hedges are at most a tenth of the calls, so that an upstream that is slow
//! for want of strength is not asked twice as much. It is off unless asked for:
//! a call to a model costs money.
//!
//! ```
//! use http_body_util::BodyExt;
//! use portcullis::Body;
//! use portcullis::resilience::HedgeLayer;
//! use portcullis::upstream::simulator::{Reply, Simulator};
//! use std::time::Duration;
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), portcullis::BoxError> {
//! let upstream = Simulator::new()
//!     .reply(Reply::text("too late").delay(Duration::from_secs(60)))
//!     .reply(Reply::text("here I am"));
//! let service = ServiceBuilder::new()
//!     .layer(HedgeLayer::new().delay(Duration::from_millis(20)))
//!     .service(upstream.clone());
//! let request = http::Request::post("/v1/chat/completions").body(Body::from(
//!     r#"{"model": "Qwen/Qwen3.5-9B", "messages": [{"role": "user", "content": "Hi"}]}"#,
//! ))?;
//! let response = service.oneshot(request).await?;
//! let answer = response.into_body().collect().await?.to_bytes();
//! assert!(answer.windows(9).any(|at| at == b"here I am"));
//! assert_eq!((upstream.request_count(), upstream.disconnects()), (2, 1));
//! # Ok(())
//! # }
//! ```

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::HedgeFuture;
pub use self::layer::HedgeLayer;
pub use self::service::HedgeService;
