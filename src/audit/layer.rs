use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::AuditService;
use crate::call::CallReader;

/// Keeps a record of each call. See the [module](super) for an example.
#[derive(Clone)]
pub struct AuditLayer {
    sink: Arc<dyn CallReader>,
    include_text: bool,
}

impl AuditLayer {
    /// Hands the records to `sink`.
    pub fn new(sink: impl CallReader + 'static) -> Self {
        Self::shared(Arc::new(sink))
    }

    /// Hands the records to a sink that others keep hold of.
    pub fn shared(sink: Arc<dyn CallReader>) -> Self {
        Self {
            sink,
            include_text: false,
        }
    }

    /// Whether records keep the texts: of the request as it was sent to the
    /// upstream, and of the answer as the client got it; up to 256 KiB each.
    /// Off by default.
    #[must_use]
    pub fn include_text(mut self, include: bool) -> Self {
        self.include_text = include;
        self
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = AuditService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuditService {
            inner,
            sink: Arc::clone(&self.sink),
            include_text: self.include_text,
        }
    }
}

impl fmt::Debug for AuditLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer")
            .field("include_text", &self.include_text)
            .finish_non_exhaustive()
    }
}
