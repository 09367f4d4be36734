//! Bech32 (BIP 173) and bech32m (BIP 350): a name, `1`, and characters of which the last six check
//! the rest. Bitcoin, Litecoin, Cardano and the chains of Cosmos.

const CHARACTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

const NONE: u8 = 0xFF;

static VALUES: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut i = 0;
    while i < 32 {
        table[CHARACTERS[i] as usize] = i as u8;
        table[CHARACTERS[i].to_ascii_uppercase() as usize] = i as u8;
        i += 1;
    }
    table
};

/// Names with their `1`, and the shortest and longest whole.
const NAMES: &[(&[u8], usize, usize)] = &[
    (b"bc1", 14, 90),
    (b"tb1", 14, 90),
    (b"ltc1", 14, 90),
    (b"addr1", 58, 108),
    (b"stake1", 59, 59),
    (b"cosmos1", 45, 65),
    (b"osmo1", 43, 63),
];

/// What the sum comes to in either form.
const BECH32: u32 = 1;
const BECH32M: u32 = 0x2BC8_30A3;

pub(super) fn viable(run: &[u8]) -> bool {
    NAMES.iter().any(|&(name, _, longest)| {
        let head = run.len().min(name.len());
        let same = run.iter().zip(name).all(|(b, n)| b.eq_ignore_ascii_case(n));
        let data = run.get(head..).unwrap_or_default();
        same && run.len() <= longest
            && data
                .iter()
                .all(|&b| VALUES.get(usize::from(b)) != Some(&NONE))
    })
}

pub(super) fn holds(run: &[u8]) -> bool {
    NAMES.iter().any(|&(name, shortest, longest)| {
        (shortest..=longest).contains(&run.len())
            && run
                .get(..name.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(name))
            && one_case(run)
            && sum_holds(run, name.len() - 1)
    })
}

/// Capitals and small letters are never mixed.
fn one_case(run: &[u8]) -> bool {
    !run.iter().any(u8::is_ascii_uppercase) || !run.iter().any(u8::is_ascii_lowercase)
}

fn sum_holds(run: &[u8], name: usize) -> bool {
    let (head, rest) = run.split_at(name.min(run.len()));
    let low = |b: &u8| b.to_ascii_lowercase();
    let mut sum = 1;
    for b in head {
        sum = step(sum, low(b) >> 5);
    }
    sum = step(sum, 0);
    for b in head {
        sum = step(sum, low(b) & 31);
    }
    for &b in rest.iter().skip(1) {
        match VALUES.get(usize::from(b)) {
            Some(&value) if value != NONE => sum = step(sum, value),
            _ => return false,
        }
    }
    sum == BECH32 || sum == BECH32M
}

/// One character of the BCH code of BIP 173.
fn step(sum: u32, value: u8) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3B6A_57B2,
        0x2650_8E6D,
        0x1EA1_19FA,
        0x3D42_33DD,
        0x2A14_62B3,
    ];
    let top = sum >> 25;
    let mut sum = (sum & 0x01FF_FFFF) << 5 ^ u32::from(value);
    for (bit, generator) in GENERATOR.iter().enumerate() {
        if top >> bit & 1 == 1 {
            sum ^= generator;
        }
    }
    sum
}
