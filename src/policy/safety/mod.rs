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
//! [`Mode`], [`Category`] and [`Action`] accordingly.

mod category;
mod filter;
mod judge;
mod layer;
mod sentence;
mod settings;
mod terms;

use std::cell::RefCell;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};

pub use self::category::Category;
use self::filter::{Before, SafetyReply, Sentences, name, refusal};
use self::judge::{Judge, MODEL};
use self::settings::Settings;
pub use self::settings::{Action, Assessment, Mode};
use super::{Policy, PolicyLayer, PolicyRequest, Verdict};
use crate::body::{BoxError, Lane, Role, Segment, SegmentKind, Window, is_word};
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
    fn reword(
        &self,
        judge: &mut Judge,
        request: &PolicyRequest<'_>,
        segment: &Segment<'_>,
    ) -> Edits {
        let mut edits = Edits::new();
        let window = Window::new(segment.text(), 0, true, Lane::of(segment));
        let mut sentences = Sentences {
            settings: &self.settings,
            recorder: request.recorder(),
            direction: Direction::Request,
            judge,
            refused: None,
        };
        sentences.work(&window, &mut Before::default(), &mut edits);
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
        "safety-filter"
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let settings = &self.settings;
        let mut rewritten = Vec::new();
        let mut flagged = None;
        if settings.request {
            let foreign = request.is_foreign();
            let segments = request.document().segments();
            for segment in segments.filter(|segment| is_asked(segment, foreign)) {
                let text = segment.text();
                let found = with_judge(|judge| judge.assess(settings, text, 0));
                if !found.harmful {
                    continue;
                }
                if settings.action == Action::Redact {
                    let mut edits = with_judge(|judge| self.reword(judge, request, &segment));
                    if edits.is_empty() {
                        // Harmful as a whole, in no sentence alone.
                        request
                            .recorder()
                            .found(Direction::Request, name(found.category), 1);
                        edits.replace(0..text.len(), format!("[{}]", name(found.category)));
                    }
                    rewritten.push((segment.number(), edits));
                    continue;
                }
                request
                    .recorder()
                    .found(Direction::Request, name(found.category), 1);
                match settings.action {
                    Action::Block => {
                        let error = refusal(settings, Direction::Request, found.category);
                        return Ok(Verdict::refuse(error));
                    }
                    Action::Flag => drop(flagged.get_or_insert(name(found.category))),
                    Action::Redact | Action::Log => {}
                }
            }
        }
        let mut verdict = Verdict::rewrite(rewritten);
        if let Some(category) = flagged {
            verdict = verdict.with_header(REPORT_HEADER, HeaderValue::from_static(category));
        }
        if settings.response {
            verdict = verdict.with_filter(SafetyReply {
                settings: Arc::clone(settings),
                recorder: request.recorder().clone(),
                judge: Judge::new(),
                texts: Vec::new(),
                refused: None,
            });
        }
        Ok(verdict)
    }

    fn reads_request(&self) -> bool {
        self.settings.request
    }
}

#[cfg(test)]
mod tests;
