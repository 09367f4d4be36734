mod body;
mod connect;
mod headers;
mod service;

pub use self::connect::InvalidCertificates;
pub use self::service::{Together, TogetherFuture};
