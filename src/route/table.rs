//! Which targets a request may go to, by the model and provider it names.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;

use http::StatusCode;
use smallvec::SmallVec;

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

/// Targets by their numbers in the table. As many as are tried by default stay
/// clear of the heap.
pub(super) type Order = SmallVec<[usize; 4]>;

/// Targets among which a strategy chooses.
struct Pool<S> {
    strategy: S,
    targets: Vec<Target>,
    /// Their numbers in the table.
    numbers: Vec<usize>,
    /// What may be tried when all of those fail.
    others: Vec<usize>,
}

/// Targets in the order in which they are to be tried.
pub(super) struct Plan {
    pub(super) order: Order,
    /// All are out; the first is the nearest to recovery.
    pub(super) last_resort: bool,
}

pub(super) struct Table<S> {
    targets: Vec<Target>,
    all: Pool<S>,
    named: HashMap<String, Pool<S>>,
    of_provider: HashMap<Provider, Pool<S>>,
    /// Targets that pass any name on.
    open: Option<Pool<S>>,
    unknown: UnknownModels,
}

thread_local! {
    /// What strategies sort, used again from call to call.
    static ORDER: Cell<Vec<usize>> = const { Cell::new(Vec::new()) };
}

impl<S: Strategy> Pool<S> {
    /// `all` are the targets of the table.
    fn new(strategy: &S, all: &[Target], numbers: Vec<usize>, others: Vec<usize>) -> Self {
        Self {
            strategy: strategy.clone(),
            targets: numbers.iter().map(|&at| all[at].clone()).collect(),
            numbers,
            others,
        }
    }

    fn plan(&self, all: &[Target], ask: &Ask<'_>) -> Plan {
        // A strategy that routes a call by itself finds another one.
        let mut chosen = ORDER.try_with(Cell::take).unwrap_or_default();
        chosen.clear();
        let targets = self.targets.iter().enumerate();
        chosen.extend(targets.filter_map(|(at, target)| target.is_available_now().then_some(at)));
        let in_all = chosen.len() == self.targets.len();
        self.strategy.order(ask, &self.targets, &mut chosen);
        let numbers = chosen.iter().filter_map(|&at| self.numbers.get(at));
        let mut order: Order = numbers.copied().collect();
        // If it cannot be put back, the thread is at its end.
        let _ = ORDER.try_with(|kept| kept.set(chosen));
        if in_all && self.others.is_empty() {
            return Plan {
                order,
                last_resort: false,
            };
        }
        let others = self.others.iter().copied();
        order.extend(others.filter(|&at| all[at].is_available_now()));
        let every = self.numbers.len() + self.others.len();
        let last_resort = order.is_empty() && every > 1;
        if order.is_empty() {
            // The others would only be refused by their breakers.
            order = nearest(all, self.numbers.iter().chain(&self.others).copied());
        }
        Plan { order, last_resort }
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
        let all = || 0..targets.len();
        let pool = |chosen: Vec<usize>, others| Pool::new(strategy, targets, chosen, others);
        // A later name goes before an earlier one: a group's before a target's
        // id, and that before a model's.
        for target in targets {
            if let Some(model) = target.model_name()
                && !named.contains_key(model)
            {
                let (chosen, others) =
                    all().partition(|&at| targets[at].model_name() == Some(model));
                named.insert(model.to_owned(), pool(chosen, others));
            }
        }
        for (at, target) in targets.iter().enumerate() {
            // Whoever names one target wants that one.
            if target.model_name().is_some() {
                named.insert(target.id().to_owned(), pool(vec![at], Vec::new()));
            }
        }
        for (group, ids) in groups {
            let of = |id: &String| targets.iter().position(|target| target.id() == id);
            let chosen: Vec<usize> = ids.iter().filter_map(of).collect();
            named.insert(group.clone(), pool(chosen, Vec::new()));
        }
        let mut of_provider = HashMap::new();
        for provider in targets.iter().map(Target::provider) {
            let of = |&at: &usize| targets[at].provider() == provider;
            of_provider.insert(provider, pool(all().filter(of).collect(), Vec::new()));
        }
        let open = |&at: &usize| targets[at].model_name().is_none();
        let open: Vec<usize> = all().filter(open).collect();
        Self {
            targets: targets.to_vec(),
            all: pool(all().collect(), Vec::new()),
            named,
            of_provider,
            open: (!open.is_empty()).then(|| pool(open, Vec::new())),
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
            let all = self.targets.as_slice();
            let of_it = |at: usize| all[at].provider() == provider;
            if let Some(named) = named.filter(|pool| pool.numbers.iter().any(|&at| of_it(at))) {
                let mut plan = named.plan(all, ask);
                plan.order.retain(|&mut at| of_it(at));
                if plan.order.is_empty() {
                    // All that are meant are out.
                    plan.order =
                        nearest(all, named.numbers.iter().copied().filter(|&at| of_it(at)));
                    plan.last_resort = true;
                }
                return Ok(plan);
            }
            let mut plan = pool.plan(all, ask);
            if let (Some(model), UnknownModels::Refuse) = (model, self.unknown) {
                let takes_any = |at: usize| all[at].model_name().is_none();
                if !pool.numbers.iter().any(|&at| takes_any(at)) {
                    return Err(not_found(model));
                }
                plan.order.retain(|&mut at| takes_any(at));
                if plan.order.is_empty() {
                    let open = pool.numbers.iter().copied().filter(|&at| takes_any(at));
                    plan.order = nearest(all, open);
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
        Ok(pool.plan(&self.targets, ask))
    }

    /// Where things are kept that only one has: at the first target, or the
    /// first of a provider.
    pub(super) fn keeper(&self, provider: Option<Provider>) -> Plan {
        let mut targets = self.targets.iter();
        let keeper = targets
            .position(|target| provider.is_none_or(|provider| target.provider() == provider));
        Plan {
            order: keeper.into_iter().collect(),
            last_resort: false,
        }
    }

    pub(super) fn targets(&self) -> &[Target] {
        &self.targets
    }
}

/// Of targets that are out, the one that is back first. Nobody knows when one
/// comes back that an operator took out.
fn nearest(all: &[Target], out: impl Iterator<Item = usize>) -> Order {
    let nearest = out.min_by_key(|&at| match all[at].recovers_at() {
        Some(at) => (0, Some(at)),
        None => (1, None),
    });
    nearest.into_iter().collect()
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
