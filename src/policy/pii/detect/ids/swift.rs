//! Business identifier codes (ISO 9362): four letters of the institution, a country (ISO 3166-1),
//! two characters of the place, and three of the branch, which may be left out. Words in capitals
//! look the same, so a code counts only right behind its name.

use super::super::input::{Input, Step};
use super::near::{Key, keyed};
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
    names: NAMES,
    check: |r, _| !r.small && country(r),
    named: 0.9,
    alone: 0.0,
};

pub(in super::super) fn run(input: &Input<'_>) -> Step {
    match SWIFT.run(input) {
        Step::Match { end, score } => {
            let code = input.bytes.get(input.start..end).unwrap_or_default();
            // `SWIFT LANGUAGE` is no code, `SWIFT: LANGUAGE` might be.
            match keyed(input, NAMES) {
                Key::None => Step::No,
                Key::Beside if !code.iter().any(u8::is_ascii_digit) && shouted(input) => Step::No,
                _ => Step::Match { end, score },
            }
        }
        Step::Unfinished if keyed(input, NAMES) == Key::None => Step::No,
        step => step,
    }
}

/// Whether the text before is in capitals, a bare name aside.
fn shouted(input: &Input<'_>) -> bool {
    let (before, _) = input.behind();
    before.bytes().filter(u8::is_ascii_uppercase).count() > 8
        && !before.bytes().any(|b| b.is_ascii_lowercase())
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
