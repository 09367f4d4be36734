//! How a [`CanaryLayer`] is built.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;

use super::{Canary, CanaryAction, CanaryLayer, Settings};
use crate::policy::HashKey;

/// A notice without a place for the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidNotice;

impl fmt::Display for InvalidNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token has no place in it; write {canary} where it is to stand")
    }
}

impl std::error::Error for InvalidNotice {}

impl CanaryLayer {
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|policy: &mut Canary| change(Arc::make_mut(&mut policy.settings)))
    }

    /// What is done with an answer that holds the token; stopped by default.
    #[must_use]
    pub fn action(self, action: CanaryAction) -> Self {
        self.set(|settings| settings.action = action)
    }

    /// What is put at the end of the prompt, on lines of its own, with
    /// `{canary}` for the token: `Reference: {canary}`. One that says that the
    /// token is secret tells a model what to leave out.
    ///
    /// # Errors
    /// When it has no `{canary}`.
    pub fn notice(self, notice: &str) -> Result<Self, InvalidNotice> {
        let (before, behind) = notice.split_once("{canary}").ok_or(InvalidNotice)?;
        let notice = (format!("\n\n{before}"), behind.to_owned());
        Ok(self.set(|settings| settings.notice = notice))
    }

    /// The same token for all calls of a conversation, which this header of
    /// requests names; made of the name and the client's `Authorization` with
    /// this key. Calls without the header have a token each.
    #[must_use]
    pub fn conversations(self, header: HeaderName, key: HashKey) -> Self {
        self.set(|settings| settings.conversations = Some((header, key)))
    }
}
