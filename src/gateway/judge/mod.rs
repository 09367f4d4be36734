//! Policies held against texts, without any traffic: `scan` says what they
//! find, `eval` how well.

mod eval;
mod ranking;
mod scan;
mod scored;

pub use self::eval::{Report, Score, eval};
pub use self::ranking::{Ranking, ScoredReport, eval_scored};
pub use self::scan::{Scanned, scan};
pub use self::scored::{Judged, Judging, ScoredPolicy, scan_scored};

use super::GatewayError;
use super::stack::{self, Kept, Parts};
use crate::config::Config;
use crate::policy::injection::PromptInjection;
use crate::policy::pii::PiiRedact;
use crate::policy::safety::SafetyFilter;

/// The policy `pii-detector`, as a configuration has it.
///
/// # Errors
/// When a pattern of the configuration cannot be used.
pub fn pii_detector(config: &Config) -> Result<PiiRedact, GatewayError> {
    Ok(stack::pii(&config.policy.pii_detector)?.policy().clone())
}

/// The policy `prompt-injection`, as a configuration has it, with its judge.
///
/// # Errors
/// When a pattern or the judge of the configuration cannot be used.
pub fn prompt_injection(config: &Config) -> Result<PromptInjection, GatewayError> {
    let kept = Kept::default();
    let settings = &config.policy.prompt_injection;
    let layer = stack::injection(settings, &mut Parts::after(&kept))?;
    Ok(layer.policy().clone())
}

/// The policy `safety-filter`, as a configuration has it, with its judge.
///
/// # Errors
/// When the judge of the configuration cannot be used.
pub fn safety_filter(config: &Config) -> Result<SafetyFilter, GatewayError> {
    let kept = Kept::default();
    let settings = &config.policy.safety_filter;
    let layer = stack::safety(settings, &mut Parts::after(&kept))?;
    Ok(layer.policy().clone())
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
