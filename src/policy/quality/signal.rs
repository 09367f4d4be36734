//! What can be wrong with an answer, and how much it weighs.

use std::fmt;

/// Something that can be said against an answer, and computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// It says nothing: no text, no tool call.
    Empty,
    /// It was cut off (`finish_reason: length`).
    Truncated,
    /// The model declines: in its field for it, or by how the answer begins, which a
    /// classifier in some thirty languages judges (`docs/models.md`).
    Refusal,
    /// It says the same over and over to its end.
    Loop,
    /// Much of it is said more than once.
    Repetition,
    /// It is in another language than the question.
    LanguageMismatch,
    /// JSON was asked for, and it is none; or a tool's arguments are none.
    InvalidJson,
    /// It is JSON, and does not fit the schema that was given.
    SchemaMismatch,
    /// A code block has no end.
    UnclosedFence,
    /// It cites sources that were not given.
    UnmatchedCitation,
    /// It is shorter than it may be.
    TooShort,
    /// It is longer than it may be.
    TooLong,
}

impl Signal {
    /// All signals.
    pub const ALL: [Self; 12] = [
        Self::Empty,
        Self::Truncated,
        Self::Refusal,
        Self::Loop,
        Self::Repetition,
        Self::LanguageMismatch,
        Self::InvalidJson,
        Self::SchemaMismatch,
        Self::UnclosedFence,
        Self::UnmatchedCitation,
        Self::TooShort,
        Self::TooLong,
    ];

    /// The name, in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Refusal => "refusal",
            Self::Loop => "loop",
            Self::Repetition => "repetition",
            Self::LanguageMismatch => "language_mismatch",
            Self::InvalidJson => "invalid_json",
            Self::SchemaMismatch => "schema_mismatch",
            Self::UnclosedFence => "unclosed_fence",
            Self::UnmatchedCitation => "unmatched_citation",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
        }
    }

    /// How much of the score it takes away at most, from 0 to 1.
    #[must_use]
    pub const fn default_weight(self) -> f32 {
        match self {
            Self::Empty => 1.0,
            Self::Loop => 0.9,
            Self::InvalidJson => 0.8,
            Self::Refusal | Self::SchemaMismatch => 0.6,
            Self::Truncated | Self::LanguageMismatch | Self::Repetition => 0.5,
            Self::UnmatchedCitation => 0.4,
            Self::TooShort | Self::TooLong => 0.3,
            Self::UnclosedFence => 0.2,
        }
    }

    const fn at(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much each signal weighs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights([f32; Signal::ALL.len()]);

impl Default for Weights {
    fn default() -> Self {
        Self(Signal::ALL.map(Signal::default_weight))
    }
}

impl Weights {
    pub(super) fn set(&mut self, signal: Signal, weight: f32) {
        self.0[signal.at()] = weight.clamp(0.0, 1.0);
    }

    fn of(&self, signal: Signal) -> f32 {
        self.0[signal.at()]
    }
}

/// What is said against one answer, each with how bad it is, from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Signals(Vec<(Signal, f32)>);

impl Signals {
    pub(super) fn add(&mut self, signal: Signal, severity: f32) {
        if severity > 0.0 {
            self.0.push((signal, severity.min(1.0)));
        }
    }

    pub(super) fn add_if(&mut self, signal: Signal, is: bool) {
        self.add(signal, f32::from(u8::from(is)));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Signal> + '_ {
        self.0.iter().map(|(signal, _)| *signal)
    }

    /// From 0 to 1, to the thousandth: what each signal leaves, multiplied.
    pub(super) fn score(&self, weights: &Weights) -> f32 {
        let left = |(signal, severity): &(Signal, f32)| 1.0 - weights.of(*signal) * severity;
        let score: f32 = self.0.iter().map(left).product();
        (score * 1000.0).round() / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_take_their_share_of_what_is_left() {
        let mut signals = Signals::default();
        let mut weights = Weights::default();
        assert_eq!(signals.score(&weights), 1.0);
        signals.add(Signal::Refusal, 1.0);
        signals.add(Signal::Repetition, 0.5);
        signals.add(Signal::Loop, 0.0);
        assert!((signals.score(&weights) - 0.4 * 0.75).abs() < 1e-6);
        weights.set(Signal::Refusal, 0.0);
        assert!((signals.score(&weights) - 0.75).abs() < 1e-6);
        for (at, signal) in Signal::ALL.into_iter().enumerate() {
            assert_eq!(signal.at(), at);
            assert!((0.0..=1.0).contains(&signal.default_weight()));
        }
    }
}
