use super::detect::Scanner;
use super::finder::{Hit, LOOKBEHIND};
use super::{Finding, PiiRedact};

/// Finds values in a text that comes in pieces: the same ones as in the whole,
/// however it is cut.
///
/// ```
/// use portcullis::policy::pii::PiiRedact;
///
/// let policy = PiiRedact::default();
/// let mut stream = policy.stream();
/// let mut found = stream.push("mail jane@exam");
/// found.extend(stream.push("ple.com today"));
/// found.extend(stream.finish());
/// assert_eq!(found, policy.scan("mail jane@example.com today"));
/// ```
#[derive(Debug)]
pub struct TextStream<'a> {
    policy: &'a PiiRedact,
    buffer: String,
    /// Bytes that came before the buffer.
    gone: usize,
    /// What comes before, in the buffer, is decided.
    start: usize,
    scanner: Scanner,
}

/// Decided text is dropped from the buffer when this much has gathered.
const COMPACT_AT: usize = 4 * 1024;

impl<'a> TextStream<'a> {
    pub(super) fn new(policy: &'a PiiRedact) -> Self {
        Self {
            policy,
            buffer: String::new(),
            gone: 0,
            start: 0,
            scanner: Scanner::default(),
        }
    }

    /// Adds a piece; gives what is certain now, with ranges in bytes from the
    /// start of the text.
    pub fn push(&mut self, piece: &str) -> Vec<Finding> {
        self.buffer.push_str(piece);
        let found = self.find(false);
        let keep = self.start.saturating_sub(LOOKBEHIND);
        if keep > COMPACT_AT {
            let keep = self.buffer.floor_char_boundary(keep);
            self.buffer.drain(..keep);
            self.gone += keep;
            self.start -= keep;
        }
        found
    }

    /// The text ends here.
    pub fn finish(mut self) -> Vec<Finding> {
        self.find(true)
    }

    fn find(&mut self, last: bool) -> Vec<Finding> {
        let mut found = Vec::new();
        let gone = self.gone;
        let finder = &self.policy.settings.finder;
        let scanner = &mut self.scanner;
        self.start = finder.find(
            &self.buffer,
            self.start,
            last,
            None,
            scanner,
            |range, hit| {
                if let Hit::Value { label, score } = hit {
                    found.push(Finding {
                        range: range.start + gone..range.end + gone,
                        label,
                        score,
                    });
                }
            },
        );
        found
    }
}
