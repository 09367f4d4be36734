use std::collections::{HashMap, HashSet};
use std::time::Duration;

use http::HeaderName;

use super::action::{Action, HashKey, Redaction};
use super::detect::{Entity, EntitySet, Locales};
use super::detector::Detectors;
use super::finder::Finder;
use super::label::Label;
use super::pattern::Pattern;
use super::vault::Conversations;
use crate::call::Direction;

/// How a policy finds and what it does; built by the layer's methods.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) finder: Finder,
    pub(super) patterns: Vec<Pattern>,
    pub(super) request: Option<Actions>,
    pub(super) response: Option<Actions>,
    pub(super) redaction: Redaction,
    pub(super) hash_key: HashKey,
    pub(super) conversations: Option<(HeaderName, Conversations)>,
    pub(super) report_header: bool,
}

/// What is done in one direction.
#[derive(Clone, Debug)]
pub(super) struct Actions {
    pub(super) general: Action,
    pub(super) by_label: HashMap<Label, Action>,
}

impl Default for Actions {
    fn default() -> Self {
        // Addresses of pages are what many a prompt is about; they are counted,
        // and whoever wants them gone says so.
        let kept = [Entity::Url, Entity::DomainName];
        Self {
            general: Action::Redact,
            by_label: kept.map(|entity| (entity.into(), Action::Log)).into(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            finder: Finder {
                entities: EntitySet::standard(),
                locales: Locales::ALL,
                patterns: None,
                detectors: Detectors::default(),
                threshold: 0.5,
                thresholds: HashMap::new(),
                allowed: HashSet::new(),
            },
            patterns: Vec::new(),
            request: Some(Actions::default()),
            response: Some(Actions::default()),
            redaction: Redaction::new(),
            hash_key: HashKey::random(),
            conversations: None,
            report_header: false,
        }
    }
}

impl Settings {
    pub(super) fn actions(&self, direction: Direction) -> Option<&Actions> {
        match direction {
            Direction::Request => self.request.as_ref(),
            Direction::Response => self.response.as_ref(),
        }
    }

    /// Changes the actions of both directions, as far as they are worked on.
    pub(super) fn each(&mut self, change: impl Fn(&mut Actions)) {
        self.request
            .iter_mut()
            .chain(&mut self.response)
            .for_each(change);
    }

    pub(super) fn action(&self, direction: Direction, label: &Label) -> Action {
        let actions = self.actions(direction);
        actions.map_or(Action::Log, |actions| {
            *actions.by_label.get(label).unwrap_or(&actions.general)
        })
    }

    /// Whether the request may leave placeholders for the answer.
    pub(super) fn pseudonymizes(&self) -> bool {
        self.request.as_ref().is_some_and(|actions| {
            actions.general == Action::Pseudonymize
                || actions
                    .by_label
                    .values()
                    .any(|a| *a == Action::Pseudonymize)
        })
    }

    pub(super) fn idle() -> Duration {
        Duration::from_secs(30 * 60)
    }
}
