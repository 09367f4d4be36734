//! Targets: the upstreams that calls may go to.
//!
//! A [`Target`] is plain data (whose API, under which URL, with which key and
//! model, how long it may take, what it costs) and a small block of atomics
//! that says how it is doing. Clones are cheap and are the same target. A
//! router puts the target of its choice into the extensions of the request;
//! breaker, retry, timeout and upstream find it there.
//!
//! ```
//! use portcullis::target::{Pricing, Target};
//! use std::time::Duration;
//!
//! let together = Target::together("primary")
//!     .model("meta-llama/Llama-3.3-70B-Instruct-Turbo")
//!     .pricing(Pricing::new(0.88, 0.88));
//! let own = Target::compatible("own", "http://127.0.0.1:8000/v1")?
//!     .model("llama-3.3-70b")
//!     .timeout(Duration::from_secs(20));
//! assert_eq!(own.id(), "own");
//! assert_eq!(own.state().in_flight(), 0);
//!
//! let mut request = http::Request::new(());
//! request.extensions_mut().insert(together.clone());
//! assert_eq!(Target::of(request.extensions()), Some(&together));
//! # Ok::<(), portcullis::target::InvalidBaseUrl>(())
//! ```

#![cfg_attr(
    not(feature = "together"),
    allow(dead_code, reason = "for the upstream service")
)]

mod base_url;
mod breaker;
mod error;
mod failure;
mod gate;
mod health;
mod hedge;
mod kept;
mod key;
mod latency;
mod settings;
mod state;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Extensions;
use tokio::time::Instant;

pub(crate) use self::base_url::BaseUrl;
pub use self::base_url::InvalidBaseUrl;
pub use self::breaker::*;
pub use self::error::UpstreamError;
pub use self::failure::Failure;
#[cfg(feature = "together")]
pub(crate) use self::failure::causes;
pub(crate) use self::gate::{Entry, Gate, Place, Wait};
pub use self::health::*;
pub(crate) use self::hedge::{Avoid, Chosen};
pub(crate) use self::kept::is_kept;
pub use self::key::ApiKey;
pub use self::latency::LatencyWindow;
pub(crate) use self::settings::{Key, Settings};
pub use self::settings::{Pricing, Provider};
pub use self::state::{InFlight, TargetState};

/// An upstream that calls may go to.
///
/// A clone is the same target, and shares its state. A setter called on one of
/// several clones makes another target of it, with a state of its own. Two
/// targets are equal when they are the same one.
#[derive(Clone)]
pub struct Target {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    state: Arc<TargetState>,
}

/// For a setter that finds the target shared: what it makes is another one.
impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            settings: self.settings.clone(),
            state: Arc::new(TargetState::new(&self.settings.id)),
        }
    }
}

impl Target {
    fn new(settings: Settings) -> Self {
        let state = Arc::new(TargetState::new(&settings.id));
        Self {
            inner: Arc::new(Inner { settings, state }),
        }
    }

    /// Together AI at `https://api.together.xyz/v1`, with the key in the
    /// environment variable `TOGETHER_API_KEY`. Without one, calls fail.
    #[must_use]
    pub fn together(id: impl Into<String>) -> Self {
        Self::new(Settings::of(
            id.into(),
            Provider::Together,
            BaseUrl::together(),
        ))
    }

    /// OpenAI at `https://api.openai.com/v1`, with the key in the environment
    /// variable `OPENAI_API_KEY`. Without one, calls fail.
    #[must_use]
    pub fn openai(id: impl Into<String>) -> Self {
        Self::new(Settings::of(id.into(), Provider::OpenAi, BaseUrl::openai()))
    }

    /// Anything that speaks OpenAI's protocol under this URL, without a key.
    ///
    /// # Errors
    /// When it is not an `http` or `https` URL, or has a query or a password.
    pub fn compatible(id: impl Into<String>, base_url: &str) -> Result<Self, InvalidBaseUrl> {
        let url = BaseUrl::parse(base_url)?;
        Ok(Self::new(Settings::of(
            id.into(),
            Provider::Compatible,
            url,
        )))
    }

