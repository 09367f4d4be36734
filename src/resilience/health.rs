//! Asks targets how they are.
//!
//! Each target is asked from time to time, by `GET /models` or by a call of one
//! token. Several failures in a row take it out, several good answers bring it
//! back, by steps ([`Health`](crate::target::Health)). The tasks that ask begin
//! with the layer, or with its first call where there is no runtime before, and
//! end with the last service made by it.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Limited};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::random;
use crate::body::{Body, BoxError, Document};
use crate::target::{Failure, HealthState, HealthThresholds, Probed, Target};

/// As much of an answer is read, so that its connection can be used again.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// How one target is asked.
#[derive(Clone, Debug)]
pub struct HealthProbe {
    interval: Duration,
    timeout: Duration,
    one_token: bool,
    thresholds: HealthThresholds,
}

impl Default for HealthProbe {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            one_token: false,
            thresholds: HealthThresholds::default(),
        }
    }
}

impl HealthProbe {
    /// The time between two questions: 30 s, more or less by a tenth at random.
    /// A year at most.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        const YEAR: Duration = Duration::from_secs(86400 * 365);
        self.interval = interval.clamp(Duration::from_millis(1), YEAR);
        self
    }

    /// How long an answer may take: 5 s. One that takes half of that is slow.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks the target's model for one token, which costs a little and sees
    /// more than `GET /models` does.
    #[must_use]
    pub fn one_token(mut self, one_token: bool) -> Self {
        self.one_token = one_token;
        self
    }

    /// How many answers in a row change the state.
    #[must_use]
    pub fn thresholds(mut self, thresholds: HealthThresholds) -> Self {
        self.thresholds = thresholds;
        self
    }
}

/// Asks targets how they are, through the service within: it stands right
/// around the upstream.
///
/// ```
/// use portcullis::Body;
/// use portcullis::resilience::{HealthProbe, HealthProbeLayer};
/// use portcullis::target::{HealthState, Target};
/// use std::time::Duration;
/// use tower::{ServiceBuilder, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let target = Target::compatible("own", "http://127.0.0.1:8000/v1")?;
/// let probe = HealthProbe::default().interval(Duration::from_secs(10));
/// let service = ServiceBuilder::new()
///     .layer(HealthProbeLayer::new().probe(&target, probe))
///     .service(service_fn(async |_: http::Request<Body>| {
///         Err::<http::Response<Body>, _>(std::io::Error::other("down"))
///     }));
/// tokio::time::sleep(Duration::from_secs(35)).await;
/// assert_eq!(target.state().health().state(), HealthState::Down);
/// # drop(service);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct HealthProbeLayer {
    probes: Vec<(Target, HealthProbe)>,
}

impl HealthProbeLayer {
    /// A layer that asks nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this target, too.
    #[must_use]
    pub fn probe(mut self, target: &Target, probe: HealthProbe) -> Self {
        self.probes.push((target.clone(), probe));
        self
    }
}

impl<S, RB> Layer<S> for HealthProbeLayer
where
    S: Service<Request<Body>, Response = Response<RB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Service = HealthProbeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let tasks = Arc::new(Tasks {
            probes: self.probes.clone(),
            running: OnceLock::new(),
        });
        let service = HealthProbeService { inner, tasks };
        if Handle::try_current().is_ok() {
            service.start();
        }
        service
    }
}

/// The service of a [`HealthProbeLayer`].
#[derive(Clone, Debug)]
pub struct HealthProbeService<S> {
    inner: S,
    tasks: Arc<Tasks>,
}

struct Tasks {
    probes: Vec<(Target, HealthProbe)>,
    running: OnceLock<Vec<JoinHandle<()>>>,
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in self.running.get().into_iter().flatten() {
            task.abort();
        }
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.probes.iter().map(|(target, _)| target.id()))
            .finish()
    }
}

impl<S> HealthProbeService<S> {
    fn start<RB>(&self)
    where
        S: Service<Request<Body>, Response = Response<RB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send,
        RB: http_body::Body<Data = Bytes> + Send + 'static,
        RB::Error: Into<BoxError>,
    {
        self.tasks.running.get_or_init(|| {
            let probes = self.tasks.probes.iter().cloned();
            probes
                .map(|(target, probe)| tokio::spawn(watch(self.inner.clone(), target, probe)))
                .collect()
        });
    }
}

