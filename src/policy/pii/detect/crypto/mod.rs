//! Addresses of cryptocurrencies, each with the check of its chain: base58check, bech32, and the
//! capitals of Ethereum's.
//!
//! An address is a whole run of letters and digits, so what can be told from the length of the run
//! is told before anything is summed.

mod base58;
mod bech32;
mod ether;

use super::input::{Input, Step, Tri, is_alphanumeric};
use super::opening::Openings;

/// The longest run: an extended key of BIP 32.
const MOST: usize = 112;
pub(super) const LONGEST: usize = MOST + 4;
pub(super) const SCORE: f32 = 1.0;
/// The shortest address has 14 characters.
pub(super) const OPENINGS: Openings = Openings::ALL.within(!0 << 14);

/// The bytes that an address may begin with.
static FIRST: [bool; 256] = {
    let mut table = [false; 256];
    let first = b"0123459ABCDKLMOSTXablcmnorstxyz";
    let mut i = 0;
    while i < first.len() {
        table[first[i] as usize] = true;
        i += 1;
    }
    table
};

pub(super) fn run(input: &Input<'_>) -> Step {
    let Some(&first) = input.bytes.get(input.start) else {
        return Step::No;
    };
    if !FIRST.get(usize::from(first)).is_some_and(|&f| f) || input.glued(b"-./+_", is_alphanumeric)
    {
        return Step::No;
    }
    let there = input.bytes.get(input.start..).unwrap_or_default();
    let len = there
        .iter()
        .take(MOST + 1)
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    if len > MOST {
        return Step::No;
    }
    let run = there.get(..len).unwrap_or_default();
    let end = input.start + len;
    if input.open(end) {
        let viable = base58::viable(run) || bech32::viable(run) || ether::viable(run);
        return if viable { Step::Unfinished } else { Step::No };
    }
    if !base58::holds(run) && !bech32::holds(run) && !ether::holds(run) {
        return Step::No;
    }
    // `+`, `/` and `=` go on in a longer run of base64.
    match input.edge(end, b"-.+/=", is_alphanumeric) {
        Tri::Yes => Step::Match { end, score: SCORE },
        Tri::No => Step::No,
        Tri::Open => Step::Unfinished,
    }
}
