use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;

use super::pattern::Patterns;
use crate::body::{Role, SegmentKind};
use crate::policy::judge::{Consult, Judge, JudgeRule, Subject};
use crate::text::{Encoding, Folding, Views};

/// What is done with a text that orders the model about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// The request is refused.
    #[default]
    Block,
    /// The sentences that carry the order are replaced by a marker. A request
    /// that stays suspicious is refused.
    Sanitize,
    /// It passes, is counted, and its answer says so in the header
    /// `x-portcullis-injection`.
    Flag,
    /// It passes, and is counted.
    Log,
}

/// Whose words a text of a request is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The person who asks: messages of the user, prompts, inputs, queries.
    #[default]
    User,
    /// The result of a tool, where orders by others hide.
    Tool,
    /// A document that comes with the request.
    Document,
    /// The application: system and developer messages.
    System,
    /// The model, in earlier turns.
    Assistant,
    /// Names, descriptions and schemas of tools on offer.
    ToolDefinition,
}

impl Origin {
    /// Every origin.
    pub const ALL: &[Self] = &[
        Self::User,
        Self::Tool,
        Self::Document,
        Self::System,
        Self::Assistant,
        Self::ToolDefinition,
    ];

    /// Its name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Tool => "tool",
            Self::Document => "document",
            Self::System => "system",
            Self::Assistant => "assistant",
            Self::ToolDefinition => "tool_definition",
        }
    }

    /// A text of this origin for a judge, with no message around it.
    pub(super) fn subject(self, text: &str) -> Subject {
        let (role, kind) = match self {
            Self::User => (Some(Role::User), SegmentKind::Content),
            Self::Tool => (Some(Role::Tool), SegmentKind::Content),
            Self::Document => (None, SegmentKind::Document),
            Self::System => (Some(Role::System), SegmentKind::Content),
            Self::Assistant => (Some(Role::Assistant), SegmentKind::Content),
            Self::ToolDefinition => (None, SegmentKind::ToolDefinition),
        };
        Subject {
            policy: super::NAME,
            role,
            kind,
            ..Subject::request(text)
        }
    }
}

/// How much a text looks like an order to the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assessment {
    /// From 0 to 1, calibrated on sources the model has not seen.
    pub score: f32,
    /// Whether it reaches the threshold.
    pub injection: bool,
    /// The stretch that scored highest, in bytes.
    pub span: Range<usize>,
    /// What that stretch was hidden in.
    pub encoding: Option<Encoding>,
    /// The pattern of one's own that it matches.
    pub pattern: Option<String>,
}

/// How a policy judges and what it does; built by the layer's methods.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) threshold: f32,
    pub(super) thresholds: BTreeMap<Origin, f32>,
    pub(super) action: Action,
    pub(super) scope: Vec<Origin>,
    pub(super) views: Views,
    pub(super) folding: Folding,
    pub(super) sources: Vec<(String, String)>,
    pub(super) patterns: Option<Patterns>,
    pub(super) message: Option<String>,
    pub(super) judge: Option<Arc<dyn Judge>>,
    pub(super) judge_rule: JudgeRule,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threshold: 0.8,
            thresholds: BTreeMap::new(),
            action: Action::default(),
            scope: vec![Origin::User, Origin::Tool, Origin::Document],
            views: Views::ALL,
            folding: Folding::default(),
            sources: Vec::new(),
            patterns: None,
            message: None,
            judge: None,
            judge_rule: JudgeRule::default(),
        }
    }
}

impl Settings {
    /// The judge of requests, if there is one.
    pub(super) fn consult(&self) -> Option<Consult> {
        let judge = self.judge.as_ref();
        let judge = judge.filter(|_| self.judge_rule.judges_requests())?;
        Some(Consult::of_harm(judge, &self.judge_rule))
    }

    pub(super) fn threshold(&self, origin: Origin) -> f32 {
        self.thresholds
            .get(&origin)
            .copied()
            .unwrap_or(self.threshold)
    }
}
