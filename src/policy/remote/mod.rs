//! Judges elsewhere: a classifier behind HTTP, asked about a text.
//!
//! [`RemoteJudge`] asks. It is a [`Judge`](super::judge::Judge) for the policies
//! that take one, and any other policy can use it in a
//! [deferred](super::Verdict::deferred) verdict; [`RemoteJudgeLayer`] is a
//! policy that does nothing else. It speaks to an OpenAI-compatible moderation
//! endpoint, to a chat model of the Llama Guard kind, to any chat model that is
//! to grade answers, or to anything that keeps a small
//! [contract](Dialect::Contract).
//!
//! ```
//! use portcullis::policy::remote::{Dialect, RemoteJudge, RemoteJudgeLayer};
//! use portcullis::{Body, BoxError};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // Any service will do; with the feature `together`, `Together::new()` with the
//! // `base_url` of the classifier is one.
//! let classifier = service_fn(async |_: http::Request<Body>| {
//!     Ok::<_, BoxError>(http::Response::new(Body::from(r#"{"score": 0.9}"#)))
//! });
//! let judge = RemoteJudge::new(classifier, Dialect::Contract);
//! let layer = RemoteJudgeLayer::asking(judge).threshold(0.8);
//!
//! let upstream = service_fn(async |_: http::Request<Body>| {
//!     Ok::<_, BoxError>(http::Response::new(Body::from("fine")))
//! });
//! let service = ServiceBuilder::new().layer(layer).service(upstream);
//! let response = service.oneshot(http::Request::new(Body::from("hello"))).await?;
//! assert_eq!(response.status(), http::StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```
//!
//! Judgements are remembered by a keyed hash of the question, so that a
//! conversation costs one question a turn; who asks what is being asked waits for
//! the same answer. A judge that fails several times in a row is left alone for a
//! while. When there is no judgement, the call is
//! refused, or goes on: [`PolicyLayer::on_failure`].
//!
//! The judge reads what policies further out have left of the text: place it
//! inside of the one that redacts. [`RemoteJudgeLayer`] judges requests, and not
//! answers: each text by itself, and those that one speaker says in a row as one.

pub(super) mod cache;
mod dialect;
mod flight;
mod judge;
mod policy;

pub use self::dialect::Dialect;
pub use self::judge::{JudgeCounts, RemoteError, RemoteJudge};
pub use self::policy::{RemoteAction, RemoteJudgeLayer, RemoteJudgePolicy};

#[cfg(doc)]
use super::PolicyLayer;

#[cfg(test)]
mod tests;
