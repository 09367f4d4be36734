//! The other side: services that answer.
//!
//! [`Together`] talks to Together AI, or to anything that speaks the OpenAI
//! wire format; [`ErrorResponseLayer`] turns its errors into responses, so that
//! a stack can be mounted on a router; [`simulator`] plays Together's API
//! without a network.

mod error_response;
#[cfg(feature = "simulator")]
pub mod simulator;
#[cfg(feature = "together")]
mod together;

pub use self::error_response::{ErrorResponseFuture, ErrorResponseLayer, ErrorResponseService};
#[cfg(feature = "together")]
pub use self::together::{InvalidCertificates, Together, TogetherFuture};
pub use crate::target::{ApiKey, InvalidBaseUrl, UpstreamError};