impl<S, B, RB> Service<Request<B>> for HealthProbeService<S>
where
    S: Service<Request<Body>, Response = Response<RB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    type Response = Response<RB>;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.tasks.running.get().is_none() {
            self.start();
        }
        self.inner.call(request.map(Body::new))
    }
}

/// Asks until it is stopped.
async fn watch<S, RB>(mut service: S, target: Target, probe: HealthProbe)
where
    S: Service<Request<Body>, Response = Response<RB>>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    // Soon, and not all at once.
    let mut wait = probe.interval.min(Duration::from_secs(1)).mul_f64(random());
    loop {
        tokio::time::sleep(wait).await;
        let begun = Instant::now();
        let asked = ask(&mut service, question(&target, &probe));
        let found = match tokio::time::timeout(probe.timeout, asked).await {
            Ok(true) if begun.elapsed() < probe.timeout / 2 => Probed::Well,
            Ok(true) => Probed::Slow,
            Ok(false) | Err(_) => Probed::Failed,
        };
        wait = probe.interval.mul_f64(0.9 + 0.2 * random());
        let health = target.state().health();
        let (before, after) = health.probed(&probe.thresholds, found, Instant::now() + wait);
        if before != after {
            let (target_id, from, to) = (target.id(), before.as_str(), after.as_str());
            match after {
                HealthState::Healthy => tracing::info!(target_id, from, to, "health"),
                _ => tracing::warn!(target_id, from, to, "health"),
            }
        }
    }
}

/// Asks, and reads the answer. Whether it was a good one.
async fn ask<S, RB>(service: &mut S, request: Request<Body>) -> bool
where
    S: Service<Request<Body>, Response = Response<RB>>,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    if poll_fn(|cx| service.poll_ready(cx)).await.is_err() {
        return false;
    }
    let Ok(response) = service.call(request).await else {
        return false;
    };
    // One that knows no such path is there, and so is one that is busy.
    let good = match Failure::of_response(&response) {
        None | Some(Failure::RateLimited) => true,
        Some(failure) => failure.is_of_request(),
    };
    let body = response.map(Body::new).into_body();
    good && Limited::new(body, MAX_ANSWER).collect().await.is_ok()
}

