use std::borrow::Cow;
use std::fmt;

use http::request::Parts;

use crate::body::{ApiError, Document, SegmentKind};
use crate::call::{Call, Direction};

/// A request as a policy sees it.
pub struct PolicyRequest<'a> {
    pub(super) parts: &'a Parts,
    pub(super) document: &'a Document,
    pub(super) recorder: &'a Recorder,
}

impl<'a> PolicyRequest<'a> {
    /// Method, path, headers and extensions.
    #[must_use]
    pub fn parts(&self) -> &'a Parts {
        self.parts
    }

    /// The body; empty if there is none.
    #[must_use]
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// Where the policy notes what it finds. A filter for the answer keeps a
    /// clone of it.
    #[must_use]
    pub fn recorder(&self) -> &'a Recorder {
        self.recorder
    }

    /// Whether none of its texts stands where a known API has them: any of them
    /// may be what the model reads.
    pub(super) fn is_foreign(&self) -> bool {
        is_foreign(self.document)
    }
}

/// Whether none of a request's texts stands where a known API has them.
pub(super) fn is_foreign(request: &Document) -> bool {
    use SegmentKind::{Content, Document, Input, PlainText, Prompt, Query};
    !request.segments().any(|segment| {
        matches!(
            segment.kind(),
            Content | Document | Input | PlainText | Prompt | Query
        )
    })
}

/// Without headers, which may hold keys.
impl fmt::Debug for PolicyRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyRequest")
            .field("method", &self.parts.method)
            .field("path", &self.parts.uri.path())
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

/// Notes what a policy finds on the record of the call, if there is one.
#[derive(Clone, Debug)]
pub struct Recorder {
    pub(super) policy: &'static str,
    pub(super) call: Option<Call>,
}

impl Recorder {
    /// One that nobody reads.
    pub(super) fn silent(&self) -> Self {
        Self {
            policy: self.policy,
            call: None,
        }
    }

    /// Whether anyone will read what is noted.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.call.is_some()
    }

    /// Counts `count` findings of the kind `label`. A label names a kind, and
    /// never holds a value.
    pub fn found(&self, direction: Direction, label: impl Into<Cow<'static, str>>, count: u64) {
        if let Some(call) = &self.call {
            call.found(self.policy, direction, label.into(), count);
        }
    }

    /// Notes what was measured, from 0 to 1, in place of an earlier value of the
    /// same name.
    pub fn score(&self, name: impl Into<Cow<'static, str>>, score: f32) {
        if let Some(call) = &self.call {
            call.score(self.policy, name.into(), score);
        }
    }

    /// Says that something passed without being inspected, and why.
    pub fn warn(&self, warning: impl Into<Cow<'static, str>>) {
        if let Some(call) = &self.call {
            call.warn(warning);
        }
    }

    pub(super) fn verdict(&self, word: &'static str) {
        if let Some(call) = &self.call {
            call.policy(self.policy, word);
        }
    }

    /// What a policy that is not enforced would have done.
    pub(super) fn would(&self, word: &'static str) {
        if let Some(call) = &self.call {
            call.would(self.policy, word);
        }
    }

    pub(super) fn refused(&self, error: &ApiError) {
        if let Some(call) = &self.call {
            call.refused(self.policy, error);
        }
    }
}
