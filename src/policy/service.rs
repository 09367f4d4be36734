use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::future::{Gate, PolicyFuture};
use super::layer::Settings;
use super::{Policy, Recorder};
use crate::body::{Body, BoxError};
use crate::call::Call;

/// The service of a [`PolicyLayer`](super::PolicyLayer).
pub struct PolicyService<S, P> {
    pub(super) inner: S,
    pub(super) policy: Arc<P>,
    pub(super) settings: Arc<Settings>,
}

impl<S, P, B, RB> Service<Request<B>> for PolicyService<S, P>
where
    S: Service<Request<Body>, Response = Response<RB>> + Clone,
    P: Policy,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = PolicyFuture<S, P>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that is ready is the one to call; its clone is not.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        let recorder = Recorder {
            policy: self.policy.name(),
            call: Call::of(request.extensions()).cloned(),
        };
        let gate = Gate {
            policy: Arc::clone(&self.policy),
            settings: Arc::clone(&self.settings),
            recorder,
        };
        PolicyFuture::new(gate, inner, request.map(Body::new))
    }
}

impl<S: Clone, P> Clone for PolicyService<S, P> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            policy: Arc::clone(&self.policy),
            settings: Arc::clone(&self.settings),
        }
    }
}

impl<S: fmt::Debug, P: Policy> fmt::Debug for PolicyService<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyService")
            .field("policy", &self.policy.name())
            .field("inner", &self.inner)
            .finish()
    }
}
