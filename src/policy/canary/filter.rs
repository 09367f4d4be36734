use http::StatusCode;

use super::CanaryAction;
use super::token::{Found, Token};
use crate::body::{ApiError, Flow, ResponseFilter, SegmentKind, Window};
use crate::call::Direction;
use crate::policy::Recorder;
use crate::text::Edits;

/// Looks for the token, and holds back only what may still become it.
pub(super) struct CanaryFilter {
    pub(super) action: CanaryAction,
    pub(super) token: Token,
    pub(super) recorder: Recorder,
}

impl ResponseFilter for CanaryFilter {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let text = window.text();
        let mut from = window.start();
        while let Some((at, found)) = self.token.find(text, from) {
            let Found::Match(length) = found else {
                if window.is_last() {
                    // It never will, but another one may.
                    from = text.ceil_char_boundary(at + 1);
                    continue;
                }
                return Flow::Release(at);
            };
            // What is said twice is found twice, and counted once.
            let again = window.lane().kind == SegmentKind::Repeat;
            if !again || self.action == CanaryAction::Stop {
                self.recorder.found(Direction::Response, "CANARY", 1);
            }
            match self.action {
                CanaryAction::Stop => {
                    return Flow::Stop(ApiError::new(
                        StatusCode::FORBIDDEN,
                        "prompt_leak",
                        "the answer gave the system prompt away, and was stopped",
                    ));
                }
                CanaryAction::Redact => edits.replace(at..at + length, "[CANARY]"),
                CanaryAction::Log => {}
            }
            from = at + length;
        }
        Flow::Release(text.len())
    }
}
