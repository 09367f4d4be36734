//! Business identifier codes (ISO 9362): four letters of the institution, a country (ISO 3166-1),
//! two characters of the place, and three of the branch, which may be left out. Words in capitals
//! look the same, so a code counts only right behind its name.

use super::super::input::{Input, Peek, Step, Tri};
use super::near::{Key, Names, keyed};
use super::rule::{Rule, called};
use super::shape::Reading;

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "swift", "bic", "swift code", "bic code", "swiftcode", "biccode", "swift bic", "bic swift",
    "code swift", "code bic", "código swift", "codice swift", "codice bic", "swiftbic", "bicswift",
];

pub(in super::super) static SWIFT: Rule = Rule {
    forms: &[
        called("aaaaaa*****"),
        called("aaaaaa**"),
        called("aaaa aa ** ***"),
        called("aaaa aa **"),
    ],
    names: Names::new(NAMES),
    check: |r, _| !r.small && country(r),
    named: 0.9,
    alone: 0.0,
};

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    match SWIFT.run(input) {
        Step::Match { end, score } => {
            let code = input.bytes.get(input.start..end).unwrap_or_default();
            // `SWIFT LANGUAGE IS` is no code, `SWIFT: LANGUAGE` might be.
            match keyed(input, &SWIFT.names) {
                Key::None => Step::No,
                Key::Beside if !code.iter().any(u8::is_ascii_digit) => match shouted(input, end) {
                    Tri::Yes => Step::No,
                    Tri::No => Step::Match { end, score },
                    Tri::Open => Step::Unfinished,
                },
                _ => Step::Match { end, score },
            }
        }
        Step::Unfinished if keyed(input, &SWIFT.names) == Key::None => Step::No,
        step => step,
    }
}

/// Whether a word in capitals follows.
fn shouted(input: &Input<'_>, end: usize) -> Tri {
    for (at, fits) in [
        (end, is_space as fn(u8) -> bool),
        (end + 1, is_capital),
        (end + 2, is_capital),
    ] {
        match input.peek(at) {
            Peek::Some(b) if fits(b) => {}
            Peek::Open => return Tri::Open,
            _ => return Tri::No,
        }
    }
    Tri::Yes
}

fn is_space(b: u8) -> bool {
    b == b' '
}

fn is_capital(b: u8) -> bool {
    b.is_ascii_uppercase()
}

/// ISO 3166-1, and XK for Kosovo, which SWIFT uses.
const COUNTRIES: &[u8] = b"\
ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCM\
CNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGY\
HKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMF\
MGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARE\
RORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZ\
VAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

fn country(reading: &Reading) -> bool {
    COUNTRIES.chunks_exact(2).any(|c| c == reading.part(4, 6))
}