fn question(target: &Target, probe: &HealthProbe) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static("/v1/models");
    if probe.one_token
        && let Some(model) = target.model_name()
        && let Ok(mut document) = Document::json(
            r#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":1,"stream":false}"#,
        )
    {
        document.set_string("model", model);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = http::Uri::from_static("/v1/chat/completions");
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        *request.body_mut() = document.into();
    }
    request.extensions_mut().insert(target.clone());
    request
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tower::ServiceExt as _;

    use super::*;
    use crate::resilience::testing::{Answer, Upstream, connect, ok, request, status};

    const S: Duration = Duration::from_secs(1);

    fn target() -> Target {
        Target::compatible("own", "http://127.0.0.1:1/v1").unwrap()
    }

    fn layer(target: &Target) -> HealthProbeLayer {
        let probe = HealthProbe::default().interval(10 * S).timeout(2 * S);
        HealthProbeLayer::new().probe(target, probe)
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_down_and_comes_back_and_is_asked_at_random_times() {
        let target = target();
        let upstream = Upstream::new(|number| match number {
            0..3 => ok("{}"),
            3..8 => connect(),
            _ => ok("{}"),
        });
        let service = layer(&target).layer(upstream.clone());
        let health = target.state().health();
        let mut seen = vec![health.state()];
        for _ in 0..400 {
            tokio::time::sleep(S / 2).await;
            if seen.last() != Some(&health.state()) {
                seen.push(health.state());
            }
        }
        use HealthState::{Degraded, Down, Healthy};
        assert_eq!(seen, [Healthy, Degraded, Down, Degraded, Healthy]);
        assert!(target.is_available(Instant::now()));
        let asked = upstream.asked();
        let gaps: Vec<_> = asked.windows(2).map(|two| two[1].at - two[0].at).collect();
        assert!(
            gaps.iter()
                .all(|gap| (9 * S..=11 * S + S / 100).contains(gap))
        );
        assert!(gaps.iter().any(|gap| *gap > 10 * S + S / 5));
        assert!(gaps.iter().any(|gap| *gap < 10 * S - S / 5));
        drop(service);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_well_slow_and_failed() {
        type Case = (fn() -> Answer, Duration, HealthState);
        let cases: [Case; 8] = [
            (|| ok("{}"), S / 2, HealthState::Healthy),
            (|| ok("{}"), S, HealthState::Degraded),
            (|| ok("{}"), 3 * S, HealthState::Down),
            (|| status(404), S / 2, HealthState::Healthy),
            (|| status(429), S / 2, HealthState::Healthy),
            (|| status(401), S / 2, HealthState::Down),
            (|| status(503), S / 2, HealthState::Down),
            (connect, S / 2, HealthState::Down),
        ];
        for (number, (answer, delay, expected)) in cases.into_iter().enumerate() {
            let target = target();
            let upstream = Upstream::new(move |_| answer()).delay(delay);
            let service = layer(&target).layer(upstream);
            tokio::time::sleep(50 * S).await;
            assert_eq!(target.state().health().state(), expected, "case {number}");
            drop(service);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_stops_with_the_last_service_even_in_the_middle_of_a_question() {
        let target = target();
        let upstream = Upstream::new(|_| ok("{}"));
        let service = layer(&target).layer(upstream.clone());
        let clone = service.clone();
        drop(service);
        tokio::time::sleep(25 * S).await;
        let asked = upstream.calls();
        assert!((2..=3).contains(&asked), "{asked}");
        drop(clone);
        tokio::time::sleep(100 * S).await;
        assert_eq!(upstream.calls(), asked);

        let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        struct Ends(Arc<AtomicUsize>);
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let inner = {
            let (begun, ended) = (begun.clone(), ended.clone());
            tower::service_fn(move |_: Request<Body>| {
                begun.fetch_add(1, Ordering::SeqCst);
                let ends = Ends(ended.clone());
                async move {
                    let _ends = ends;
                    std::future::pending::<Result<Response<Body>, BoxError>>().await
                }
            })
        };
        let service = layer(&target).layer(inner);
        tokio::time::sleep(S + S / 2).await;
        assert_eq!(begun.load(Ordering::SeqCst), 1);
        drop(service);
        tokio::time::sleep(S / 10).await;
        assert_eq!(ended.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interval_beyond_reckoning_is_no_fault() {
        let target = target();
        let upstream = Upstream::new(|_| connect());
        let probe = HealthProbe::default().interval(Duration::MAX);
        let layer = HealthProbeLayer::new().probe(&target, probe.timeout(Duration::MAX));
        let service = layer.layer(upstream.clone());
        tokio::time::sleep(2 * S).await;
        assert_eq!(upstream.calls(), 1);
        // It is still there, and has said what it found.
        assert_eq!(target.state().health().state(), HealthState::Degraded);
        drop(service);
    }

    #[test]
    fn without_a_runtime_it_begins_with_the_first_call() {
        let target = target();
        let upstream = Upstream::new(|_| ok("{}"));
        let service = layer(&target).layer(upstream.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            service.clone().oneshot(request("hello")).await.unwrap();
            tokio::time::sleep(5 * S).await;
            assert_eq!(upstream.calls(), 2);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_may_be_asked_for_one_token() {
        let target = target().model("a-model");
        let probe = HealthProbe::default().one_token(true);
        let upstream = Upstream::new(|_| ok("{}"));
        let layer = HealthProbeLayer::new().probe(&target, probe);
        let service = layer.layer(upstream.clone());
        tokio::time::sleep(2 * S).await;
        let body = upstream.asked()[0].body.clone();
        let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(asked["max_tokens"], 1);
        assert_eq!(asked["model"], "a-model");
        drop(service);
    }
}
