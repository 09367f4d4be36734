//! How a start opens: its first run of digits or of letters, and what follows the run.
//!
//! Most detectors can tell from that alone that nothing of theirs starts there, so the scan looks
//! it up once for all of them instead of asking each.

/// The longest run that is told apart from longer ones.
const RUN: usize = 32;

/// What follows the run: a bit for each kind, so that several can be named.
pub(super) type Nexts = u16;

pub(super) const OTHER: Nexts = 1;
/// A letter after digits, or a digit after letters.
pub(super) const TURN: Nexts = 1 << 1;
/// A mark that no digit follows.
pub(super) const SPACE: Nexts = 1 << 2;
pub(super) const HYPHEN: Nexts = 1 << 3;
pub(super) const DOT: Nexts = 1 << 4;
/// A mark and a digit.
pub(super) const SPACE_DIGIT: Nexts = 1 << 5;
pub(super) const HYPHEN_DIGIT: Nexts = 1 << 6;
pub(super) const DOT_DIGIT: Nexts = 1 << 7;
pub(super) const SLASH: Nexts = 1 << 8;
/// What may stand for any of these: a character outside ASCII, which may be a typographic space or
/// hyphen, a bracket, or a mark with one of these or a space after it.
pub(super) const WIDE: Nexts = 1 << 9;
const NEXTS: usize = 10;
pub(super) const ANY: Nexts = (1 << NEXTS) - 1;
/// All but a letter after digits, or a digit after letters.
pub(super) const NO_TURN: Nexts = ANY & !TURN;

/// What detectors may find behind which openings: a bit for each length of the run.
#[derive(Clone, Copy)]
pub(super) struct Openings {
    /// For runs of digits and of letters, by what follows.
    runs: [[u32; NEXTS]; 2],
    /// The lengths that the first run of letters and digits together may have, the last bit for
    /// this length and all above.
    words: u64,
}

/// The place of an opening in a table over them.
pub(super) const PLACES: usize = 2 * NEXTS * RUN;
/// How many lengths of words are told apart.
pub(super) const WORDS: usize = 64;

impl Openings {
    /// Every opening.
    pub(super) const ALL: Openings = Openings {
        runs: [[u32::MAX; NEXTS]; 2],
        words: u64::MAX,
    };
    /// No opening.
    pub(super) const NONE: Openings = Openings {
        runs: [[0; NEXTS]; 2],
        words: 0,
    };

    /// Runs of digits whose lengths are in `digits` or of letters in `letters`, with no letter or
    /// digit after them unless `turn`.
    pub(super) const fn of(digits: u32, letters: u32, turn: bool) -> Openings {
        let nexts = if turn { ANY } else { NO_TURN };
        Openings {
            words: u64::MAX,
            ..Openings::NONE.run(0, digits, nexts).run(1, letters, nexts)
        }
    }

    /// Runs of digits whose lengths are in `lengths`, before `nexts`.
    pub(super) const fn digits(lengths: u32, nexts: Nexts) -> Openings {
        Openings {
            words: u64::MAX,
            ..Openings::NONE.run(0, lengths, nexts)
        }
    }

    /// Runs of letters whose lengths are in `lengths`, before `nexts`.
    pub(super) const fn letters(lengths: u32, nexts: Nexts) -> Openings {
        Openings {
            words: u64::MAX,
            ..Openings::NONE.run(1, lengths, nexts)
        }
    }

    const fn run(mut self, kind: usize, lengths: u32, nexts: Nexts) -> Openings {
        let mut next = 0;
        while next < NEXTS {
            if nexts >> next & 1 != 0 {
                self.runs[kind][next] |= lengths;
            }
            next += 1;
        }
        self
    }

    /// These and those.
    pub(super) const fn or(mut self, other: Openings) -> Openings {
        let mut next = 0;
        while next < NEXTS {
            self.runs[0][next] |= other.runs[0][next];
            self.runs[1][next] |= other.runs[1][next];
            next += 1;
        }
        self.words |= other.words;
        self
    }

    /// Those of these with a first word, letters and digits together, of a length in `words`.
    pub(super) const fn within(mut self, words: u64) -> Openings {
        self.words &= words;
        self
    }

    /// These, and every run with a letter or a digit of the other kind or a hyphen after it.
    pub(super) const fn or_turning(self) -> Openings {
        let nexts = TURN | HYPHEN | HYPHEN_DIGIT | WIDE;
        self.run(0, u32::MAX, nexts).run(1, u32::MAX, nexts)
    }

