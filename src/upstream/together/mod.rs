mod body;
mod connect;
mod headers;
mod key;
mod service;
mod url;

pub use self::key::ApiKey;
pub(crate) use self::service::missing_key;
pub use self::service::{Together, TogetherFuture};
pub use self::url::InvalidBaseUrl;
