//! What keeps a call alive when its upstream is not well: retries, circuit
//! breakers, timeouts, limits of concurrency, hedging, health probes.
//!
//! Each is a layer that stands alone on any service of HTTP requests, and
//! keeps its error type. Where a router has chosen a
//! [`Target`](crate::target::Target), they go by that target's state;
//! otherwise by one of their own. In a stack, outermost first:
//!
//! ```
//! use portcullis::Body;
//! use portcullis::resilience::{
//!     CircuitBreakerLayer, ConcurrencyLimitLayer, RetryLayer, TimeoutLayer,
//! };
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), portcullis::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(CircuitBreakerLayer::default())
//!     .layer(RetryLayer::default())
//!     .layer(ConcurrencyLimitLayer::new(64))
//!     .layer(TimeoutLayer::default())
//!     .service(service_fn(async |request: http::Request<Body>| {
//!         Ok::<_, std::convert::Infallible>(http::Response::new(request.into_body()))
//!     }));
//! let response = service.oneshot(http::Request::new(Body::from("hello"))).await?;
//! assert_eq!(response.status(), 200);
//! # Ok(())
//! # }
//! ```

mod answer;
mod circuit_breaker;
mod concurrency;
mod health;
mod hedge;
mod retry;
#[cfg(test)]
mod testing;
mod timeout;

pub use self::circuit_breaker::{CircuitBreakerFuture, CircuitBreakerLayer, CircuitBreakerService};
pub use self::concurrency::{
    ConcurrencyLimitFuture, ConcurrencyLimitLayer, ConcurrencyLimitService,
};
pub use self::health::{HealthProbe, HealthProbeLayer, HealthProbeService};
pub use self::hedge::{HedgeFuture, HedgeLayer, HedgeService};
pub use self::retry::{RetryBudget, RetryFuture, RetryLayer, RetryService};

pub use self::timeout::{TimeoutFuture, TimeoutLayer, TimeoutService};

use tower::util::rng::{HasherRng, Rng as _};

/// A number from 0 to 1, for jitter; costs some 20 ns.
fn random() -> f64 {
    HasherRng::new().next_f64()
}