    /// These, and those of texts with `form`.
    pub(super) const fn with_form(mut self, form: &[u8]) -> Openings {
        let mut word = 0;
        while word < form.len() && (accepts(form[word], 0) || accepts(form[word], 1)) {
            word += 1;
        }
        self.words |= 1 << word;
        let mut kind = 0;
        while kind < 2 {
            let mut len = 0;
            while len < form.len() && accepts(form[len], kind) {
                len += 1;
                if len >= RUN {
                    break;
                }
                let nexts = if len == form.len() {
                    // A digit after a hyphen or a full stop would go on with it.
                    OTHER | SPACE | SPACE_DIGIT | HYPHEN | DOT | SLASH | WIDE
                } else {
                    let after = if len + 1 < form.len() {
                        form[len + 1]
                    } else {
                        0
                    };
                    let (digit, letter) = (accepts(after, 0), accepts(after, 1));
                    let spaces = pick(SPACE, letter) | pick(SPACE_DIGIT, digit);
                    let hyphens = pick(HYPHEN, letter) | pick(HYPHEN_DIGIT, digit);
                    match form[len] {
                        b' ' => spaces | hyphens | WIDE,
                        b'_' => spaces | WIDE,
                        b'-' => hyphens | WIDE,
                        b'.' => pick(DOT, letter) | pick(DOT_DIGIT, digit) | WIDE,
                        b'/' => SLASH,
                        next => pick(TURN, accepts(next, 1 - kind)),
                    }
                };
                self = self.run(kind, 1 << len, nexts);
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

    /// Whether the first word may have this length.
    pub(super) const fn has_word(&self, len: usize) -> bool {
        self.words >> len & 1 != 0
    }
}

const fn pick(nexts: Nexts, when: bool) -> Nexts {
    if when { nexts } else { 0 }
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

/// Of the growing places of one kind of run, that of the shortest.
pub(super) const fn shortest(growing: usize) -> usize {
    growing / RUN * RUN
}

/// The opening at a start.
pub(super) struct Opening {
    /// Its place; two where what decides between them is not there yet.
    pub(super) places: [usize; 2],
    /// The length of its first word.
    pub(super) word: usize,
    /// What of it may still grow.
    pub(super) end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing.
    Known,
    /// Its first word.
    Word,
    /// Its first run, so that what follows that is not known: the place is a [`growing`] one.
    Run,
}

/// How many [`growing`] places there are.
pub(super) const GROWING: usize = 2 * RUN;

/// The place of a run with this opening that may still grow, whatever will follow it.
pub(super) const fn growing(place: usize) -> usize {
    place / (NEXTS * RUN) * RUN + place % RUN
}

/// The opening at `start`; none if it begins with neither a digit nor a letter.
pub(super) fn read(bytes: &[u8], start: usize, last: bool) -> Option<Opening> {
    let rest = bytes.get(start..)?;
    let first = *rest.first()?;
    let (kind, len) = if first.is_ascii_digit() {
        (0, count(rest, RUN - 1, |b| b.is_ascii_digit()))
    } else if first.is_ascii_alphabetic() {
        (1, count(rest, RUN - 1, |b| b.is_ascii_alphabetic()))
    } else {
        return None;
    };
    let after = rest.get(len..).unwrap_or_default();
    let place = |next: Nexts| (kind * NEXTS + next.trailing_zeros() as usize) * RUN + len;
    let one = |next: Nexts| [place(next); 2];
    let marked = |plain: Nexts, digit: Nexts| match after.get(1) {
        Some(b'0'..=b'9') => one(digit),
        Some(b' ' | b'(' | 0x80..) => one(WIDE),
        None if !last => [place(plain), place(digit)],
        _ => one(plain),
    };
    let turn = after.first().is_some_and(u8::is_ascii_alphanumeric);
    let places = match after.first() {
        None if !last => {
            return Some(Opening {
                places: [growing(place(OTHER)); 2],
                word: len,
                end: End::Run,
            });
        }
        None => one(OTHER),
        Some(b' ') => marked(SPACE, SPACE_DIGIT),
        Some(b'-') => marked(HYPHEN, HYPHEN_DIGIT),
        Some(b'.') => marked(DOT, DOT_DIGIT),
        Some(b'/') => one(SLASH),
        Some(_) if turn => one(TURN),
        Some(b'(' | 0x80..) => one(WIDE),
        Some(_) => one(OTHER),
    };
    let word = if turn {
        len + count(after, WORDS, |b| b.is_ascii_alphanumeric())
    } else {
        len
    };
    let known = last || start + word < bytes.len();
    Some(Opening {
        places,
        word: word.min(WORDS - 1),
        end: if known { End::Known } else { End::Word },
    })
}

fn count(bytes: &[u8], most: usize, wanted: fn(&u8) -> bool) -> usize {
    bytes.iter().take(most).take_while(|b| wanted(b)).count()
}
