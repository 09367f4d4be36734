//! How a hedge and a router speak with each other: through the extensions of
//! requests.

use std::sync::{Arc, OnceLock};

use http::Extensions;

use super::Target;

/// Which target a router has chosen first; for the one who has put it there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen(Arc<OnceLock<Target>>);

impl Chosen {
    pub(crate) fn get(&self) -> Option<&Target> {
        self.0.get()
    }

    /// Says so to whoever wants to know.
    pub(crate) fn note(extensions: &Extensions, target: &Target) {
        if let Some(chosen) = extensions.get::<Self>() {
            chosen.0.get_or_init(|| target.clone());
        }
    }
}

/// A target to be tried last: another try is on its way to it.
#[derive(Clone, Debug)]
pub(crate) struct Avoid(pub(crate) Target);

impl Avoid {
    pub(crate) fn of(extensions: &Extensions) -> Option<&Target> {
        extensions.get::<Self>().map(|Self(target)| target)
    }
}
