use crate::target::Failure;

/// What makes a call go to the next target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trigger {
    /// Too many requests (429).
    RateLimitExceeded,
    /// It took too long, or its stream stalled before the first token.
    Timeout,
    /// It cannot be reached, is overloaded, or its breaker is open.
    ServiceUnavailable,
    /// Any other error of the server's, a broken connection, a stream that
    /// begins with an error, an answer without content.
    ServerError,
    /// Our key is missing, or was not accepted.
    Auth,
    /// The request is against its content policy.
    ContentPolicy,
    /// The request is too long for its model.
    ContextWindow,
}

/// A set of triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Triggers(u8);

impl Triggers {
    pub(super) fn of(triggers: impl IntoIterator<Item = Trigger>) -> Self {
        Self(triggers.into_iter().fold(0, |set, one| set | bit(one)))
    }

    pub(super) fn has(self, failure: Failure) -> bool {
        trigger(failure).is_some_and(|trigger| self.0 & bit(trigger) != 0)
    }

    /// Whether the body of an error has to be read to know what it is.
    pub(super) fn look_into(self) -> bool {
        self.0 & (bit(Trigger::ContentPolicy) | bit(Trigger::ContextWindow)) != 0
    }
}

/// All that are not the request's own fault: another model might not mind what
/// is against one's policy, which is for the configuration to allow.
impl Default for Triggers {
    fn default() -> Self {
        Self::of([
            Trigger::RateLimitExceeded,
            Trigger::Timeout,
            Trigger::ServiceUnavailable,
            Trigger::ServerError,
            Trigger::Auth,
        ])
    }
}

fn bit(trigger: Trigger) -> u8 {
    1 << trigger as u8
}

fn trigger(failure: Failure) -> Option<Trigger> {
    Some(match failure {
        Failure::RateLimited => Trigger::RateLimitExceeded,
        Failure::Timeout | Failure::Stall => Trigger::Timeout,
        Failure::Connect
        | Failure::Tls
        | Failure::Unavailable
        | Failure::CircuitOpen
        | Failure::Overloaded => Trigger::ServiceUnavailable,
        Failure::Reset
        | Failure::Protocol
        | Failure::ServerError
        | Failure::ErrorEvent
        | Failure::Empty => Trigger::ServerError,
        Failure::Auth => Trigger::Auth,
        Failure::ContentPolicy => Trigger::ContentPolicy,
        Failure::ContextWindow => Trigger::ContextWindow,
        Failure::Rejected => return None,
    })
}
