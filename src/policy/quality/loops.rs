//! Texts that say the same over and over.
//!
//! The rule: the text ends in a unit of at most [`LONGEST_UNIT`] bytes that is
//! repeated, byte for byte, for at least [`LEAST`] bytes and [`TIMES`] times.
//! It is asked every [`STEP`] bytes of the text, so that the answer does not
//! depend on how the text is cut; a loop that changes from turn to turn (a
//! counter, say) is not one by this rule.

/// The longest unit, in bytes.
const LONGEST_UNIT: usize = 512;
/// A stretch of repeated units is at least this long, in bytes.
const LEAST: usize = 2048;
/// A unit is said at least this often.
const TIMES: usize = 12;
/// Bytes from one look to the next.
const STEP: usize = 512;
/// The longest stretch that is looked at.
const KEPT: usize = LONGEST_UNIT * TIMES;
/// Where the unit may be repeated, its last bytes are.
const PROBE: usize = 16;

/// Watches the end of a text that grows. Takes 7 KiB at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Loops {
    /// The end of the text, up to the last byte that was read.
    tail: Vec<u8>,
    /// Bytes read since the last look.
    fresh: usize,
    found: bool,
}

impl Loops {
    /// Reads on; gives whether the text has come to run in a loop.
    pub(super) fn push(&mut self, text: &str) -> bool {
        let mut rest = text.as_bytes();
        while !rest.is_empty() && !self.found {
            let (now, later) = rest.split_at(rest.len().min(STEP - self.fresh));
            self.tail.extend_from_slice(now);
            self.fresh += now.len();
            if self.fresh == STEP {
                self.fresh = 0;
                self.look();
                let old = self.tail.len().saturating_sub(KEPT);
                self.tail.drain(..old);
            }
            rest = later;
        }
        self.found
    }

    pub(super) fn found(&self) -> bool {
        self.found
    }

    fn look(&mut self) {
        let tail = &self.tail;
        if tail.len() < LEAST {
            return;
        }
        let probe = &tail[tail.len() - PROBE..];
        // Where the probe stands once more, a unit may begin. Prose has none.
        let near = &tail[tail.len() - PROBE - LONGEST_UNIT..tail.len() - 1];
        self.found = memchr::memmem::find_iter(near, probe)
            .map(|at| LONGEST_UNIT - at)
            .any(|unit| repeats(tail, unit));
    }
}

/// Whether the end of `tail` is a unit of so many bytes, over and over.
fn repeats(tail: &[u8], unit: usize) -> bool {
    let stretch = LEAST.max(unit * TIMES);
    match tail.len().checked_sub(stretch) {
        Some(from) => tail[from + unit..] == tail[from..tail.len() - unit],
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stops_at(text: &str, cut: usize) -> Option<usize> {
        let mut loops = Loops::default();
        let mut at = 0;
        while at < text.len() {
            let end = text.ceil_char_boundary((at + cut).min(text.len()));
            if loops.push(&text[at..end]) {
                return Some(end);
            }
            at = end;
        }
        assert!(loops.tail.len() <= KEPT + STEP);
        None
    }

    fn prose(words: usize) -> String {
        (0..words)
            .map(|n| format!("word{} ", n * n % 9973))
            .collect()
    }

    #[test]
    fn units_of_any_length_are_found() {
        for unit in ["a", "no ", "and so on, ", "я", &prose(30), &prose(60)] {
            assert!(unit.len() <= LONGEST_UNIT);
            let text = prose(300) + &unit.repeat(KEPT * 2 / unit.len());
            assert!(stops_at(&text, 7).is_some(), "{} bytes", unit.len());
        }
    }

    #[test]
    fn what_ends_or_changes_is_none() {
        assert_eq!(stops_at(&prose(4000), 7), None);
        let rows: String = (0..2000).map(|n| format!("| {n} | row |\n")).collect();
        assert_eq!(stops_at(&rows, 7), None);
        assert_eq!(stops_at(&("-".repeat(1500) + "\n"), 7), None);
        assert_eq!(stops_at(&prose(100).repeat(4), 7), None);
    }

    proptest! {
        /// How a text is cut changes nothing.
        #[test]
        fn cuts_do_not_matter(unit in "[ab é]{1,40}", before in 0usize..900, cut in 1usize..200) {
            let text = prose(before / 8) + &unit.repeat(12_000 / unit.len());
            let whole = stops_at(&text, 1).unwrap();
            let cut_up = stops_at(&text, cut).unwrap();
            prop_assert!((whole..whole + cut + 4).contains(&cut_up), "{} {}", whole, cut_up);
        }
    }
}
