//! One normalisation for everything that judges wording.

mod fold;
mod spaced;

use std::ops::Range;

use self::fold::{Fold, fold, latin_lookalike};

/// A text as it is judged: lower case, without what hides words, and with a
/// way back to the original's offsets.
///
/// Compatibility forms become plain letters and accents go (NFKD without its
/// marks), characters that nobody sees are dropped, tag characters become the
/// ASCII they stand for, letters of another script that look Latin are folded
/// within a word that also has Latin letters, and words that are written
/// `l i k e  t h i s` are joined. Linear in the text's length; a plain ASCII
/// text costs about a copy.
///
/// ```
/// use portcullis::text::Normal;
///
/// let normal = Normal::new("Please I\u{200b}gn\u{43e}re ｔｈｉｓ");
/// assert_eq!(normal.as_str(), "please ignore this");
/// assert_eq!(normal.origin(7..13), 7..17);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Normal {
    text: String,
    map: Map,
    disguise: Disguise,
    origin_len: usize,
    folding: Folding,
}

/// What is undone besides case and accents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folding {
    /// Compatibility forms and tag characters become the letters they stand
    /// for, and what nobody sees is dropped.
    pub unicode: bool,
    /// Letters of another script that look Latin become Latin ones.
    pub homoglyphs: bool,
}

impl Default for Folding {
    fn default() -> Self {
        Self {
            unicode: true,
            homoglyphs: true,
        }
    }
}

impl Folding {
    /// The same, with or without compatibility forms.
    #[must_use]
    pub const fn with_unicode(self, unicode: bool) -> Self {
        Self { unicode, ..self }
    }

    /// The same, with or without homoglyphs.
    #[must_use]
    pub const fn with_homoglyphs(self, homoglyphs: bool) -> Self {
        Self { homoglyphs, ..self }
    }
}

/// How many characters of a text were not what they seem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disguise {
    /// Invisible characters and marks of direction that were dropped.
    pub invisible: u32,
    /// Tag characters (U+E0020 to U+E007E) that were read as ASCII.
    pub tags: u32,
    /// Letters of another script that were read as Latin ones.
    pub homoglyphs: u32,
    /// Full-width, mathematical and other compatibility forms of ASCII.
    pub compatibility: u32,
    /// Letters that stood alone and were joined to words.
    pub spaced: u32,
}

/// Pairs of offsets, in the normal text and in the original. After each of
/// them both advance alike, up to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    anchors: Vec<(u32, u32)>,
}

impl Map {
    fn clear(&mut self) {
        self.anchors.clear();
    }

    /// From here on, `normal` stands for `original`.
    fn anchor(&mut self, normal: usize, original: usize) {
        if self.get(normal) != original {
            self.anchors.push((small(normal), small(original)));
        }
    }

    /// The original's offset, going by the last anchor.
    fn get(&self, normal: usize) -> usize {
        match self.anchors.last() {
            None => normal,
            Some(&(n, o)) => o as usize + normal.saturating_sub(n as usize),
        }
    }

    fn find(&self, normal: usize, last: bool) -> usize {
        let before = |&(n, _): &(u32, u32)| {
            if last {
                n as usize <= normal
            } else {
                (n as usize) < normal
            }
        };
        let at = self.anchors.partition_point(before);
        let ceiling = match self.anchors.get(at) {
            Some(&(n, o)) if n as usize == normal => return o as usize,
            next => next.map_or(usize::MAX, |&(_, o)| o as usize),
        };
        let found = match at.checked_sub(1).and_then(|at| self.anchors.get(at)) {
            None => normal,
            Some(&(n, o)) => o as usize + (normal - n as usize),
        };
        found.min(ceiling)
    }
}

