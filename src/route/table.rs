//! Which targets a request may go to, by the model and provider it names.

use std::collections::HashMap;
use std::fmt;

use http::StatusCode;
use tokio::time::Instant;

use super::{Ask, Strategy};
use crate::body::ApiError;
use crate::target::{Provider, Target};

/// What becomes of a request for a model that no target is known to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownModels {
    /// It goes to any target, as if it had named none. A target that has a
    /// model set asks that one; another passes the name on.
    #[default]
    Pass,
    /// It goes to the targets that have no model set, and without any it is
    /// refused with a 404.
    Refuse,
}

/// A model group names a target that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTarget {
    pub(super) group: String,
    pub(super) target: String,
}

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, target } = self;
        write!(
            f,
            "the model group {group:?} names the target {target:?}, which is not there; give it \
             the id of a target"
        )
    }
}

impl std::error::Error for UnknownTarget {}

/// Targets among which a strategy chooses.
struct Pool<S> {
    strategy: S,
    targets: Vec<Target>,
    /// What may be tried when all of those fail.
    others: Vec<Target>,
}

/// Targets in the order in which they are to be tried.
pub(super) struct Plan {
    pub(super) targets: Vec<Target>,
    /// All are out; the first is the nearest to recovery.
    pub(super) last_resort: bool,
}

pub(super) struct Table<S> {
    all: Pool<S>,
    named: HashMap<String, Pool<S>>,
    of_provider: HashMap<Provider, Pool<S>>,
    /// Targets that pass any name on.
    open: Option<Pool<S>>,
    unknown: UnknownModels,
}

impl<S: Strategy> Pool<S> {
    fn new(strategy: &S, targets: Vec<Target>, others: Vec<Target>) -> Self {
        Self {
            strategy: strategy.clone(),
            targets,
            others,
        }
    }

    fn plan(&self, ask: &Ask<'_>) -> Plan {
        let now = Instant::now();
        let mut order = Vec::with_capacity(self.targets.len() + self.others.len());
        order.extend((0..self.targets.len()).filter(|&at| self.targets[at].is_available(now)));
        let in_all = order.len() == self.targets.len();
        self.strategy.order(ask, &self.targets, &mut order);
        let mut targets: Vec<Target> = Vec::with_capacity(order.capacity());
        let chosen = order.iter().filter_map(|&at| self.targets.get(at));
        targets.extend(chosen.cloned());
        let others = self.others.iter().filter(|target| target.is_available(now));
        targets.extend(others.cloned());
        if in_all && self.others.is_empty() {
            return Plan {
                targets,
                last_resort: false,
            };
        }
        let all = self.targets.len() + self.others.len();
        let last_resort = targets.is_empty() && all > 1;
        if targets.is_empty() {
            // The others would only be refused by their breakers.
            targets = nearest(self.targets.iter().chain(&self.others));
        }
        Plan {
            targets,
            last_resort,
        }
    }
}

impl<S: Strategy> Table<S> {
    pub(super) fn new(
        strategy: &S,
        targets: &[Target],
        groups: &[(String, Vec<String>)],
        unknown: UnknownModels,
    ) -> Self {
        let mut named = HashMap::new();
        let rest = |chosen: &[Target]| -> Vec<Target> {
            let others = targets.iter().filter(|target| !chosen.contains(target));
            others.cloned().collect()
        };
        // A later name goes before an earlier one: a group's before a target's
        // id, and that before a model's.
        for target in targets {
            if let Some(model) = target.model_name()
                && !named.contains_key(model)
            {
                let of_model = |other: &&Target| other.model_name() == Some(model);
                let chosen: Vec<Target> = targets.iter().filter(of_model).cloned().collect();
                let others = rest(&chosen);
                named.insert(model.to_owned(), Pool::new(strategy, chosen, others));
            }
        }
        for target in targets.iter().filter(|t| t.model_name().is_some()) {
            // Whoever names one target wants that one.
            let pool = Pool::new(strategy, vec![target.clone()], Vec::new());
            named.insert(target.id().to_owned(), pool);
        }
        for (group, ids) in groups {
            let of = |id: &String| targets.iter().find(|target| target.id() == id).cloned();
            let chosen: Vec<Target> = ids.iter().filter_map(of).collect();
            named.insert(group.clone(), Pool::new(strategy, chosen, Vec::new()));
        }
        let mut of_provider = HashMap::new();
        for provider in targets.iter().map(Target::provider) {
            let of = |target: &&Target| target.provider() == provider;
            let chosen: Vec<Target> = targets.iter().filter(of).cloned().collect();
            of_provider.insert(provider, Pool::new(strategy, chosen, Vec::new()));
        }
        let open = |target: &&Target| target.model_name().is_none();
        let open: Vec<Target> = targets.iter().filter(open).cloned().collect();
        Self {
            all: Pool::new(strategy, targets.to_vec(), Vec::new()),
            named,
            of_provider,
            open: (!open.is_empty()).then(|| Pool::new(strategy, open, Vec::new())),
            unknown,
        }
    }

