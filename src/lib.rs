//! portcullis
pub mod audit;
pub mod body;
pub mod call;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "gateway")]
pub mod gateway;
pub mod policy;
pub mod text;
pub mod upstream;
pub use audit::AuditLayer;
pub use body::{ApiError, Body, BoxError};
pub use policy::pii::PiiRedactLayer;
