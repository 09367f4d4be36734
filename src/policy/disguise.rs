//! A text read through what hides it, for the rules that an operator writes: the models have their
//! own reading.

use crate::body::is_word;
use crate::text::{Decoded, Encoding, Normal, Views, decoded};

/// A shorter word hides nothing that is worth finding.
const FEWEST: usize = 20;

/// Whether a text at an odd place is a name or a word of the protocol, and hides nothing.
pub(super) fn is_name(text: &str, views: Views) -> bool {
    let hides = || {
        let mut hidden = decoded(text, &Normal::new(text), views).into_iter();
        hidden.any(|hidden| matches!(hidden.encoding, Encoding::Base64 | Encoding::Hex))
    };
    is_word(text) && (text.len() < FEWEST || !hides())
}

/// How deep one encoding may hide another.
const DEEPEST: usize = 2;
/// How many bytes of decoded texts are looked at for each byte of the text.
const DECODED: usize = 3;

/// Calls `see` with a text and its normal form, then with each text that it hides and how, until
/// it gives something. Linear in the text's length.
pub(super) fn read_through<T>(
    text: &str,
    normal: &mut Normal,
    views: Views,
    mut see: impl FnMut(&str, &Normal, Option<&Decoded>) -> Option<T>,
) -> Option<T> {
    normal.set(text);
    let found = see(text, normal, None);
    if found.is_some() {
        return found;
    }
    let mut hidden = decoded(text, normal, views);
    let mut left = text.len().saturating_mul(DECODED);
    for depth in 1..=DEEPEST {
        let mut deeper = Vec::new();
        for outer in &hidden {
            let Some(rest) = left.checked_sub(outer.text.len()) else {
                continue;
            };
            left = rest;
            normal.set(&outer.text);
            let found = see(&outer.text, normal, Some(outer));
            if found.is_some() {
                return found;
            }
            if depth < DEEPEST {
                let inner = decoded(&outer.text, normal, views);
                deeper.extend(inner.into_iter().map(|mut inner| {
                    inner.range = outer.range.clone();
                    inner.encoding = outer.encoding;
                    inner
                }));
            }
        }
        hidden = deeper;
    }
    None
}
