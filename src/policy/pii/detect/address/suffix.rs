//! Words that end the name of a street, after Publication 28 of the United States Postal Service,
//! appendix C1, with the forms that are usual in the United Kingdom, Canada and Australia.

use super::super::context::WordList;

/// How well a word at its end tells a street from other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suffix {
    /// It ends little else.
    Strong,
    /// It ends many other names: something else must speak for an address.
    Weak,
}

/// In small letters, sorted.
#[rustfmt::skip]
static STRONG: WordList = WordList::new(&[
    "alley", "aly", "av", "ave", "aven", "avenue", "avn", "blvd", "boul", "boulevard", "bvd",
    "cir", "circle", "close", "court", "cres", "crescent", "ct", "dr", "drive", "drv",
    "expressway", "expwy", "expy", "freeway", "fwy", "highway", "hwy", "lane", "ln", "parkway",
    "pkway", "pkwy", "pky", "rd", "road", "st", "str", "street", "strt", "ter", "terr",
    "terrace", "tpke", "trl", "turnpike", "wy",
]);

/// In small letters, sorted.
#[rustfmt::skip]
static WEAK: WordList = WordList::new(&[
    "anex", "annex", "anx", "arc", "arcade", "bayou", "bch", "beach", "bend", "blf", "bluff",
    "bluffs", "bnd", "bottom", "br", "branch", "brg", "bridge", "brk", "brook", "brooks",
    "burg", "byp", "bypass", "byu", "camp", "canyon", "cape", "causeway", "center", "centre",
    "clb", "clf", "cliff", "cliffs", "club", "common", "commons", "cor", "corner", "corners",
    "course", "courts", "cove", "coves", "cp", "cpe", "creek", "crest", "crk", "crossing",
    "crossroad", "crse", "crst", "ctr", "cts", "curve", "cv", "cyn", "dale", "dam", "divide",
    "dl", "dm", "dv", "est", "estate", "estates", "ests", "ext", "extension", "fall", "falls",
    "ferry", "field", "fields", "flat", "flats", "fld", "flds", "fls", "flt", "flts", "ford",
    "fords", "forest", "forge", "fork", "forks", "fort", "frd", "frg", "frk", "frst", "fry",
    "ft", "garden", "gardens", "gate", "gateway", "gdn", "gdns", "glen", "gln", "green", "grn",
    "grove", "grv", "gtwy", "harbor", "haven", "hbr", "heights", "hill", "hills", "hl", "hls",
    "hollow", "holw", "hts", "hvn", "inlet", "is", "island", "islands", "isle", "jct",
    "junction", "key", "keys", "knl", "knls", "knoll", "knolls", "ky", "kys", "lake", "lakes",
    "land", "landing", "lck", "ldg", "lf", "lgt", "light", "lk", "lks", "lndg", "loaf", "lock",
    "locks", "lodge", "loop", "mall", "manor", "mdw", "mdws", "meadow", "meadows", "mews",
    "mill", "mills", "mission", "ml", "mls", "mnr", "motorway", "mount", "mountain", "msn",
    "mt", "mtn", "nck", "neck", "orch", "orchard", "oval", "overpass", "parade", "park",
    "parks", "pass", "passage", "path", "pier", "pike", "pine", "pines", "pkwys", "pl", "place",
    "plain", "plains", "plaza", "pln", "plns", "plz", "pne", "pnes", "point", "points", "port",
    "ports", "pr", "prairie", "promenade", "prt", "psge", "pt", "pts", "quay", "rad", "radial",
    "ramp", "ranch", "rapid", "rapids", "rdg", "rdgs", "rest", "ridge", "ridges", "rise", "riv",
    "river", "rnch", "route", "row", "rpd", "rpds", "rst", "rte", "rue", "run", "rvr", "shl",
    "shls", "shoal", "shoals", "shore", "shores", "shr", "shrs", "skwy", "skyway", "smt", "spg",
    "spgs", "spring", "springs", "spur", "sq", "square", "squares", "sta", "station", "stra",
    "stravenue", "stream", "strm", "summit", "throughway", "trace", "track", "trafficway",
    "trail", "trails", "trak", "trce", "tunl", "tunnel", "underpass", "union", "uns", "vale",
    "valley", "via", "viaduct", "view", "views", "village", "ville", "vis", "vista", "vl",
    "vlg", "vly", "vw", "vws", "walk", "wall", "way", "ways", "well", "wells", "wharf", "wood",
    "woods", "xing", "yard",
]);

pub(super) fn suffix(word: &str) -> Option<Suffix> {
    let mut small = [0; 12];
    let letters = small.get_mut(..word.len())?;
    for (to, from) in letters.iter_mut().zip(word.bytes()) {
        *to = from.to_ascii_lowercase();
    }
    let letters = &*letters;
    let holds = |list: &WordList| {
        list.may_have(letters)
            && list
                .words()
                .binary_search_by(|e| e.as_bytes().cmp(letters))
                .is_ok()
    };
    if holds(&STRONG) {
        Some(Suffix::Strong)
    } else if holds(&WEAK) {
        Some(Suffix::Weak)
    } else {
        None
    }
}

/// A point of the compass before or after the name of a street.
pub(super) fn direction(word: &str) -> bool {
    const NAMES: [&str; 8] = [
        "North",
        "South",
        "East",
        "West",
        "Northeast",
        "Northwest",
        "Southeast",
        "Southwest",
    ];
    const SHORT: [&str; 8] = ["N", "S", "E", "W", "NE", "NW", "SE", "SW"];
    SHORT.contains(&word) || NAMES.iter().any(|n| n.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(STRONG.words().is_sorted());
        let weak = WEAK.words();
        assert!(
            weak.is_sorted(),
            "{:?}",
            weak.windows(2).find(|w| w[0] > w[1])
        );
        assert_eq!(suffix("Street"), Some(Suffix::Strong));
        assert_eq!(suffix("Way"), Some(Suffix::Weak));
        assert_eq!(suffix("Main"), None);
    }
}
