//! Personal data: found in requests and answers, and replaced.
//!
//! ```
//! use axum::{Router, routing::post};
//! use portcullis::PiiRedactLayer;
//!
//! let app: Router = Router::new()
//!     .route("/echo", post(async |body: String| body))
//!     .layer(PiiRedactLayer::default());
//! ```
//!
//! What is found is replaced by its label, such as `[EMAIL_ADDRESS]`, in both
//! directions. A streamed answer is redacted exactly as the whole text would
//! be, wherever the stream is cut.

pub mod detect;
mod filter;

use self::filter::PiiFilter;
use super::{Policy, PolicyLayer, PolicyRequest, Verdict};
use crate::body::BoxError;
use crate::call::Direction;
use crate::text::Edits;

pub use self::detect::{Entity, EntitySet, Finding};

/// Redacts personal data. See the [module](self) for an example.
pub type PiiRedactLayer = PolicyLayer<PiiRedact>;

/// The policy of a [`PiiRedactLayer`].
#[derive(Clone, Debug)]
pub struct PiiRedact {
    entities: EntitySet,
    request: bool,
    response: bool,
}

impl Default for PiiRedact {
    fn default() -> Self {
        Self {
            entities: EntitySet::all(),
            request: true,
            response: true,
        }
    }
}

impl PiiRedactLayer {
    /// Looks for these kinds only; all of them by default.
    ///
    /// ```
    /// use portcullis::PiiRedactLayer;
    /// use portcullis::policy::pii::Entity;
    ///
    /// let layer = PiiRedactLayer::default().entities([Entity::EmailAddress]);
    /// ```
    #[must_use]
    pub fn entities(self, entities: impl IntoIterator<Item = Entity>) -> Self {
        let set = entities
            .into_iter()
            .fold(EntitySet::default(), EntitySet::with);
        self.map(|policy| policy.entities = set)
    }

    /// Redacts what goes these ways only; both by default.
    #[must_use]
    pub fn directions(self, directions: impl IntoIterator<Item = Direction>) -> Self {
        let (mut request, mut response) = (false, false);
        for direction in directions {
            match direction {
                Direction::Request => request = true,
                Direction::Response => response = true,
            }
        }
        self.map(|policy| {
            policy.request = request;
            policy.response = response;
        })
    }
}

impl PiiRedact {
    /// What is found in `text`, first to last.
    ///
    /// ```
    /// use portcullis::policy::pii::PiiRedact;
    ///
    /// let findings = PiiRedact::default().scan("mail jane@example.com");
    /// assert_eq!(findings[0].entity.label(), "EMAIL_ADDRESS");
    /// assert_eq!(findings[0].range, 5..21);
    /// ```
    #[must_use]
    pub fn scan(&self, text: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        detect::scan(self.entities, text, 0, true, &mut |f| findings.push(f));
        findings
    }

    /// `text` with what is found replaced by its label.
    ///
    /// ```
    /// use portcullis::policy::pii::PiiRedact;
    ///
    /// let text = PiiRedact::default().redact("mail jane@example.com");
    /// assert_eq!(text, "mail [EMAIL_ADDRESS]");
    /// ```
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut edits = Edits::new();
        for finding in self.scan(text) {
            edits.replace(finding.range, filter::marker(finding.entity));
        }
        edits.apply(text)
    }
}

impl Policy for PiiRedact {
    fn name(&self) -> &'static str {
        "pii-detector"
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let recorder = request.recorder();
        let mut rewritten = Vec::new();
        if self.request {
            for segment in request.document().segments() {
                let mut edits = Edits::new();
                let text = segment.text();
                detect::scan(self.entities, text, 0, true, &mut |finding: Finding| {
                    recorder.found(Direction::Request, finding.entity.label(), 1);
                    edits.replace(finding.range, filter::marker(finding.entity));
                });
                if !edits.is_empty() {
                    rewritten.push((segment.number(), edits));
                }
            }
        }
        let verdict = Verdict::rewrite(rewritten);
        if !self.response {
            return Ok(verdict);
        }
        Ok(verdict.with_filter(PiiFilter::new(self.entities, recorder.clone())))
    }

    fn reads_request(&self) -> bool {
        self.request
    }
}
