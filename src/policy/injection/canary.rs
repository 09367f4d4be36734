//! A secret in the system prompt that no answer may hold.

use std::sync::Arc;

use http::StatusCode;

use crate::body::{ApiError, Flow, ResponseFilter, Window};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::text::Edits;

/// Stops an answer in which the secret appears.
pub(super) struct Canary {
    secret: Arc<str>,
    recorder: Recorder,
}

impl Canary {
    pub(super) fn new(secret: &str, recorder: Recorder) -> Self {
        Self {
            secret: secret.into(),
            recorder,
        }
    }
}

/// How many bytes at the end of `text` may be the beginning of `secret`.
fn begun(text: &str, secret: &str) -> usize {
    let (text, secret) = (text.as_bytes(), secret.as_bytes());
    let most = text.len().min(secret.len().saturating_sub(1));
    let fits = |&len: &usize| text[text.len() - len..].eq_ignore_ascii_case(&secret[..len]);
    (1..=most).rev().find(fits).unwrap_or(0)
}

fn holds(text: &str, secret: &str) -> bool {
    let mut windows = text.as_bytes().windows(secret.len().max(1));
    windows.any(|window| window.eq_ignore_ascii_case(secret.as_bytes()))
}

impl ResponseFilter for Canary {
    fn filter(&mut self, window: &Window<'_>, _: &mut Edits) -> Flow {
        let rest = window.text().get(window.start()..).unwrap_or_default();
        if holds(rest, &self.secret) {
            self.recorder.found(Direction::Response, "canary", 1);
            return Flow::Stop(ApiError::new(
                StatusCode::FORBIDDEN,
                "prompt_leak",
                "the answer was stopped because it gives away the instructions of the application",
            ));
        }
        let held = if window.is_last() {
            0
        } else {
            begun(rest, &self.secret)
        };
        Flow::Release(window.text().len() - held)
    }
}

#[cfg(test)]
mod tests {
    use super::{begun, holds};

    #[test]
    fn only_what_may_become_the_secret_is_held() {
        assert_eq!(begun("see kestrel-", "kestrel-77"), 8);
        assert_eq!(begun("kekes", "kestrel-77"), 3);
        assert_eq!(begun("nothing", "kestrel-77"), 0);
        assert!(holds("it is KESTREL-77.", "kestrel-77"));
        assert!(!holds("kestrel-7", "kestrel-77"));
    }
}
