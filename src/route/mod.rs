//! Routing: which target a call goes to, and where it goes when that fails.
//!
//! A [`RouteLayer`] asks its [`Strategy`] for an order of
//! [`Target`](crate::target::Target)s, and tries one after the other until an
//! answer is good. The layers within find the target in the extensions of the
//! request. There is a layer by name for each strategy: [`SingleLayer`],
//! [`FallbackLayer`], [`WeightedRoundRobinLayer`], [`RoundRobinLayer`],
//! [`LatencyLayer`], [`LeastInFlightLayer`], [`CostLayer`], [`RandomLayer`].
//!
//! ```
//! # #[cfg(feature = "together")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use portcullis::route::FallbackLayer;
//! use portcullis::target::Target;
//! use portcullis::upstream::{ErrorResponseLayer, Together};
//! use tower::ServiceBuilder;
//!
//! let targets = [
//!     Target::together("primary").model("meta-llama/Llama-3.3-70B-Instruct-Turbo"),
//!     Target::compatible("backup", "http://127.0.0.1:8000/v1")?.model("llama-3.3-70b"),
//! ];
//! let service = ServiceBuilder::new()
//!     .layer(ErrorResponseLayer::new())
//!     .layer(FallbackLayer::new(targets).group("fast", ["primary", "backup"])?)
//!     .service(Together::new());
//! # let _ = service;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "together"))]
//! # fn main() {}
//! ```
//!
//! # When an answer is good
//!
//! An answer leaves when it is *committed*: its status is good, and a plain
//! answer is there as a whole, a stream has its first token. Before that, an
//! error, a connection that breaks off, a stream that begins with an error, is
//! empty or stalls sends the call to the next target, if the failure is one of
//! the [`Trigger`]s. After that, [`MidStream`] says what becomes of a stream
//! that breaks off.
//!
//! # Which targets
//!
//! A target is out while its breaker is open or its probe finds it down. When
//! all are out, the one nearest to recovery is tried rather than nothing.
//!
//! The `model` of a request may be the name of a [group](RouteLayer::group),
//! whose targets then are the only ones; the id of a target with a model, which
//! then is the only one; or the model of some targets, which then are the
//! first, and the others follow when those fail. Any other name is for
//! [`UnknownModels`]. A member `"provider": "together"` of the request, or a
//! header `x-portcullis-provider`, leaves only that provider's targets, and
//! does not reach them.

mod body;
mod commit;
mod cost;
mod fallback;
mod future;
mod join;
mod journey;
mod latency;
mod layer;
mod least_in_flight;
mod random;
mod round_robin;
mod service;
mod single;
mod strategy;
mod table;
mod trigger;
mod turns;
mod weighted_round_robin;

pub use self::cost::{Cost, CostLayer};
pub use self::fallback::{Fallback, FallbackLayer};
pub use self::future::RouteFuture;
pub use self::latency::{Latency, LatencyLayer};
pub use self::layer::{MidStream, RouteLayer};
pub use self::least_in_flight::{LeastInFlight, LeastInFlightLayer};
pub use self::random::{Random, RandomLayer};
pub use self::round_robin::{RoundRobin, RoundRobinLayer};
pub use self::service::RouteService;
pub use self::single::{Single, SingleLayer};
pub use self::strategy::{Ask, Strategy};
pub use self::table::{UnknownModels, UnknownTarget};
pub use self::trigger::Trigger;
pub use self::weighted_round_robin::{StickyKey, WeightedRoundRobin, WeightedRoundRobinLayer};
