//! What a window says besides its words: who is ordered what, forged roles,
//! hidden text, quotes, disguise.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::lexicon::{CLASSES, Classes, Lexicon, class, place_of};
use crate::text::runs::count;
use crate::text::{Dense, Normal, Token, TokenKind, Window};

/// Classes of words this many tokens apart make a pair.
const NEAR: usize = 6;
const SINGLES: usize = CLASSES.len();
const PAIRS: usize = SINGLES * SINGLES;

/// The features that are no classes.
const OWN: [&str; 34] = [
    "special_token",
    "system_header",
    "role_header",
    "json_role",
    "closing_tag",
    "end_of",
    "comment",
    "hidden_style",
    "link",
    "link_with_query",
    "markdown_image",
    "address",
    "quotes",
    "quoted_override",
    "quoted_reveal",
    "open_override",
    "question_marks",
    "ends_asking",
    "begins_asking",
    "begins_override",
    "begins_reveal",
    "capitals",
    "exclamation",
    "invisible",
    "tags",
    "homoglyphs",
    "compatibility",
    "spaced",
    "code",
    "marks",
    "numbers",
    "not_latin",
    "long",
    "first",
];

const OVERRIDE: usize = class("override");
const REVEAL: usize = class("reveal");
const ASK: usize = class("ask");

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let pairs = CLASSES
        .iter()
        .flat_map(|a| CLASSES.iter().map(move |b| format!("{a} {b}")));
    // Made once and kept as long as the program runs.
    let pairs = pairs.map(|name| &*name.leak());
    OWN.into_iter().chain(CLASSES).chain(pairs).collect()
});

/// The dense features of the injection model.
#[derive(Clone, Copy, Debug, Default)]
pub struct InjectionFeatures;

impl Dense for InjectionFeatures {
    fn names(&self) -> &'static [&'static str] {
        &NAMES
    }

    fn note(&self, normal: &Normal, token: &Token) -> u32 {
        Lexicon::get().classes(normal.as_str(), token).bits()
    }

    fn fill(&self, window: &Window<'_>, out: &mut [f32]) {
        if out.len() != OWN.len() + SINGLES + PAIRS {
            return;
        }
        let (own, classes) = out.split_at_mut(OWN.len());
        words(window, own, classes);
        shape(window, own);
        signs(window.as_str(), own);
    }
}

/// The place of a feature, worked out when the program is compiled.
macro_rules! own {
    ($name:literal) => {
        const { place_of(&OWN, $name) }
    };
}

fn set(own: &mut [f32], at: usize, value: f32) {
    if let Some(place) = own.get_mut(at) {
        *place = value.clamp(0.0, 1.0);
    }
}

/// Classes, their pairs, and how they stand to quotes.
fn words(window: &Window<'_>, own: &mut [f32], out: &mut [f32]) {
    let bytes = window.normal().as_str().as_bytes();
    let (singles, pairs) = out.split_at_mut(SINGLES);
    // For each class those that stood before it.
    let mut before = [0_u32; SINGLES];
    let (mut quotes, mut numbers, mut marks, mut code, mut foreign) = (0_usize, 0, 0, 0, 0);
    let (tokens, notes) = (window.tokens(), window.notes());
    for (place, (token, &note)) in tokens.iter().zip(notes).enumerate() {
        let first = bytes.get(token.start as usize).copied().unwrap_or_default();
        match token.kind {
            TokenKind::Number => numbers += 1,
            TokenKind::Mark => {
                marks += 1;
                quotes += usize::from(first == b'"' || first == b'\'' || first == 0xc2);
                code += usize::from(matches!(
                    first,
                    b'{' | b'}' | b';' | b'=' | b'(' | b')' | b'_'
                ));
            }
            TokenKind::Word | TokenKind::Glyph => {
                foreign += usize::from(first >= 0x80);
                let found = Classes::from_bits(note);
                if found.is_empty() {
                    continue;
                }
                let near = &notes[place.saturating_sub(NEAR)..place];
                let near = near.iter().fold(0, |all, note| all | note);
                for class in found.iter() {
                    singles[class] = (singles[class] + 0.5).min(1.0);
                    before[class] |= near;
                }
                let quoted = quotes % 2 == 1;
                if found.has(OVERRIDE) {
                    set(
                        own,
                        if quoted {
                            own!("quoted_override")
                        } else {
                            own!("open_override")
                        },
                        1.0,
                    );
                }
                if found.has(REVEAL) && quoted {
                    set(own, own!("quoted_reveal"), 1.0);
                }
                if place < 2 && window.before().is_empty() {
                    let begins = [
                        (OVERRIDE, own!("begins_override")),
                        (REVEAL, own!("begins_reveal")),
                        (ASK, own!("begins_asking")),
                    ];
                    for (class, at) in begins {
                        if found.has(class) {
                            set(own, at, 1.0);
                        }
                    }
                }
            }
        }
    }
    for (class, before) in before.into_iter().enumerate() {
        for before in Classes::from_bits(before).iter() {
            pairs[before * SINGLES + class] = 1.0;
        }
    }
    let all = tokens.len().max(1) as f32;
    set(own, own!("quotes"), quotes as f32 / 8.0);
    set(own, own!("numbers"), 2.0 * numbers as f32 / all);
    set(own, own!("marks"), 2.0 * marks as f32 / all);
    set(own, own!("code"), 4.0 * code as f32 / all);
    set(own, own!("not_latin"), foreign as f32 / all);
}

