//! Asking.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::Dialect;
use super::cache::{Cache, Key};
use super::flight::Flights;
use crate::body::{Body, BoxError, Inspect, Inspected};
use crate::policy::HashKey;
use crate::policy::judge::{Judge, JudgeFuture, Judgement, Subject};
use crate::target::{Breaker, BreakerSettings, Permit};

/// An answer may be this long, in bytes.
const MOST_ANSWER: usize = 1024 * 1024;

/// A classifier behind a service. Clones share its memory and its breaker.
#[derive(Clone)]
pub struct RemoteJudge {
    ask: Arc<dyn Ask>,
    settings: Arc<Settings>,
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Settings {
    dialect: Dialect,
    path: String,
    timeout: Duration,
    max_text_bytes: usize,
}

struct Shared {
    key: HashKey,
    cache: Mutex<Cache>,
    flights: Flights,
    breaker: Breaker,
    breaker_settings: Arc<BreakerSettings>,
    places: Semaphore,
    asked: AtomicU64,
    remembered: AtomicU64,
    failed: AtomicU64,
}

/// How often a [`RemoteJudge`] was needed, since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JudgeCounts {
    /// Questions that were sent.
    pub asked: u64,
    /// Texts of which the judgement was remembered.
    pub remembered: u64,
    /// Questions without a judgement.
    pub failed: u64,
}

/// Why there is no judgement. Says nothing of the text.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemoteError {
    /// It took too long.
    TimedOut,
    /// It has failed several times in a row, and is left alone for a while.
    LeftAlone,
    /// The text is longer than the judge is asked about.
    TooLong,
    /// It answered with this status.
    Status(StatusCode),
    /// Its answer means nothing.
    Answer,
    /// It could not be asked.
    Failed(BoxError),
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the judge took too long"),
            Self::LeftAlone => f.write_str("the judge has failed, and is left alone for a while"),
            Self::TooLong => f.write_str("the text is too long for the judge"),
            Self::Status(status) => write!(f, "the judge answered with the status {status}"),
            Self::Answer => f.write_str("the answer of the judge means nothing"),
            Self::Failed(error) => write!(f, "the judge could not be asked: {error}"),
        }
    }
}

impl RemoteError {
    /// Whether the judge is at fault, and not the text: nobody shall have it left
    /// alone by asking what it cannot answer.
    fn is_outage(&self) -> bool {
        match self {
            Self::TimedOut | Self::Failed(_) => true,
            Self::Status(status) => {
                let ours = matches!(status.as_u16(), 401 | 403 | 404 | 408 | 429);
                ours || status.is_server_error()
            }
            Self::LeftAlone | Self::TooLong | Self::Answer => false,
        }
    }
}

impl std::error::Error for RemoteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}

type Asking = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

/// A service, whatever its type.
trait Ask: Send + Sync {
    fn ask(&self, request: Request<Body>) -> Asking;
}

struct Asked<S>(S);

impl<S> Ask for Asked<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn ask(&self, request: Request<Body>) -> Asking {
        let mut service = self.0.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(Into::into)?;
            service.call(request).await.map_err(Into::into)
        })
    }
}

impl RemoteJudge {
    /// Asks `service` in this way.
    pub fn new<S>(service: S, dialect: Dialect) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
    {
        Self {
            ask: Arc::new(Asked(service)),
            settings: Arc::new(Settings {
                path: dialect.path().to_owned(),
                dialect,
                timeout: Duration::from_secs(2),
                max_text_bytes: 64 * 1024,
            }),
            shared: Arc::new(Shared {
                key: HashKey::random(),
                cache: Mutex::new(Cache::new(10_000)),
                flights: Flights::default(),
                breaker: Breaker::new("judge"),
                breaker_settings: Arc::default(),
                places: Semaphore::new(16),
                asked: AtomicU64::new(0),
                remembered: AtomicU64::new(0),
                failed: AtomicU64::new(0),
            }),
        }
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    /// Changes what its clones share. Only while it is built: nobody shares it
    /// yet.
    fn share(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            change(shared);
        }
        self
    }

