use std::borrow::Cow;
use std::sync::Arc;

use super::detect::Entity;

/// The name of a kind of finding: of a built-in one, or of a pattern of one's
/// own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Entity(Entity),
    Custom(Arc<str>),
}

impl Label {
    /// The name of a pattern of one's own.
    #[must_use]
    pub fn custom(name: &str) -> Self {
        match Entity::from_label(name) {
            Some(entity) => Self(Kind::Entity(entity)),
            None => Self(Kind::Custom(name.into())),
        }
    }

    /// The name, such as `EMAIL_ADDRESS`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kind::Entity(entity) => entity.label(),
            Kind::Custom(name) => name,
        }
    }

    /// The built-in kind that it names.
    #[must_use]
    pub fn entity(&self) -> Option<Entity> {
        match self.0 {
            Kind::Entity(entity) => Some(entity),
            Kind::Custom(_) => None,
        }
    }

    pub(super) fn name(&self) -> Cow<'static, str> {
        match &self.0 {
            Kind::Entity(entity) => Cow::Borrowed(entity.label()),
            Kind::Custom(name) => Cow::Owned(name.to_string()),
        }
    }

    pub(super) fn marker(&self) -> Cow<'static, str> {
        Cow::Owned(format!("[{}]", self.as_str()))
    }
}

impl From<Entity> for Label {
    fn from(entity: Entity) -> Self {
        Self(Kind::Entity(entity))
    }
}
