use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// The first target, and no other.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Single;

/// Sends every call to one target.
pub type SingleLayer = RouteLayer<Single>;

impl Strategy for Single {
    fn name(&self) -> &'static str {
        "single"
    }

    fn order(&self, _: &Ask<'_>, _: &[Target], order: &mut Vec<usize>) {
        order.truncate(1);
    }
}
