//! Policies held against texts, without any traffic: `scan` says what they
//! find, `eval` how well.

mod eval;
mod scan;

pub use self::eval::{Report, Score, eval};
pub use self::scan::{Scanned, scan};

use crate::config::Config;
use crate::policy::pii::PiiRedact;

/// The policy `pii-detector`, as a configuration has it.
///
/// # Errors
/// When a pattern of the configuration cannot be used.
pub fn pii_detector(config: &Config) -> Result<PiiRedact, super::GatewayError> {
    Ok(super::stack::pii(&config.policy.pii_detector)?
        .policy()
        .clone())
}

/// Offsets in Unicode scalar values, from offsets in bytes, asked for in order.
struct Scalars<'a> {
    text: &'a str,
    bytes: usize,
    scalars: usize,
}

impl<'a> Scalars<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: 0,
            scalars: 0,
        }
    }

    fn at(&mut self, byte: usize) -> usize {
        if byte < self.bytes {
            (self.bytes, self.scalars) = (0, 0);
        }
        let between = self.text.get(self.bytes..byte).unwrap_or_default();
        self.scalars += between.chars().count();
        self.bytes = byte;
        self.scalars
    }
}
