use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::{Policy, PolicyService};
use crate::body::Inspection;

/// What becomes of a call when a policy fails to judge it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// It is refused with a 500.
    #[default]
    Refuse,
    /// It goes on, and its record says so.
    Continue,
}

/// Applies a [`Policy`] to requests and their answers.
///
/// Keeps the error type of the service within: a refusal is a response.
pub struct PolicyLayer<P> {
    policy: Arc<P>,
    settings: Arc<Settings>,
}

/// How the layer treats what the policy cannot see or say.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) inspection: Inspection,
    pub(super) on_failure: OnFailure,
    /// The policy is not enforced.
    pub(super) shadow: bool,
}

impl<P: Policy> PolicyLayer<P> {
    /// A layer that applies `policy`.
    pub fn new(policy: P) -> Self {
        let settings = Settings {
            inspection: policy.inspection(),
            ..Settings::default()
        };
        Self {
            policy: Arc::new(policy),
            settings: Arc::new(settings),
        }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &P {
        &self.policy
    }

    /// How bodies are read, and what becomes of those that cannot be.
    #[must_use]
    pub fn inspection(mut self, inspection: Inspection) -> Self {
        Arc::make_mut(&mut self.settings).inspection = inspection;
        self
    }

    /// What becomes of a call when the policy fails to judge it.
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        Arc::make_mut(&mut self.settings).on_failure = on_failure;
        self
    }

    /// Whether the policy is enforced, as it is by default.
    ///
    /// With `false` it runs in full on requests and answers, and changes and
    /// refuses nothing: both pass byte for byte, streams too. The call's record
    /// counts what it finds, and says what it would have done (`would_rewrite`,
    /// `would_ask_again`, `would_refuse`). A policy that reads the answer still asks the upstream
    /// not to compress it (`Accept-Encoding: identity`): of a stream that it could not read the
    /// record would say nothing. A verdict that is [deferred](super::Verdict::deferred) is waited
    /// for.
    #[must_use]
    pub fn enforce(mut self, enforce: bool) -> Self {
        Arc::make_mut(&mut self.settings).shadow = !enforce;
        self
    }

    /// Changes the policy, of which this layer may not have been cloned yet.
    pub(super) fn map(mut self, change: impl FnOnce(&mut P)) -> Self
    where
        P: Clone,
    {
        change(Arc::make_mut(&mut self.policy));
        self
    }
}

impl<P: Policy + Default> Default for PolicyLayer<P> {
    fn default() -> Self {
        Self::new(P::default())
    }
}

impl<S, P: Policy> Layer<S> for PolicyLayer<P> {
    type Service = PolicyService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        PolicyService {
            inner,
            policy: Arc::clone(&self.policy),
            settings: Arc::clone(&self.settings),
        }
    }
}

impl<P> Clone for PolicyLayer<P> {
    fn clone(&self) -> Self {
        Self {
            policy: Arc::clone(&self.policy),
            settings: Arc::clone(&self.settings),
        }
    }
}

impl<P: Policy> fmt::Debug for PolicyLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyLayer")
            .field("policy", &self.policy.name())
            .field("settings", &self.settings)
            .finish()
    }
}
