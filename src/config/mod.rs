//! The gateway's configuration file, `policy-config.yaml`.
//!
//! Reading is strict: an unknown key, a wrong type, a value out of range or a name that is not
//! built is refused with its line and column, and all problems of a file are reported together.
//! An empty file is valid and means the defaults: the policies `audit` and `pii-detector` in front
//! of one Together target, whose key is in the environment variable `TOGETHER_API_KEY`.
//!
//! Two things YAML has are not accepted: anchors with aliases, through which a small file can
//! stand for a huge one, and tags. A file may be 1 MiB long.
//!
//! ```
//! use portcullis::config::{Config, PolicyName};
//!
//! let config = Config::parse(
//!     "policy-config.yaml",
//!     "providers:\n  targets:\n    - provider: together:chat:openai/gpt-oss-20b\n",
//! )?;
//! let target = &config.providers.targets[0];
//! assert_eq!(target.model.as_deref(), Some("openai/gpt-oss-20b"));
//! assert_eq!(target.base_url(), Some("https://api.together.xyz/v1"));
//! assert!(config.active_policies().eq([PolicyName::Audit, PolicyName::PiiDetector]));
//! # Ok::<(), portcullis::config::ConfigError>(())
//! ```

mod canary;
mod cases;
mod check;
mod encoder;
mod entity;
mod error;
mod injection;
mod judge;
mod judge_rules;
mod locale;
mod names;
mod patterns;
mod pii;
mod policy;
mod provider;
mod quality;
mod remote;
mod resilience;
mod routing;
mod rules;
mod safety;
mod schema;
mod source;
mod suggest;
mod tree;

#[cfg(test)]
mod tests;

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use canary::{CanaryAction, CanaryConfig, CanaryConversation};
pub use cases::{Case, CaseFile, CaseMessage, Expected, Speaker};
pub use encoder::{EncoderConfig, EncoderSquash};
pub use entity::Entity;
pub use error::{ConfigError, Position, Problem};
pub use injection::{
    InjectionAction, InjectionDetection, InjectionEncoding, InjectionOrigin, InjectionResponse,
    PromptInjectionConfig,
};
pub use judge::{JudgeBand, JudgeCombine, JudgeConfig, JudgeWhen, StreamedAnswers};
pub use locale::Locale;
pub use pii::{
    Conversation, DetectPattern, Direction, DirectionActions, MarkerFormat, PiiAction,
    PiiDetectorConfig, PiiRedaction, Uninspectable,
};
pub use policy::{AuditConfig, Policies, PolicyName, PolicySettings};
pub use provider::{
    Format, HealthProbe, Pricing, Provider, Providers, Quantization, SecretRef, Target,
};
pub use quality::{QualityAction, QualityScorerConfig, QualityWeights};
pub use remote::{
    OnFailure, RemoteAction, RemoteBreaker, RemoteJudgeConfig, RemoteKind, RemoteResponse,
};
pub use resilience::{
    CircuitBreakerConfig, ConcurrencyConfig, FailureRateConfig, HedgeConfig, RetryConfig,
    TimeoutsConfig,
};
pub use routing::{Fallback, MidStream, Sticky, Strategy, Trigger, UnknownModels};
pub use safety::{SafetyAction, SafetyCategory, SafetyFilterConfig, SafetyMode, SafetyResponse};
pub use schema::json_schema;
pub use source::ConfigFile;

/// The configuration of a gateway. Every part that is left out has its default.
///
/// Built in code, start from the default and hold the result against [`Config::validate`]:
///
/// ```
/// use portcullis::config::{Config, Provider, SecretRef, Target};
///
/// let mut target = Target::new(Provider::OpenAiCompatible);
/// target.base_url = Some("http://127.0.0.1:8000/v1".to_owned());
/// target.secret_key_ref = Some(SecretRef::env("LOCAL_KEY"));
/// let mut config = Config::default();
/// config.providers.targets = vec![target];
/// config.validate()?;
/// # Ok::<(), portcullis::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// What this configuration is called.
    pub pack: Pack,
    /// Which policies govern the traffic, in which order.
    pub policies: Policies,
    /// The settings of each policy.
    pub policy: PolicySettings,
    /// The model providers requests go to.
    pub providers: Providers,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is longer than 1 MiB, or holds any problem.
    pub fn from_path(path: &Path) -> Result<Self, ConfigError> {
        ConfigFile::from_path(path).map(ConfigFile::into_config)
    }

    /// Reads the text of a file; `name` is what errors call the file.
    ///
    /// # Errors
    ///
    /// When the text is longer than 1 MiB or holds any problem.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        ConfigFile::parse(name, text).map(ConfigFile::into_config)
    }

    /// Holds a configuration built in code against the rules a file must keep.
    ///
    /// # Errors
    ///
    /// When any value is one a file could not have; the problems have paths but no lines.
    pub fn validate(&self) -> Result<(), ConfigError> {
        source::validate(self)
    }

    /// The policies to apply, the outermost first: those in the chain whose settings enable them,
    /// and none when the pack is disabled.
    pub fn active_policies(&self) -> impl Iterator<Item = PolicyName> + '_ {
        let chain = self.policies.chain.iter().copied();
        chain.filter(|policy| self.pack.enabled && self.policy.is_enabled(*policy))
    }
}

/// What a configuration is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Pack {
    /// The name, for logs.
    #[schemars(length(min = 1, max = 64), extend("x-rule" = "printable"))]
    pub name: String,
    /// The version, for logs.
    #[schemars(length(min = 1, max = 64), extend("x-rule" = "printable"))]
    pub version: String,
    /// Whether any policy is applied; with `false` traffic passes ungoverned.
    pub enabled: bool,
}

impl Default for Pack {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            version: "0.0.0".to_owned(),
            enabled: true,
        }
    }
}
