//! What the simulator was asked.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};

/// Requests kept at most.
const MAX_REQUESTS: usize = 1024;
/// Bytes of bodies kept at most; the last request stays even if it is larger.
const MAX_BYTES: usize = 64 << 20;

/// A request as it reached the simulator.
///
/// `Debug` shows neither body nor header values.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The path as sent, with or without `/v1`.
    pub path: String,
    /// What followed the `?`.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body. It is empty when it was larger than the simulator accepts (32 MiB).
    pub body: Bytes,
}

impl RecordedRequest {
    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// Fails if the body is not JSON.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The last requests, within bounds.
#[derive(Default)]
pub(super) struct Record {
    requests: VecDeque<RecordedRequest>,
    bytes: usize,
    total: u64,
}

impl Record {
    pub(super) fn push(&mut self, request: RecordedRequest) {
        self.total += 1;
        self.bytes = self.bytes.saturating_add(request.body.len());
        self.requests.push_back(request);
        while self.requests.len() > MAX_REQUESTS
            || (self.bytes > MAX_BYTES && self.requests.len() > 1)
        {
            if let Some(oldest) = self.requests.pop_front() {
                self.bytes = self.bytes.saturating_sub(oldest.body.len());
            }
        }
    }

    pub(super) fn all(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(super) fn last(&self) -> Option<RecordedRequest> {
        self.requests.back().cloned()
    }

    /// Requests received since the beginning, kept or not.
    pub(super) fn total(&self) -> u64 {
        self.total
    }
}