/// What the whole text and the spelling say.
fn shape(window: &Window<'_>, own: &mut [f32]) {
    let around = window.before().len() + window.after().len();
    set(own, own!("long"), (1.0 + around as f32).ln() / 8.0);
    set(
        own,
        own!("first"),
        f32::from(u8::from(window.before().is_empty())),
    );
    let disguise = window.normal().disguise();
    let some = |count: u32| (count as f32 / 4.0).min(1.0);
    set(own, own!("invisible"), some(disguise.invisible));
    set(own, own!("tags"), some(disguise.tags));
    set(own, own!("homoglyphs"), some(disguise.homoglyphs));
    set(own, own!("compatibility"), some(disguise.compatibility));
    set(own, own!("spaced"), some(disguise.spaced));
    let original = window.original().as_bytes();
    let letters = count(original, |b| b.is_ascii_alphabetic());
    let capitals = count(original, |b| b.is_ascii_uppercase());
    if letters >= 12 {
        set(own, own!("capitals"), capitals as f32 / letters as f32);
    }
}

/// Whether [`signs`] looks closer at a byte. Without branches, so that many are
/// compared at once.
fn is_sign(b: u8) -> bool {
    (b == b'?')
        | (b == b'!')
        | (b == b'<')
        | (b == b'[')
        | (b == b':')
        | (b == b'@')
        | (b == b'"')
        | (b == b'\n')
}

fn among(from: usize, piece: &[u8]) -> impl Iterator<Item = usize> {
    let signs = (from..).zip(piece).filter(|(_, b)| is_sign(**b));
    signs.map(|(at, _)| at)
}

/// The places of signs; most pieces of most texts have none.
fn places(bytes: &[u8]) -> impl Iterator<Item = usize> {
    const PIECE: usize = 32;
    let (pieces, rest) = bytes.as_chunks::<PIECE>();
    let some = |piece: &[u8; PIECE]| count(piece, is_sign) > 0;
    let pieces = pieces
        .iter()
        .enumerate()
        .filter(move |(_, piece)| some(piece));
    let whole = pieces.flat_map(move |(number, piece)| among(number * PIECE, piece));
    whole.chain(among(bytes.len() - rest.len(), rest))
}

/// "end of ", said of something that another text is to follow.
static END_OF: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("end of "));

