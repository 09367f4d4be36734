use super::{Ask, RouteLayer, Strategy};
use crate::target::Target;

/// The targets in the order in which they are given.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Fallback;

/// Sends calls to the first target, and to the next when it fails.
pub type FallbackLayer = RouteLayer<Fallback>;

impl Strategy for Fallback {
    fn name(&self) -> &'static str {
        "fallback"
    }

    fn order(&self, _: &Ask<'_>, _: &[Target], _: &mut Vec<usize>) {}
}
