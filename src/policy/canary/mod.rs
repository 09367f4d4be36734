//! A secret in the system prompt, to notice when the prompt is read out.
//!
//! A request with a system prompt gets a random token put at the prompt's end.
//! An answer that holds the token gives the prompt away: it is stopped, a
//! stream with `finish_reason: "content_filter"`, before the token has left.
//!
//! ```
//! use portcullis::policy::HashKey;
//! use portcullis::policy::canary::{CanaryAction, CanaryLayer};
//!
//! let layer = CanaryLayer::default().action(CanaryAction::Redact);
//! // The same token all through a conversation, so that the upstream's cache of
//! // prompts is of use.
//! let header = http::HeaderName::from_static("x-conversation-id");
//! let layer = layer.conversations(header, HashKey::random());
//! ```
//!
//! The token is found in every text of an answer, however a stream is cut, in
//! either case, in full-width letters, and with up to four characters between
//! its own that are no letters and no digits (spaces, hyphens, quotes,
//! invisible ones). It is not found encoded (base64, say), reversed, or told in
//! part.
//!
//! Place the layer innermost of the policies: one that stands further in would
//! read the token too, and might redact it. The gateway does so by itself.

mod filter;
mod layer;
mod token;

use std::sync::Arc;

use http::{HeaderName, header};

use self::filter::CanaryFilter;
pub use self::layer::InvalidNotice;
use self::token::Token;
use super::{HashKey, Policy, PolicyLayer, PolicyRequest, Verdict};
use crate::body::{BoxError, Role, Segment, SegmentKind};
use crate::text::Edits;

/// Puts a canary in system prompts. See the [module](self) for an example.
pub type CanaryLayer = PolicyLayer<Canary>;

/// The policy of a [`CanaryLayer`].
#[derive(Clone, Debug, Default)]
pub struct Canary {
    settings: Arc<Settings>,
}

/// What is done with an answer that holds the token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CanaryAction {
    /// It is refused; a stream is ended.
    #[default]
    Stop,
    /// The token is replaced by `[CANARY]`, and the rest passes.
    Redact,
    /// It passes, and is on the record.
    Log,
}

#[derive(Clone, Debug)]
struct Settings {
    action: CanaryAction,
    /// What stands before and behind the token.
    notice: (String, String),
    conversations: Option<(HeaderName, HashKey)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            action: CanaryAction::default(),
            notice: ("\n\nReference: ".to_owned(), String::new()),
            conversations: None,
        }
    }
}

impl Canary {
    fn token(&self, request: &PolicyRequest<'_>) -> Token {
        let headers = &request.parts().headers;
        let conversation = self.settings.conversations.as_ref();
        let named = conversation.and_then(|(header, key)| Some((headers.get(header)?, key)));
        match named {
            Some((name, key)) => {
                // One client cannot have another's.
                let who = headers.get(header::AUTHORIZATION);
                let who = who.map_or(&[][..], |who| who.as_bytes());
                let length = (who.len() as u64).to_be_bytes();
                Token::of(&key.digest(&[&length, who, name.as_bytes()]))
            }
            None => Token::random(),
        }
    }
}

impl Policy for Canary {
    fn name(&self) -> &'static str {
        "canary"
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let mut segments = request.document().segments();
        let Some(prompt) = segments.find(is_system_prompt) else {
            return Ok(Verdict::proceed());
        };
        let token = self.token(request);
        let (before, behind) = &self.settings.notice;
        let end = prompt.text().len();
        let mut edits = Edits::new();
        edits.replace(end..end, format!("{before}{}{behind}", token.as_str()));
        let filter = CanaryFilter {
            action: self.settings.action,
            token,
            recorder: request.recorder().clone(),
        };
        Ok(Verdict::rewrite(vec![(prompt.number(), edits)]).with_filter(filter))
    }
}

fn is_system_prompt(segment: &Segment<'_>) -> bool {
    segment.kind() == SegmentKind::Content
        && matches!(segment.role(), Some(Role::System | Role::Developer))
}

#[cfg(test)]
mod tests;
