use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::Instant;
use tower::retry::budget::Budget as _;
use tower_service::Service;

use super::layer::Shared;
use crate::body::replay::Replay;
use crate::body::{Body, BoxError};
use crate::call::{Call, Try};
use crate::target::{Avoid, Chosen, Failure, Target, is_kept};

/// The future of a [`HedgeService`](super::HedgeService).
pub struct HedgeFuture<E> {
    inner: Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>,
}

impl<E> HedgeFuture<E> {
    pub(super) fn new(
        inner: impl Future<Output = Result<Response<Body>, E>> + Send + 'static,
    ) -> Self {
        Self {
            inner: Box::pin(inner),
        }
    }
}

impl<E> Future for HedgeFuture<E> {
    type Output = Result<Response<Body>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.inner.as_mut().poll(cx)
    }
}

impl<E> fmt::Debug for HedgeFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeFuture").finish_non_exhaustive()
    }
}

pub(super) async fn hedge<S, RB>(
    shared: Arc<Shared>,
    mut inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<RB>> + Clone,
    S::Error: 'static,
    RB: http_body::Body<Data = Bytes> + Send + 'static,
    RB::Error: Into<BoxError>,
{
    if is_kept(request.uri().path()) {
        // Made twice, it would stay twice; and only one target has it.
        return Ok(inner.call(request).await?.map(Body::new));
    }
    shared.begin();
    let (parts, body) = request.into_parts();
    let replay = match Replay::read(body).await {
        Ok(replay) => replay,
        Err(body) => {
            let request = Request::from_parts(parts, body);
            return Ok(inner.call(request).await?.map(Body::new));
        }
    };
    let call = Call::of(&parts.extensions).cloned();
    let chosen = Chosen::default();
    let mut request = Request::from_parts(parts.clone(), replay.body());
    request.extensions_mut().insert(chosen.clone());
    let mut second = inner.clone();
    let begun = Instant::now();
    let mut first = Box::pin(inner.call(request));
    // A router chooses at once.
    let early = poll_fn(|cx| {
        Poll::Ready(match first.as_mut().poll(cx) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
    });
    let mut result = early.await;
    let delay = shared.delay(chosen.get(), begun);
    if result.is_none() {
        result = match delay {
            Some(delay) => tokio::time::timeout(delay, &mut first).await.ok(),
            None => Some(first.as_mut().await),
        };
    }
    if let Some(result) = result {
        note(&shared, &chosen, begun, is_good(&result));
        return Ok(result?.map(Body::new));
    }
    if !shared.budget.withdraw() {
        tracing::debug!("the budget of hedges is used up");
        let result = first.await;
        note(&shared, &chosen, begun, is_good(&result));
        return Ok(result?.map(Body::new));
    }
    let other = Chosen::default();
    let mut request = Request::from_parts(parts, replay.body());
    let mut which = Try::of(request.extensions());
    which.hedge = true;
    request.extensions_mut().insert(which);
    request.extensions_mut().insert(other.clone());
    if let Some(target) = chosen.get() {
        request.extensions_mut().insert(Avoid(target.clone()));
    }
    tracing::debug!(
        target_id = chosen.get().map_or("", Target::id),
        "no answer yet: asking another one"
    );
    let mut second = Box::pin(async move {
        poll_fn(|cx| second.poll_ready(cx)).await?;
        second.call(request).await
    });
    let (mut first_result, mut second_result) = (None, None);
    let first_wins = poll_fn(|cx| {
        if first_result.is_none()
            && let Poll::Ready(result) = first.as_mut().poll(cx)
        {
            first_result = Some(result);
        }
        if first_result.as_ref().is_some_and(is_good) {
            return Poll::Ready(true);
        }
        if second_result.is_none()
            && let Poll::Ready(result) = second.as_mut().poll(cx)
        {
            second_result = Some(result);
        }
        if second_result.as_ref().is_some_and(is_good) {
            return Poll::Ready(false);
        }
        match first_result.is_some() && second_result.is_some() {
            // Neither is good: what the first one said, then.
            true => Poll::Ready(true),
            false => Poll::Pending,
        }
    });
    let first_wins = first_wins.await;
    // The other one stops at once, and says so on the record.
    drop(first);
    drop(second);
    note(&shared, &chosen, begun, first_wins);
    let (won, lost, loser) = match first_wins {
        true => (first_result, second_result, &other),
        false => (second_result, first_result, &chosen),
    };
    if let Some(call) = &call {
        if lost.is_none() {
            call.lost(first_wins, loser.get().and_then(Target::prices));
        }
        if won.as_ref().is_some_and(is_good) {
            call.recover();
        }
    }
    match won {
        Some(won) => Ok(won?.map(Body::new)),
        // It is the one that has been found.
        None => std::future::pending().await,
    }
}

fn is_good<RB, E>(result: &Result<Response<RB>, E>) -> bool {
    match result {
        Ok(response) => Failure::of_response(response).is_none_or(Failure::is_of_request),
        Err(_) => false,
    }
}

/// Keeps the time that the first one took, where no router does: at least so
/// long, if it was not waited for.
fn note(shared: &Shared, chosen: &Chosen, begun: Instant, good: bool) {
    if chosen.get().is_none() {
        let now = Instant::now();
        match good {
            true => shared.latency.record(now - begun, now),
            false => shared.latency.record_failure(now),
        }
    }
}
