//! From target to target, until an answer is good.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use tokio::time::Instant;
use tower_service::Service;

use super::Strategy;
use super::body::{Ending, Resume, Resumed, Resuming};
use super::commit::{Glance, Judged, Kind, glance, judge};
use super::layer::{MidStream, Shared};
use super::table::Order;
use crate::body::replay::Replay;
use crate::body::{ApiError, Body, BoxError, Document, Head, Observer, forget_length};
use crate::call::Call;
use crate::target::{Chosen, Failure, InFlight, Target};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Where a request may go, and what is to be known of it on the way.
pub(super) struct Planned {
    pub(super) order: Order,
    /// How many choices are asked for.
    pub(super) choices: usize,
    pub(super) call: Option<Call>,
}

/// A call on its way.
pub(super) struct Journey<Svc, S> {
    shared: Arc<Shared<S>>,
    call: Option<Call>,
    choices: usize,
    order: Order,
    /// How many have been tried.
    tried: usize,
    spare: Option<Spare<Svc>>,
}

/// What it takes to try another target.
struct Spare<Svc> {
    /// Not ready.
    service: Svc,
    head: Head,
    extensions: Extensions,
    body: Replay,
}

/// A try on its way.
pub(super) struct Leg {
    in_flight: InFlight,
    begun: Instant,
    /// The number of its target.
    target: usize,
    /// The request is a HEAD.
    head: bool,
}

impl Leg {
    /// What the head of an answer says about it.
    pub(super) fn glance(&self, response: &Response<Body>) -> Glance {
        glance(response, self.head)
    }
}

/// What the service within gave.
pub(super) enum Given<E> {
    Response(Response<Body>),
    Error(E),
}

/// What has come of a try.
pub(super) enum Tried<E> {
    Given(Given<E>),
    /// An answer that began well.
    Judged(Judged),
}

/// A good answer.
struct Landed {
    response: Response<Body>,
    kind: Kind,
    in_flight: InFlight,
}

impl<Svc, S: Strategy> Journey<Svc, S> {
    /// Sets out for the first target: makes the request the one to be sent
    /// there. `None` if there is no target. With a `copy` of its body others may
    /// be tried, by a `service` of their own.
    pub(super) fn begin(
        shared: &Arc<Shared<S>>,
        planned: Planned,
        copy: Option<Replay>,
        request: &mut Request<Body>,
        service: impl FnOnce() -> Svc,
    ) -> Option<(Self, Leg)> {
        let mut order = planned.order;
        let spare = match copy {
            Some(body) if order.len() > 1 => Some(Spare {
                service: service(),
                head: Head::of(request),
                extensions: request.extensions().clone(),
                body,
            }),
            _ => {
                order.truncate(1);
                None
            }
        };
        let mut journey = Self {
            shared: Arc::clone(shared),
            call: planned.call,
            choices: planned.choices,
            order,
            tried: 0,
            spare,
        };
        let leg = journey.leg(request)?;
        Some((journey, leg))
    }

    /// Sends a request to the next target.
    fn leg(&mut self, request: &mut Request<Body>) -> Option<Leg> {
        let &number = self.order.get(self.tried)?;
        let target = self.shared.table.targets().get(number)?;
        self.tried += 1;
        Chosen::note(request.extensions(), target);
        request.extensions_mut().insert(target.clone());
        Some(Leg {
            in_flight: target.begin(),
            begun: Instant::now(),
            target: number,
            head: request.method() == Method::HEAD,
        })
    }

    /// Whether there is another target to try.
    fn has_more(&self) -> bool {
        self.tried < self.order.len()
    }

    fn target(&self, leg: &Leg) -> Option<&Target> {
        self.shared.table.targets().get(leg.target)
    }

    /// A plain answer that is good, as it leaves.
    pub(super) fn leave(&self, leg: Leg, mut response: Response<Body>) -> Response<Body> {
        self.note_good(&leg);
        count(&mut response, leg.in_flight);
        response
    }

    fn note_good(&self, leg: &Leg) {
        let Some(target) = self.target(leg) else {
            return;
        };
        let now = Instant::now();
        target.state().latency().record(now - leg.begun, now);
        if let Some(call) = &self.call {
            call.priced(target.prices());
        }
    }

    /// Lets the strategies know of a failure that is the target's.
    fn note_bad(&self, leg: &Leg, failure: Failure) {
        if let Some(target) = self.target(leg)
            && !failure.is_local()
            && !failure.is_of_request()
        {
            target.state().latency().record_failure(Instant::now());
        }
    }
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
    /// Tries one target after the other, from what the first one gave. Without
    /// a good answer, gives the one that says the most.
    pub(super) async fn go(
        mut self,
        leg: Leg,
        tried: Tried<Svc::Error>,
    ) -> Result<Response<Body>, Svc::Error> {
        let landed = self.land(None, Some((leg, tried))).await;
        let Landed {
            mut response,
            kind,
            in_flight,
        } = match landed {
            Ok(landed) => landed,
            Err(Some(Given::Response(response))) => return Ok(response),
            Err(Some(Given::Error(error))) => return Err(error),
            Err(None) => return Ok(nothing().into_response()),
        };
        if kind == Kind::Choices {
            let (choices, call) = (self.choices, self.call.clone());
            let resume = self.sequel();
            response = response.map(|body| Body::new(Ending::new(body, choices, call, resume)));
            forget_length(response.headers_mut());
        }
        count(&mut response, in_flight);
        Ok(response)
    }

    /// Who may go on with the answer when it breaks off.
    fn sequel(self) -> Option<Box<dyn Resume>> {
        let wanted = self.shared.settings.mid_stream == MidStream::Continue;
        let can = wanted && self.has_more();
        can.then(|| Box::new(self) as Box<dyn Resume>)
    }

