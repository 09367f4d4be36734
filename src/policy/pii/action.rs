//! What is done with what is found.

use std::borrow::Cow;
use std::collections::HashMap;

use super::label::Label;
pub use crate::policy::HashKey;

/// What is done with a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Replaced by a marker, such as `[EMAIL_ADDRESS]`.
    #[default]
    Redact,
    /// Letters and digits are replaced by asterisks; what stands between them
    /// stays: `***-**-****`.
    Mask,
    /// Replaced by its label and a keyed hash (HMAC-SHA-256, RFC 2104):
    /// equal values stay equal, and cannot be guessed without the key.
    Hash,
    /// Replaced by a placeholder that the model can work with, and put back in
    /// the answer.
    Pseudonymize,
    /// The call is refused.
    Block,
    /// It stays, and is counted.
    Log,
}

/// How a redacted value is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MarkerFormat {
    /// `[EMAIL_ADDRESS]`
    #[default]
    Label,
    /// `****************`: as many as there were characters.
    Asterisks,
    /// A little of the value is left: `j***@example.com`, `************1111`.
    Partial,
}

/// How redacted values are marked.
///
/// ```
/// use portcullis::PiiRedactLayer;
/// use portcullis::policy::pii::{MarkerFormat, Redaction};
///
/// let redaction = Redaction::new().marker_format(MarkerFormat::Partial);
/// let layer = PiiRedactLayer::default().redaction(redaction);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    format: MarkerFormat,
    metadata: bool,
    preserve_length: bool,
    custom: HashMap<String, String>,
}

impl Redaction {
    /// Labels in brackets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How values are marked.
    #[must_use]
    pub fn marker_format(mut self, format: MarkerFormat) -> Self {
        self.format = format;
        self
    }

    /// Whether labels say how long the value was, in characters:
    /// `[EMAIL_ADDRESS:16]`.
    #[must_use]
    pub fn include_metadata(mut self, include: bool) -> Self {
        self.metadata = include;
        self
    }

    /// Whether a marker is cut or filled up with asterisks to the length of
    /// the value, in characters.
    #[must_use]
    pub fn preserve_length(mut self, preserve: bool) -> Self {
        self.preserve_length = preserve;
        self
    }

    /// A marker of one's own for a label.
    #[must_use]
    pub fn custom_marker(mut self, label: impl Into<String>, marker: impl Into<String>) -> Self {
        self.custom.insert(label.into(), marker.into());
        self
    }

    fn marker(&self, label: &Label, value: &str) -> Cow<'static, str> {
        if let Some(marker) = self.custom.get(label.as_str()) {
            return self.fit(Cow::Owned(marker.clone()), value);
        }
        match self.format {
            MarkerFormat::Asterisks => Cow::Owned("*".repeat(value.chars().count())),
            MarkerFormat::Partial => Cow::Owned(partial(value)),
            MarkerFormat::Label if self.metadata => {
                let length = value.chars().count();
                self.fit(Cow::Owned(format!("[{}:{length}]", label.as_str())), value)
            }
            MarkerFormat::Label => self.fit(label.marker(), value),
        }
    }

    fn fit(&self, marker: Cow<'static, str>, value: &str) -> Cow<'static, str> {
        if !self.preserve_length {
            return marker;
        }
        let length = value.chars().count();
        let stars = length.saturating_sub(marker.chars().count());
        let mut fitted: String = marker.chars().take(length).collect();
        fitted.extend(std::iter::repeat_n('*', stars));
        Cow::Owned(fitted)
    }
}

/// 64 bits of the keyed hash of a value, in hexadecimal digits.
fn hashed(key: &HashKey, label: &Label, value: &str) -> String {
    let hash = key.digest(&[label.as_str().as_bytes(), &[0], value.as_bytes()]);
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Letters and digits hidden, the rest as it was.
fn masked(value: &str) -> String {
    let hide = |c: char| if c.is_alphanumeric() { '*' } else { c };
    value.chars().map(hide).collect()
}

/// The first character of an e-mail's local part and its domain, or the last
/// four characters of anything else that has more than eight.
fn partial(value: &str) -> String {
    let count = value.chars().count();
    if let Some((local, domain)) = value.rsplit_once('@') {
        let first = local.chars().next().map(String::from).unwrap_or_default();
        return format!("{first}***@{domain}");
    }
    let shown = if count > 8 { 4 } else { 0 };
    let hide = |(at, c): (usize, char)| {
        if at + shown < count && c.is_alphanumeric() {
            '*'
        } else {
            c
        }
    };
    value.chars().enumerate().map(hide).collect()
}

/// The text that takes the place of a finding, for the actions that have one
/// without knowing the call.
pub(super) fn replacement(
    action: Action,
    redaction: &Redaction,
    key: &HashKey,
    label: &Label,
    value: &str,
) -> Option<Cow<'static, str>> {
    match action {
        Action::Log => None,
        Action::Mask => Some(Cow::Owned(masked(value))),
        Action::Hash => {
            let hash = hashed(key, label, value);
            Some(Cow::Owned(format!("[{}:{hash}]", label.as_str())))
        }
        Action::Redact | Action::Pseudonymize | Action::Block => {
            Some(redaction.marker(label, value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::detect::Entity;
    use super::*;

    fn redact(redaction: &Redaction, value: &str) -> String {
        let label = Label::from(Entity::EmailAddress);
        redaction.marker(&label, value).into_owned()
    }

    #[test]
    fn markers() {
        let value = "jane@example.com";
        let new = Redaction::new;
        for (redaction, expected) in [
            (new(), "[EMAIL_ADDRESS]"),
            (new().include_metadata(true), "[EMAIL_ADDRESS:16]"),
            (new().preserve_length(true), "[EMAIL_ADDRESS]*"),
            (
                new().marker_format(MarkerFormat::Asterisks),
                "****************",
            ),
            (
                new().marker_format(MarkerFormat::Partial),
                "j***@example.com",
            ),
            (new().custom_marker("EMAIL_ADDRESS", "<mail>"), "<mail>"),
        ] {
            assert_eq!(redact(&redaction, value), expected);
        }
        assert_eq!(redact(&new().preserve_length(true), "é@b.co"), "[EMAIL");
        assert_eq!(partial("4111 1111 1111 1111"), "**** **** **** 1111");
        assert_eq!(partial("1234"), "****");
        assert_eq!(masked("219-09-9999"), "***-**-****");
    }

    #[test]
    fn hashes_are_equal_for_equals_and_depend_on_the_key() {
        let label = Label::from(Entity::UsSsn);
        let (a, b) = (HashKey::new(b"a"), HashKey::new(b"b"));
        assert_eq!(hashed(&a, &label, "x"), hashed(&a, &label, "x"));
        assert_ne!(hashed(&a, &label, "x"), hashed(&a, &label, "y"));
        assert_ne!(hashed(&a, &label, "x"), hashed(&b, &label, "x"));
        assert_ne!(
            hashed(&HashKey::random(), &label, "x"),
            hashed(&HashKey::random(), &label, "x")
        );
        assert!(!format!("{a:?}").contains('a') || format!("{a:?}") == "HashKey(***)");
    }
}
