use tower_layer::Layer;

use super::ErrorResponseService;

/// Answers errors of the service within as responses in OpenAI's shape: 502,
/// 503 or 504, by their kind. What is left cannot fail, as a router wants it.
///
/// ```
/// use portcullis::Body;
/// use portcullis::body::TimedOut;
/// use portcullis::upstream::{ErrorResponseLayer, UpstreamError};
/// use std::time::Duration;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let slow = service_fn(async |_: http::Request<Body>| {
///     Err::<http::Response<Body>, _>(UpstreamError::Timeout(TimedOut { limit: Duration::from_secs(60) }))
/// });
/// let service = ServiceBuilder::new().layer(ErrorResponseLayer::new()).service(slow);
/// let Ok(response) = service.oneshot(http::Request::new(Body::empty())).await;
/// assert_eq!(response.status(), 504);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorResponseLayer {
    _private: (),
}

impl ErrorResponseLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self { _private: () }
    }
}

impl<S> Layer<S> for ErrorResponseLayer {
    type Service = ErrorResponseService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ErrorResponseService {
            inner,
            unready: None,
        }
    }
}
