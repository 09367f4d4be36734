//! Ethereum's addresses: `0x` and forty hexadecimal digits, whose capitals, where there are both
//! kinds of letters, are the check of EIP-55.

use tiny_keccak::{Hasher, Keccak};

const LENGTH: usize = 42;

pub(super) fn viable(run: &[u8]) -> bool {
    run.len() <= LENGTH && b"0x".iter().zip(run).all(|(x, b)| x == b) && hex(run)
}

fn hex(run: &[u8]) -> bool {
    run.iter().skip(2).all(u8::is_ascii_hexdigit)
}

pub(super) fn holds(run: &[u8]) -> bool {
    let digits = match run.strip_prefix(b"0x") {
        Some(digits) if run.len() == LENGTH && hex(run) => digits,
        _ => return false,
    };
    // The zero address and its like belong to nobody.
    let same = digits.iter().filter(|b| Some(*b) == digits.first()).count();
    if same > 30 {
        return false;
    }
    let upper = digits.iter().any(u8::is_ascii_uppercase);
    let lower = digits.iter().any(u8::is_ascii_lowercase);
    !(upper && lower) || capitals_hold(digits)
}

fn capitals_hold(digits: &[u8]) -> bool {
    let mut keccak = Keccak::v256();
    for b in digits {
        keccak.update(&[b.to_ascii_lowercase()]);
    }
    let mut hash = [0u8; 32];
    keccak.finalize(&mut hash);
    let nibbles = hash.iter().flat_map(|b| [b >> 4, b & 15]);
    digits
        .iter()
        .zip(nibbles)
        .all(|(b, nibble)| !b.is_ascii_alphabetic() || b.is_ascii_uppercase() == (nibble >= 8))
}
