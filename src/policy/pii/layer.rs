//! How a [`PiiRedactLayer`] is built.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

use super::action::{Action, HashKey, Redaction};
use super::detect::{Entity, EntitySet, Locale};
use super::detector::Detector;
use super::label::Label;
use super::pattern::{self, InvalidPattern, Pattern, Patterns};
use super::settings::{Actions, Settings};
use super::vault::Conversations;
use super::{PiiRedact, PiiRedactLayer};
use crate::call::Direction;

impl PiiRedactLayer {
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|policy: &mut PiiRedact| change(Arc::make_mut(&mut policy.settings)))
    }

    fn try_set(
        self,
        change: impl FnOnce(&mut Settings) -> Result<(), InvalidPattern>,
    ) -> Result<Self, InvalidPattern> {
        let mut result = Ok(());
        let layer = self.set(|settings| result = change(settings));
        result.map(|()| layer)
    }

    /// Looks for these kinds only. By default for all but names of people,
    /// places and organisations, and those of
    /// [`healthcare_mode`](Self::healthcare_mode) and
    /// [`pci_mode`](Self::pci_mode).
    ///
    /// ```
    /// use portcullis::PiiRedactLayer;
    /// use portcullis::policy::pii::Entity;
    ///
    /// let layer = PiiRedactLayer::default().entities([Entity::EmailAddress]);
    /// ```
    #[must_use]
    pub fn entities(self, entities: impl IntoIterator<Item = Entity>) -> Self {
        let set = entities
            .into_iter()
            .fold(EntitySet::default(), EntitySet::with);
        self.set(|settings| settings.finder.entities = set)
    }

    fn with_entities(self, entities: &[Entity], wanted: bool) -> Self {
        self.set(|settings| {
            for &entity in entities {
                let set = settings.finder.entities;
                settings.finder.entities = match wanted {
                    true => set.with(entity),
                    false => set.without(entity),
                };
            }
        })
    }

    /// Looks for medical record numbers, NPI, DEA and health insurance numbers
    /// too.
    #[must_use]
    pub fn healthcare_mode(self, on: bool) -> Self {
        let entities = [
            Entity::MedicalRecordNumber,
            Entity::UsNpi,
            Entity::UsDea,
            Entity::HealthInsuranceId,
        ];
        self.with_entities(&entities, on)
    }

    /// Looks for the verification code, the expiry and the holder of payment
    /// cards too.
    #[must_use]
    pub fn pci_mode(self, on: bool) -> Self {
        let entities = [Entity::Cvv, Entity::CardExpiry, Entity::Cardholder];
        self.with_entities(&entities, on)
    }

    /// Looks for names of people, places and organisations too, without a
    /// language model: it finds fewer than one, and is sometimes wrong.
    #[must_use]
    pub fn names(self, on: bool) -> Self {
        let entities = [Entity::Person, Entity::Location, Entity::Organization];
        self.with_entities(&entities, on)
    }

    /// Looks for what these countries have, and for what is written alike
    /// everywhere; by default for all. Identifiers, addresses and telephone
    /// numbers in the national form of other countries are left alone. A
    /// telephone number without an area code may be anybody's, and counts.
    ///
    /// ```
    /// use portcullis::PiiRedactLayer;
    /// use portcullis::policy::pii::Locale;
    ///
    /// let layer = PiiRedactLayer::default().locales([Locale::Us, Locale::Gb, Locale::De]);
    /// ```
    #[must_use]
    pub fn locales(self, locales: impl IntoIterator<Item = Locale>) -> Self {
        self.set(|settings| settings.finder.locales = locales.into_iter().collect())
    }

    /// Finds what a [`Detector`] of one's own finds too, whatever
    /// [`entities`](Self::entities) says. See there for an example.
    #[must_use]
    pub fn detector(self, detector: impl Detector) -> Self {
        self.set(|settings| settings.finder.detectors.add(detector))
    }

    /// Works on what goes these ways only; both by default.
    #[must_use]
    pub fn directions(self, directions: impl IntoIterator<Item = Direction>) -> Self {
        let (mut request, mut response) = (false, false);
        for direction in directions {
            match direction {
                Direction::Request => request = true,
                Direction::Response => response = true,
            }
        }
        self.set(|settings| {
            let keep = |actions: &mut Option<Actions>, wanted: bool| match wanted {
                true => drop(actions.get_or_insert_default()),
                false => *actions = None,
            };
            keep(&mut settings.request, request);
            keep(&mut settings.response, response);
        })
    }

    /// What is done with findings; redacted by default. For page addresses and
    /// domains, which are only counted, see [`action_for`](Self::action_for).
    #[must_use]
    pub fn action(self, action: Action) -> Self {
        self.set(|settings| settings.each(|actions| actions.general = action))
    }

    /// What is done with findings of one kind, in both directions.
    #[must_use]
    pub fn action_for(self, label: impl Into<Label>, action: Action) -> Self {
        let label = label.into();
        self.set(|settings| {
            settings.each(|actions| {
                actions.by_label.insert(label.clone(), action);
            });
        })
    }

    /// What is done with findings in one direction: in general, or with those
    /// of one kind.
    #[must_use]
    pub fn action_in(self, direction: Direction, label: Option<Label>, action: Action) -> Self {
        self.set(|settings| {
            let actions = match direction {
                Direction::Request => &mut settings.request,
                Direction::Response => &mut settings.response,
            };
            if let Some(actions) = actions {
                match label {
                    Some(label) => drop(actions.by_label.insert(label, action)),
                    None => actions.general = action,
                }
            }
        })
    }

    /// How redacted values are marked.
    #[must_use]
    pub fn redaction(self, redaction: Redaction) -> Self {
        self.set(|settings| settings.redaction = redaction)
    }

    /// The key of [`Action::Hash`]; by default one that lasts as long as the
    /// process.
    #[must_use]
    pub fn hash_key(self, key: HashKey) -> Self {
        self.set(|settings| settings.hash_key = key)
    }

    /// Passes over findings with a lower score, from 0 to 1; 0.5 by default.
    #[must_use]
    pub fn threshold(self, score: f32) -> Self {
        self.set(|settings| settings.finder.threshold = score)
    }

    /// The threshold of one kind.
    #[must_use]
    pub fn threshold_for(self, label: impl Into<Label>, score: f32) -> Self {
        let label = label.into();
        self.set(|settings| {
            settings.finder.thresholds.insert(label, score);
        })
    }

    /// Lets these values alone, whatever kind they are. Upper and lower case
    /// are one.
    #[must_use]
    pub fn allow(self, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.set(|settings| {
            let values = values
                .into_iter()
                .map(|value| value.as_ref().to_lowercase());
            settings.finder.allowed.extend(values);
        })
    }

    /// Finds these values wherever they stand as words, as `label`. Upper and
    /// lower case are one.
    ///
    /// # Errors
    /// When a value is empty, or there are too many.
    pub fn deny(
        self,
        label: &str,
        values: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, InvalidPattern> {
        let patterns: Vec<_> = values
            .into_iter()
            .map(|value| Pattern {
                label: Label::custom(label),
                regex: pattern::literal(value.as_ref()),
                score: 1.0,
                any_case: true,
            })
            .collect();
        self.add(patterns)
    }

    /// Finds what this regular expression (of the crate `regex`) matches, as
    /// `label`; the longest match at each place counts, up to
    /// [`LONGEST_PATTERN`](super::LONGEST_PATTERN) bytes.
    ///
    /// # Errors
    /// When it is no regular expression, matches the empty text, needs more
    /// than 8 MiB, or has a boundary of Unicode words (write `(?-u:\b)`).
    pub fn pattern(self, label: &str, regex: &str) -> Result<Self, InvalidPattern> {
        self.patterns([(label, regex, 1.0)])
    }

    /// Like [`pattern`](Self::pattern), for several at once, each with the
    /// score that its findings get.
    ///
    /// # Errors
    /// As [`pattern`](Self::pattern).
    pub fn patterns<'a>(
        self,
        patterns: impl IntoIterator<Item = (&'a str, &'a str, f32)>,
    ) -> Result<Self, InvalidPattern> {
        let patterns = patterns
            .into_iter()
            .map(|(label, regex, score)| Pattern {
                label: Label::custom(label),
                regex: regex.to_owned(),
                score,
                any_case: false,
            })
            .collect();
        self.add(patterns)
    }

    fn add(self, patterns: Vec<Pattern>) -> Result<Self, InvalidPattern> {
        self.try_set(|settings| {
            settings.patterns.extend(patterns);
            settings.finder.patterns = match settings.patterns.as_slice() {
                [] => None,
                some => Some(Patterns::compile(some)?),
            };
            Ok(())
        })
    }

    /// Keeps the placeholders of [`Action::Pseudonymize`] for a conversation,
    /// which requests name in this header, rather than for a call. A
    /// conversation is forgotten after `idle` (30 minutes, if `None`); clients
    /// with another `Authorization` have others.
    #[must_use]
    pub fn conversations(self, header: HeaderName, idle: Option<Duration>) -> Self {
        let idle = idle.unwrap_or(Settings::idle());
        let kept = Conversations::new(idle);
        self.set(|settings| settings.conversations = Some((header, kept)))
    }

    /// Says on the answer what was found in the request, as counts:
    /// `x-portcullis-pii: EMAIL_ADDRESS=2`.
    #[must_use]
    pub fn report_header(self, on: bool) -> Self {
        self.set(|settings| settings.report_header = on)
    }
}
