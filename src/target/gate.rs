//! How many calls to a target are under way, and how many wait.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// A limit of concurrent calls, and a queue. How long both are, those who come
/// say, so that another configuration may say otherwise.
pub(crate) struct Gate {
    /// Made for so many calls.
    limit: AtomicUsize,
    places: Arc<Semaphore>,
    /// Places that are taken and are not given back: there are to be fewer.
    excess: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
}

/// What becomes of a call that comes.
pub(crate) enum Entry {
    Entered(Place),
    Waits(Wait),
    /// So many wait that it may not.
    Full,
}

/// A call that is under way, until this is dropped.
pub(crate) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    excess: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        // Given back, it would be the next one's who waits.
        if self.excess.load(Ordering::Acquire) > 0 && take(&self.excess, 1) == 1 {
            permit.forget();
        }
    }
}

/// Takes up to so many, and says how many there were.
fn take(from: &AtomicUsize, most: usize) -> usize {
    let mut before = from.load(Ordering::Acquire);
    loop {
        let taken = before.min(most);
        match from.compare_exchange_weak(
            before,
            before - taken,
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            Ok(_) => return taken,
            Err(now) => before = now,
        }
    }
}

type Acquire = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// A call that waits for its place, unless this is dropped.
pub(crate) struct Wait {
    acquire: Acquire,
    excess: Arc<AtomicUsize>,
    _waiting: Waiting,
}

struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Gate {
    /// As many places as there can be.
    pub(crate) const MOST: usize = Semaphore::MAX_PERMITS;

    pub(crate) fn enter(&self, max_calls: usize, max_queue: usize) -> Entry {
        self.resize(max_calls);
        // Nobody is overtaken: what is free has been offered to those who
        // wait.
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Entry::Entered(self.place(permit));
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let waiting = Waiting(Arc::clone(&self.waiting));
        if before >= max_queue {
            return Entry::Full;
        }
        Entry::Waits(Wait {
            acquire: Box::pin(Arc::clone(&self.places).acquire_owned()),
            excess: Arc::clone(&self.excess),
            _waiting: waiting,
        })
    }

    fn place(&self, permit: OwnedSemaphorePermit) -> Place {
        Place {
            permit: Some(permit),
            excess: Arc::clone(&self.excess),
        }
    }

    /// Calls that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    fn resize(&self, limit: usize) {
        if self.limit.load(Ordering::Acquire) == limit {
            return;
        }
        let before = self.limit.swap(limit, Ordering::AcqRel);
        if before < limit {
            let more = limit - before;
            self.places.add_permits(more - take(&self.excess, more));
        } else if before > limit {
            let taken = before - limit - self.places.forget_permits(before - limit);
            self.excess.fetch_add(taken, Ordering::AcqRel);
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            limit: AtomicUsize::new(0),
            places: Arc::new(Semaphore::new(0)),
            excess: Arc::default(),
            waiting: Arc::default(),
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("limit", &self.limit.load(Ordering::Relaxed))
            .field("free", &self.places.available_permits())
            .field("waiting", &self.waiting())
            .finish()
    }
}

impl Future for Wait {
    type Output = Place;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Place> {
        match ready!(self.acquire.as_mut().poll(cx)) {
            Ok(permit) => Poll::Ready(Place {
                permit: Some(permit),
                excess: Arc::clone(&self.excess),
            }),
            // Nobody ever closes it.
            Err(_) => Poll::Pending,
        }
    }
}
