//! Texts that a model reads one after the other, as it reads them: what is cut over two parts of
//! a message, or over two messages of one role, is whole again.

use std::ops::Range;

use crate::body::{Document, Role, Segment, SegmentKind};

/// Of a long text so many bytes at each end are read with what stands beside it: more than a
/// window of the models holds.
const END: usize = 768;
/// An end that lies within a word goes on to where the word begins, up to so many bytes: what is
/// encoded has long ones, and cannot be read from anywhere.
const LONGEST_WORD: usize = 2 * END;

/// Whose words are read as one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Application,
    Model,
    Tool,
    User,
}

impl From<Role> for Speaker {
    fn from(role: Role) -> Self {
        match role {
            Role::System | Role::Developer => Self::Application,
            Role::Assistant => Self::Model,
            Role::Tool => Self::Tool,
            Role::User | Role::Unknown => Self::User,
        }
    }
}

/// Who says a text that goes on in the next one; `None` if it stands by itself, as a prompt of a
/// batch does, or a name.
fn goes_on(segment: &Segment<'_>, foreign: bool) -> Option<Speaker> {
    match (segment.kind(), segment.role()) {
        (SegmentKind::Content | SegmentKind::Input, Some(role)) => Some(role.into()),
        (SegmentKind::Content, None) => Some(Speaker::User),
        (SegmentKind::Other | SegmentKind::Delta, None) if foreign => Some(Speaker::User),
        _ => None,
    }
}

/// The texts in a row of one speaker, two or more, of those that `reads` wants. A request that
/// has none costs a look at each text.
pub(super) fn runs<'a>(
    request: &'a Document,
    foreign: bool,
    reads: impl Fn(&Segment<'_>) -> bool,
) -> Vec<Vec<Segment<'a>>> {
    let mut runs: Vec<Vec<Segment<'a>>> = Vec::new();
    // The last text that may go on, and whether it is in a run.
    let mut last: Option<(Speaker, Segment<'a>)> = None;
    let mut joined = false;
    for segment in request.segments() {
        let says = || segment.text().contains(char::is_alphanumeric);
        let own = goes_on(&segment, foreign).filter(|_| reads(&segment));
        let other = own.or(segment.role().map(Speaker::from));
        match (last, own) {
            (Some((speaker, before)), Some(own)) if speaker == own => {
                match runs.last_mut() {
                    Some(run) if joined => run.push(segment),
                    _ => runs.push(vec![before, segment]),
                }
                joined = true;
                last = Some((own, segment));
            }
            // Who says nothing does not interrupt.
            (Some((speaker, _)), _) if other.is_none_or(|other| other == speaker) || !says() => {}
            (_, own) => {
                last = own.map(|own| (own, segment));
                joined = false;
            }
        }
    }
    runs
}

/// A stretch of texts in a row, joined.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    /// Which of the texts it is of, and where it begins there.
    text: usize,
    from: usize,
    /// Where it stands in the joined text.
    at: Range<usize>,
}

impl Joined {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Which of the texts it is made of.
    pub(super) fn texts(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.pieces.iter().map(|piece| piece.text)
    }

    /// What a range of the joined text stands for: each text that it touches, and the bytes there.
    pub(super) fn places(
        &self,
        range: Range<usize>,
    ) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        let pieces = self.pieces.iter();
        pieces.filter_map(move |piece| {
            let start = range.start.max(piece.at.start);
            let end = range.end.min(piece.at.end);
            let within = |at: usize| at - piece.at.start + piece.from;
            (start < end).then(|| (piece.text, within(start)..within(end)))
        })
    }

    /// `spaced`: with a space between two texts, unless there is one.
    fn of(texts: &[&str], stretch: &[(usize, Range<usize>)], spaced: bool) -> Self {
        let mut joined = Self::default();
        for (text, range) in stretch {
            let said = &texts[*text][range.clone()];
            let space = char::is_whitespace;
            if spaced
                && !joined.text.is_empty()
                && !joined.text.ends_with(space)
                && !said.starts_with(space)
            {
                joined.text.push(' ');
            }
            let start = joined.text.len();
            joined.text.push_str(said);
            joined.pieces.push(Piece {
                text: *text,
                from: range.start,
                at: start..joined.text.len(),
            });
        }
        joined
    }
}

