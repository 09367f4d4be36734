//! Parts of a stack that the next one takes over.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// What a stack is made of, so that the next one can take over the parts whose
/// settings have stayed, with the state they hold: connections, keys, counters,
/// open files.
#[derive(Clone, Default)]
pub(in crate::gateway) struct Kept {
    parts: HashMap<(TypeId, String), Arc<dyn Any + Send + Sync>>,
}

/// A part, with the settings it was built from.
struct Part<S, P> {
    settings: S,
    part: P,
}

/// The parts of a stack that is being built, beside those of the one before.
pub(in crate::gateway) struct Parts<'a> {
    before: &'a Kept,
    now: Kept,
}

impl Kept {
    /// The parts of these types, with the settings that each was built from.
    pub(in crate::gateway) fn all<S: 'static, P: 'static>(&self) -> impl Iterator<Item = (&S, &P)> {
        let kept = self.parts.values();
        kept.filter_map(|kept| {
            let kept = kept.downcast_ref::<Part<S, P>>()?;
            Some((&kept.settings, &kept.part))
        })
    }
}

impl<'a> Parts<'a> {
    pub(in crate::gateway) fn after(before: &'a Kept) -> Self {
        Self {
            before,
            now: Kept::default(),
        }
    }

    /// The part of this name there was, whatever its settings.
    pub(super) fn before<S: 'static, P: 'static>(&self, name: &str) -> Option<&'a P> {
        let key = (TypeId::of::<(S, P)>(), name.to_owned());
        let kept = self.before.parts.get(&key)?;
        Some(&kept.downcast_ref::<Part<S, P>>()?.part)
    }

    /// The part of these settings: the one there was, or a new one. `name`
    /// tells parts of the same settings type apart.
    pub(super) fn part<S, P, E>(
        &mut self,
        name: &str,
        settings: &S,
        build: impl FnOnce(&S) -> Result<P, E>,
    ) -> Result<P, E>
    where
        S: Clone + PartialEq + Send + Sync + 'static,
        P: Clone + Send + Sync + 'static,
    {
        let key = (TypeId::of::<(S, P)>(), name.to_owned());
        let before = self.before.parts.get(&key).and_then(|kept| {
            let kept = kept.downcast_ref::<Part<S, P>>()?;
            (kept.settings == *settings).then(|| kept.part.clone())
        });
        let part = match before {
            Some(part) => part,
            None => build(settings)?,
        };
        let kept = Part {
            settings: settings.clone(),
            part: part.clone(),
        };
        self.now.parts.insert(key, Arc::new(kept));
        Ok(part)
    }

    pub(in crate::gateway) fn into_kept(self) -> Kept {
        self.now
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("parts", &self.parts.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_as_long_as_its_settings_do() {
        let build = |settings: &u8| Ok::<_, ()>(Arc::new(*settings));
        let nothing = Kept::default();
        let mut parts = Parts::after(&nothing);
        let first = parts.part("a", &1, build).unwrap();
        let other = parts.part("b", &1, build).unwrap();
        assert!(!Arc::ptr_eq(&first, &other));
        let kept = parts.into_kept();
        let mut parts = Parts::after(&kept);
        assert!(Arc::ptr_eq(&first, &parts.part("a", &1, build).unwrap()));
        assert!(!Arc::ptr_eq(&other, &parts.part("b", &2, build).unwrap()));
        assert!(parts.part("c", &1, |_| Err::<(), _>(())).is_err());
    }
}
