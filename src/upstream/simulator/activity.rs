//! How many requests are being answered, and how many clients went away early.

use std::sync::Arc;

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) in_flight: usize,
    pub(super) disconnects: u64,
}

/// The counts, and a way to wait for them.
pub(super) struct Activity {
    counts: watch::Sender<Counts>,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            counts: watch::Sender::new(Counts::default()),
        }
    }

    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.counts.send_modify(|counts| counts.in_flight += 1);
        InFlight {
            activity: Some(self.clone()),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    pub(super) async fn reached(&self, condition: impl FnMut(&Counts) -> bool) {
        // It fails only once the sender is gone, and `self` holds it.
        let _ = self.counts.subscribe().wait_for(condition).await;
    }
}

/// One request being answered. Dropped before `complete`, it counts as a disconnect.
pub(super) struct InFlight {
    activity: Option<Arc<Activity>>,
}

impl InFlight {
    pub(super) fn complete(&mut self) {
        if let Some(activity) = self.activity.take() {
            activity.counts.send_modify(|counts| {
                counts.in_flight = counts.in_flight.saturating_sub(1);
            });
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(activity) = self.activity.take() {
            activity.counts.send_modify(|counts| {
                counts.in_flight = counts.in_flight.saturating_sub(1);
                counts.disconnects += 1;
            });
        }
    }
}
