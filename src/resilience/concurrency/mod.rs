//! So many calls at once to a target, and no more.
//!
//! Calls beyond the limit wait in a queue, in their order; those beyond the
//! queue, and those that have waited too long, get a 503 in OpenAI's shape with
//! `Retry-After`, and a router takes the next target instead. A call takes its
//! place until the end of its answer. Each target has a limit and a queue of
//! its own; where no router has chosen one, the layer has.
//!
//! ```
//! use portcullis::Body;
//! use portcullis::resilience::ConcurrencyLimitLayer;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), portcullis::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(ConcurrencyLimitLayer::new(1).max_queue(0))
//!     .service(service_fn(async |_: http::Request<Body>| {
//!         Ok::<_, std::convert::Infallible>(http::Response::new(Body::from("hello")))
//!     }));
//! let first = service.clone().oneshot(http::Request::new(Body::empty())).await?;
//! // The first answer has not been read yet.
//! let second = service.oneshot(http::Request::new(Body::empty())).await?;
//! assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 503));
//! # Ok(())
//! # }
//! ```

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::ConcurrencyLimitFuture;
pub use self::layer::ConcurrencyLimitLayer;
pub use self::service::ConcurrencyLimitService;
