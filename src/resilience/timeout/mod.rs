//! Gives up on an upstream that takes too long.
//!
//! Four limits: for the whole of a plain answer; for the whole of a streamed
//! one; for the first byte of a streamed answer; and for the pauses within one.
//! Which kind a call is, its `stream` member says, if the request has been
//! parsed, and the answer's content type otherwise. Where a router has chosen a
//! target, the limits of the whole are the target's own. How long connecting
//! may take is the target's, too:
//! [`Target::connect_timeout`](crate::target::Target::connect_timeout).
//!
//! Before the head of the answer, giving up is a 504 in OpenAI's shape; after
//! it, the body fails with [`TimedOut`](crate::body::TimedOut) among its
//! sources. Either way the call to the service within is dropped at once.
//!
//! A pause counts from when more is asked for: a client that reads slowly is
//! not the upstream's fault.
//!
//! ```
//! use portcullis::Body;
//! use portcullis::resilience::TimeoutLayer;
//! use std::time::Duration;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), portcullis::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(TimeoutLayer::default().total(Duration::from_millis(20)))
//!     .service(service_fn(async |_: http::Request<Body>| {
//!         std::future::pending::<Result<http::Response<Body>, std::io::Error>>().await
//!     }));
//! let request = http::Request::new(Body::from("hello"));
//! # let request = { let mut request = request; *request.body_mut() = portcullis::body::Document::json(r#"{"stream": false}"#)?.into(); request };
//! assert_eq!(service.oneshot(request).await?.status(), 504);
//! # Ok(())
//! # }
//! ```

mod body;
mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::TimeoutFuture;
pub use self::layer::TimeoutLayer;
pub use self::service::TimeoutService;
