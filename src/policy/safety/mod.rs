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
//! A request is judged text by text: what the user and tools say, prompts and inputs; the parts of
//! a message, and messages of one role that follow each other, as one text too. An answer
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
mod row;
mod sentence;
mod settings;
mod terms;

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode};

pub use self::category::Category;
use self::filter::{Before, SafetyReply, Sentences, refusal};
use self::found::Found;
use self::judge::{Judge, MODEL};
use self::settings::Settings;
pub use self::settings::{Action, Assessment, Mode};
use super::disguise::is_name;
use super::joined::{self, stretches};
use super::judge::{Hearing, Streamed, Subject, hear, question_of};
use super::{Policy, PolicyLayer, PolicyRequest, Recorder, Verdict, is_foreign};
use crate::body::{ApiError, BoxError, Document, Lane, Role, Segment, SegmentKind, Window};
use crate::call::Direction;
use crate::text::{Edits, Model, Views};

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

    /// The same for a text of a request with the word of the
    /// [judge](SafetyFilterLayer::judge), where there is one and it is to be
    /// asked about the text. The score is then that of both, on the scale of the
    /// built-in one.
    ///
    /// # Errors
    /// When the judge gives no answer, and its rule refuses what it could not
    /// judge.
    pub async fn assess_judged(&self, text: &str) -> Result<Assessment, BoxError> {
        let mut found = self.assess(text);
        // A term of one's own is no question of opinion.
        let asks = self.settings.judge_rule.judges_requests() && !found.by_term;
        if let Some(consult) = self.settings.consult().filter(|_| asks) {
            let own = (
                found.harmful,
                found.score,
                self.settings.threshold_of(&found),
            );
            let mut subject = Subject::request(text);
            subject.policy = NAME;
            let weighed = Hearing::alone(consult, own, subject).await?;
            (found.harmful, found.score) = (weighed.bad, weighed.score);
        }
        Ok(found)
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
            Other | Delta => {
                (foreign || segment.role().is_some()) && !is_name(segment.text(), Views::ALL)
            }
            _ => false,
        }
}

/// What was found in a request.
#[derive(Default)]
struct Findings {
    /// The edits of texts, by their numbers.
    rewritten: Vec<(usize, Edits)>,
    /// The numbers of the texts in which something was found, which grow.
    found: Vec<usize>,
    first: Option<String>,
}

impl Findings {
    fn note(&mut self, recorder: &Recorder, found: &Found) {
        found.note(recorder, Direction::Request);
        self.first.get_or_insert_with(|| found.name().to_owned());
    }

    /// Whether nothing was found before in any of these texts; from now on something was.
    fn is_new(&mut self, texts: impl Iterator<Item = usize> + Clone) -> bool {
        let known = |number| self.found.binary_search(&number).is_ok();
        let new = !texts.clone().any(known);
        if new {
            self.found.extend(texts);
            self.found.sort_unstable();
        }
        new
    }

    /// A text as it is to be.
    fn text<'a>(&self, segment: &Segment<'a>) -> Cow<'a, str> {
        let edits = self.rewritten.iter().find(|(n, _)| *n == segment.number());
        match edits {
            Some((_, edits)) => Cow::Owned(edits.apply(segment.text())),
            None => Cow::Borrowed(segment.text()),
        }
    }
}

impl SafetyFilter {
    /// Judges each text by itself.
    fn judge_texts(
        &self,
        document: &Document,
        foreign: bool,
        recorder: &Recorder,
        hearing: &mut Hearing,
        findings: &mut Findings,
    ) -> Result<(), ApiError> {
        let settings = &self.settings;
        let segments = document.segments();
        for segment in segments.filter(|segment| is_asked(segment, foreign)) {
            let text = segment.text();
            let found = with_judge(|judge| judge.assess(settings, text, 0));
            let subject = || Subject::of(NAME, &segment);
            let found = Found::weigh(settings, found, hearing, subject);
            if !found.harmful {
                continue;
            }
            findings.found.push(segment.number());
            if settings.action == Action::Redact {
                let mut edits = with_judge(|judge| self.reword(judge, recorder, &segment));
                if edits.is_empty() {
                    // Harmful as a whole, in no sentence alone.
                    findings.note(recorder, &found);
                    edits.replace(0..text.len(), format!("[{}]", found.name()));
                }
                findings.rewritten.push((segment.number(), edits));
                continue;
            }
            findings.note(recorder, &found);
            if settings.action == Action::Block {
                return Err(refusal(settings, Direction::Request, found.name()));
            }
        }
        Ok(())
    }

    /// Judges texts that follow each other as one.
    fn judge_rows(
        &self,
        document: &Document,
        foreign: bool,
        recorder: &Recorder,
        hearing: &mut Hearing,
        findings: &mut Findings,
    ) -> Result<(), ApiError> {
        let settings = &self.settings;
        let allows = |text: &str| with_judge(|judge| judge.allows(settings, text));
        let reads = |segment: &Segment<'_>| is_asked(segment, foreign) && !allows(segment.text());
        for row in joined::runs(document, foreign, reads) {
            let redacts = settings.action == Action::Redact;
            if redacts {
                self.redact_row(recorder, &row, findings);
                // What is left is for the judge.
                if !hearing.has_judge() {
                    continue;
                }
            }
            let texts: Vec<_> = row.iter().map(|segment| findings.text(segment)).collect();
            let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
            let refused = stretches(&texts, |joined| {
                let found = with_judge(|judge| judge.assess(settings, joined.as_str(), 0));
                let subject = || Subject::of_joined(NAME, &row[0], joined.as_str());
                let found = Found::weigh(settings, found, hearing, subject);
                if !found.harmful {
                    return None;
                }
                if findings.is_new(joined.texts().map(|text| row[text].number())) {
                    findings.note(recorder, &found);
                }
                matches!(settings.action, Action::Block | Action::Redact)
                    .then(|| refusal(settings, Direction::Request, found.name()))
            });
            refused.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    fn redact_row(&self, recorder: &Recorder, row: &[Segment<'_>], findings: &mut Findings) {
        let mut texts: Vec<Cow<'_, str>> = row.iter().map(|s| findings.text(s)).collect();
        let changed = with_judge(|judge| row::redact(judge, &self.settings, &mut texts));
        for (text, category) in changed {
            recorder.found(Direction::Request, category, 1);
            let mut edits = Edits::new();
            edits.replace(0..usize::MAX, texts[text].clone().into_owned());
            findings.rewritten.push((row[text].number(), edits));
        }
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
        let foreign = is_foreign(document);
        let mut findings = Findings::default();
        let judged = self
            .judge_texts(document, foreign, recorder, hearing, &mut findings)
            .and_then(|()| self.judge_rows(document, foreign, recorder, hearing, &mut findings));
        if let Err(refusal) = judged {
            return Ok(Verdict::refuse(refusal));
        }
        let mut verdict = Verdict::rewrite(findings.rewritten);
        // Names are words.
        if self.settings.action == Action::Flag
            && let Some(Ok(category)) = findings.first.map(HeaderValue::try_from)
        {
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
