//! The work on one text, the same for requests and answers.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;

use super::action::{Action, replacement};
use super::detect::Scanner;
use super::finder::{Hit, LOOKBEHIND};
use super::json_state::JsonState;
use super::label::Label;
use super::settings::Settings;
use super::vault::Vault;
use crate::body::{ApiError, Document, Flow, Lane, ResponseFilter, SegmentKind, Window};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::text::Edits;

/// What is done with one text of a message.
pub(super) struct Worker<'a> {
    pub(super) settings: &'a Settings,
    pub(super) recorder: &'a Recorder,
    pub(super) direction: Direction,
    pub(super) vault: Option<&'a Vault>,
    /// Counts what is found, for the answer's header.
    pub(super) counts: Option<&'a RefCell<BTreeMap<Cow<'static, str>, u64>>>,
    /// Whether a text of the message holds a candidate for a placeholder.
    pub(super) taken: &'a dyn Fn(&str) -> bool,
}

impl Worker<'_> {
    /// Makes the edits of a window; gives up to where it is decided.
    pub(super) fn work(
        &self,
        window: &Window<'_>,
        scanner: &mut Scanner,
        json: &mut JsonState,
        edits: &mut Edits,
    ) -> Result<usize, ApiError> {
        let text = window.text();
        let kind = window.lane().kind;
        // JSON within a text: a tool's arguments, or its result. The latter is
        // only seen for what it is when all of it is there.
        let whole = window.start() == 0 && window.is_last();
        let json_inside = OnceCell::new();
        let is_json = || {
            kind == SegmentKind::ToolArguments
                || (whole && *json_inside.get_or_init(|| holds_json(text)))
        };
        let mut read = window.start();
        let mut refused = None;
        let answers = self.vault.filter(|_| self.direction == Direction::Response);
        let finder = &self.settings.finder;
        let decided = finder.find(
            text,
            window.start(),
            window.is_last(),
            answers,
            scanner,
            |range, hit| {
                let value = &text[range.clone()];
                let new = match hit {
                    Hit::Placeholder { number } => {
                        answers.map(|vault| Cow::Owned(vault.value(number)))
                    }
                    Hit::Value { label, .. } => {
                        let action = self.settings.action(self.direction, &label);
                        // What is said twice is found twice, and counted once.
                        if kind != SegmentKind::Repeat {
                            self.recorder.found(self.direction, label.name(), 1);
                        }
                        if let Some(counts) = self.counts {
                            *counts.borrow_mut().entry(label.name()).or_default() += 1;
                        }
                        if action == Action::Block {
                            refused.get_or_insert_with(|| label.clone());
                        }
                        self.replacement(action, &label, value)
                    }
                };
                let inside = is_json();
                if inside {
                    json.advance(&text[read..range.start]);
                }
                read = range.start;
                if let Some(new) = new {
                    let new = if inside {
                        Cow::Owned(json.write(&new))
                    } else {
                        new
                    };
                    edits.replace(range, new);
                }
            },
        );
        if let Some(label) = refused {
            return Err(blocked(&label));
        }
        if kind == SegmentKind::ToolArguments {
            json.advance(&text[read..decided.max(read)]);
        }
        Ok(decided)
    }

    fn replacement(&self, action: Action, label: &Label, value: &str) -> Option<Cow<'static, str>> {
        if action == Action::Pseudonymize
            && self.direction == Direction::Request
            && let Some(vault) = self.vault
            && let Some(placeholder) = vault.placeholder(label, value, self.taken)
        {
            return Some(Cow::Owned(placeholder));
        }
        let settings = self.settings;
        replacement(
            action,
            &settings.redaction,
            &settings.hash_key,
            label,
            value,
        )
    }
}

fn holds_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && Document::json(text.to_owned()).is_ok()
}

fn blocked(label: &Label) -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "pii_detected",
        format!(
            "personal data of the kind {} is not allowed here",
            label.as_str()
        ),
    )
}

/// Works on an answer, and holds back only what may still become a finding.
pub(super) struct PiiFilter {
    pub(super) settings: Arc<Settings>,
    pub(super) recorder: Recorder,
    pub(super) vault: Option<Vault>,
    /// Where each tool call's arguments stand.
    pub(super) arguments: Vec<(Lane, JsonState)>,
    /// One for all lanes: what an event says twice is read once.
    pub(super) scanner: Scanner,
}

impl ResponseFilter for PiiFilter {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let worker = Worker {
            settings: &self.settings,
            recorder: &self.recorder,
            direction: Direction::Response,
            vault: self.vault.as_ref(),
            counts: None,
            taken: &|_| false,
        };
        let lane = window.lane();
        let mut plain = JsonState::default();
        let json = if lane.kind == SegmentKind::ToolArguments {
            let at = match self.arguments.iter().position(|(other, _)| *other == lane) {
                Some(at) => at,
                None => {
                    self.arguments.push((lane, JsonState::default()));
                    self.arguments.len() - 1
                }
            };
            &mut self.arguments[at].1
        } else {
            &mut plain
        };
        let flow = worker.work(window, &mut self.scanner, json, edits);
        if window.is_last() {
            *json = JsonState::default();
        }
        match flow {
            Ok(decided) => Flow::Release(decided),
            Err(error) => Flow::Stop(error),
        }
    }

    fn lookbehind(&self) -> usize {
        LOOKBEHIND
    }
}
