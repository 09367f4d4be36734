//! Stops calling what keeps failing, and finds out when it is well again.
//!
//! One breaker for each target; where no router has chosen one, one for the
//! layer. What counts as a failure: a status of 500 or above, a timeout, an
//! error of the connection, an error event in a stream, an answer that breaks
//! off in the middle; a 429 only when told to. What is the request's own fault
//! counts as a success of the upstream's. A client that leaves counts as
//! nothing, and so does what another layer within answers by itself.
//!
//! An open breaker answers at once, with a 503 in OpenAI's shape and
//! `Retry-After`; a router takes the next target instead. Transitions are
//! `tracing` events with the target's id, and
//! [`Breaker`](crate::target::Breaker) tells the state and takes an operator's
//! word.
//!
//! ```
//! use portcullis::Body;
//! use portcullis::resilience::CircuitBreakerLayer;
//! use portcullis::target::{BreakerSettings, BreakerState};
//! use tokio::time::Instant;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), portcullis::BoxError> {
//! let layer = CircuitBreakerLayer::new(BreakerSettings::default().failure_threshold(2));
//! let service = ServiceBuilder::new()
//!     .layer(layer.clone())
//!     .service(service_fn(async |_: http::Request<Body>| {
//!         Err::<http::Response<Body>, _>(std::io::Error::other("down"))
//!     }));
//! let request = || http::Request::new(Body::empty());
//! for _ in 0..2 {
//!     assert!(service.clone().oneshot(request()).await.is_err());
//! }
//! let response = service.oneshot(request()).await?;
//! assert_eq!(response.status(), 503);
//! assert!(response.headers().contains_key("retry-after"));
//! assert!(matches!(layer.breaker().state(Instant::now()), BreakerState::Open { .. }));
//! # Ok(())
//! # }
//! ```

mod body;
mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::CircuitBreakerFuture;
pub use self::layer::CircuitBreakerLayer;
pub use self::service::CircuitBreakerService;
