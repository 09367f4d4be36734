//! What a route makes of a request, before it becomes a response.

use bytes::Bytes;
use serde::Serialize;

use super::events::{Chunks, write_json};

/// A successful answer.
pub(super) enum Answer {
    Json(Bytes),
    Events(Box<dyn Chunks>),
    Audio(Bytes),
}

impl Answer {
    pub(super) fn json(value: &impl Serialize) -> Self {
        let mut out = Vec::new();
        write_json(&mut out, value);
        Self::Json(out.into())
    }
}
