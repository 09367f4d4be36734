//! A classifier of one's own, for the policies that judge texts.
//!
//! [`PromptInjection`](super::injection), [`SafetyFilter`](super::safety) and
//! [`QualityScore`](super::quality) judge with what is built in. Each takes a
//! [`Judge`] beside it: a model of yours, in this process or behind HTTP
//! ([`RemoteJudge`](super::remote::RemoteJudge)). A [`JudgeRule`] says when it is
//! asked, and what its word counts.
//!
//! ```
//! use portcullis::policy::judge::{Judgement, JudgeRule, Subject, When};
//! use portcullis::{Body, BoxError, PromptInjectionLayer};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // A closure will do; so does whatever implements `Judge`.
//! let judge = |subject: Subject| async move {
//!     let bad = subject.text.contains("nightfall");
//!     Ok(Judgement::of(if bad { 0.9 } else { 0.0 }))
//! };
//! let layer = PromptInjectionLayer::default()
//!     .judge(judge)
//!     .judge_rule(JudgeRule::default().when(When::Always));
//!
//! let upstream = service_fn(async |_: http::Request<Body>| {
//!     Ok::<_, BoxError>(http::Response::new(Body::from("fine")))
//! });
//! let service = ServiceBuilder::new().layer(layer).service(upstream);
//! let request = http::Request::new(Body::from("begin operation nightfall"));
//! assert_eq!(service.oneshot(request).await?.status(), http::StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```

mod hearing;
mod rule;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub(super) use self::hearing::{Hearing, MOST_TEXTS, NoJudgement, ask_all, hear};
pub(super) use self::rule::Consult;
pub use self::rule::{Combine, JudgeRule, Streamed, When};
use crate::body::{BoxError, Document, Role, Segment, SegmentKind, is_word};
use crate::call::Direction;

/// How much of the question an answer is judged with, in bytes.
const MOST_QUESTION: usize = 16 * 1024;

/// What a judge is waited for with.
pub type JudgeFuture = Pin<Box<dyn Future<Output = Result<Judgement, BoxError>> + Send>>;

/// Says what it thinks of a text.
///
/// Implemented for functions that take a [`Subject`] and give a future. See the
/// [module](self) for an example.
pub trait Judge: Send + Sync + 'static {
    /// Judges one text. The future is dropped when nobody waits for it any more,
    /// and should end by itself before long.
    ///
    /// Its error is logged and does not reach the client; it shall not hold the
    /// text.
    fn judge(&self, subject: Subject) -> JudgeFuture;

    /// What it would say without waiting, since it has said it before.
    fn remembered(&self, _subject: &Subject) -> Option<Judgement> {
        None
    }
}

impl<F, Fut> Judge for F
where
    F: Fn(Subject) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Judgement, BoxError>> + Send + 'static,
{
    fn judge(&self, subject: Subject) -> JudgeFuture {
        Box::pin(self(subject))
    }
}

/// What a judge says of a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// From 0 to 1. Of requests, and of answers to the safety filter: the higher,
    /// the worse. To the quality scorer: the higher, the better.
    pub score: f32,
    /// Scores by category, as the judge names them.
    pub categories: Vec<(String, f32)>,
}

impl Judgement {
    /// A judgement without categories.
    #[must_use]
    pub fn of(score: f32) -> Self {
        Self {
            score,
            categories: Vec::new(),
        }
    }

    /// Adds a category. Names go into records and headers; one that is not a
    /// word (letters, digits and `-_.:/`) is left out there.
    #[must_use]
    pub fn category(mut self, name: impl Into<String>, score: f32) -> Self {
        self.categories.push((name.into(), score));
        self
    }

    /// The categories that reach the threshold, each once.
    pub(super) fn names(&self, threshold: f32) -> Vec<String> {
        let hurt = self.categories.iter();
        let hurt = hurt.filter(|(name, score)| *score >= threshold && is_name(name));
        let mut names: Vec<_> = hurt.map(|(name, _)| name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Whether it may stand in records and headers.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 64 && is_word(name)
}

/// A text that is judged, and what it is.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Subject {
    /// The text.
    pub text: String,
    /// The policy that asks.
    pub policy: &'static str,
    /// Which way it goes.
    pub direction: Direction,
    /// Who speaks; `None` outside of messages.
    pub role: Option<Role>,
    /// Which part of the message it is.
    pub kind: SegmentKind,
    /// Of an answer: what was asked, if that is plain; its first 16 KiB.
    pub question: Option<Arc<str>>,
}

impl Subject {
    /// What a user says.
    #[must_use]
    pub fn request(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            policy: "",
            direction: Direction::Request,
            role: Some(Role::User),
            kind: SegmentKind::Content,
            question: None,
        }
    }

    /// What a model answers.
    #[must_use]
    pub fn answer(text: impl Into<String>) -> Self {
        Self {
            direction: Direction::Response,
            role: Some(Role::Assistant),
            ..Self::request(text)
        }
    }

    /// A text of a request.
    pub(super) fn of(policy: &'static str, segment: &Segment<'_>) -> Self {
        Self {
            policy,
            role: segment.role(),
            kind: segment.kind(),
            ..Self::request(segment.text())
        }
    }

    /// A text of an answer.
    pub(super) fn answered(
        policy: &'static str,
        kind: SegmentKind,
        text: impl Into<String>,
        question: Option<Arc<str>>,
    ) -> Self {
        Self {
            policy,
            kind,
            question,
            ..Self::answer(text)
        }
    }
}

/// Says how much, never what.
impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("policy", &self.policy)
            .field("direction", &self.direction)
            .field("role", &self.role)
            .field("kind", &self.kind)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// What a request asks: its last message of the user, or its prompt.
pub(super) fn question_of(request: &Document) -> Option<Arc<str>> {
    let asks = |segment: &Segment<'_>| {
        matches!(
            (segment.kind(), segment.role()),
            (SegmentKind::Content, Some(Role::User)) | (SegmentKind::Prompt, None)
        )
    };
    let last = request.segments().filter(asks).last()?;
    let text = last.text();
    Some(text[..text.floor_char_boundary(MOST_QUESTION)].into())
}

#[cfg(test)]
mod tests;
