//! portcullis
pub mod body;
pub mod text;
pub use body::{ApiError, Body, BoxError};
