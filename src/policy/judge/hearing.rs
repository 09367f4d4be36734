//! Asking a judge about the texts of one message.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use super::{Combine, Consult, Judge, Judgement, Subject};
use crate::body::{BoxError, Document};
use crate::policy::{OnFailure, PolicyRequest, Recorder, Verdict};

/// Texts of one message that are asked about at most.
pub(in crate::policy) const MOST_TEXTS: usize = 1024;

/// What a judge has said of the texts of one message, and what it is to be
/// asked yet.
///
/// The texts are gone through twice: first it is seen what there is to ask, and
/// when that is answered, what comes of it. The second time nothing is asked.
#[derive(Debug)]
pub(in crate::policy) struct Hearing {
    consult: Option<Consult>,
    /// `None`: it gave no answer.
    said: HashMap<Subject, Option<Judgement>>,
    open: HashSet<Subject>,
    /// The first time.
    asking: bool,
    /// A text was bad, or has been asked about.
    any: bool,
    too_many: bool,
}

/// What counts of a text.
pub(in crate::policy) struct Weighed {
    pub(in crate::policy) bad: bool,
    /// What the judge said of it.
    pub(in crate::policy) judgement: Option<Judgement>,
}

/// Why there is no judgement, whoever the judge is.
#[derive(Debug)]
pub(in crate::policy) enum NoJudgement {
    TooMany,
    Score,
}

impl fmt::Display for NoJudgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "more than {MOST_TEXTS} texts for the judge"),
            Self::Score => f.write_str("the score of the judge is not from 0 to 1"),
        }
    }
}

impl std::error::Error for NoJudgement {}

/// A score that is no score must not pass for a low one.
fn sound(judgement: Judgement) -> Result<Judgement, BoxError> {
    match (0.0..=1.0).contains(&judgement.score) {
        true => Ok(judgement),
        false => Err(NoJudgement::Score.into()),
    }
}

impl Hearing {
    pub(in crate::policy) fn new(consult: Option<Consult>) -> Self {
        Self {
            asking: consult.is_some(),
            consult,
            said: HashMap::new(),
            open: HashSet::new(),
            any: false,
            too_many: false,
        }
    }

    /// What counts of a text that scores so, and is bad, by what is built in.
    /// One that is to be asked about is not bad yet.
    pub(in crate::policy) fn weigh(
        &mut self,
        bad: bool,
        score: f32,
        threshold: f32,
        subject: impl FnOnce() -> Subject,
    ) -> Weighed {
        let weighed = self.weighed(bad, score, threshold, subject);
        self.any |= weighed.bad || weighed.judgement.is_some();
        weighed
    }

    fn weighed(
        &mut self,
        bad: bool,
        score: f32,
        threshold: f32,
        subject: impl FnOnce() -> Subject,
    ) -> Weighed {
        let own = Weighed {
            bad,
            judgement: None,
        };
        let Some(consult) = &self.consult else {
            return own;
        };
        if !consult.wants(score, threshold) {
            return own;
        }
        let subject = subject();
        if subject.text.trim().is_empty() {
            return own;
        }
        let judgement = match self.said.get(&subject) {
            Some(judgement) => judgement.clone(),
            None if !self.asking => None,
            None => match consult
                .judge
                .remembered(&subject)
                .and_then(|said| sound(said).ok())
            {
                Some(judgement) => {
                    self.said.insert(subject, Some(judgement.clone()));
                    Some(judgement)
                }
                None => {
                    self.ask(subject);
                    return Weighed { bad: false, ..own };
                }
            },
        };
        let Some(judgement) = judgement else {
            return own;
        };
        let worse = judgement.score >= consult.threshold;
        Weighed {
            bad: match consult.combine {
                Combine::Replace => worse,
                Combine::Worst => worse || bad,
            },
            judgement: Some(judgement),
        }
    }

    fn ask(&mut self, subject: Subject) {
        if self.open.len() < MOST_TEXTS {
            self.open.insert(subject);
        } else if !self.open.contains(&subject) {
            self.too_many = true;
        }
    }

    /// What the judge has said of a text.
    pub(in crate::policy) fn said_of(&self, subject: &Subject) -> Option<&Judgement> {
        self.said.get(subject)?.as_ref()
    }

    /// All it has said.
    pub(in crate::policy) fn judgements(&self) -> impl Iterator<Item = (&Subject, &Judgement)> {
        let said = self.said.iter();
        said.filter_map(|(subject, said)| Some((subject, said.as_ref()?)))
    }