/// Offsets are kept in 32 bits; texts are cut to that length.
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl Normal {
    /// The longest text that is looked at, in bytes; the rest is left out.
    pub const LONGEST: usize = 64 << 20;

    /// The normal form of `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut normal = Self::default();
        normal.set(text);
        normal
    }

    /// Undoes from now on what `folding` says.
    pub fn fold_with(&mut self, folding: Folding) {
        self.folding = folding;
    }

    /// Becomes the normal form of `text`, and keeps its memory.
    pub fn set(&mut self, text: &str) {
        let text = &text[..text.floor_char_boundary(Self::LONGEST)];
        self.text.clear();
        self.text.reserve(text.len());
        self.map.clear();
        self.disguise = Disguise::default();
        self.origin_len = text.len();
        let mut at = 0;
        while at < text.len() {
            at = self.push_ascii(text, at);
            at = self.push_other(text, at);
        }
        if spaced::is_likely(self.text.as_bytes()) {
            let (joined, map, count) = spaced::join(&self.text);
            if count > 0 {
                self.compose(&joined, &map);
                self.disguise.spaced = small(count);
            }
        }
    }

    /// Puts a second step, from the text so far to `joined`, after the first.
    fn compose(&mut self, joined: &str, step: &Map) {
        let mut through = Map::default();
        let mut at = 0;
        let mut stretches = step.anchors.iter().peekable();
        let (mut new, mut old) = (0, 0);
        loop {
            let end = stretches.peek().map_or(joined.len(), |&&(n, _)| n as usize);
            through.anchor(new, self.map.find(old, true));
            // The last stretch has its end as well; others end where the next begins.
            let limit = old + (end - new) + usize::from(stretches.peek().is_none());
            at += self.map.anchors[at..].partition_point(|&(n, _)| (n as usize) <= old);
            while let Some(&(n, o)) = self.map.anchors.get(at)
                && (n as usize) < limit
            {
                through.anchor(new + (n as usize - old), o as usize);
                at += 1;
            }
            let Some(&(n, o)) = stretches.next() else {
                break;
            };
            (new, old) = (n as usize, o as usize);
        }
        self.map = through;
        self.text.clear();
        self.text.push_str(joined);
    }

    /// Copies ASCII from `at` on, in lower case; gives where it ends.
    fn push_ascii(&mut self, text: &str, at: usize) -> usize {
        let rest = &text[at..];
        let bytes = rest.as_bytes();
        let pieces = bytes.chunks_exact(32);
        let plain = 32 * pieces.take_while(|piece| piece.is_ascii()).count();
        let other = bytes[plain..].iter().position(|b| !b.is_ascii());
        let len = other.map_or(bytes.len(), |len| plain + len);
        let from = self.text.len();
        self.text.push_str(&rest[..len]);
        self.text[from..].make_ascii_lowercase();
        at + len
    }

    /// Takes characters from `at` on up to the next ASCII one that stands on
    /// its own; gives where that is.
    fn push_other(&mut self, text: &str, mut at: usize) -> usize {
        // Whether the word around has Latin letters; up to where that holds.
        let (mut latin, mut until) = (false, 0);
        while let Some(c) = text[at..].chars().next() {
            if c.is_ascii() {
                break;
            }
            let next = at + c.len_utf8();
            let lookalike = latin_lookalike(c).filter(|_| self.folding.homoglyphs);
            let folded = match lookalike {
                Some(letter) => {
                    if at >= until {
                        (latin, until) = word_around(text, at);
                    }
                    if latin {
                        self.disguise.homoglyphs += 1;
                        Fold::Ascii(letter)
                    } else {
                        fold(c)
                    }
                }
                None => fold(c),
            };
            self.push_fold(folded, c, at, next);
            at = next;
        }
        at
    }

    fn push_fold(&mut self, folded: Fold, c: char, at: usize, next: usize) {
        use Fold::{Compatible, Decompose, Invisible, Same, Tag};
        let folded = match folded {
            Compatible(_) | Tag(_) | Invisible | Decompose if !self.folding.unicode => Same,
            other => other,
        };
        match folded {
            Fold::Same => {
                self.text.push(c);
                return;
            }
            Fold::Char(lower) if lower.len_utf8() == c.len_utf8() => {
                self.text.push(lower);
                return;
            }
            Fold::Char(lower) => {
                self.map.anchor(self.text.len(), at);
                self.text.push(lower);
            }
            Fold::Ascii(ascii) => {
                self.map.anchor(self.text.len(), at);
                self.text.push(char::from(ascii).to_ascii_lowercase());
            }
            Fold::Compatible(ascii) => {
                self.disguise.compatibility += 1;
                self.map.anchor(self.text.len(), at);
                self.text.push(char::from(ascii).to_ascii_lowercase());
            }
            Fold::Tag(ascii) => {
                self.disguise.tags += 1;
                self.map.anchor(self.text.len(), at);
                self.text.push(char::from(ascii).to_ascii_lowercase());
            }
            Fold::Invisible => self.disguise.invisible += 1,
            Fold::Mark => {}
            Fold::Decompose => {
                self.map.anchor(self.text.len(), at);
                let start = self.text.len();
                fold::decompose(c, &mut self.text);
                // Several characters stand for one: all of them begin there.
                for inner in start + 1..self.text.len() {
                    self.map.anchors.push((small(inner), small(at)));
                }
            }
        }
        self.map.anchor(self.text.len(), next);
    }

    /// The normal text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a range of the normal text stands for.
    #[must_use]
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        let start = self.map.find(range.start, true).min(self.origin_len);
        let end = self.map.find(range.end, range.end <= range.start);
        start..end.clamp(start, self.origin_len)
    }

    /// What was undone to read the text.
    #[must_use]
    pub fn disguise(&self) -> Disguise {
        self.disguise
    }
}

/// Whether the word around `at` has an ASCII letter, and where it ends.
fn word_around(text: &str, at: usize) -> (bool, usize) {
    /// Longer words are looked at in pieces.
    const LONGEST: usize = 128;
    // Most letters by one comparison.
    let is_part = |c: char| {
        let common = c.is_ascii_alphanumeric() || matches!(c as u32, 0xF8..=0x24F | 0x388..=0x52F);
        common || !c.is_ascii() && (c.is_alphanumeric() || fold::is_invisible(c))
    };
    let back = text[..at].chars().rev().take(LONGEST);
    let mut latin = back
        .take_while(|&c| is_part(c))
        .any(|c| c.is_ascii_alphabetic());
    let mut end = at;
    for c in text[at..].chars().take(LONGEST).take_while(|&c| is_part(c)) {
        latin |= c.is_ascii_alphabetic();
        end += c.len_utf8();
    }
    (latin, end)
}

#[cfg(test)]
mod tests;
