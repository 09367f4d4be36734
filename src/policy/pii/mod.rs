//! Personal data and secrets: found in requests and answers, and dealt with.
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
//! directions. A streamed answer is dealt with exactly as the whole text would
//! be, wherever the stream is cut. Addresses of pages ([`Entity::Url`],
//! [`Entity::DomainName`]) are counted and stay, unless they are named.
//!
//! Other [`Action`]s mask, hash, block, only count, or *pseudonymize*: the
//! model works with placeholders, and the client reads the originals.
//!
//! ```
//! use portcullis::PiiRedactLayer;
//! use portcullis::policy::pii::{Action, Entity};
//!
//! let layer = PiiRedactLayer::default()
//!     .action(Action::Pseudonymize)
//!     .action_for(Entity::CreditCard, Action::Block)
//!     .pattern("EMPLOYEE_ID", r"EMP-[0-9]{6}")?;
//! # Ok::<(), portcullis::policy::pii::InvalidPattern>(())
//! ```
//!
//! What a regular expression cannot tell, a [`Detector`] of one's own does.

mod action;
pub mod detect;
mod detector;
mod filter;
mod finder;
mod json_state;
mod label;
mod layer;
mod pattern;
mod settings;
mod stream;
mod vault;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};

pub use self::action::{Action, HashKey, MarkerFormat, Redaction};
use self::detect::Scanner;
pub use self::detect::{Entity, EntitySet, Locale};
pub use self::detector::{Detector, LONGEST as LONGEST_DETECTOR, Match, Place};
use self::filter::{PiiFilter, Worker};
use self::finder::Hit;
use self::json_state::JsonState;
pub use self::label::Label;
pub use self::pattern::{InvalidPattern, LONGEST as LONGEST_PATTERN};
use self::settings::Settings;
pub use self::stream::TextStream;
use self::vault::Vault;
use super::{Policy, PolicyLayer, PolicyRequest, Recorder, Verdict};
use crate::body::{BoxError, Lane, SegmentKind, Window};
use crate::call::Direction;
use crate::text::Edits;

/// Finds personal data and deals with it. See the [module](self) for examples.
pub type PiiRedactLayer = PolicyLayer<PiiRedact>;

/// The policy of a [`PiiRedactLayer`].
#[derive(Clone, Debug, Default)]
pub struct PiiRedact {
    settings: Arc<Settings>,
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Where it stands, in bytes.
    pub range: std::ops::Range<usize>,
    /// What kind it is.
    pub label: Label,
    /// How sure that is, from 0 to 1.
    pub score: f32,
}

/// Counts of what the request held, on its answer.
const REPORT_HEADER: HeaderName = HeaderName::from_static("x-portcullis-pii");

impl PiiRedact {
    /// What is found in `text`, first to last.
    ///
    /// ```
    /// use portcullis::policy::pii::PiiRedact;
    ///
    /// let findings = PiiRedact::default().scan("mail jane@example.com");
    /// assert_eq!(findings[0].label.as_str(), "EMAIL_ADDRESS");
    /// assert_eq!(findings[0].range, 5..21);
    /// ```
    #[must_use]
    pub fn scan(&self, text: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.settings.finder.find(
            text,
            0,
            true,
            None,
            &mut Scanner::default(),
            |range, hit| {
                if let Hit::Value { label, score } = hit {
                    findings.push(Finding {
                        range,
                        label,
                        score,
                    });
                }
            },
        );
        findings
    }

    /// Finds values in a text that comes in pieces.
    #[must_use]
    pub fn stream(&self) -> TextStream<'_> {
        TextStream::new(self)
    }

    /// `text` as it would leave in a request, with markers for what is blocked or
    /// needs a call to be pseudonymized.
    ///
    /// ```
    /// use portcullis::policy::pii::PiiRedact;
    ///
    /// let text = PiiRedact::default().redact("mail jane@example.com");
    /// assert_eq!(text, "mail [EMAIL_ADDRESS]");
    /// ```
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let worker = Worker {
            settings: &self.settings,
            recorder: &Recorder {
                policy: self.name(),
                call: None,
            },
            direction: Direction::Request,
            vault: None,
            counts: None,
            taken: &|_| false,
        };
        let lane = Lane {
            kind: SegmentKind::PlainText,
            choice: None,
            tool_call: None,
        };
        let mut edits = Edits::new();
        let window = Window::new(text, 0, true, lane);
        // A value that is blocked has been marked nevertheless.
        let (mut scanner, mut json) = (Scanner::default(), JsonState::default());
        let _ = worker.work(&window, &mut scanner, &mut json, &mut edits);
        edits.apply(text)
    }

    /// The vault for a request, if it may need one.
    fn vault(&self, request: &PolicyRequest<'_>) -> Option<Vault> {
        if !self.settings.pseudonymizes() {
            return None;
        }
        let headers = &request.parts().headers;
        let conversation = self.settings.conversations.as_ref();
        let named = conversation.and_then(|(header, kept)| Some((headers.get(header)?, kept)));
        Some(match named {
            Some((name, kept)) => {
                let who = headers.get(header::AUTHORIZATION);
                kept.vault(who.map_or(&[], HeaderValue::as_bytes), name.as_bytes())
            }
            None => Vault::default(),
        })
    }
}

impl Policy for PiiRedact {
    fn name(&self) -> &'static str {
        "pii-detector"
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let recorder = request.recorder();
        let vault = self.vault(request);
        let document = request.document();
        let mut rewritten = Vec::new();
        let counts = RefCell::new(BTreeMap::new());
        if self.settings.request.is_some() {
            let worker = Worker {
                settings: &self.settings,
                recorder,
                direction: Direction::Request,
                vault: vault.as_ref(),
                counts: self.settings.report_header.then_some(&counts),
                taken: &|candidate| document.segments().any(|s| s.text().contains(candidate)),
            };
            let (mut edits, mut scanner) = (Edits::new(), Scanner::default());
            for segment in document.segments() {
                let lane = Lane::of(&segment);
                let window = Window::new(segment.text(), 0, true, lane);
                match worker.work(&window, &mut scanner, &mut JsonState::default(), &mut edits) {
                    Ok(_) if edits.is_empty() => {}
                    Ok(_) => rewritten.push((segment.number(), std::mem::take(&mut edits))),
                    Err(error) => return Ok(Verdict::refuse(error)),
                }
            }
        }
        let mut verdict = Verdict::rewrite(rewritten);
        let counts = counts.into_inner();
        if !counts.is_empty() {
            let counts: Vec<_> = counts.iter().map(|(l, n)| format!("{l}={n}")).collect();
            // The labels of patterns are one's own, and may not fit.
            if let Ok(report) = HeaderValue::try_from(counts.join(", ")) {
                verdict = verdict.with_header(REPORT_HEADER, report);
            }
        }
        let restores = vault.as_ref().is_some_and(|vault| !vault.is_empty());
        if self.settings.response.is_some() || restores {
            verdict = verdict.with_filter(PiiFilter {
                settings: Arc::clone(&self.settings),
                recorder: recorder.clone(),
                vault: vault.filter(|_| restores),
                arguments: Vec::new(),
                scanner: Scanner::default(),
            });
        }
        Ok(verdict)
    }

    fn reads_request(&self) -> bool {
        self.settings.request.is_some()
    }
}

#[cfg(test)]
mod own_tests;
#[cfg(test)]
mod tests;
