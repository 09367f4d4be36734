//! Which reply a request gets.

use std::collections::VecDeque;
use std::sync::Arc;

use super::record::RecordedRequest;
use super::reply::Reply;

type Rule = Arc<dyn Fn(&RecordedRequest) -> Option<Reply> + Send + Sync>;

/// The replies to come.
pub(super) struct Script {
    rules: Vec<Rule>,
    queue: VecDeque<Arc<Reply>>,
    always: Arc<Reply>,
}

impl Script {
    pub(super) fn new() -> Self {
        Self {
            rules: Vec::new(),
            queue: VecDeque::new(),
            always: Arc::new(Reply::new()),
        }
    }

    pub(super) fn push(&mut self, reply: Reply) {
        self.queue.push_back(Arc::new(reply));
    }

    pub(super) fn set_always(&mut self, reply: Reply) {
        self.always = Arc::new(reply);
    }

    pub(super) fn add_rule(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub(super) fn rules(&self) -> Vec<Rule> {
        self.rules.clone()
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The next reply of the queue, or the one for every other request.
    pub(super) fn take(&mut self) -> Arc<Reply> {
        self.queue
            .pop_front()
            .unwrap_or_else(|| self.always.clone())
    }

    pub(super) fn always(&self) -> Arc<Reply> {
        self.always.clone()
    }
}