    /// What its word counts.
    pub(in crate::policy) fn combine(&self) -> Combine {
        let consult = self.consult.as_ref();
        consult.map_or(Combine::Replace, |consult| consult.combine)
    }

    /// The judge's score from which a text is bad.
    pub(in crate::policy) fn threshold(&self) -> f32 {
        self.consult
            .as_ref()
            .map_or(1.0, |consult| consult.threshold)
    }

    /// Whether there is something to ask.
    pub(in crate::policy) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Nothing is asked any more.
    pub(in crate::policy) fn close(&mut self) {
        self.asking = false;
        self.open.clear();
    }

    /// Asks what there is to ask.
    ///
    /// # Errors
    /// When an answer is missing, and the call is not to go on without it.
    pub(in crate::policy) async fn answered(
        mut self,
        recorder: &Recorder,
    ) -> Result<Self, BoxError> {
        self.asking = false;
        let Some(consult) = &self.consult else {
            return Ok(self);
        };
        let open = std::mem::take(&mut self.open);
        let refuses = consult.on_failure == OnFailure::Refuse;
        let mut missing = self.too_many.then(|| BoxError::from(NoJudgement::TooMany));
        if refuses && let Some(error) = missing {
            return Err(error);
        }
        for (subject, answer) in ask_all(&*consult.judge, open, refuses).await? {
            match answer {
                Ok(judgement) => drop(self.said.insert(subject, Some(judgement))),
                Err(error) => {
                    missing = Some(error);
                    self.said.insert(subject, None);
                }
            }
        }
        if let Some(error) = missing {
            let policy = recorder.policy;
            tracing::warn!(policy, error = &*error, "judge failed");
            recorder.warn("the judge gave no answer, and the built-in verdict stood");
        }
        Ok(self)
    }

    /// The worst that was said, for the record.
    pub(in crate::policy) fn worst(&self) -> Option<f32> {
        let scores = self.judgements().map(|(_, said)| said.score);
        scores.max_by(f32::total_cmp)
    }
}

/// Lets `decide` judge a request with what the judge says, waiting for it where
/// it must be.
pub(in crate::policy) fn hear<P, F>(
    policy: &P,
    consult: Option<Consult>,
    request: &PolicyRequest<'_>,
    decide: F,
) -> Result<Verdict, BoxError>
where
    P: Clone + Send + Sync + 'static,
    F: Fn(&P, &Document, &Recorder, &mut Hearing) -> Result<Verdict, BoxError> + Send + 'static,
{
    let (document, recorder) = (request.document(), request.recorder());
    let alone = consult.is_none();
    let mut hearing = Hearing::new(consult);
    if alone {
        return decide(policy, document, recorder, &mut hearing);
    }
    let verdict = decide(policy, document, &recorder.silent(), &mut hearing)?;
    // What is refused whatever the judge says need not be asked about.
    if !hearing.is_open() || verdict.refuses() {
        if !hearing.any {
            return Ok(verdict);
        }
        hearing.close();
        note(&hearing, recorder);
        return decide(policy, document, recorder, &mut hearing);
    }
    // Cheap: the texts are shared.
    let (policy, document) = (policy.clone(), document.clone());
    let recorder = recorder.clone();
    Ok(Verdict::deferred(async move {
        let mut hearing = hearing.answered(&recorder).await?;
        note(&hearing, &recorder);
        decide(&policy, &document, &recorder, &mut hearing)
    }))
}

fn note(hearing: &Hearing, recorder: &Recorder) {
    if let Some(worst) = hearing.worst() {
        recorder.score("judge", worst);
    }
}

/// Asks about all texts at once. With `all_or_none` the first failure ends it.
pub(in crate::policy) async fn ask_all(
    judge: &dyn Judge,
    subjects: impl IntoIterator<Item = Subject>,
    all_or_none: bool,
) -> Result<Vec<(Subject, Result<Judgement, BoxError>)>, BoxError> {
    let mut open: Vec<_> = subjects
        .into_iter()
        .map(|subject| (judge.judge(subject.clone()), subject))
        .collect();
    let mut answers = Vec::with_capacity(open.len());
    poll_fn(|cx| {
        let mut at = 0;
        while at < open.len() {
            match open[at].0.as_mut().poll(cx) {
                Poll::Pending => at += 1,
                Poll::Ready(answer) => match (answer.and_then(sound), all_or_none) {
                    (Err(error), true) => return Poll::Ready(Err(error)),
                    (answer, _) => answers.push((open.swap_remove(at).1, answer)),
                },
            }
        }
        match open.is_empty() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    })
    .await?;
    Ok(answers)
}
