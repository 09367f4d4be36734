//! Answers that a judge scores: whole ones before they leave, streamed ones for
//! the record.

use std::sync::{Arc, OnceLock};

use http::StatusCode;

use super::{NAME, Settings};
use crate::body::{ApiError, Consultation, Document, SegmentKind};
use crate::policy::Recorder;
use crate::policy::judge::{Combine, Hearing, Streamed, Subject, question_of};

/// Choices of a stream that are kept for the judge, and how much of each, in
/// bytes.
const MOST_CHOICES: usize = 16;
const MOST_TEXT: usize = 256 * 1024;

/// What a judge is asked about one answer, and what it says.
pub(super) struct Judged {
    combine: Combine,
    streamed: Streamed,
    selective: bool,
    question: Option<Arc<str>>,
    /// The texts of a whole answer by choice, and what was said of them.
    heard: Option<Heard>,
    /// The texts of a stream, by choice, with their own scores.
    kept: Vec<(u32, String, Option<f32>)>,
    overflown: bool,
}

struct Heard {
    texts: Vec<(u32, Subject)>,
    hearing: Arc<OnceLock<Hearing>>,
}

/// A client that asks for a stream where answers are judged as a whole.
pub(super) fn unstreamed() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "stream_not_judged",
        "answers are judged as a whole here, and a stream cannot be; ask without \"stream\", or ask \
         the operator of this gateway to change streamed_answers of quality-scorer",
    )
}

impl Judged {
    pub(super) fn of(settings: &Settings, request: &Document) -> Option<Self> {
        let consult = settings.consult()?;
        Some(Self {
            combine: consult.combine,
            streamed: settings.judge_rule.streamed().unwrap_or(Streamed::Record),
            selective: consult.is_selective(),
            question: question_of(request),
            heard: None,
            kept: Vec::new(),
            overflown: false,
        })
    }

    pub(super) fn refuses_streams(&self) -> bool {
        self.streamed == Streamed::Refuse
    }

    /// Whether it depends on an answer's own score whether the judge is asked.
    pub(super) fn is_selective(&self) -> bool {
        self.selective
    }

    fn subject(&self, text: String) -> Subject {
        Subject::answered(NAME, SegmentKind::Content, text, self.question.clone())
    }

    fn said_of(&self, choice: u32) -> Option<f32> {
        let heard = self.heard.as_ref()?;
        let (_, subject) = heard.texts.iter().find(|(of, _)| *of == choice)?;
        Some(heard.hearing.get()?.said_of(subject)?.score)
    }

    /// What counts of a choice that scores so by what is computed.
    pub(super) fn score(&mut self, choice: u32, own: f32) -> f32 {
        if let Some((_, _, score)) = self.kept.iter_mut().find(|(of, ..)| *of == choice) {
            *score = Some(own);
        }
        self.said_of(choice)
            .map_or(own, |said| combined(self.combine, own, said))
    }

    /// Whether the judge says less than so much of a choice.
    pub(super) fn lowered(&self, choice: u32, min_score: f32) -> bool {
        self.said_of(choice).is_some_and(|said| said < min_score)
    }

    /// Keeps the text of a stream.
    pub(super) fn keep(&mut self, choice: u32, text: &str) {
        if self.streamed != Streamed::Record || self.heard.is_some() {
            return;
        }
        let at = match self.kept.iter().position(|(of, ..)| *of == choice) {
            Some(at) => at,
            None if self.kept.len() == MOST_CHOICES => {
                self.overflown = true;
                return;
            }
            None => {
                self.kept.push((choice, String::new(), None));
                self.kept.len() - 1
            }
        };
        let kept = &mut self.kept[at].1;
        let taken = text.floor_char_boundary(MOST_TEXT.saturating_sub(kept.len()));
        self.overflown |= taken < text.len();
        kept.push_str(&text[..taken]);
    }

    /// Asks about the choices of a whole answer. `scores`: their own, if it
    /// depends on them.
    pub(super) fn before_reply(
        &mut self,
        settings: &Settings,
        recorder: &Recorder,
        reply: &Document,
        scores: Option<Vec<(u32, f32)>>,
    ) -> Option<Consultation> {
        let mut texts: Vec<(u32, String)> = Vec::new();
        for segment in reply.segments() {
            let (SegmentKind::Content | SegmentKind::Completion, Some(choice)) =
                (segment.kind(), segment.choice())
            else {
                continue;
            };
            match texts.iter_mut().find(|(of, _)| *of == choice) {
                Some((_, text)) => text.push_str(segment.text()),
                None => texts.push((choice, segment.text().to_owned())),
            }
        }
        let mut hearing = Hearing::new(settings.consult());
        let mut judged = Vec::new();
        for (choice, text) in texts {
            let score = match &scores {
                Some(scores) => scores.iter().find(|(of, _)| *of == choice).map(|(_, s)| *s),
                None => Some(1.0),
            };
            let Some(score) = score else { continue };
            let subject = self.subject(text);
            let _ = hearing.weigh(false, score, 1.0, || subject.clone());
            judged.push((choice, subject));
        }
        let slot = Arc::new(OnceLock::new());
        self.heard = Some(Heard {
            texts: judged,
            hearing: Arc::clone(&slot),
        });
        if !hearing.is_open() {
            note(&hearing, recorder);
            // It is empty.
            let _ = slot.set(hearing);
            return None;
        }
        let recorder = recorder.clone();
        Some(Box::pin(async move {
            let hearing = hearing.answered(&recorder).await?;
            note(&hearing, &recorder);
            let _ = slot.set(hearing);
            Ok(())
        }))
    }

    /// Asks about the choices of a stream that has ended.
    pub(super) fn after_stream(
        &mut self,
        settings: &Settings,
        recorder: &Recorder,
    ) -> Option<Consultation> {
        if self.overflown {
            recorder.warn("a streamed answer was too long to be scored whole");
        }
        let mut hearing = Hearing::new(settings.consult());
        let mut choices = Vec::new();
        for (_, text, own) in std::mem::take(&mut self.kept) {
            // One that has not ended has no score.
            let Some(own) = own else { continue };
            let subject = self.subject(text);
            let _ = hearing.weigh(false, own, 1.0, || subject.clone());
            choices.push((own, subject));
        }
        if choices.is_empty() {
            return None;
        }
        let (combine, recorder) = (self.combine, recorder.clone());
        Some(Box::pin(async move {
            let hearing = hearing.answered(&recorder).await?;
            note(&hearing, &recorder);
            let scores = choices.iter().map(|(own, subject)| {
                let said = hearing.said_of(subject);
                said.map_or(*own, |said| combined(combine, *own, said.score))
            });
            if let Some(lowest) = scores.min_by(f32::total_cmp) {
                recorder.score("quality", lowest);
            }
            Ok(())
        }))
    }
}

fn combined(combine: Combine, own: f32, said: f32) -> f32 {
    match combine {
        Combine::Replace => said,
        Combine::Worst => own.min(said),
        Combine::Mean => (own + said) / 2.0,
    }
}

/// The judge's own score, of the worst choice.
fn note(hearing: &Hearing, recorder: &Recorder) {
    let scores = hearing.judgements().map(|said| said.score);
    if let Some(lowest) = scores.min_by(f32::total_cmp) {
        recorder.score("judge", lowest);
    }
}
