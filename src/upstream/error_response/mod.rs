//! Errors as responses, in OpenAI's shape.

mod future;
mod layer;
mod service;

pub use self::future::ErrorResponseFuture;
pub use self::layer::ErrorResponseLayer;
pub use self::service::ErrorResponseService;
