//! From target to target, until an answer is good.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, request};
use tokio::time::Instant;
use tower_service::Service;

use super::Strategy;
use super::body::{Ending, Resume, Resumed, Resuming};
use super::commit::{Judged, Kind, judge};
use super::layer::{MidStream, Shared};
use crate::body::replay::Replay;
use crate::body::{Body, BoxError, Document, Observer, forget_length};
use crate::call::Call;
use crate::target::{Chosen, Failure, InFlight, Target};

/// What is sent.
pub(super) enum Cargo {
    /// To any number of targets.
    Replay(Replay),
    /// To one.
    Once(Body),
}

/// A call on its way.
pub(super) struct Journey<Svc, S> {
    shared: Arc<Shared<S>>,
    service: Svc,
    /// Gone with the last try.
    parts: Option<request::Parts>,
    cargo: Cargo,
    /// Those that have not been tried.
    targets: VecDeque<Target>,
    call: Option<Call>,
    /// How many choices are asked for.
    choices: usize,
    tried: usize,
}

/// What the service within gave.
pub(super) enum Given<E> {
    Response(Response<Body>),
    Error(E),
}

/// A good answer.
struct Landed {
    response: Response<Body>,
    kind: Kind,
    in_flight: InFlight,
}

impl<Svc, S, RB> Journey<Svc, S>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    pub(super) fn new(
        shared: Arc<Shared<S>>,
        service: Svc,
        parts: request::Parts,
        cargo: Cargo,
        targets: Vec<Target>,
        choices: usize,
        call: Option<Call>,
    ) -> Self {
        Self {
            shared,
            service,
            parts: Some(parts),
            cargo,
            targets: targets.into(),
            call,
            choices,
            tried: 0,
        }
    }

    /// Tries one target after the other. Without a good answer, gives the one
    /// that says the most.
    pub(super) async fn go(mut self) -> Result<Response<Body>, Option<Given<Svc::Error>>> {
        let landed = self.land(None).await?;
        let Landed {
            mut response,
            kind,
            in_flight,
        } = landed;
        if kind == Kind::Choices {
            let (choices, call) = (self.choices, self.call.clone());
            let resume = self.sequel();
            response = response.map(|body| Body::new(Ending::new(body, choices, call, resume)));
            forget_length(response.headers_mut());
        }
        response.body_mut().observe(Box::new(Counted(in_flight)));
        Ok(response)
    }

    /// Who may go on with the answer when it breaks off.
    fn sequel(self) -> Option<Box<dyn Resume>> {
        let wanted = self.shared.settings.mid_stream == MidStream::Continue;
        let can = wanted && !self.targets.is_empty();
        can.then(|| Box::new(self) as Box<dyn Resume>)
    }

    /// `begun`: the message in place of the one that was asked.
    async fn land(
        &mut self,
        begun: Option<&Document>,
    ) -> Result<Landed, Option<Given<Svc::Error>>> {
        let mut kept: Option<Given<Svc::Error>> = None;
        while let Some(target) = self.targets.pop_front() {
            let last = self.targets.is_empty();
            let parts = match last {
                true => self.parts.take(),
                false => self.parts.clone(),
            };
            let Some(mut parts) = parts else { break };
            if begun.is_some() {
                forget_length(&mut parts.headers);
            }
            let body = match (&mut self.cargo, begun) {
                (_, Some(begun)) => Body::document(begun.clone()),
                (Cargo::Replay(replay), None) => replay.body(),
                (Cargo::Once(body), None) => std::mem::take(body),
            };
            self.tried += 1;
            if self.tried > 1 {
                // The first time, who called us has found it ready.
                let ready = poll_fn(|cx| self.service.poll_ready(cx)).await;
                ready.map_err(|error| Some(Given::Error(error)))?;
            }
            let request = Request::from_parts(parts, body);
            match self.attempt(&target, request, last).await {
                Ok(landed) => {
                    if let (Some(call), true) = (&self.call, self.tried > 1) {
                        call.recover();
                    }
                    return Ok(landed);
                }
                Err((failure, given)) => {
                    let goes_on = !last && self.shared.settings.triggers.has(failure);
                    tracing::warn!(
                        target_id = target.id(),
                        strategy = self.shared.name,
                        failure = failure.kind(),
                        goes_on,
                        "a target failed"
                    );
                    // What a target said itself tells more than that it was
                    // not asked.
                    if kept.is_none() || !failure.is_local() {
                        kept = Some(given);
                    }
                    if !goes_on {
                        break;
                    }
                }
            }
        }
        Err(kept)
    }

    /// Tries one target.
    async fn attempt(
        &mut self,
        target: &Target,
        mut request: Request<Body>,
        last: bool,
    ) -> Result<Landed, (Failure, Given<Svc::Error>)> {
        let settings = self.shared.settings;
        let call = self.call.as_ref();
        let head = request.method() == Method::HEAD;
        Chosen::note(request.extensions(), target);
        request.extensions_mut().insert(target.clone());
        let in_flight = target.begin();
        let begun = Instant::now();
        let response = match self.service.call(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => {
                let failure = Failure::of_error(&error);
                note(target, failure);
                return Err((failure, Given::Error(error)));
            }
        };
        let well = Failure::of_response(&response).is_none();
        let stall = (!last).then_some(settings.first_token);
        match judge(response, head, stall, settings.triggers).await {
            Judged::Good(response, kind) => {
                let now = Instant::now();
                target.state().latency().record(now - begun, now);
                if let Some(call) = call {
                    call.priced(target.prices());
                }
                Ok(Landed {
                    response,
                    kind,
                    in_flight,
                })
            }
            Judged::Bad(failure, response) => {
                if let (Some(call), true) = (call, well) {
                    call.attempt_failed(failure.kind());
                }
                note(target, failure);
                Err((failure, Given::Response(response)))
            }
        }
    }
}

impl<Svc, S, RB> Resume for Journey<Svc, S>
where
    Svc: Service<Request<Body>, Response = Response<RB>> + Send + 'static,
    Svc::Future: Send,
    Svc::Error: Send + 'static,
    S: Strategy,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    fn resume(mut self: Box<Self>, text: String) -> Resuming {
        Box::pin(async move {
            let Cargo::Replay(replay) = &self.cargo else {
                return None;
            };
            let asked = replay.body();
            let begun = asked.as_document()?.with_answer_begun(&text)?;
            let mut landed = self.land(Some(&begun)).await.ok()?;
            if landed.kind != Kind::Choices {
                return None;
            }
            let in_flight = landed.in_flight;
            landed
                .response
                .body_mut()
                .observe(Box::new(Counted(in_flight)));
            Some(Resumed {
                body: landed.response.into_body(),
                resume: self.sequel(),
            })
        })
    }
}

/// Lets the strategies know of a failure that is the target's.
fn note(target: &Target, failure: Failure) {
    if !failure.is_local() && !failure.is_of_request() {
        target.state().latency().record_failure(Instant::now());
    }
}

/// Counts a call as long as its answer is on its way.
struct Counted(#[expect(dead_code, reason = "held until dropped")] InFlight);

impl Observer for Counted {}