    /// The path of the question, in place of the dialect's own.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        self.set(|settings| settings.path = path.into())
    }

    /// How long one answer may take, the wait for a place included: 2 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.timeout = timeout)
    }

    /// How long a text may be, in bytes: 64 KiB. There is no judgement of a
    /// longer one.
    #[must_use]
    pub fn max_text_bytes(self, most: usize) -> Self {
        self.set(|settings| settings.max_text_bytes = most)
    }

    /// How many judgements are remembered: 10,000. For a judge that has not
    /// been cloned.
    #[must_use]
    pub fn cache_entries(self, entries: usize) -> Self {
        self.share(|shared| shared.cache = Mutex::new(Cache::new(entries)))
    }

    /// When it is left alone, and for how long. For a judge that has not been
    /// cloned.
    #[must_use]
    pub fn breaker(self, settings: BreakerSettings) -> Self {
        self.share(|shared| shared.breaker_settings = Arc::new(settings))
    }

    /// How many questions may be open at a time: 16. For a judge that has not
    /// been cloned.
    #[must_use]
    pub fn max_concurrent(self, most: usize) -> Self {
        let places = most.clamp(1, Semaphore::MAX_PERMITS);
        self.share(|shared| shared.places = Semaphore::new(places))
    }

    /// How often it was needed.
    #[must_use]
    pub fn counts(&self) -> JudgeCounts {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        JudgeCounts {
            asked: count(&self.shared.asked),
            remembered: count(&self.shared.remembered),
            failed: count(&self.shared.failed),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.shared
            .cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// By all that is asked, and by nothing else.
    fn key(&self, question: &str) -> Key {
        let hash = self.shared.key.digest(&[question.as_bytes()]);
        let mut key = Key::default();
        key.copy_from_slice(&hash[..16]);
        key
    }

    fn recall(&self, key: &Key) -> Option<Judgement> {
        let known = self.cache().get(key).cloned();
        if known.is_some() {
            self.shared.remembered.fetch_add(1, Ordering::Relaxed);
        }
        known
    }

    /// What it says of a text. Asks, unless it is remembered, or asked already.
    ///
    /// # Errors
    /// When there is no judgement; see [`RemoteError`].
    pub async fn ask(&self, subject: &Subject) -> Result<Judgement, RemoteError> {
        if subject.text.len() > self.settings.max_text_bytes {
            return Err(RemoteError::TooLong);
        }
        let deadline = Instant::now() + self.settings.timeout;
        let question = self.settings.dialect.question(subject);
        let key = self.key(&question);
        if let Some(known) = self.recall(&key) {
            return Ok(known);
        }
        let flight = self.shared.flights.join(key);
        // Who waits for another's question goes on with it, should the other leave.
        let judged = flight
            .cell
            .get_or_try_init(|| self.question(question, key, flight.is_first, deadline));
        let judged = timeout_at(deadline, judged).await;
        judged.unwrap_or(Err(RemoteError::TimedOut)).cloned()
    }

    /// Sends a question. `at_once`: it has not lost time to others.
    async fn question(
        &self,
        question: String,
        key: Key,
        at_once: bool,
        deadline: Instant,
    ) -> Result<Judgement, RemoteError> {
        let shared = &self.shared;
        let permit = shared.breaker.admit_now(&shared.breaker_settings);
        let permit = permit.map_err(|_| RemoteError::LeftAlone)?;
        let place = shared.places.try_acquire().ok();
        let at_once = at_once && place.is_some();
        let judged = timeout_at(deadline, async {
            let _place = match place {
                Some(place) => Ok(place),
                // It is never closed.
                None => shared.places.acquire().await,
            };
            shared.asked.fetch_add(1, Ordering::Relaxed);
            self.exchange(question).await
        });
        let judged = judged.await.unwrap_or(Err(RemoteError::TimedOut));
        self.report(permit, &judged, at_once);
        if let Ok(judgement) = &judged {
            self.cache().put(key, judgement.clone());
        }
        judged
    }

    fn report(&self, permit: Permit, judged: &Result<Judgement, RemoteError>, at_once: bool) {
        if judged.is_err() {
            self.shared.failed.fetch_add(1, Ordering::Relaxed);
        }
        match judged {
            // One that had to wait may have lost its time to the others, and says
            // nothing of the judge.
            Err(RemoteError::TimedOut) if !at_once => drop(permit),
            Err(error) if error.is_outage() => permit.failure(Instant::now()),
            _ => permit.success(Instant::now()),
        }
    }

    async fn exchange(&self, question: String) -> Result<Judgement, RemoteError> {
        let settings = &self.settings;
        let request = Request::post(settings.path.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .body(Body::from(question))
            .map_err(|error| RemoteError::Failed(error.into()))?;
        let response = self.ask.ask(request).await.map_err(RemoteError::Failed)?;
        let (parts, body) = response.into_parts();
        if !parts.status.is_success() {
            return Err(RemoteError::Status(parts.status));
        }
        match Inspect::new(body, &parts.headers, MOST_ANSWER).await {
            Inspected::Document(body) => {
                let bytes = body.as_document().map(crate::body::Document::to_bytes);
                settings
                    .dialect
                    .answer(&bytes.unwrap_or_default())
                    .ok_or(RemoteError::Answer)
            }
            Inspected::Problem(..) => Err(RemoteError::Answer),
        }
    }
}

impl Judge for RemoteJudge {
    fn judge(&self, subject: Subject) -> JudgeFuture {
        let judge = self.clone();
        Box::pin(async move { Ok(judge.ask(&subject).await?) })
    }

    fn remembered(&self, subject: &Subject) -> Option<Judgement> {
        if subject.text.len() > self.settings.max_text_bytes {
            return None;
        }
        let question = self.settings.dialect.question(subject);
        self.recall(&self.key(&question))
    }
}

impl fmt::Debug for RemoteJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJudge")
            .field("dialect", &self.settings.dialect)
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}
