//! The policy that asks a judge.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode};

use super::RemoteJudge;
use crate::body::{ApiError, BoxError, Role, Segment, SegmentKind};
use crate::call::Direction;
use crate::policy::disguise::is_name;
use crate::policy::joined::{self, stretches};
use crate::policy::judge::{Judge as _, Judgement, MOST_TEXTS, NoJudgement, Subject, ask_all};
use crate::policy::{Policy, PolicyLayer, PolicyRequest, Recorder, Verdict};
use crate::text::Views;

/// What the judge said, on the answer's head.
const HEADER: HeaderName = HeaderName::from_static("x-portcullis-remote-judge");

/// Asks a judge about requests. See the [module](super) for an example.
pub type RemoteJudgeLayer = PolicyLayer<RemoteJudgePolicy>;

/// The policy of a [`RemoteJudgeLayer`].
#[derive(Clone, Debug)]
pub struct RemoteJudgePolicy {
    judge: RemoteJudge,
    settings: Arc<Settings>,
}

/// What is done with a request whose score is too high.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteAction {
    /// It is refused.
    #[default]
    Block,
    /// It passes, and the answer's head says so in `x-portcullis-remote-judge`.
    Flag,
    /// It passes, and is on the record.
    Log,
}

#[derive(Clone, Debug)]
struct Settings {
    threshold: f32,
    action: RemoteAction,
    message: Cow<'static, str>,
    roles: Vec<Role>,
}

impl RemoteJudgeLayer {
    /// Asks this judge.
    #[must_use]
    pub fn asking(judge: RemoteJudge) -> Self {
        Self::new(RemoteJudgePolicy {
            judge,
            settings: Arc::new(Settings {
                threshold: 0.5,
                action: RemoteAction::default(),
                message: "the request is not allowed here".into(),
                roles: vec![Role::User, Role::Tool],
            }),
        })
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|policy: &mut RemoteJudgePolicy| change(Arc::make_mut(&mut policy.settings)))
    }

    /// The score from which something is done, from 0 to 1: 0.5.
    #[must_use]
    pub fn threshold(self, score: f32) -> Self {
        self.set(|settings| settings.threshold = score)
    }

    /// What is done; blocked by default.
    #[must_use]
    pub fn action(self, action: RemoteAction) -> Self {
        self.set(|settings| settings.action = action)
    }

    /// What a client is told whose request is blocked.
    #[must_use]
    pub fn message(self, message: impl Into<Cow<'static, str>>) -> Self {
        self.set(|settings| settings.message = message.into())
    }

    /// Whose messages are judged: those of users and tools by default. Prompts,
    /// inputs, queries and messages of an unknown role are judged always.
    #[must_use]
    pub fn roles(self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.set(|settings| settings.roles = roles.into_iter().collect())
    }
}

impl RemoteJudgePolicy {
    /// `foreign`: the request is of an API that is not known.
    fn reads(&self, segment: &Segment<'_>, foreign: bool) -> bool {
        let role = match segment.role() {
            // A role that only the upstream can read is no way round the judge.
            Some(Role::Unknown) | None => true,
            Some(role) => self.settings.roles.contains(&role),
        };
        let kind = match segment.kind() {
            SegmentKind::Content => role,
            // What stands at an odd place of a message is a part of it.
            SegmentKind::Other | SegmentKind::Delta => {
                role && (foreign || segment.role().is_some())
                    && !is_name(segment.text(), Views::ALL)
            }
            SegmentKind::Prompt
            | SegmentKind::Input
            | SegmentKind::Query
            | SegmentKind::Document
            | SegmentKind::PlainText => true,
            _ => false,
        };
        kind && !segment.text().trim().is_empty()
    }
}

impl Policy for RemoteJudgePolicy {
    fn name(&self) -> &'static str {
        "remote-judge"
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let mut known = Vec::new();
        let mut unknown: Vec<Subject> = Vec::new();
        let mut seen = HashSet::new();
        let mut too_many = false;
        let mut add = |subject: Subject| {
            if let Some(judgement) = self.judge.remembered(&subject) {
                known.push(judgement);
            } else if unknown.len() == MOST_TEXTS {
                too_many |= !seen.contains(&subject);
            } else if seen.insert(subject.clone()) {
                unknown.push(subject);
            }
        };
        let foreign = request.is_foreign();
        let (name, document) = (self.name(), request.document());
        let reads = |segment: &Segment<'_>| self.reads(segment, foreign);
        for segment in document.segments().filter(reads) {
            add(Subject::of(name, &segment));
        }
        // What is cut over parts or messages is whole to the model that reads them.
        for row in joined::runs(document, foreign, reads) {
            let texts: Vec<&str> = row.iter().map(Segment::text).collect();
            stretches(&texts, |joined| {
                add(Subject::of_joined(name, &row[0], joined.as_str()));
                None::<()>
            });
        }
        if too_many {
            return Err(NoJudgement::TooMany.into());
        }
        let settings = Arc::clone(&self.settings);
        let recorder = request.recorder().clone();
        // What is known to be bad need not be asked further about.
        let bad = |judgement: &Judgement| judgement.score >= settings.threshold;
        let blocked = settings.action == RemoteAction::Block && known.iter().any(bad);
        if unknown.is_empty() || blocked {
            return Ok(settings.verdict(&known, &recorder));
        }
        let judge = self.judge.clone();
        Ok(Verdict::deferred(async move {
            let unknown = unknown.into_iter().map(|subject| (subject, ()));
            let answers = ask_all(&judge, unknown, true).await?;
            known.extend(answers.into_iter().filter_map(|(.., answer)| answer.ok()));
            Ok(settings.verdict(&known, &recorder))
        }))
    }
}

impl Settings {
    fn verdict(&self, judgements: &[Judgement], recorder: &Recorder) -> Verdict {
        let scores = judgements.iter().map(|judgement| judgement.score);
        let Some(worst) = scores.max_by(f32::total_cmp) else {
            return Verdict::proceed();
        };
        recorder.score("score", worst);
        if worst < self.threshold {
            return Verdict::proceed();
        }
        let bad = judgements.iter().filter(|j| j.score >= self.threshold);
        let mut names: Vec<_> = bad.flat_map(|j| j.names(self.threshold)).collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            recorder.found(Direction::Request, "flagged", 1);
        }
        for name in &names {
            recorder.found(Direction::Request, name.clone(), 1);
        }
        match self.action {
            RemoteAction::Log => Verdict::proceed(),
            RemoteAction::Block => Verdict::refuse(ApiError::new(
                StatusCode::FORBIDDEN,
                "content_policy",
                self.message.clone(),
            )),
            RemoteAction::Flag => {
                let mut said = format!("{worst:.2}");
                if !names.is_empty() {
                    said = format!("{said}; {}", names.join(", "));
                }
                match HeaderValue::try_from(said) {
                    Ok(said) => Verdict::proceed().with_header(HEADER, said),
                    // Names are words, so this is not reached.
                    Err(_) => Verdict::proceed(),
                }
            }
        }
    }
}
