//! Harmful requests and answers: found by a small model, and stopped.
//!
//! ```
//! use axum::{Router, routing::post};
//! use portcullis::SafetyFilterLayer;
//!
//! let app: Router = Router::new()
//!     .route("/echo", post(async |body: String| body))
//!     .layer(SafetyFilterLayer::default());
//! ```
//!
//! A request is judged text by text: what the user and tools say, prompts and inputs. An answer
//! is judged sentence by sentence, each with a little of what came before; a stream holds back the
//! sentence that has not ended, so that none leaves that crosses the threshold. Then the stream
//! ends with `finish_reason: "content_filter"`, and nothing more is asked of the upstream.
//!
//! The model weighs words in their neighbourhood, in microseconds. It is no judge of intent: read
//! its model card (`docs/models.md`) for what it finds and what it takes for harm, and choose
//! [`Mode`], [`Category`] and [`Action`] accordingly. A better classifier of yours is asked where
//! the model is uncertain, or always: [`judge`](SafetyFilterLayer::judge).

mod answers;
mod category;
mod filter;
mod found;
mod judge;
mod layer;
mod sentence;
mod settings;
mod terms;

use std::cell::RefCell;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode};

pub use self::category::Category;
use self::filter::{SafetyReply, Sentences, refusal};
use self::found::Found;
use self::judge::{Judge, MODEL};
use self::settings::Settings;
pub use self::settings::{Action, Assessment, Mode};
use super::judge::{Hearing, Streamed, Subject, hear, question_of};
use super::{Policy, PolicyLayer, PolicyRequest, Recorder, Verdict, is_foreign};
use crate::body::{
    ApiError, BoxError, Document, Lane, Role, Segment, SegmentKind, Window, is_word,
};
use crate::call::Direction;
use crate::text::{Edits, Model};

/// Finds harmful texts and deals with them. See the [module](self) for examples.
pub type SafetyFilterLayer = PolicyLayer<SafetyFilter>;

/// The policy of a [`SafetyFilterLayer`].
#[derive(Clone, Debug, Default)]
pub struct SafetyFilter {
    settings: Arc<Settings>,
}

/// What a flagged request held, on its answer.
const REPORT_HEADER: HeaderName = HeaderName::from_static("x-portcullis-safety");
const NAME: &str = "safety-filter";

thread_local! {
    /// Memory for judging, reused by the calls of a thread.
    static JUDGE: RefCell<Option<Judge>> = const { RefCell::new(None) };
}

fn with_judge<T>(work: impl FnOnce(&mut Judge) -> T) -> T {
    JUDGE.with_borrow_mut(|judge| work(judge.get_or_insert_with(Judge::new)))
}

impl SafetyFilter {
    /// How harmful `text` is.
    ///
    /// ```
    /// use portcullis::policy::safety::{Category, SafetyFilter};
    ///
    /// let filter = SafetyFilter::default();
    /// let bad = filter.assess("how do I build a pipe bomb at home");
    /// assert!(bad.harmful);
    /// assert_eq!(bad.category, Some(Category::Weapons));
    /// assert!(!filter.assess("how do I kill a Python process").harmful);
    /// ```
    #[must_use]
    pub fn assess(&self, text: &str) -> Assessment {
        with_judge(|judge| judge.assess(&self.settings, text, 0))
    }

    /// The model it judges with.
    #[must_use]
    pub fn model(&self) -> &'static Model {
        &MODEL
    }

    /// `text` with its harmful sentences replaced; without what was harmful as a whole.
    fn reword(&self, judge: &mut Judge, recorder: &Recorder, segment: &Segment<'_>) -> Edits {
        let mut edits = Edits::new();
        let window = Window::new(segment.text(), 0, true, Lane::of(segment));
        let mut sentences = Sentences {
            settings: &self.settings,
            recorder,
            direction: Direction::Request,
            judge,
            refused: None,
            highest: None,
        };
        sentences.work(&window, &mut 0, &mut edits);
        edits
    }
}

/// Whether a text of a request is what someone asks, rather than what the application or the model
/// has said. `foreign`: the request is of an API that is not known.
fn is_asked(segment: &Segment<'_>, foreign: bool) -> bool {
    use SegmentKind::{Content, Delta, Input, Other, PlainText, Prompt, Query};
    let theirs = !matches!(
        segment.role(),
        Some(Role::System | Role::Developer | Role::Assistant)
    );
    theirs
        && match segment.kind() {
            Content | Prompt | Input | Query | PlainText => true,
            // What stands at an odd place of a message is a part of it.
            Other | Delta => (foreign || segment.role().is_some()) && !is_word(segment.text()),
            _ => false,
        }
}

impl Policy for SafetyFilter {
    fn name(&self) -> &'static str {
        NAME
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let settings = &self.settings;
        let consult = settings.consult();
        let answers = settings.judged_answers();
        if answers == Some(Streamed::Refuse) && request.document().field("stream") == Some("true") {
            return Ok(Verdict::refuse(unstreamed()));
        }
        let asks = consult.filter(|_| settings.judge_rule.judges_requests());
        let mut verdict = match settings.request {
            true => hear(self, asks, request, Self::decide)?,
            false => Verdict::proceed(),
        };
        if settings.response {
            let question = answers.and_then(|_| question_of(request.document()));
            let recorder = request.recorder().clone();
            verdict = verdict.with_filter(SafetyReply::new(settings, recorder, question));
        }
        Ok(verdict)
    }

    fn reads_request(&self) -> bool {
        self.settings.request || self.settings.judged_answers().is_some()
    }
}

impl SafetyFilter {
    fn decide(
        &self,
        document: &Document,
        recorder: &Recorder,
        hearing: &mut Hearing,
    ) -> Result<Verdict, BoxError> {
        let settings = &self.settings;
        let mut rewritten = Vec::new();
        let mut flagged = None;
        let foreign = is_foreign(document);
        let segments = document.segments();
        for segment in segments.filter(|segment| is_asked(segment, foreign)) {
            let text = segment.text();
            let found = with_judge(|judge| judge.assess(settings, text, 0));
            let subject = || Subject::of(NAME, &segment);
            let found = Found::weigh(settings, found, hearing, subject);
            if !found.harmful {
                continue;
            }
            if settings.action == Action::Redact {
                let mut edits = with_judge(|judge| self.reword(judge, recorder, &segment));
                if edits.is_empty() {
                    // Harmful as a whole, in no sentence alone.
                    found.note(recorder, Direction::Request);
                    edits.replace(0..text.len(), format!("[{}]", found.name()));
                }
                rewritten.push((segment.number(), edits));
                continue;
            }
            found.note(recorder, Direction::Request);
            match settings.action {
                Action::Block => {
                    let error = refusal(settings, Direction::Request, found.name());
                    return Ok(Verdict::refuse(error));
                }
                Action::Flag => drop(flagged.get_or_insert(found.name().to_owned())),
                Action::Redact | Action::Log => {}
            }
        }
        let mut verdict = Verdict::rewrite(rewritten);
        // Names are words.
        if let Some(Ok(category)) = flagged.map(HeaderValue::try_from) {
            verdict = verdict.with_header(REPORT_HEADER, category);
        }
        Ok(verdict)
    }
}

/// A client that asks for a stream where answers are judged as a whole.
fn unstreamed() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "stream_not_judged",
        "answers are judged as a whole here, and a stream cannot be; ask without \"stream\", or ask \
         the operator of this gateway to change streamed_answers of safety-filter",
    )
}

#[cfg(test)]
mod tests;
