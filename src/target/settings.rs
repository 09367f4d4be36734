use std::time::Duration;

use super::{ApiKey, BaseUrl};

/// Whose API a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// Together AI.
    Together,
    /// OpenAI.
    OpenAi,
    /// Anything else that speaks OpenAI's protocol.
    Compatible,
}

impl Provider {
    /// Its name, as a request or a configuration gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::OpenAi => "openai",
            Self::Compatible => "openai-compatible",
        }
    }

    /// The provider of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "together" | "together-ai" | "togetherai" => Some(Self::Together),
            "openai" => Some(Self::OpenAi),
            "openai-compatible" => Some(Self::Compatible),
            _ => None,
        }
    }

    /// Its name, as people write it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Together => "Together",
            Self::OpenAi => "OpenAI",
            Self::Compatible => "openai-compatible",
        }
    }

    /// The environment variable its key is usually in.
    pub(crate) const fn key_variable(self) -> Option<&'static str> {
        match self {
            Self::Together => Some("TOGETHER_API_KEY"),
            Self::OpenAi => Some("OPENAI_API_KEY"),
            Self::Compatible => None,
        }
    }
}

/// What a target costs, in US dollars for a million tokens.
///
/// ```
/// use portcullis::target::Pricing;
///
/// let cost = Pricing::new(0.5, 2.0).cost(10_000, 1_000);
/// assert!((cost - 0.007).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pricing {
    /// The price of a million tokens sent.
    pub prompt: f64,
    /// The price of a million tokens received.
    pub completion: f64,
}

impl Pricing {
    /// The prices of a million tokens sent and of a million received.
    #[must_use]
    pub const fn new(prompt: f64, completion: f64) -> Self {
        Self { prompt, completion }
    }

    /// What so many tokens sent and received cost, in US dollars.
    #[must_use]
    pub fn cost(&self, prompt: u64, completion: u64) -> f64 {
        (self.prompt * prompt as f64 + self.completion * completion as f64) / 1e6
    }
}

#[derive(Clone)]
pub(crate) enum Key {
    None,
    Known(ApiKey),
    /// Calls fail.
    Missing,
}

/// What is set about a target.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) id: String,
    pub(crate) provider: Provider,
    pub(crate) base_url: BaseUrl,
    pub(crate) key: Key,
    pub(crate) model: Option<String>,
    pub(crate) weight: u32,
    pub(crate) pricing: Option<Pricing>,
    pub(crate) timeout: Duration,
    pub(crate) stream_timeout: Option<Duration>,
    pub(crate) connect_timeout: Duration,
}

impl Settings {
    pub(super) fn of(id: String, provider: Provider, base_url: BaseUrl) -> Self {
        let key = match provider.key_variable() {
            None => Key::None,
            Some(variable) => ApiKey::from_env(variable).map_or(Key::Missing, Key::Known),
        };
        Self {
            id,
            provider,
            base_url,
            key,
            model: None,
            weight: 1,
            pricing: None,
            timeout: Duration::from_secs(60),
            stream_timeout: None,
            connect_timeout: Duration::from_secs(10),
        }
    }
}