/// Calls `judge` with what stands around the borders between `texts`, until it gives something.
///
/// Texts that are short are joined whole, of others their ends: no byte is seen in more than two
/// stretches. Where a word may go on, a stretch is seen a second time with nothing between its
/// texts.
pub(super) fn stretches<T>(
    texts: &[&str],
    mut judge: impl FnMut(&Joined) -> Option<T>,
) -> Option<T> {
    let mut stretch: Vec<(usize, Range<usize>)> = Vec::new();
    let mut see = |stretch: &[(usize, Range<usize>)]| {
        if stretch.len() < 2 {
            return None;
        }
        let found = judge(&Joined::of(texts, stretch, true));
        let cut = stretch.windows(2).any(|pair| {
            let before = texts[pair[0].0].chars().next_back();
            let after = texts[pair[1].0].chars().next();
            before.is_some_and(is_of_word) && after.is_some_and(is_of_word)
        });
        match cut && found.is_none() {
            true => judge(&Joined::of(texts, stretch, false)),
            false => found,
        }
    };
    for (number, text) in texts.iter().enumerate() {
        let (head, tail) = ends(text);
        if head == tail {
            stretch.push((number, 0..text.len()));
            continue;
        }
        stretch.push((number, 0..head));
        if let Some(found) = see(&stretch) {
            return Some(found);
        }
        stretch.clear();
        stretch.push((number, tail..text.len()));
    }
    see(&stretch)
}

/// Where the beginning of a text ends, and its end begins; the same if they meet.
fn ends(text: &str) -> (usize, usize) {
    let head = text.floor_char_boundary(END);
    let tail = text.floor_char_boundary(text.len().saturating_sub(END));
    let ahead = text.floor_char_boundary(head.saturating_add(LONGEST_WORD));
    let back = text.floor_char_boundary(tail.saturating_sub(LONGEST_WORD));
    let space = char::is_whitespace;
    let head = head + text[head..ahead].find(space).unwrap_or(0);
    let tail = text[back..tail].rfind(space).map_or(tail, |at| back + at);
    match head < tail {
        true => (head, tail),
        false => (text.len(), text.len()),
    }
}

/// Whether a word, or what is encoded, may go on from this character or to it.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || "+/-_%&\\#".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(texts: &[&str]) -> Vec<String> {
        let mut seen = Vec::new();
        stretches(texts, |joined| -> Option<()> {
            seen.push(joined.as_str().to_owned());
            None
        });
        seen
    }

    #[test]
    fn short_texts_are_joined_whole() {
        assert_eq!(seen(&[]), [""; 0]);
        assert_eq!(seen(&["one"]), [""; 0]);
        assert_eq!(seen(&["one.", "two", " three"]), ["one. two three"]);
        assert_eq!(seen(&["one", "two"]), ["one two", "onetwo"]);
    }

    #[test]
    fn of_long_texts_the_ends_are_joined() {
        let long = |c: &str| format!("begin{} {c}end", " word".repeat(2000));
        let (a, b) = (long("a"), long("b"));
        let all = seen(&["x.", &a, "mid.", &b]);
        assert_eq!(
            all.len(),
            3,
            "two stretches, one of them with nothing between too"
        );
        assert!(all[0].starts_with("x. begin") && all[0].len() < 2 * END);
        assert!(all[1].contains("aend mid. begin"), "{}", all[1]);
        assert!(all[2].contains("aendmid.begin"));
        // A long word is not cut.
        let blob = format!("{} {}", "word ".repeat(2000), "QUJD".repeat(300));
        assert!(seen(&[&blob, "?"])[0].starts_with(" QUJDQUJD"));
    }

    #[test]
    fn a_place_is_in_each_text_that_it_touches() {
        let places = stretches(&["abc", "de", "fgh"], |joined| {
            assert_eq!(joined.as_str(), "abc de fgh");
            Some(joined.places(1..8).collect::<Vec<_>>())
        });
        assert_eq!(places.unwrap(), [(0, 1..3), (1, 0..2), (2, 0..1)]);
    }

    proptest! {
        /// The work is linear, and every place is where it says.
        #[test]
        fn stretches_are_of_the_texts(lengths in prop::collection::vec(0usize..6000, 0..12), cut in "[a é]{1,9}") {
            let texts: Vec<String> = lengths.iter().map(|&n| cut.repeat(n / cut.len())).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut work = 0;
            stretches(&texts, |joined| -> Option<()> {
                work += joined.as_str().len();
                let all = joined.places(0..joined.as_str().len());
                let said: Vec<&str> = all.map(|(text, range)| &texts[text][range]).collect();
                let letters = |text: &str| text.split_whitespace().collect::<String>();
                assert_eq!(letters(joined.as_str()), letters(&said.concat()));
                None
            });
            let bytes: usize = lengths.iter().sum();
            prop_assert!(work <= 2 * (bytes + lengths.len()), "{} of {}", work, bytes);
        }
    }
}
