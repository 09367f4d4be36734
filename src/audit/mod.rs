//! One record for each call, kept.
//!
//! [`AuditLayer`] stands outside of the other layers, so that it sees what the
//! client finally got. When the answer has ended, or the client has gone, it
//! hands the [`CallRecord`](crate::call::CallRecord) to its sink.
//!
//! ```
//! use portcullis::audit::JsonLinesSink;
//! use portcullis::{AuditLayer, Body, PiiRedactLayer};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), portcullis::BoxError> {
//! let sink = JsonLinesSink::to_writer(std::io::stderr());
//! let service = ServiceBuilder::new()
//!     .layer(AuditLayer::new(sink))
//!     .layer(PiiRedactLayer::default())
//!     .service(service_fn(async |request: http::Request<Body>| {
//!         Ok::<_, std::convert::Infallible>(http::Response::new(request.into_body()))
//!     }));
//! let response = service.oneshot(http::Request::new(Body::from("hello"))).await?;
//! # drop(response);
//! # Ok(())
//! # }
//! ```

mod future;
mod layer;
mod service;
mod sink;

pub use self::future::AuditFuture;
pub use self::layer::AuditLayer;
pub use self::service::AuditService;
pub use self::sink::{JsonLinesSink, SinkStats};
