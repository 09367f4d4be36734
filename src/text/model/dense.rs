use std::ops::Range;

use crate::text::{Normal, Token};

/// Features of a policy's own, worked out for each window.
///
/// The same code trains a model and serves it, so it must be a pure function
/// of the window.
pub trait Dense {
    /// Their names, in order.
    fn names(&self) -> &'static [&'static str];

    /// What there is to note of a token by itself. Worked out once, however many
    /// windows it lies in: see [`Window::notes`].
    fn note(&self, normal: &Normal, token: &Token) -> u32 {
        let _ = (normal, token);
        0
    }

    /// Writes their values, best between 0 and 1. `out` is as long as the
    /// names, and all zero.
    fn fill(&self, window: &Window<'_>, out: &mut [f32]);
}

/// No features.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDense;

impl Dense for NoDense {
    fn names(&self) -> &'static [&'static str] {
        &[]
    }

    fn fill(&self, _: &Window<'_>, _: &mut [f32]) {}
}

/// A stretch of a text that is scored by itself.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    pub(super) text: &'a str,
    pub(super) normal: &'a Normal,
    pub(super) tokens: &'a [Token],
    pub(super) notes: &'a [u32],
    pub(super) first: usize,
    pub(super) last: usize,
}

impl<'a> Window<'a> {
    /// The whole original text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The whole text in its normal form.
    #[must_use]
    pub fn normal(&self) -> &'a Normal {
        self.normal
    }

    /// The window's tokens.
    #[must_use]
    pub fn tokens(&self) -> &'a [Token] {
        &self.tokens[self.first..self.last]
    }

    /// What [`Dense::note`] noted of the window's tokens.
    #[must_use]
    pub fn notes(&self) -> &'a [u32] {
        &self.notes[self.first..self.last]
    }

    /// The tokens before the window.
    #[must_use]
    pub fn before(&self) -> &'a [Token] {
        &self.tokens[..self.first]
    }

    /// The tokens after the window.
    #[must_use]
    pub fn after(&self) -> &'a [Token] {
        &self.tokens[self.last..]
    }

    /// The window in bytes of the normal text, with what stands between its
    /// tokens; the first window begins and the last one ends with the text.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        let start = match self.tokens().first() {
            Some(token) if self.first > 0 => token.start as usize,
            _ => 0,
        };
        let end = match self.tokens.get(self.last) {
            Some(next) => next.start as usize,
            None => self.normal.as_str().len(),
        };
        start..end.max(start)
    }

    /// The window's stretch of the normal text.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.normal.as_str().get(self.range()).unwrap_or_default()
    }

    /// The window's stretch of the original.
    #[must_use]
    pub fn original(&self) -> &'a str {
        let range = self.normal.origin(self.range());
        self.text.get(range).unwrap_or_default()
    }
}
