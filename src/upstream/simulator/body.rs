//! The body of a simulated response.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::activity::InFlight;
use super::error::SimulatorError;
use super::events::EventStream;
use super::reply::Pacing;

/// The body of a simulated response.
///
/// It makes each frame when asked for it and pauses under Tokio's clock, so a paused clock makes
/// slow replies instant. Dropping it before its end counts as a disconnect of the client.
pub struct SimulatorBody {
    source: Source,
    pacing: Pacing,
    /// Made ahead by one, to know with the last event that it is the last.
    upcoming: Option<Bytes>,
    /// What is left to send of the event under way.
    event: Bytes,
    events_sent: usize,
    frames_sent: usize,
    /// The pause before the next frame, once it has begun or been waited for.
    pause: Pause,
    state: State,
    exact_len: Option<u64>,
    in_flight: InFlight,
}

/// Where the events come from.
pub(super) enum Source {
    Plain(Bytes),
    Events(EventStream),
}

enum Pause {
    Due,
    Waiting(Pin<Box<Sleep>>),
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Stalled,
    Cut,
    Ended,
}

impl SimulatorBody {
    pub(super) fn new(source: Source, pacing: Pacing, in_flight: InFlight) -> Self {
        let exact_len = match &source {
            Source::Plain(bytes) => u64::try_from(bytes.len()).ok(),
            Source::Events(_) => None,
        };
        let mut body = Self {
            source,
            pacing,
            upcoming: None,
            event: Bytes::new(),
            events_sent: 0,
            frames_sent: 0,
            pause: Pause::Over,
            state: State::Running,
            exact_len,
            in_flight,
        };
        body.upcoming = body.pull();
        body.settle();
        body
    }

    /// Bytes still to come, where the response declares its length.
    pub(super) fn exact_len(&self) -> Option<u64> {
        self.exact_len
    }

    fn pull(&mut self) -> Option<Bytes> {
        match &mut self.source {
            Source::Plain(bytes) if bytes.is_empty() => None,
            Source::Plain(bytes) => {
                let len = frame_len(&self.pacing, bytes.len());
                Some(bytes.split_to(len))
            }
            Source::Events(events) => events.next(),
        }
    }

    /// What comes after the events sent so far.
    fn outlook(&self) -> State {
        if self.pacing.cut_after == Some(self.events_sent) {
            State::Cut
        } else if self.pacing.stall_after == Some(self.events_sent) {
            State::Stalled
        } else if self.upcoming.is_none() {
            State::Ended
        } else {
            State::Running
        }
    }

    /// Enters the next state once an event has left whole.
    fn settle(&mut self) {
        if self.event.is_empty() {
            self.state = self.outlook();
            if self.state == State::Ended {
                self.in_flight.complete();
            }
        }
    }

    fn next_event(&mut self) {
        let mut event = self.upcoming.take().unwrap_or_default();
        self.events_sent += 1;
        self.upcoming = self.pull();
        if self.pacing.coalesce > 1 && self.pacing.between.is_zero() {
            let mut joined = BytesMut::from(event.as_ref());
            let mut count = 1;
            while count < self.pacing.coalesce && self.outlook() == State::Running {
                joined.extend_from_slice(&self.upcoming.take().unwrap_or_default());
                self.events_sent += 1;
                self.upcoming = self.pull();
                count += 1;
            }
            event = joined.freeze();
        }
        self.event = event;
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.pause, Pause::Due) {
            let between = if self.event.is_empty() {
                self.pacing.between
            } else {
                Duration::ZERO
            };
            let pause = between.saturating_add(self.pacing.drip);
            self.pause = if pause.is_zero() {
                Pause::Over
            } else {
                Pause::Waiting(Box::pin(sleep(pause)))
            };
        }
        if let Pause::Waiting(sleep) = &mut self.pause {
            ready!(sleep.as_mut().poll(cx));
            self.pause = Pause::Over;
        }
        Poll::Ready(())
    }
}

fn frame_len(pacing: &Pacing, available: usize) -> usize {
    match pacing.frame_bytes {
        0 => available,
        bytes => bytes.min(available),
    }
}

impl Body for SimulatorBody {
    type Data = Bytes;
    type Error = SimulatorError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SimulatorError>>> {
        let this = &mut *self;
        match this.state {
            State::Ended => return Poll::Ready(None),
            // The one state that never wakes: only the client can end it.
            State::Stalled => return Poll::Pending,
            State::Cut => {
                this.state = State::Ended;
                this.in_flight.complete();
                return Poll::Ready(Some(Err(SimulatorError::ConnectionReset)));
            }
            State::Running => {}
        }
        ready!(this.poll_pause(cx));
        if this.event.is_empty() {
            this.next_event();
        }
        let len = frame_len(&this.pacing, this.event.len());
        let frame = this.event.split_to(len);
        this.frames_sent += 1;
        this.pause = Pause::Due;
        if let (Some(left), Ok(sent)) = (&mut this.exact_len, u64::try_from(frame.len())) {
            *left = left.saturating_sub(sent);
        }
        this.settle();
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Ended
    }

    fn size_hint(&self) -> SizeHint {
        // As with a real connection, a body that breaks off has declared more than it delivers.
        self.exact_len.map(SizeHint::with_exact).unwrap_or_default()
    }
}

impl fmt::Debug for SimulatorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorBody")
            .field("state", &self.state)
            .field("events_sent", &self.events_sent)
            .field("frames_sent", &self.frames_sent)
            .finish_non_exhaustive()
    }
}
