mod body;
mod connect;
mod headers;
mod key;
mod service;
mod url;

pub use self::key::ApiKey;
pub use self::service::{Together, TogetherFuture};
pub use self::url::InvalidBaseUrl;