    /// The order in which targets are to be tried for a request.
    pub(super) fn plan(
        &self,
        ask: &Ask<'_>,
        model: Option<&str>,
        provider: Option<Provider>,
    ) -> Result<Plan, ApiError> {
        let named = model.and_then(|model| self.named.get(model));
        if let Some(provider) = provider {
            let Some(pool) = self.of_provider.get(&provider) else {
                return Err(ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "provider_not_found",
                    format!("there is no target of the provider {:?}", provider.name()),
                )
                .with_param("provider"));
            };
            let of_it = |target: &Target| target.provider() == provider;
            if let Some(named) = named.filter(|pool| pool.targets.iter().any(of_it)) {
                let mut plan = named.plan(ask);
                plan.targets.retain(of_it);
                if plan.targets.is_empty() {
                    // All that are meant are out.
                    plan.targets = nearest(named.targets.iter().filter(|&target| of_it(target)));
                    plan.last_resort = true;
                }
                return Ok(plan);
            }
            let mut plan = pool.plan(ask);
            if let (Some(model), UnknownModels::Refuse) = (model, self.unknown) {
                let takes_any = |target: &Target| target.model_name().is_none();
                if !pool.targets.iter().any(takes_any) {
                    return Err(not_found(model));
                }
                plan.targets.retain(takes_any);
                if plan.targets.is_empty() {
                    let open = pool.targets.iter().filter(|&target| takes_any(target));
                    plan.targets = nearest(open);
                    plan.last_resort = true;
                }
            }
            return Ok(plan);
        }
        let pool = match (named, model, self.unknown) {
            (Some(pool), _, _) => pool,
            (None, Some(model), UnknownModels::Refuse) => match &self.open {
                Some(pool) => pool,
                None => return Err(not_found(model)),
            },
            (None, _, _) => &self.all,
        };
        Ok(pool.plan(ask))
    }

    /// Where things are kept that only one has: at the first target, or the
    /// first of a provider.
    pub(super) fn keeper(&self, provider: Option<Provider>) -> Option<&Target> {
        let mut targets = self.all.targets.iter();
        targets.find(|target| provider.is_none_or(|provider| target.provider() == provider))
    }

    pub(super) fn targets(&self) -> &[Target] {
        &self.all.targets
    }
}

/// Of targets that are out, the one that is back first. Nobody knows when one
/// comes back that an operator took out.
fn nearest<'a>(out: impl Iterator<Item = &'a Target>) -> Vec<Target> {
    let nearest = out.min_by_key(|target| match target.recovers_at() {
        Some(at) => (0, Some(at)),
        None => (1, None),
    });
    nearest.into_iter().cloned().collect()
}

fn not_found(model: &str) -> ApiError {
    let model: String = model.chars().take(128).collect();
    ApiError::new(
        StatusCode::NOT_FOUND,
        "model_not_found",
        format!("The model `{model}` does not exist or you do not have access to it."),
    )
    .with_param("model")
}
