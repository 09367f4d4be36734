//! Asking.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use tokio::sync::{Semaphore, SemaphorePermit};
use tower_service::Service;

use super::breaker::{Breaker, InARow};
use super::cache::{Cache, Key};
use super::{Dialect, Judgement};
use crate::body::{Body, BoxError, Inspect, Inspected};
use crate::policy::HashKey;

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
    breaker: Box<dyn Breaker>,
    places: Semaphore,
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
    /// The request has more texts than the judge is asked about: 1,024.
    TooMany,
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
            Self::TooMany => f.write_str("the request has too many texts for the judge"),
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
            Self::LeftAlone | Self::TooLong | Self::TooMany | Self::Answer => false,
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
                breaker: Box::new(InARow::new(5, Duration::from_secs(30))),
                places: Semaphore::new(16),
            }),
        }
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    /// Begins its memory, its breaker and its places anew.
    fn share(
        mut self,
        cache: usize,
        breaker: Option<(u32, Duration)>,
        places: Option<usize>,
    ) -> Self {
        // Only while it is built: nobody shares these yet.
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            if cache != usize::MAX {
                shared.cache = Mutex::new(Cache::new(cache));
            }
            if let Some((failures, recovery)) = breaker {
                shared.breaker = Box::new(InARow::new(failures, recovery));
            }
            if let Some(places) = places {
                shared.places = Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS));
            }
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
        self.share(entries.min(usize::MAX - 1), None, None)
    }

    /// After how many failures in a row it is left alone, and for how long: 5,
    /// and 30 s. For a judge that has not been cloned.
    #[must_use]
    pub fn breaker(self, failures: u32, recovery: Duration) -> Self {
        self.share(usize::MAX, Some((failures, recovery)), None)
    }

    /// How many questions may be open at a time: 16. For a judge that has not
    /// been cloned.
    #[must_use]
    pub fn max_concurrent(self, most: usize) -> Self {
        self.share(usize::MAX, None, Some(most))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.shared
            .cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, text: &str) -> Key {
        let hash = self.shared.key.digest(&[text.as_bytes()]);
        let mut key = Key::default();
        key.copy_from_slice(&hash[..16]);
        key
    }

    /// What it said of this text before, if that is remembered.
    #[must_use]
    pub fn remembered(&self, text: &str) -> Option<Judgement> {
        let key = self.key(text);
        self.cache().get(&key).cloned()
    }

    /// What it says of a text. Asks, unless it is remembered.
    ///
    /// # Errors
    /// When there is no judgement; see [`RemoteError`].
    pub async fn ask(&self, text: &str) -> Result<Judgement, RemoteError> {
        if text.len() > self.settings.max_text_bytes {
            return Err(RemoteError::TooLong);
        }
        let key = self.key(text);
        if let Some(known) = self.cache().get(&key) {
            return Ok(known.clone());
        }
        if !self.shared.breaker.admits() {
            return Err(RemoteError::LeftAlone);
        }
        let place = self.shared.places.try_acquire().ok();
        let waits = place.is_none();
        let asked = tokio::time::timeout(self.settings.timeout, self.question(text, place)).await;
        let judged = asked.unwrap_or(Err(RemoteError::TimedOut));
        // One that had to wait may have lost its time to the others, and says
        // nothing of the judge.
        if !(waits && matches!(judged, Err(RemoteError::TimedOut))) {
            let failed = judged.as_ref().is_err_and(RemoteError::is_outage);
            self.shared.breaker.report(!failed);
        }
        let judgement = judged?;
        self.cache().put(key, judgement.clone());
        Ok(judgement)
    }

    async fn question(
        &self,
        text: &str,
        place: Option<SemaphorePermit<'_>>,
    ) -> Result<Judgement, RemoteError> {
        let settings = &self.settings;
        let _place = match place {
            Some(place) => Ok(place),
            // It is never closed.
            None => self.shared.places.acquire().await,
        };
        let request = Request::post(settings.path.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .body(Body::from(settings.dialect.question(text)))
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

impl fmt::Debug for RemoteJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJudge")
            .field("dialect", &self.settings.dialect)
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}
