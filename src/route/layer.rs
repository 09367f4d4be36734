use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::table::Table;
use super::trigger::Triggers;
use super::{RouteService, Strategy, Trigger, UnknownModels, UnknownTarget};
use crate::target::Target;

/// What becomes of a stream that breaks off after its first token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MidStream {
    /// It ends with an event that says so.
    #[default]
    Fail,
    /// The next target gets the conversation with what there is of the answer,
    /// and goes on with it. As well as can be: a model may not take up the
    /// thread. Only the text of a chat's single choice is continued.
    Continue,
}

/// Sends calls to one of several targets, and to others when it fails.
///
/// Keeps the error type of the service within.
pub struct RouteLayer<S> {
    strategy: S,
    targets: Vec<Target>,
    groups: Vec<(String, Vec<String>)>,
    unknown: UnknownModels,
    settings: Settings,
}

/// How tries follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// How many targets may be tried after the first.
    pub(super) fallbacks: usize,
    pub(super) triggers: Triggers,
    pub(super) first_token: Duration,
    pub(super) mid_stream: MidStream,
}

/// A layer at work.
pub(super) struct Shared<S> {
    pub(super) table: Table<S>,
    pub(super) settings: Settings,
    pub(super) name: &'static str,
}

impl<S: Strategy + Default> RouteLayer<S> {
    /// Chooses among these targets.
    #[must_use]
    pub fn new(targets: impl IntoIterator<Item = Target>) -> Self {
        Self::with_strategy(S::default(), targets)
    }
}

impl<S: Strategy> RouteLayer<S> {
    /// Chooses among these targets as `strategy` says.
    #[must_use]
    pub fn with_strategy(strategy: S, targets: impl IntoIterator<Item = Target>) -> Self {
        Self {
            strategy,
            targets: targets.into_iter().collect(),
            groups: Vec::new(),
            unknown: UnknownModels::default(),
            settings: Settings {
                fallbacks: 3,
                triggers: Triggers::default(),
                first_token: Duration::from_secs(30),
                mid_stream: MidStream::default(),
            },
        }
    }

    /// Gives some targets, by their ids, a name by which requests may ask for
    /// them as for a model.
    ///
    /// # Errors
    /// When there is no target of such an id.
    pub fn group<I: Into<String>>(
        mut self,
        name: impl Into<String>,
        targets: impl IntoIterator<Item = I>,
    ) -> Result<Self, UnknownTarget> {
        let group = name.into();
        let ids: Vec<String> = targets.into_iter().map(Into::into).collect();
        for id in &ids {
            if !self.targets.iter().any(|target| target.id() == id) {
                let target = id.clone();
                return Err(UnknownTarget { group, target });
            }
        }
        self.groups.push((group, ids));
        Ok(self)
    }

    /// What becomes of requests for models that no target is known to have:
    /// they pass.
    #[must_use]
    pub fn unknown_models(mut self, unknown: UnknownModels) -> Self {
        self.unknown = unknown;
        self
    }

    /// What makes a call go to the next target: all but
    /// [`ContentPolicy`](Trigger::ContentPolicy) and
    /// [`ContextWindow`](Trigger::ContextWindow).
    #[must_use]
    pub fn triggers(mut self, triggers: impl IntoIterator<Item = Trigger>) -> Self {
        self.settings.triggers = Triggers::of(triggers);
        self
    }

    /// How many targets may be tried after the first: 3.
    /// With 0, a call whose target fails has failed.
    #[must_use]
    pub fn max_fallback_attempts(mut self, attempts: usize) -> Self {
        self.settings.fallbacks = attempts;
        self
    }

    /// How long a stream may take to its first token while there is another
    /// target to try: 30 s.
    #[must_use]
    pub fn first_token_timeout(mut self, timeout: Duration) -> Self {
        self.settings.first_token = timeout;
        self
    }

    /// What becomes of a stream that breaks off after its first token: it ends
    /// with an event that says so.
    #[must_use]
    pub fn mid_stream(mut self, mid_stream: MidStream) -> Self {
        self.settings.mid_stream = mid_stream;
        self
    }
}

impl<Svc, S: Strategy> Layer<Svc> for RouteLayer<S> {
    type Service = RouteService<Svc, S>;

    fn layer(&self, inner: Svc) -> Self::Service {
        let table = Table::new(&self.strategy, &self.targets, &self.groups, self.unknown);
        RouteService {
            inner,
            shared: Arc::new(Shared {
                table,
                settings: self.settings,
                name: self.strategy.name(),
            }),
        }
    }
}

impl<S: Clone> Clone for RouteLayer<S> {
    fn clone(&self) -> Self {
        Self {
            strategy: self.strategy.clone(),
            targets: self.targets.clone(),
            groups: self.groups.clone(),
            unknown: self.unknown,
            settings: self.settings,
        }
    }
}

impl<S: Strategy> fmt::Debug for RouteLayer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteLayer")
            .field("strategy", &self.strategy.name())
            .field("targets", &self.targets)
            .field("groups", &self.groups)
            .field("unknown_models", &self.unknown)
            .field("settings", &self.settings)
            .finish()
    }
}
