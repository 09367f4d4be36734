//! What an operator sees of targets, and does to them.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Gateway;
use super::stack::Upstream;
use crate::body::{ApiError, Body};
use crate::config::Providers;
use crate::target::{BreakerState, Forced, Target};

/// A word of an operator's is shorter.
const MAX_BODY: usize = 4096;

pub(super) fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/admin/targets", get(all))
        .route("/admin/targets/{id}", get(one))
        .route("/admin/targets/{id}/breaker", post(force))
        .fallback(unknown)
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .with_state(gateway)
}

/// How a target is doing.
#[derive(Serialize)]
struct Seen {
    id: String,
    provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Whether calls go there now.
    available: bool,
    in_flight: usize,
    waiting: usize,
    health: &'static str,
    breaker: Breaker,
    /// Of the last minute.
    first_byte: FirstByte,
}

#[derive(Serialize)]
struct Breaker {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    failures_in_a_row: u32,
    times_opened: u64,
}

#[derive(Serialize)]
struct FirstByte {
    samples: usize,
    /// None while most tries fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_ms: Option<f64>,
}

impl Seen {
    fn of(target: &Target) -> Self {
        let now = Instant::now();
        let state = target.state();
        let breaker = state.breaker();
        let is = breaker.state(now);
        let median = state.latency().median(now);
        Self {
            id: target.id().to_owned(),
            provider: target.provider().name(),
            model: target.model_name().map(str::to_owned),
            available: target.is_available(now),
            in_flight: state.in_flight(),
            waiting: state.gate().waiting(),
            health: state.health().state().as_str(),
            breaker: Breaker {
                state: is.as_str(),
                retry_after_ms: match is {
                    BreakerState::Open { retry_after } => Some(retry_after.as_millis() as u64),
                    _ => None,
                },
                failures_in_a_row: breaker.failures(),
                times_opened: breaker.times_opened(),
            },
            first_byte: FirstByte {
                samples: state.latency().samples(now),
                p50_ms: median
                    .filter(|median| *median < std::time::Duration::MAX)
                    .map(|median| median.as_secs_f64() * 1e3),
            },
        }
    }
}

fn json(value: &impl Serialize) -> Response<Body> {
    // What is serialised here are numbers and texts.
    let json = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes::Bytes::from(json)));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

async fn all(State(gateway): State<Gateway>) -> Response<Body> {
    #[derive(Serialize)]
    struct All {
        targets: Vec<Seen>,
    }
    let targets = gateway.targets();
    json(&All {
        targets: targets.iter().map(Seen::of).collect(),
    })
}

async fn one(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response<Body> {
    match find(&gateway, &id) {
        Ok(target) => json(&Seen::of(&target)),
        Err(error) => error.into_response(),
    }
}

fn find(gateway: &Gateway, id: &str) -> Result<Target, ApiError> {
    let targets = gateway.targets();
    if let Some(target) = targets.iter().find(|target| target.id() == id) {
        return Ok(target.clone());
    }
    let id: String = id.chars().take(64).collect();
    let known: Vec<&str> = targets.iter().map(Target::id).collect();
    Err(ApiError::new(
        StatusCode::NOT_FOUND,
        "target_not_found",
        format!("there is no target {id:?}; there are {}", known.join(", ")),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    state: Wanted,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Open,
    Closed,
    Auto,
}

async fn force(
    State(gateway): State<Gateway>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: bytes::Bytes,
) -> Response<Body> {
    match forced(&gateway, &id, &headers, &body) {
        Ok(target) => json(&Seen::of(&target)),
        Err(error) => error.into_response(),
    }
}

fn forced(
    gateway: &Gateway,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Target, ApiError> {
    // A page in an operator's browser may send anything but this unasked.
    let kind = headers.get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"application/json")) {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send the header content-type: application/json",
        ));
    }
    let word: Word = serde_json::from_slice(body).map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_state",
            format!(r#"send {{"state": "open"}}, "closed" or "auto": {error}"#),
        )
    })?;
    let target = find(gateway, id)?;
    let has_breakers = {
        let kept = gateway.kept();
        let mut providers = kept.0.all::<Providers, Upstream>();
        providers.any(|(providers, _)| providers.circuit_breaker.enabled)
    };
    if !has_breakers {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "no_breaker",
            "targets have no breakers: set providers.circuit_breaker.enabled to true",
        ));
    }
    let (word, to) = match word.state {
        Wanted::Open => (Forced::Open, "open"),
        Wanted::Closed => (Forced::Closed, "closed"),
        Wanted::Auto => (Forced::Automatic, "auto"),
    };
    target.state().breaker().force(word);
    tracing::warn!(target_id = target.id(), to, "an operator has set a breaker");
    Ok(target)
}

async fn unknown(request: axum::extract::Request) -> Response<Body> {
    let asked = format!("{} {}", request.method(), request.uri().path());
    ApiError::new(
        StatusCode::NOT_FOUND,
        "unknown_url",
        format!("unknown request URL: {asked}; there are GET /admin/targets and its kin"),
    )
    .into_response()
}
