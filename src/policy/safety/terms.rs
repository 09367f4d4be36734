//! Words of one's own, found in the normal form of a text.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::text::Normal;

/// Words and phrases, found where they stand as words. Upper and lower case are one, and so are
/// disguises such as look-alike letters.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms(Vec<Finder<'static>>);

impl Terms {
    pub(super) fn extend(&mut self, terms: impl IntoIterator<Item = impl AsRef<str>>) {
        for term in terms {
            let normal = Normal::new(term.as_ref());
            let term = normal.as_str().trim();
            if !term.is_empty() {
                self.0.push(Finder::new(term).into_owned());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first place of a term, in bytes of the normal text, that `counts`.
    pub(super) fn find(
        &self,
        normal: &str,
        counts: impl Fn(&Range<usize>) -> bool,
    ) -> Option<Range<usize>> {
        let first = |finder: &Finder<'static>| {
            let length = finder.needle().len();
            let places = finder
                .find_iter(normal.as_bytes())
                .map(|at| at..at + length);
            places
                .filter(|place| stands_alone(normal, place))
                .find(&counts)
        };
        self.0
            .iter()
            .filter_map(first)
            .min_by_key(|place| place.start)
    }
}

/// Whether no word runs into the place or out of it.
fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (before, within, after) = (
        &text[..place.start],
        &text[place.clone()],
        &text[place.end..],
    );
    let runs_in = word(before.chars().next_back()) && word(within.chars().next());
    let runs_out = word(within.chars().next_back()) && word(after.chars().next());
    !runs_in && !runs_out
}

#[cfg(test)]
mod tests {
    use super::Terms;

    #[test]
    fn terms_are_words() {
        let mut terms = Terms::default();
        terms.extend(["Blue Heron", "c++", " ", "été"]);
        assert_eq!(terms.0.len(), 3);
        let find = |text| terms.find(text, |_| true);
        assert_eq!(find("on blue heron's wings"), Some(3..13));
        assert_eq!(find("blue herons"), None);
        assert_eq!(find("in c++."), Some(3..6));
        let later = terms.find("blue heron, blue heron", |place| place.end > 11);
        assert_eq!(later, Some(12..22));
    }
}
