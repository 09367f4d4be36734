//! How a start opens: its first run of digits or of letters, and what follows the run.
//!
//! Most detectors can tell from that alone that nothing of theirs starts there, so the scan looks
//! it up once for all of them instead of asking each.

/// The longest run that is told apart from longer ones.
const RUN: usize = 32;

const OTHER: usize = 0;
/// A letter after digits, or a digit after letters.
const TURN: usize = 1;
const SPACE: usize = 2;
const HYPHEN: usize = 3;
const DOT: usize = 4;
const SLASH: usize = 5;
/// A character outside ASCII, which may be a typographic space or hyphen.
const WIDE: usize = 6;
const NEXTS: usize = 7;

/// What detectors may find behind which openings: a bit for each length of the run.
#[derive(Clone, Copy)]
pub(super) struct Openings {
    /// For runs of digits and of letters, by what follows.
    runs: [[u32; NEXTS]; 2],
}

/// The place of an opening in a table over them.
pub(super) const PLACES: usize = 2 * NEXTS * RUN;

impl Openings {
    /// Every opening.
    pub(super) const ALL: Openings = Openings {
        runs: [[u32::MAX; NEXTS]; 2],
    };
    /// No opening.
    pub(super) const NONE: Openings = Openings {
        runs: [[0; NEXTS]; 2],
    };

    /// Runs of digits whose lengths are in `digits` or of letters in `letters`, with no letter or
    /// digit after them unless `turn`.
    pub(super) const fn of(digits: u32, letters: u32, turn: bool) -> Openings {
        let mut openings = Openings {
            runs: [[digits; NEXTS], [letters; NEXTS]],
        };
        if !turn {
            openings.runs[0][TURN] = 0;
            openings.runs[1][TURN] = 0;
        }
        openings
    }

    /// These, and every run with a letter or a digit of the other kind or a hyphen after it.
    pub(super) const fn or_turning(mut self) -> Openings {
        let mut kind = 0;
        while kind < 2 {
            self.runs[kind][TURN] = u32::MAX;
            self.runs[kind][HYPHEN] = u32::MAX;
            self.runs[kind][WIDE] = u32::MAX;
            kind += 1;
        }
        self
    }

    /// These, and those of texts with `form`.
    pub(super) const fn with_form(mut self, form: &[u8]) -> Openings {
        let mut kind = 0;
        while kind < 2 {
            let mut len = 0;
            while len < form.len() && accepts(form[len], kind) {
                len += 1;
                if len >= RUN {
                    break;
                }
                let nexts: &[usize] = if len == form.len() {
                    &[OTHER, SPACE, HYPHEN, DOT, SLASH, WIDE]
                } else {
                    match form[len] {
                        b' ' => &[SPACE, HYPHEN, WIDE],
                        b'_' => &[SPACE, WIDE],
                        b'-' => &[HYPHEN, WIDE],
                        b'.' => &[DOT],
                        b'/' => &[SLASH],
                        next if accepts(next, 1 - kind) => &[TURN],
                        _ => &[],
                    }
                };
                let mut i = 0;
                while i < nexts.len() {
                    self.runs[kind][nexts[i]] |= 1 << len;
                    i += 1;
                }
            }
            kind += 1;
        }
        self
    }

    /// Whether the opening with this place is among these.
    pub(super) const fn contains(&self, place: usize) -> bool {
        let (kind, next, len) = (place / (NEXTS * RUN), place / RUN % NEXTS, place % RUN);
        self.runs[kind][next] >> len & 1 != 0
    }
}

/// Whether the mark of a form stands for digits (`kind` 0) or for letters (1).
const fn accepts(mark: u8, kind: usize) -> bool {
    match mark {
        b'*' => true,
        b'#' | b'0'..=b'9' => kind == 0,
        b'a' | b'A'..=b'Z' => kind == 1,
        _ => false,
    }
}

/// The place of the opening at `start`; none if it is not known yet or begins with neither a digit
/// nor a letter.
pub(super) fn place(bytes: &[u8], start: usize, last: bool) -> Option<usize> {
    let first = *bytes.get(start)?;
    let kind = match first {
        b'0'..=b'9' => 0,
        b'a'..=b'z' | b'A'..=b'Z' => 1,
        _ => return None,
    };
    let rest = bytes.get(start..)?;
    let run = rest.iter().take(RUN - 1);
    let len = match kind {
        0 => run.take_while(|b| b.is_ascii_digit()).count(),
        _ => run.take_while(|b| b.is_ascii_alphabetic()).count(),
    };
    let next = match rest.get(len) {
        None if !last => return None,
        None => OTHER,
        Some(b' ') => SPACE,
        Some(b'-') => HYPHEN,
        Some(b'.') => DOT,
        Some(b'/') => SLASH,
        Some(b) if b.is_ascii_alphanumeric() => TURN,
        Some(0x80..) => WIDE,
        Some(_) => OTHER,
    };
    Some((kind * NEXTS + next) * RUN + len)
}
