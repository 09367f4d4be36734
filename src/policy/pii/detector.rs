//! Detectors of one's own, written in Rust.
//!
//! Where a regular expression does not do (see
//! [`pattern`](super::PiiRedactLayer::pattern)), because what is looked for has
//! a check digit or is known to a table, a [`Detector`] says what starts at a
//! place. It states how much text it looks at, so that streams stay exact.

use std::fmt;
use std::sync::Arc;

use super::detect;
use super::label::Label;

/// The most bytes that a detector of one's own may look at from a start.
pub const LONGEST: usize = 8192;
/// The most bytes before a start that it may look at.
const BEFORE: usize = detect::LOOKBEHIND;

/// Finds values of one's own.
///
/// It is asked at every place where one may start, and looks at no more than
/// [`longest`](Self::longest) bytes from there, so its answer does not depend
/// on how a stream was cut. The same text must always get the same answer.
///
/// ```
/// use portcullis::PiiRedactLayer;
/// use portcullis::policy::pii::{Detector, Match, PiiRedact, Place};
///
/// /// `T-` and seven digits, the last of which is the sum of the others.
/// struct TicketNumber;
///
/// impl Detector for TicketNumber {
///     fn label(&self) -> &str {
///         "TICKET_NUMBER"
///     }
///
///     // A digit more, to see that the number ends.
///     fn longest(&self) -> usize {
///         10
///     }
///
///     fn starts_with(&self, byte: u8) -> bool {
///         byte == b'T'
///     }
///
///     // Anything else than a digit after `T-` ends it.
///     fn settled(&self, text: &str) -> bool {
///         let number = text.strip_prefix("T-");
///         match number {
///             Some(number) => number.contains(|c: char| !c.is_ascii_digit()),
///             None => text != "T",
///         }
///     }
///
///     fn find(&self, place: &Place<'_>) -> Option<Match> {
///         let digits: Vec<u32> = place
///             .text()
///             .strip_prefix("T-")?
///             .chars()
///             .map_while(|c| c.to_digit(10))
///             .collect();
///         let (last, others) = digits.split_last()?;
///         let holds = others.iter().sum::<u32>() % 10 == *last;
///         (digits.len() == 7 && holds).then(|| Match::new(9))
///     }
/// }
///
/// let layer = PiiRedactLayer::default().detector(TicketNumber);
/// let policy: &PiiRedact = layer.policy();
/// assert_eq!(policy.redact("see T-1234011."), "see [TICKET_NUMBER].");
/// assert_eq!(policy.redact("see T-1234567."), "see T-1234567.");
/// ```
pub trait Detector: Send + Sync + 'static {
    /// The name of what it finds, such as `TICKET_NUMBER`.
    fn label(&self) -> &str;

    /// The most bytes from a start that it looks at: the longest value, and
    /// what must follow it for the answer to be sure. From 1 to [`LONGEST`];
    /// asked once.
    fn longest(&self) -> usize;

    /// What starts at a place. The text there ends after
    /// [`longest`](Self::longest) bytes, or where the whole text ends.
    fn find(&self, place: &Place<'_>) -> Option<Match>;

    /// Whether this text from a start, of fewer than [`longest`](Self::longest)
    /// bytes, is enough: no text after it could change what
    /// [`find`](Self::find) says. A stream holds the text back until it is; by
    /// default until as many bytes are there.
    fn settled(&self, text: &str) -> bool {
        let _ = text;
        false
    }

    /// Whether a value may start with this byte; asked once for each. The
    /// detector is asked only at places that have one of them, and only those
    /// are ever held back.
    fn starts_with(&self, byte: u8) -> bool {
        let _ = byte;
        true
    }
}

/// A place where a value may start.
#[derive(Clone, Copy)]
pub struct Place<'t> {
    text: &'t str,
    before: &'t str,
}

impl<'t> Place<'t> {
    /// The text from there on, at most as long as the detector looks.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// What stands before it: at most 64 bytes, fewer only at the beginning of
    /// the text or where a character would be cut.
    #[must_use]
    pub fn before(&self) -> &'t str {
        self.before
    }
}

/// Says where, never what.
impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// A value that a [`Detector`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    len: usize,
    score: f32,
}

impl Match {
    /// A value of `len` bytes that is certain. One that is empty, longer than
    /// the text at its place, or ends within a character is none.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self { len, score: 1.0 }
    }

    /// How sure that is, from 0 to 1. One below the threshold is passed over.
    #[must_use]
    pub fn score(mut self, score: f32) -> Self {
        self.score = score;
        self
    }
}

/// Detectors of one's own, in the order they were added.
#[derive(Clone, Default)]
pub(super) struct Detectors {
    all: Vec<Known>,
}

#[derive(Clone)]
struct Known {
    detector: Arc<dyn Detector>,
    label: Label,
    longest: usize,
    first: Arc<[bool; 256]>,
}

/// What starts at a place.
pub(super) enum Found<'a> {
    No,
    Unfinished,
    Match {
        end: usize,
        label: &'a Label,
        score: f32,
    },
}

impl Detectors {
    pub(super) fn add(&mut self, detector: impl Detector) {
        let mut first = [false; 256];
        for (byte, may) in first.iter_mut().enumerate() {
            *may = u8::try_from(byte).is_ok_and(|byte| detector.starts_with(byte));
        }
        self.all.push(Known {
            label: Label::custom(detector.label()),
            longest: detector.longest().clamp(1, LONGEST),
            first: Arc::new(first),
            detector: Arc::new(detector),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The first place at or after `at` where one may be asked.
    pub(super) fn next_start(&self, text: &str, at: usize) -> usize {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let asked = |byte: &u8| self.all.iter().any(|known| known.first[usize::from(*byte)]);
        let found = rest.iter().position(asked);
        found.map_or(text.len(), |found| at + found)
    }

    /// The longest value that starts at `at`, which `accepts`; of equals, that
    /// of the detector added first.
    pub(super) fn match_at(
        &self,
        text: &str,
        at: usize,
        last: bool,
        accepts: impl Fn(&Label, f32, &str) -> bool,
    ) -> Found<'_> {
        let Some(&byte) = text.as_bytes().get(at) else {
            return Found::No;
        };
        let mut best = Found::No;
        let mut longest = 0;
        for known in &self.all {
            if !known.first[usize::from(byte)] {
                continue;
            }
            let most = at + known.longest;
            let rest = &text[at..text.floor_char_boundary(most)];
            if most > text.len() && !last && !known.detector.settled(rest) {
                return Found::Unfinished;
            }
            let place = Place {
                text: rest,
                before: &text[text.ceil_char_boundary(at.saturating_sub(BEFORE))..at],
            };
            if let Some(Match { len, score }) = known.detector.find(&place)
                && len > longest
                && let Some(value) = rest.get(..len)
                && accepts(&known.label, score, value)
            {
                longest = len;
                best = Found::Match {
                    end: at + len,
                    label: &known.label,
                    score,
                };
            }
        }
        best
    }
}

impl fmt::Debug for Detectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.all.iter().map(|known| known.label.as_str());
        f.debug_list().entries(labels).finish()
    }
}
