//! Base58check: a version, a payload, and four bytes of its double SHA-256. Bitcoin and its
//! relatives, TRON, XRP (with an alphabet of its own), and the private keys of BIP 32 and WIF.

use sha2::{Digest, Sha256};

const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

const NONE: u8 = 0xFF;

const fn values(alphabet: &[u8; 58]) -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut i = 0;
    while i < 58 {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table
}

static BITCOIN_VALUES: [u8; 256] = values(BITCOIN);
static RIPPLE_VALUES: [u8; 256] = values(RIPPLE);

/// The longest decoded: an extended key with its sum.
const BYTES: usize = 82;

/// A kind of value: its first characters, its lengths in characters, its bytes with the sum, and
/// its version bytes.
struct Kind {
    first: &'static [u8],
    shortest: usize,
    longest: usize,
    bytes: usize,
    versions: &'static [&'static [u8]],
}

const KINDS: &[Kind] = &[
    // Bitcoin, Litecoin, Dogecoin, Dash, TRON, and Bitcoin's test network.
    Kind {
        first: b"13LMDA9XT2mn7",
        shortest: 25,
        longest: 35,
        bytes: 25,
        versions: &[
            &[0x00],
            &[0x05],
            &[0x30],
            &[0x32],
            &[0x1E],
            &[0x16],
            &[0x4C],
            &[0x10],
            &[0x41],
            &[0x6F],
            &[0xC4],
        ],
    },
    // Zcash, transparent.
    Kind {
        first: b"t",
        shortest: 35,
        longest: 35,
        bytes: 26,
        versions: &[&[0x1C, 0xB8], &[0x1C, 0xBD]],
    },
    // Private keys in the wallet import format, without and with the mark of a short public key.
    Kind {
        first: b"5",
        shortest: 51,
        longest: 51,
        bytes: 37,
        versions: &[&[0x80]],
    },
    Kind {
        first: b"KL",
        shortest: 52,
        longest: 52,
        bytes: 38,
        versions: &[&[0x80]],
    },
    // Extended keys, private and public, also with the prefixes of SLIP 132.
    Kind {
        first: b"xyz",
        shortest: 107,
        longest: 112,
        bytes: BYTES,
        versions: &[
            &[0x04, 0x88, 0xAD, 0xE4],
            &[0x04, 0x88, 0xB2, 0x1E],
            &[0x04, 0x9D, 0x78, 0x78],
            &[0x04, 0x9D, 0x7C, 0xB2],
            &[0x04, 0xB2, 0x43, 0x0C],
            &[0x04, 0xB2, 0x47, 0x46],
        ],
    },
];

const XRP: Kind = Kind {
    first: b"r",
    shortest: 25,
    longest: 35,
    bytes: 25,
    versions: &[&[0x00]],
};

fn kinds(first: u8) -> impl Iterator<Item = &'static Kind> {
    let all = KINDS.iter().chain(std::iter::once(&XRP));
    all.filter(move |kind| kind.first.contains(&first))
}

fn alphabet(first: u8) -> &'static [u8; 256] {
    if first == b'r' {
        &RIPPLE_VALUES
    } else {
        &BITCOIN_VALUES
    }
}

/// Whether a run that may go on can still become one.
pub(super) fn viable(run: &[u8]) -> bool {
    let Some(&first) = run.first() else {
        return false;
    };
    let values = alphabet(first);
    kinds(first).any(|kind| run.len() <= kind.longest)
        && run
            .iter()
            .all(|&b| values.get(usize::from(b)) != Some(&NONE))
}

pub(super) fn holds(run: &[u8]) -> bool {
    let Some(&first) = run.first() else {
        return false;
    };
    kinds(first).any(|kind| {
        (kind.shortest..=kind.longest).contains(&run.len()) && sum_holds(run, kind, alphabet(first))
    })
}

fn sum_holds(run: &[u8], kind: &Kind, values: &[u8; 256]) -> bool {
    // The number, least byte first.
    let mut number = [0u8; BYTES];
    let Some(number) = number.get_mut(..kind.bytes) else {
        return false;
    };
    for &b in run {
        let digit = values.get(usize::from(b)).copied().unwrap_or(NONE);
        if digit == NONE {
            return false;
        }
        let mut carry = u32::from(digit);
        for byte in number.iter_mut() {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    number.reverse();
    // A leading zero byte is written as the alphabet's first character, and nothing else is.
    let zeros = number.iter().take_while(|&&b| b == 0).count();
    let ones = run
        .iter()
        .take_while(|&&b| values.get(usize::from(b)) == Some(&0))
        .count();
    if zeros != ones || !kind.versions.iter().any(|v| number.starts_with(v)) {
        return false;
    }
    let (payload, sum) = number.split_at(kind.bytes - 4);
    Sha256::digest(Sha256::digest(payload)).starts_with(sum)
}
