//! portcullis
pub mod audit;
pub mod body;
pub mod call;
pub mod policy;
pub mod text;
pub use audit::AuditLayer;
pub use body::{ApiError, Body, BoxError};
pub use policy::pii::PiiRedactLayer;