/// Marks and phrases that forge a role, hide text or send it away.
fn signs(text: &str, own: &mut [f32]) {
    let bytes = text.as_bytes();
    let (mut asking, mut exclaiming) = (0_usize, 0_usize);
    headers(bytes, own);
    if END_OF.find(bytes).is_some() {
        set(own, own!("end_of"), 1.0);
    }
    for at in places(bytes) {
        let (before, rest) = bytes.split_at(at);
        let starts = |words: &[&str]| words.iter().any(|word| rest.starts_with(word.as_bytes()));
        let ends = |words: &[&str]| words.iter().any(|word| before.ends_with(word.as_bytes()));
        match bytes[at] {
            b'?' => asking += 1,
            b'!' => {
                exclaiming += 1;
                if starts(&["!["]) {
                    set(own, own!("markdown_image"), 1.0);
                }
            }
            b'<' => tags(rest, own),
            b'[' if starts(&["[inst", "[/inst"]) => set(own, own!("special_token"), 1.0),
            b'[' if starts(&["[system", "[admin", "[developer", "[override"]) => {
                set(own, own!("system_header"), 1.0)
            }
            b':' if starts(&["://"]) && ends(&["http", "https"]) => {
                set(own, own!("link"), 1.0);
                let mut link = rest.iter().take_while(|b| !b.is_ascii_whitespace());
                if link.any(|&b| b == b'?' || b == b'[') {
                    set(own, own!("link_with_query"), 1.0);
                }
            }
            b':' => {
                let hidden = starts(&[":none", ": none"]) && ends(&["display"])
                    || starts(&[":0", ": 0"]) && ends(&["font-size", "opacity"])
                    || starts(&[":hidden", ": hidden"]) && ends(&["visibility"]);
                if hidden {
                    set(own, own!("hidden_style"), 1.0);
                }
            }
            b'@' if before.last().is_some_and(u8::is_ascii_alphanumeric) => {
                set(own, own!("address"), 1.0)
            }
            b'"' if starts(&[
                "\"role\": \"system",
                "\"role\":\"system",
                "\"role\":\"dev",
                "\"role\": \"dev",
            ]) =>
            {
                set(own, own!("json_role"), 1.0);
            }
            b'\n' => headers(&rest[1..], own),
            _ => {}
        }
    }
    set(own, own!("question_marks"), asking as f32 / 3.0);
    set(own, own!("exclamation"), exclaiming as f32 / 4.0);
    let asks = text.trim_end().ends_with(['?', '\u{ff1f}', '\u{61f}']);
    set(own, own!("ends_asking"), f32::from(u8::from(asks)));
}

/// Tags and tokens that mark who speaks, where one may begin.
fn tags(rest: &[u8], own: &mut [f32]) {
    let starts = |words: &[&str]| words.iter().any(|word| rest.starts_with(word.as_bytes()));
    if starts(&[
        "<|",
        "<<sys",
        "<start_of",
        "<end_of",
        "<s>",
        "</s>",
        "<bos>",
    ]) {
        set(own, own!("special_token"), 1.0);
    }
    if starts(&["</"]) {
        let tag = rest.get(2..).unwrap_or_default();
        let known: [&[u8]; 9] = [
            b"system",
            b"user",
            b"doc",
            b"input",
            b"context",
            b"instr",
            b"prompt",
            b"data",
            b"assistant",
        ];
        if known.iter().any(|name| tag.starts_with(name)) {
            set(own, own!("closing_tag"), 1.0);
        }
    }
    if starts(&["<!--"]) {
        set(own, own!("comment"), 1.0);
    }
    if starts(&[
        "<system",
        "<admin",
        "<important",
        "<instruction",
        "<override",
        "<information",
    ]) {
        set(own, own!("system_header"), 1.0);
    }
}

/// Words that name a speaker where a line begins, after marks or none.
fn headers(line: &[u8], own: &mut [f32]) {
    for (at, &byte) in line.iter().enumerate() {
        let rest = &line[at..];
        let starts = |words: &[&str]| words.iter().any(|word| rest.starts_with(word.as_bytes()));
        if starts(&[
            "system:",
            "system message",
            "### system",
            "## system",
            "### instr",
            "developer:",
            "admin:",
            "sudo ",
            "new instruction",
        ]) {
            set(own, own!("system_header"), 1.0);
        }
        if starts(&[
            "user:",
            "assistant:",
            "human:",
            "ai:",
            "### user",
            "### response",
        ]) {
            set(own, own!("role_header"), 1.0);
        }
        if !matches!(byte, b' ' | b'*' | b'-' | b'=' | b'"' | b'[') {
            break;
        }
    }
}
