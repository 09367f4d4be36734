//! Policies: what may be asked and answered, and how it is reworded.
//!
//! A [`Policy`] looks at the texts of a request and gives a [`Verdict`]; it may
//! hand out a [`ResponseFilter`] for the answer. [`PolicyLayer`] does the rest:
//! reads bodies, applies edits, refuses in OpenAI's error shape, filters plain
//! and streamed answers, and notes everything on the [`Call`](crate::call::Call).
//!
//! ```
//! use http::StatusCode;
//! use portcullis::policy::{Policy, PolicyLayer, PolicyRequest, Verdict};
//! use portcullis::{ApiError, Body, BoxError};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! /// No shouting.
//! struct Calm;
//!
//! impl Policy for Calm {
//!     fn name(&self) -> &'static str {
//!         "calm"
//!     }
//!
//!     fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
//!         let shouts = request.document().segments().any(|s| s.text().ends_with("!!!"));
//!         Ok(match shouts {
//!             false => Verdict::proceed(),
//!             true => Verdict::refuse(ApiError::new(StatusCode::FORBIDDEN, "shouting", "please, calmly")),
//!         })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! let upstream = service_fn(async |_: http::Request<Body>| {
//!     Ok::<_, std::convert::Infallible>(http::Response::new(Body::from("fine")))
//! });
//! let service = ServiceBuilder::new().layer(PolicyLayer::new(Calm)).service(upstream);
//! let response = service.oneshot(http::Request::new(Body::from("help!!!"))).await?;
//! assert_eq!(response.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```

pub mod canary;
mod disguise;
#[cfg(feature = "encoder")]
pub mod encoder;
mod future;
pub mod injection;
mod joined;
pub mod judge;
mod key;
mod layer;
pub mod pii;
pub mod quality;
pub mod remote;
mod request;
mod response;
pub mod safety;
mod service;
mod shadow;
mod verdict;

pub use self::future::{AskedAgain, PolicyFuture};
pub use self::key::HashKey;
pub use self::layer::{OnFailure, PolicyLayer};
use self::request::is_foreign;
pub use self::request::{PolicyRequest, Recorder};
pub use self::service::PolicyService;
pub use self::verdict::{DeferredVerdict, Verdict};
use crate::body::{BoxError, Inspection};
pub use crate::body::{Consultation, Ending, Flow, ResponseFilter, Window};

/// Decides about requests, and hands out filters for their answers.
pub trait Policy: Send + Sync + 'static {
    /// The policy's name, in records and errors.
    fn name(&self) -> &'static str;

    /// Judges a request.
    ///
    /// # Errors
    /// When it cannot come to a verdict. The call is then refused, unless
    /// [`PolicyLayer::on_failure`] says otherwise; the error is logged and does
    /// not reach the client.
    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError>;

    /// Whether it looks at the body of requests. If not, the body is not read
    /// for it, and the document it sees may be empty.
    fn reads_request(&self) -> bool {
        true
    }

    /// How bodies are read for it, unless [`PolicyLayer::inspection`] says
    /// otherwise: by default, what cannot be inspected is refused.
    fn inspection(&self) -> Inspection {
        Inspection::default()
    }
}

#[cfg(test)]
mod tests;
