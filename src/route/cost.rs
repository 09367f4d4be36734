use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// The cheapest target first, for what the request asks for.
///
/// By the targets' prices, the length of the request at four bytes a token,
/// and the most tokens it lets the answer have. Targets without a price come
/// last; those that cost the same stay in their order.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Cost;

/// Sends calls to the cheapest target that can take them.
pub type CostLayer = RouteLayer<Cost>;

impl Strategy for Cost {
    fn name(&self) -> &'static str {
        "cost"
    }

    fn order(&self, ask: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>) {
        let (prompt, completion) = ask.tokens();
        let cost = |at: usize| match targets[at].prices() {
            Some(prices) => prices.cost(prompt.max(1), completion.max(1)),
            None => f64::INFINITY,
        };
        order.sort_by(|&a, &b| cost(a).total_cmp(&cost(b)));
    }
}
