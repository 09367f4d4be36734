//! Tower layers that govern LLM traffic on its way to Together AI, or to any
//! upstream that speaks the OpenAI wire format.
//!
//! # One layer on an app you have
//!
//! ```
//! use axum::{Router, routing::post};
//! use portcullis::PiiRedactLayer;
//!
//! let app: Router = Router::new()
//!     .route("/v1/chat/completions", post(async |body: String| body))
//!     .layer(PiiRedactLayer::default());
//! ```
//!
//! # A proxy of your own
//!
//! ```no_run
//! # #[cfg(feature = "together")]
//! # fn main() -> std::io::Result<()> {
//! use portcullis::audit::JsonLinesSink;
//! use portcullis::upstream::{ErrorResponseLayer, Together};
//! use portcullis::{AuditLayer, PiiRedactLayer, PromptInjectionLayer, Target};
//! use portcullis::{CircuitBreakerLayer, FallbackLayer, RetryLayer};
//! use tower::ServiceBuilder;
//!
//! let targets = [
//!     Target::together("large").model("meta-llama/Llama-3.3-70B-Instruct-Turbo"),
//!     Target::together("small").model("meta-llama/Llama-3.2-3B-Instruct-Turbo"),
//! ];
//! let stack = ServiceBuilder::new()
//!     .layer(AuditLayer::new(JsonLinesSink::append("audit.jsonl")?))
//!     .layer(PromptInjectionLayer::default())
//!     .layer(PiiRedactLayer::default())
//!     .layer(ErrorResponseLayer::new())
//!     .layer(FallbackLayer::new(targets))
//!     .layer(CircuitBreakerLayer::default())
//!     .layer(RetryLayer::default())
//!     .service(Together::new());
//! let app: axum::Router = axum::Router::new().route_service("/v1/{*path}", stack);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "together"))]
//! # fn main() {}
//! ```
//!
//! # The gateway
//!
//! `portcullis run --policy-config policy-config.yaml` serves the same layers,
//! as a file describes them; `portcullis demo` shows them at work without a key
//! or a network.
//!
//! # How it works
//!
//! A [`Body`] holds a message that has been parsed once, however many layers
//! look at it, and serialises by splicing edits into the original bytes: what
//! no policy touched stays as it came, byte for byte. Streams are filtered
//! event by event; a filter holds back exactly the text that could still become
//! part of a finding, so that what the client reads is what filtering the whole
//! text at once would have given. A policy of your own is one
//! [`Policy`](policy::Policy).
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `together` | `upstream::Together`, a pooled client for Together AI and the like |
//! | `simulator` | `upstream::simulator`, Together's API without a network |
//! | `config` | `config`, the file `policy-config.yaml` |
//! | `gateway` | `gateway` and the command `portcullis`; all of the above |
//! | `encoder` | `policy::encoder`, a text classifier in ONNX, run in this process |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod audit;
pub mod body;
pub mod call;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "gateway")]
pub mod gateway;
pub mod policy;
pub mod resilience;
pub mod route;
pub mod target;
pub mod text;
pub mod upstream;

pub use audit::AuditLayer;
pub use body::{ApiError, Body, BoxError};
pub use policy::canary::CanaryLayer;
pub use policy::injection::PromptInjectionLayer;
pub use policy::pii::PiiRedactLayer;
pub use policy::quality::QualityScoreLayer;
pub use policy::remote::RemoteJudgeLayer;
pub use policy::safety::SafetyFilterLayer;
pub use resilience::{
    CircuitBreakerLayer, ConcurrencyLimitLayer, HealthProbeLayer, HedgeLayer, RetryLayer,
    TimeoutLayer,
};
pub use route::{
    CostLayer, FallbackLayer, LatencyLayer, LeastInFlightLayer, RandomLayer, RoundRobinLayer,
    RouteLayer, SingleLayer, WeightedRoundRobinLayer,
};
pub use target::Target;
