//! What stands where a secret would stand: `YOUR_API_KEY`, `xxxx`, `<token>`, `example`.

/// Words of placeholders, lower-case.
#[rustfmt::skip]
const WORDS: &[&[u8]] = &[
    b"example", b"xxxx", b"your", b"placeholder", b"redacted", b"dummy", b"changeme", b"change_me",
    b"replace", b"insert", b"sample", b"____", b"todo", b"....", b"****", b"0000000", b"1111111",
    b"_here", b"-here", b"tokenhere", b"keyhere", b"abcdefgh", b"1231231231", b"abc123xyz",
    b"[password]", b"_token_", b"-token-", b"fixme", b"secret_key", b"api_key", b"api-key",
    b"access_token",
];

/// For each second byte of a word, the first bytes before it, by their lowest five bits.
static SECOND: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < WORDS.len() {
        table[WORDS[i][1] as usize] |= 1 << (WORDS[i][0] & 31);
        i += 1;
    }
    table
};

/// Whether a run is a placeholder: it says so, or it has too few different characters.
pub(super) fn is_placeholder(run: &[u8]) -> bool {
    let mut seen = 0u128;
    for b in run {
        seen |= 1 << (b & 127);
    }
    let kinds = seen.count_ones() as usize;
    if kinds < 4 || run.len() >= 16 && kinds < 6 {
        return true;
    }
    run.iter().enumerate().any(|(at, b)| {
        let low = b.to_ascii_lowercase();
        let second = run.get(at + 1).map_or(0, u8::to_ascii_lowercase);
        let begins = SECOND
            .get(usize::from(second))
            .is_some_and(|&bits| bits >> (low & 31) & 1 == 1);
        begins
            && WORDS.iter().any(|word| {
                word.first() == Some(&low)
                    && run
                        .get(at..at + word.len())
                        .is_some_and(|part| part.eq_ignore_ascii_case(word))
            })
    })
}

/// The Shannon entropy of a run, in bits a character.
pub(super) fn entropy(run: &[u8]) -> f32 {
    let mut counts = [0u16; 128];
    for b in run {
        if let Some(count) = counts.get_mut(usize::from(b & 127)) {
            *count = count.saturating_add(1);
        }
    }
    let len = run.len().max(1) as f32;
    let bits = counts.iter().filter(|&&n| n > 0).map(|&n| {
        let share = f32::from(n) / len;
        -share * share.log2()
    });
    bits.sum()
}
