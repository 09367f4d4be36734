//! Asking a judge about the texts of one message.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use super::{Consult, Judge, Judgement, Subject};
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
    said: HashMap<Subject, (Own, Option<Judgement>)>,
    open: HashMap<Subject, Own>,
    /// The first time.
    asking: bool,
    /// A text was bad, or has been asked about.
    any: bool,
    too_many: bool,
}

/// What is built in says of a text.
#[derive(Clone, Copy, Debug)]
struct Own {
    bad: bool,
    score: f32,
    threshold: f32,
}

/// What counts of a text.
pub(in crate::policy) struct Weighed {
    pub(in crate::policy) bad: bool,
    /// Its score: with the judge's word, that of both.
    pub(in crate::policy) score: f32,
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

impl Own {
    /// What counts with the judge's word: the score, and whether it is bad.
    fn with(self, consult: &Consult, said: &Judgement) -> (f32, bool) {
        consult.together((self.score, self.bad), self.threshold, said.score)
    }
}

impl Hearing {
    pub(in crate::policy) fn new(consult: Option<Consult>) -> Self {
        Self {
            asking: consult.is_some(),
            consult,
            said: HashMap::new(),
            open: HashMap::new(),
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
            score,
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
        let mine = Own {
            bad,
            score,
            threshold,
        };
        let judgement = match self.said.get(&subject) {
            Some((_, judgement)) => judgement.clone(),
            None if !self.asking => None,
            None => match consult
                .judge
                .remembered(&subject)
                .and_then(|said| sound(said).ok())
            {
                Some(judgement) => {
                    self.said.insert(subject, (mine, Some(judgement.clone())));
                    Some(judgement)
                }
                None => {
                    self.ask(subject, mine);
                    return Weighed { bad: false, ..own };
                }
            },
        };
        let Some(judgement) = judgement else {
            return own;
        };
        let (score, bad) = mine.with(consult, &judgement);
        Weighed {
            bad,
            score,
            judgement: Some(judgement),
        }
    }

    fn ask(&mut self, subject: Subject, own: Own) {
        if self.open.len() < MOST_TEXTS {
            self.open.insert(subject, own);
        } else if !self.open.contains_key(&subject) {
            self.too_many = true;
        }
    }

    /// Whether there is a judge.
    pub(in crate::policy) fn has_judge(&self) -> bool {
        self.consult.is_some()
    }

    /// What the judge has said of a text.
    pub(in crate::policy) fn said_of(&self, subject: &Subject) -> Option<&Judgement> {
        self.said.get(subject)?.1.as_ref()
    }

    /// What it has said of a text, and whether that is bad, all in all.
    pub(in crate::policy) fn verdict_on(&self, subject: &Subject) -> Option<(&Judgement, bool)> {
        self.verdict(self.said.get(subject)?)
    }

    /// All verdicts.
    pub(in crate::policy) fn verdicts(&self) -> impl Iterator<Item = (&Judgement, bool)> {
        self.said.values().filter_map(|said| self.verdict(said))
    }

    fn verdict<'a>(
        &self,
        (own, said): &'a (Own, Option<Judgement>),
    ) -> Option<(&'a Judgement, bool)> {
        let said = said.as_ref()?;
        Some((said, own.with(self.consult.as_ref()?, said).1))
    }

    /// All it has said.
    pub(in crate::policy) fn judgements(&self) -> impl Iterator<Item = &Judgement> {
        self.said.values().filter_map(|(_, said)| said.as_ref())
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
        if let Some(error) = self.ask_all().await? {
            let policy = recorder.policy;
            tracing::warn!(policy, error = &*error, "judge failed");
            recorder.warn("the judge gave no answer, and the built-in verdict stood");
        }
        Ok(self)
    }

    /// What counts of a text that is judged by itself, with no message around it.
    ///
    /// # Errors
    /// When an answer is missing, and is not to be done without.
    pub(in crate::policy) async fn alone(
        consult: Consult,
        (bad, score, threshold): (bool, f32, f32),
        subject: Subject,
    ) -> Result<Weighed, BoxError> {
        let mut hearing = Self::new(Some(consult));
        let weighed = hearing.weigh(bad, score, threshold, || subject.clone());
        if !hearing.is_open() {
            return Ok(weighed);
        }
        hearing.ask_all().await?;
        Ok(hearing.weigh(bad, score, threshold, || subject))
    }

    /// Asks what there is to ask; gives why an answer is missing that the call can go on without.
    async fn ask_all(&mut self) -> Result<Option<BoxError>, BoxError> {
        self.asking = false;
        let Some(consult) = &self.consult else {
            return Ok(None);
        };
        let open = std::mem::take(&mut self.open);
        let refuses = consult.on_failure == OnFailure::Refuse;
        let mut missing = self.too_many.then(|| BoxError::from(NoJudgement::TooMany));
        if refuses && let Some(error) = missing {
            return Err(error);
        }
        for (subject, own, answer) in ask_all(&*consult.judge, open, refuses).await? {
            match answer {
                Ok(judgement) => drop(self.said.insert(subject, (own, Some(judgement)))),
                Err(error) => {
                    missing = Some(error);
                    self.said.insert(subject, (own, None));
                }
            }
        }
        Ok(missing)
    }

    /// The worst that was said, for the record.
    pub(in crate::policy) fn worst(&self) -> Option<f32> {
        let scores = self.judgements().map(|said| said.score);
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

/// A judge's answer about a subject, with what was handed in with it.
pub(in crate::policy) type Answer<T> = (Subject, T, Result<Judgement, BoxError>);

/// Asks about all texts at once. With `all_or_none` the first failure ends it.
pub(in crate::policy) async fn ask_all<T>(
    judge: &dyn Judge,
    subjects: impl IntoIterator<Item = (Subject, T)>,
    all_or_none: bool,
) -> Result<Vec<Answer<T>>, BoxError> {
    let mut open: Vec<_> = subjects
        .into_iter()
        .map(|(subject, own)| (judge.judge(subject.clone()), subject, own))
        .collect();
    let mut answers = Vec::with_capacity(open.len());
    poll_fn(|cx| {
        let mut at = 0;
        while at < open.len() {
            match open[at].0.as_mut().poll(cx) {
                Poll::Pending => at += 1,
                Poll::Ready(answer) => match (answer.and_then(sound), all_or_none) {
                    (Err(error), true) => return Poll::Ready(Err(error)),
                    (answer, _) => {
                        let (_, subject, own) = open.swap_remove(at);
                        answers.push((subject, own, answer));
                    }
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