    /// The target that a router has chosen for a request, if one has.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut Arc::make_mut(&mut self.inner).settings);
        self
    }

    /// Another name, for records and for clients that ask for it.
    #[cfg(feature = "together")]
    #[must_use]
    pub(crate) fn named(self, id: impl Into<String>) -> Self {
        let mut settings = self.inner.settings.clone();
        settings.id = id.into();
        Self::new(settings)
    }

    /// Another place where the API begins.
    ///
    /// # Errors
    /// When it is not an `http` or `https` URL, or has a query or a password.
    pub fn base_url(self, url: &str) -> Result<Self, InvalidBaseUrl> {
        let url = BaseUrl::parse(url)?;
        Ok(self.with(|target| target.base_url = url))
    }

    /// The key to call it with.
    #[must_use]
    pub fn api_key(self, key: ApiKey) -> Self {
        self.with(|target| target.key = Key::Known(key))
    }

    /// Calls it without a key, as a model server in one's own house may want.
    #[must_use]
    pub fn without_key(self) -> Self {
        self.with(|target| target.key = Key::None)
    }

    /// The model of every request that goes there, whatever it asks for.
    #[must_use]
    pub fn model(self, model: impl Into<String>) -> Self {
        let model = model.into();
        self.with(|target| target.model = Some(model))
    }

    /// Its share of the calls, beside the weights of the others, where shares
    /// are weighed: 1. With 0 it gets calls only when others fail.
    #[must_use]
    pub fn weight(self, weight: u32) -> Self {
        self.with(|target| target.weight = weight)
    }

    /// What it costs.
    #[must_use]
    pub fn pricing(self, pricing: Pricing) -> Self {
        self.with(|target| target.pricing = Some(pricing))
    }

    /// How long a plain call may take as a whole: 60 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|target| target.timeout = timeout)
    }

    /// How long a stream may take as a whole: as long as a plain call.
    #[must_use]
    pub fn stream_timeout(self, timeout: Duration) -> Self {
        self.with(|target| target.stream_timeout = Some(timeout))
    }

    /// How long connecting may take, TLS included: 10 s.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|target| target.connect_timeout = timeout)
    }

    /// Takes over the state of `old`: what was built anew from another
    /// configuration and is the same upstream goes on where that one was.
    #[must_use]
    pub fn with_state_of(self, old: &Self) -> Self {
        Self {
            inner: Arc::new(Inner {
                settings: self.inner.settings.clone(),
                state: Arc::clone(&old.inner.state),
            }),
        }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.settings().id
    }

    /// Whose API it is.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.settings().provider
    }

    /// The model that is asked there, if it is always the same.
    #[must_use]
    pub fn model_name(&self) -> Option<&str> {
        self.settings().model.as_deref()
    }

    /// What it costs, if that is known.
    #[must_use]
    pub fn prices(&self) -> Option<Pricing> {
        self.settings().pricing
    }

    /// Its weight.
    #[must_use]
    pub fn share(&self) -> u32 {
        self.settings().weight
    }

    /// Whether it can be called: it has a key, or needs none.
    #[must_use]
    pub fn has_key(&self) -> bool {
        !matches!(self.settings().key, Key::Missing)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// How it is doing.
    #[must_use]
    pub fn state(&self) -> &TargetState {
        &self.inner.state
    }

    /// Counts a call that is on its way there, until what this gives is
    /// dropped.
    pub fn begin(&self) -> InFlight {
        InFlight::begin(Arc::clone(&self.inner.state))
    }

    /// Whether calls are to go there now: its breaker admits some, and its
    /// probe has not found it down.
    #[must_use]
    pub fn is_available(&self, now: Instant) -> bool {
        self.state().is_available(now)
    }

    /// Whether calls are to go there now. The time is asked only if it matters.
    pub(crate) fn is_available_now(&self) -> bool {
        self.state().is_available_now()
    }

    /// When a target that is out may be tried again; `None` if it is not out,
    /// or nobody knows.
    #[must_use]
    pub fn recovers_at(&self) -> Option<Instant> {
        self.state().recovers_at()
    }
}

/// Marks a request of which all targets are out, and this one is the nearest
/// to recovery: it is to be tried rather than nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastResort;

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Target {}

/// Without the key.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings();
        f.debug_struct("Target")
            .field("id", &settings.id)
            .field("provider", &settings.provider)
            .field("base_url", &settings.base_url)
            .field("model", &settings.model)
            .finish_non_exhaustive()
    }
}
