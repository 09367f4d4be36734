//! What the clones of a simulator share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::activity::Activity;
use super::catalogue::Catalogue;
use super::record::{Record, RecordedRequest};
use super::reply::Reply;
use super::script::Script;

/// What the clones of a simulator share.
pub(super) struct Shared {
    pub(super) activity: Arc<Activity>,
    script: Mutex<Script>,
    record: Mutex<Record>,
    settings: Mutex<Settings>,
}

struct Settings {
    /// Shared, so that a request takes a look without copying the list.
    catalogue: Arc<Catalogue>,
    key: Option<Arc<str>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            activity: Arc::new(Activity::new()),
            script: Mutex::new(Script::new()),
            record: Mutex::default(),
            settings: Mutex::new(Settings {
                catalogue: Arc::new(Catalogue::new()),
                key: None,
            }),
        }
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    /// Keeps a request and gives it its identifier, which counts the requests received.
    pub(super) fn record(&self, request: RecordedRequest) -> String {
        let mut record = self.requests();
        record.push(request);
        format!("{:016x}-SIM", record.total())
    }

    /// The reply of the first rule that has one. The rules run outside the lock, so they may use
    /// the simulator themselves.
    pub(super) fn ruled(&self, request: &RecordedRequest) -> Option<Arc<Reply>> {
        let rules = self.script().rules();
        rules.iter().find_map(|rule| rule(request)).map(Arc::new)
    }

    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        lock(&self.settings).catalogue.clone()
    }

    pub(super) fn change_catalogue(&self, change: impl FnOnce(&mut Catalogue)) {
        change(Arc::make_mut(&mut lock(&self.settings).catalogue));
    }

    pub(super) fn key(&self) -> Option<Arc<str>> {
        lock(&self.settings).key.clone()
    }

    pub(super) fn set_key(&self, key: String) {
        lock(&self.settings).key = Some(Arc::from(key));
    }
}

/// No holder leaves the data half changed, so a poisoned lock is as good as another.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
