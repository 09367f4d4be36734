//! What can be found, and what a finding is.

use std::ops::Range;

/// A kind of personal data.
///
/// ```
/// use portcullis::policy::pii::detect::Entity;
///
/// assert_eq!(Entity::UsSsn.label(), "US_SSN");
/// assert_eq!(Entity::from_label("IBAN_CODE"), Some(Entity::IbanCode));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Entity {
    /// An e-mail address: a dot-atom, `@`, and a domain name with a top-level domain.
    EmailAddress,
    /// A telephone number, international or in a national form.
    PhoneNumber,
    /// A payment card number whose issuer, length and Luhn digit agree.
    CreditCard,
    /// A United States social security number.
    UsSsn,
    /// An international bank account number whose length and check digits agree.
    IbanCode,
    /// An IPv4 or IPv6 address.
    IpAddress,
}

impl Entity {
    /// Every entity, in the order of their detectors.
    pub const ALL: &'static [Entity] = &[
        Entity::EmailAddress,
        Entity::PhoneNumber,
        Entity::CreditCard,
        Entity::UsSsn,
        Entity::IbanCode,
        Entity::IpAddress,
    ];

    /// The name used in configuration, placeholders and records, such as `EMAIL_ADDRESS`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Entity::EmailAddress => "EMAIL_ADDRESS",
            Entity::PhoneNumber => "PHONE_NUMBER",
            Entity::CreditCard => "CREDIT_CARD",
            Entity::UsSsn => "US_SSN",
            Entity::IbanCode => "IBAN_CODE",
            Entity::IpAddress => "IP_ADDRESS",
        }
    }

    /// The entity with this [`label`](Self::label).
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.label() == label)
    }

    pub(super) const fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

/// A set of entities to look for.
///
/// ```
/// use portcullis::policy::pii::detect::{Entity, EntitySet};
///
/// let set = EntitySet::all().without(Entity::IpAddress);
/// assert!(set.contains(Entity::CreditCard));
/// assert!(!set.contains(Entity::IpAddress));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntitySet(u64);

impl EntitySet {
    /// No entity.
    #[must_use]
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Every entity this crate knows.
    #[must_use]
    pub const fn all() -> Self {
        Self((1 << Entity::ALL.len()) - 1)
    }

    /// This set and `entity`.
    #[must_use]
    pub const fn with(self, entity: Entity) -> Self {
        Self(self.0 | entity.bit())
    }

    /// This set without `entity`.
    #[must_use]
    pub const fn without(self, entity: Entity) -> Self {
        Self(self.0 & !entity.bit())
    }

    /// Whether `entity` is in the set.
    #[must_use]
    pub const fn contains(self, entity: Entity) -> bool {
        self.0 & entity.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }
}

impl FromIterator<Entity> for EntitySet {
    fn from_iter<I: IntoIterator<Item = Entity>>(iter: I) -> Self {
        iter.into_iter().fold(Self::empty(), Self::with)
    }
}

/// A piece of personal data in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Where it is, in bytes of the text that was scanned.
    pub range: Range<usize>,
    /// What it is.
    pub entity: Entity,
    /// How sure the detector is, from 0 to 1.
    pub score: f32,
}

/// What a detector says of one start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing starts here, whatever text follows.
    No,
    /// The answer depends on text that is not there yet.
    Unfinished,
    /// A finding starts here, whatever text follows.
    Match {
        /// Where the finding ends, in bytes of the text.
        end: usize,
        /// What it is.
        entity: Entity,
        /// How sure the detector is, from 0 to 1.
        score: f32,
    },
}
