//! Where the sentences of a growing text end.

/// A sentence that is longer is judged in stretches of so many bytes at most.
pub(super) const LONGEST: usize = 480;

/// The end of the sentence that starts at `start`, if it has come; with `last`, the text ends
/// where it ends. One that is shorter than `least`, in bytes, goes on with the next. Depends on
/// nothing but the text from `start` on, however it arrives.
pub(super) fn end(text: &str, start: usize, least: usize, last: bool) -> Option<usize> {
    let rest = text.get(start..)?;
    let limit = rest.floor_char_boundary(LONGEST);
    let mut stop = false;
    let mut space = None;
    for (at, c) in rest[..limit].char_indices() {
        let after = at + c.len_utf8();
        match c {
            '\n' | '。' | '！' | '？' | '।' if after >= least => return Some(start + after),
            c if c.is_whitespace() && stop && at >= least => return Some(start + at),
            c if c.is_whitespace() => space = Some(after),
            _ => {}
        }
        // A quotation mark or bracket may close after the full stop.
        stop = matches!(c, '.' | '!' | '?' | '…')
            || (stop && matches!(c, '"' | '\'' | ')' | '”' | '’'));
    }
    if rest.len() >= LONGEST + 4 {
        return Some(start + space.unwrap_or(limit));
    }
    (last && !rest.is_empty()).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST, end};

    fn ends(text: &str) -> Vec<usize> {
        let mut ends = Vec::new();
        while let Some(next) = end(text, ends.last().copied().unwrap_or(0), 0, true) {
            ends.push(next);
        }
        ends
    }

    #[test]
    fn sentences_end() {
        assert_eq!(ends("One. Two? \"Three!\" four"), [4, 9, 18, 23]);
        assert_eq!(ends("v1.5 is out\nok"), [12, 14]);
        assert_eq!(ends("是。否"), [6, 9]);
        assert_eq!(end("No end yet", 0, 0, false), None);
        assert_eq!(end("One. Two. Three. Four.", 0, 8, false), Some(9));
        assert_eq!(end("a\nb\nc\n", 0, 3, false), Some(4));
        let long = "word ".repeat(200);
        assert_eq!(ends(&long)[0], LONGEST);
        assert!(ends(&"x".repeat(2000)).iter().is_sorted());
    }

    proptest! {
        /// However much of the text has come, a sentence ends where it ends.
        #[test]
        fn ends_do_not_depend_on_chunks(text in "([a-zé是]{1,6}[.!?\"。 \n]{0,3}){0,300}", cut in 0usize..2000) {
            let cut = text.floor_char_boundary(cut);
            let all = ends(&text);
            prop_assert_eq!(all.last().copied().unwrap_or(0), text.len());
            let mut start = 0;
            for whole in all {
                if let Some(early) = end(&text[..cut], start, 0, false) {
                    prop_assert_eq!(early, whole);
                }
                prop_assert!(whole > start && whole - start <= LONGEST + 4);
                start = whole;
                if start > cut { break; }
            }
        }
    }
}