    /// `begun`: the message in place of the one that was asked. `first`: what
    /// has come of a try that is over.
    async fn land(
        &mut self,
        begun: Option<&Document>,
        mut first: Option<(Leg, Tried<Svc::Error>)>,
    ) -> Result<Landed, Option<Given<Svc::Error>>> {
        let mut kept: Option<Given<Svc::Error>> = None;
        loop {
            let (leg, tried) = match first.take() {
                Some(first) => first,
                None => match self.try_next(begun).await? {
                    Some(tried) => tried,
                    None => break,
                },
            };
            let number = leg.target;
            match self.judge(leg, tried).await {
                Ok(landed) => {
                    if let (Some(call), true) = (&self.call, self.tried > 1) {
                        call.recover();
                    }
                    return Ok(landed);
                }
                Err((failure, given)) => {
                    let goes_on = self.has_more() && self.shared.settings.triggers.has(failure);
                    let target = self.shared.table.targets().get(number);
                    tracing::warn!(
                        target_id = target.map_or("", Target::id),
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

    /// Tries the next target, if there is one.
    async fn try_next(
        &mut self,
        begun: Option<&Document>,
    ) -> Result<Option<(Leg, Tried<Svc::Error>)>, Option<Given<Svc::Error>>> {
        let more = self.has_more();
        let Some(spare) = self.spare.as_mut().filter(|_| more) else {
            return Ok(None);
        };
        let ready = poll_fn(|cx| spare.service.poll_ready(cx)).await;
        ready.map_err(|error| Some(Given::Error(error)))?;
        let body = match begun {
            Some(begun) => Body::document(begun.clone()),
            None => spare.body.body(),
        };
        let mut request = spare.head.clone().request(body);
        request.extensions_mut().clone_from(&spare.extensions);
        if begun.is_some() {
            forget_length(request.headers_mut());
        }
        let Some(leg) = self.leg(&mut request) else {
            return Ok(None);
        };
        if let Some(target) = self.target(&leg) {
            another_key(request.headers_mut(), target.id(), begun.is_some());
        }
        let Some(spare) = &mut self.spare else {
            return Ok(None);
        };
        let given = Given::of(spare.service.call(request).await);
        Ok(Some((leg, Tried::Given(given))))
    }

    /// What is to be thought of what a target gave.
    async fn judge(
        &mut self,
        leg: Leg,
        tried: Tried<Svc::Error>,
    ) -> Result<Landed, (Failure, Given<Svc::Error>)> {
        let (well, judged) = match tried {
            Tried::Judged(judged) => (true, judged),
            Tried::Given(Given::Response(response)) => {
                let settings = self.shared.settings;
                let well = Failure::of_response(&response).is_none();
                let stall = self.has_more().then_some(settings.first_token);
                let judged = judge(response, leg.head, stall, settings.triggers).await;
                (well, judged)
            }
            Tried::Given(Given::Error(error)) => {
                let failure = Failure::of_error(&error);
                self.note_bad(&leg, failure);
                return Err((failure, Given::Error(error)));
            }
        };
        match judged {
            Judged::Good(response, kind) => {
                self.note_good(&leg);
                Ok(Landed {
                    response,
                    kind,
                    in_flight: leg.in_flight,
                })
            }
            Judged::Bad(failure, response) => {
                if let (Some(call), true) = (&self.call, well) {
                    call.attempt_failed(failure.kind());
                }
                self.note_bad(&leg, failure);
                Err((failure, Given::Response(response)))
            }
        }
    }
}

impl<E> Given<E> {
    pub(super) fn of<RB>(result: Result<Response<RB>, E>) -> Self
    where
        RB: http_body::Body<Data = Bytes> + Send + 'static,
        RB::Error: Into<BoxError>,
    {
        match result {
            Ok(response) => Self::Response(response.map(Body::new)),
            Err(error) => Self::Error(error),
        }
    }
}

pub(super) fn nothing() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "upstream_unavailable",
        "there is no target to send the request to",
    )
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
            let asked = self.spare.as_ref()?.body.body();
            let begun = asked.as_document()?.with_answer_begun(&text)?;
            let mut landed = self.land(Some(&begun), None).await.ok()?;
            if landed.kind != Kind::Choices {
                return None;
            }
            count(&mut landed.response, landed.in_flight);
            Some(Resumed {
                body: landed.response.into_body(),
                resume: self.sequel(),
            })
        })
    }
}

/// Makes the `Idempotency-Key` one for this target, and for a sequel one of its own. What goes to
/// another target is another request: one account would answer the same key with what has come of
/// the first, or refuse it for a body that differs (draft-ietf-httpapi-idempotency-key-header, 2.7).
fn another_key(headers: &mut HeaderMap, target: &str, sequel: bool) {
    let Some(key) = headers.get_mut(IDEMPOTENCY_KEY) else {
        return;
    };
    let mut other = key.as_bytes().to_vec();
    other.push(b'-');
    other.extend_from_slice(target.as_bytes());
    if sequel {
        other.extend_from_slice(b"-continued");
    }
    match HeaderValue::from_maybe_shared(Bytes::from(other)) {
        Ok(other) => *key = other,
        Err(_) => drop(headers.remove(IDEMPOTENCY_KEY)),
    }
}

/// Counts a call as long as its answer is on its way.
fn count(response: &mut Response<Body>, in_flight: InFlight) {
    if !response.body().is_end_stream() {
        response.body_mut().observe(Box::new(Counted(in_flight)));
    }
}

struct Counted(#[expect(dead_code, reason = "held until dropped")] InFlight);

impl Observer for Counted {}
