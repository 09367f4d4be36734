//! The units, the laws of streaming for hidden findings, and cases.

use proptest::prelude::*;

use super::super::table::LONGEST;
use super::*;

fn whole(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let decided = scan_any(EntitySet::all(), text, 0, true, &mut |f| found.push(f));
    assert_eq!(decided, text.len());
    found
}

/// Feeds chunks the way a driver does: decided text is dropped, except for the look-behind.
fn stream<'t>(chunks: impl IntoIterator<Item = &'t str>) -> Vec<Finding> {
    let mut scanner = Scanner::default();
    let (mut buffer, mut dropped, mut decided) = (String::new(), 0, 0);
    let mut found = Vec::new();
    let mut pass = |buffer: &mut String, last| {
        let from = decided;
        decided = scanner.scan(EntitySet::all(), buffer, from, last, &mut |f| {
            assert!(f.range.start >= from);
            found.push(Finding {
                range: f.range.start + dropped..f.range.end + dropped,
                ..f
            });
        });
        assert!(decided >= from && buffer.is_char_boundary(decided));
        assert!(buffer.len() - decided <= VIEW_LONGEST + LONGEST);
        let keep = buffer.floor_char_boundary(decided.saturating_sub(VIEW_LOOKBEHIND));
        buffer.drain(..keep);
        dropped += keep;
        decided -= keep;
    };
    for chunk in chunks {
        buffer.push_str(chunk);
        pass(&mut buffer, false);
    }
    pass(&mut buffer, true);
    found
}

const VALUES: &[(Entity, &str)] = &[
    (Entity::EmailAddress, "ada@example.org"),
    (Entity::UsSsn, "536-22-1234"),
    (Entity::CreditCard, "4111 1111 1111 1111"),
    (Entity::IbanCode, "DE89 3704 0044 0532 0130 00"),
    (Entity::PhoneNumber, "+1 212 555 0123"),
    (Entity::IpAddress, "192.168.10.1"),
];

/// The ways to hide one character.
const WAYS: usize = 12;

fn hide(c: char, way: usize) -> String {
    let code = c as u32;
    match way {
        0 => format!("&#{code};"),
        1 => format!("&#x{code:04X};"),
        2 => format!("%{code:02x}"),
        3 => format!("%25{code:02X}"),
        4 => format!("\\u{code:04x}"),
        5 => format!("\\\\u{code:04x}"),
        6 => format!("\\x{code:02x}"),
        7 => format!("{c}\u{200b}\u{ad}"),
        8 => format!("&amp;#{code};"),
        9 if c.is_ascii_digit() => char::from_u32(code - 0x30 + 0x966).into_iter().collect(),
        10 if c.is_ascii_alphanumeric() || "@.-+".contains(c) => {
            char::from_u32(code + 0xFEE0).into_iter().collect()
        }
        // The full-width form as a URL has it.
        11 if c.is_ascii_alphanumeric() || "@.-+".contains(c) => {
            let wide: String = char::from_u32(code + 0xFEE0).into_iter().collect();
            wide.bytes().map(|byte| format!("%{byte:02X}")).collect()
        }
        _ => c.to_string(),
    }
}

#[test]
fn each_way_is_seen_through() {
    for &(entity, value) in VALUES {
        for way in 0..WAYS {
            let hidden: String = value.chars().map(|c| hide(c, way)).collect();
            for (before, after) in [("", ""), ("to: ", " ok"), ("x=", "&y=1"), ("(", ")")] {
                // A number in running words may be held for something else.
                let text = format!("{before}{hidden}{after}");
                let found = whole(&text);
                let place = before.len()..before.len() + hidden.len();
                let trimmed = hidden.trim_end_matches(['\u{200b}', '\u{ad}']).len() + before.len();
                assert!(
                    found.iter().any(|f| f.entity == entity
                        && f.range.start == place.start
                        && (f.range.end == place.end || f.range.end == trimmed)),
                    "{text:?} {found:?}"
                );
            }
        }
    }
}

#[test]
fn spelled_out() {
    for (entity, text) in [
        (Entity::EmailAddress, "ada (at) example (dot) com"),
        (Entity::EmailAddress, "ada [AT] example [DOT] com"),
        (Entity::EmailAddress, "ada{at}example{dot}com"),
        (Entity::EmailAddress, "ada at example dot com"),
        (
            Entity::EmailAddress,
            "ada dot king at mail dot example dot co dot uk",
        ),
        (Entity::EmailAddress, "ada[@]example[.]com"),
        (Entity::EmailAddress, "ada@example\u{3002}com"),
        (Entity::IpAddress, "192[.]168[.]10[.]1"),
        (Entity::CreditCard, "4111.1111.1111.1111"),
        (Entity::CreditCard, "4111_1111_1111_1111"),
        (Entity::CreditCard, "4111*1111*1111*1111"),
        (
            Entity::CreditCard,
            "4111\u{2014}1111\u{2014}1111\u{2014}1111",
        ),
        (Entity::CreditCard, "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        (Entity::UsSsn, "5 3 6 - 2 2 - 1 2 3 4"),
        (Entity::PhoneNumber, "555 dash 123 dash 4567"),
    ] {
        let found = whole(text);
        assert_eq!(found.len(), 1, "{text:?} {found:?}");
        assert_eq!(
            (found[0].entity, &found[0].range),
            (entity, &(0..text.len()))
        );
    }
}

#[test]
fn ordinary_texts_have_none() {
    for text in [
        "look at the dot in the picture, and at the dot net framework",
        "I work at example dot",
        "QWRhQGV4YW1wbGUub3JnIGlzIGhpZGRlbg==",
        "https://x.example/a%20b%20c%2Fd",
        r"^[\w.]+[@]\w+[.]\w+$ and \d{3}\-\d{4}",
        "use core::arch::x86_64::*;",
        "let n = 1_000_000 * 4;",
        "printf(\"%2d%2d %s\\n\", a, b)",
        "AT&T & 50% of R&D; fish &chips",
        "const DAY: u64 = 86_400; const MAX: u64 = 5_551_234_567;",
        "a1_2_555_123_45678 and 4111_1111_1111_1111_1",
        "<path d=\"M0 0 640 512a128 128 0 1 1 0-256 128z\"/>",
        "1 0 0 1 0 1 1 0 1 0 0 1",
        "6 7 1 5 3 5 0 9 9 1 5 2",
        "call 933 dot 6329612",
    ] {
        let kinds = |f: &Finding| VALUES.iter().any(|(entity, _)| f.entity == *entity);
        assert!(!whole(text).iter().any(kinds), "{text:?} {:?}", whole(text));
    }
}

/// In the hidden reading only some entities are looked for, and only those asked for.
#[test]
fn what_is_looked_for() {
    let text = "ada%40example.org, 555%2D123%2D4567";
    let set = |entity| EntitySet::empty().with(entity);
    let count = |set| {
        let mut count = 0;
        scan_any(set, text, 0, true, &mut |_| count += 1);
        count
    };
    assert_eq!(count(set(Entity::EmailAddress)), 1);
    assert_eq!(count(set(Entity::CreditCard)), 0);
    assert_eq!(count(set(Entity::DateOfBirth)), 0);
    const { assert!(HIDDEN_LONGEST < LONGEST) }
}

/// A plain finding that begins inside an escape gives way to the one that begins after it.
#[test]
fn escapes_are_not_cut() {
    let found = whole("?to=%20ada@example.org");
    assert_eq!(found[0].range, 7..22);
}

/// Every character that stands for another is hinted at.
#[test]
fn hints_miss_no_character() {
    for c in (0x80..=0x0010_FFFF).filter_map(char::from_u32) {
        for text in [format!("1{c}1"), format!("x{c}x")] {
            let long = format!("{text}{}", "z".repeat(80));
            if look_from(&long, 1) {
                assert!(unit::next(&long, 0, long.len(), true).is_some(), "{c:?}");
            }
        }
    }
}

fn look_from(text: &str, at: usize) -> bool {
    unit::look(text, at, true) != unit::Look::None
}

fn piece() -> impl Strategy<Value = String> {
    let glue: Vec<&str> = vec![
        "\u{200b}",
        "&",
        "&#",
        "&#6",
        "&amp",
        "&amp;",
        "%",
        "%4",
        "%25",
        "%254",
        "%EF",
        "%EF%BC",
        "%EF%B",
        "%E2%80%8B",
        "%C3%A9",
        "%EF%41",
        "\\",
        "\\u",
        "\\u00",
        "\\\\\\\\\\u0041",
        "\\n",
        "\\/",
        " (at) ",
        " at ",
        " dot ",
        " dot com",
        "[dot]",
        " [",
        " (",
        "[.]",
        " dash ",
        " - ",
        "1 2 ",
        "_",
        "*",
        ".",
        " ",
        "1111.",
        "\u{2014}",
        "\u{3000}",
        "\u{3002}",
        "&nbsp;",
        "&ZeroWidthSpace;",
        "call ",
        "ssn ",
        "12",
        "a",
        "ada",
        "example",
        "\u{e9}",
        "\u{6f22}",
        "\n",
        "x86_64",
        "look at the dot net",
        "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
    ];
    let value = (
        prop::sample::select(VALUES),
        prop::collection::vec(0..WAYS * 2, 40),
    );
    prop_oneof![
        3 => value.prop_map(|((_, value), ways)| value
            .chars()
            .zip(ways)
            .map(|(c, way)| hide(c, way))
            .collect()),
        4 => prop::sample::select(glue).prop_map(String::from),
        1 => "[a-z0-9@.&%; -]{1,12}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn chunks_do_not_matter(text in text(), cuts in prop::collection::vec(any::<usize>(), 0..6)) {
        let mut places: Vec<_> = cuts.iter().map(|c| text.floor_char_boundary(c % (text.len() + 1))).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let chunks = places.windows(2).map(|w| &text[w[0]..w[1]]);
        prop_assert_eq!(stream(chunks), whole(&text));
    }

    #[test]
    fn single_characters_do_not_matter(text in text()) {
        let chunks = text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
        prop_assert_eq!(stream(chunks), whole(&text));
    }

    /// One scanner may read two texts in turn: the same, or one that goes its own way.
    #[test]
    fn texts_do_not_mix(
        head in text(), rest in prop::collection::vec(text(), 2), same in any::<bool>(),
        size in 1usize..9,
    ) {
        let texts = [0, 1].map(|i| format!("{head}{}", rest[if same { 0 } else { i }]));
        let mut scanner = Scanner::default();
        let (mut found, mut starts) = ([Vec::new(), Vec::new()], [0; 2]);
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        for end in (0..longest + size).step_by(size) {
            for (i, text) in texts.iter().enumerate() {
                let end = text.ceil_char_boundary(end.min(text.len()));
                starts[i] = scanner.scan(EntitySet::all(), &text[..end], starts[i], false, &mut |f| {
                    found[i].push(f);
                });
            }
        }
        for (i, text) in texts.iter().enumerate() {
            scanner.scan(EntitySet::all(), text, starts[i], true, &mut |f| found[i].push(f));
            prop_assert_eq!(&found[i], &whole(text));
        }
    }

    /// What `scan` finds is found, but for bytes of an escape that it took for letters or digits.
    #[test]
    fn nothing_is_lost(text in text()) {
        let found = whole(&text);
        let (mut escapes, mut from) = (Vec::new(), 0);
        while let Some((at, look)) = unit::next(&text, from, text.len(), true) {
            from = match look {
                unit::Look::Unit { len, .. } => at + len,
                unit::Look::Group { end } => end,
                _ => at + 1,
            };
            escapes.push(at..from);
        }
        scan(EntitySet::all(), &text, 0, true, &mut |p| {
            for at in p.range.clone() {
                let covered = found.iter().any(|f| f.range.contains(&at));
                let escape = escapes.iter().any(|e| e.contains(&at) && e.contains(&p.range.start));
                assert!(covered || escape, "{text:?} {p:?} {found:?}");
            }
        });
    }

    /// Looking for hints sees what trying every place would.
    #[test]
    fn hints_miss_nothing(text in text(), from in 0usize..200, last in any::<bool>()) {
        let from = text.floor_char_boundary(from);
        let tried = (from..text.len()).find_map(|at| match unit::look(&text, at, last) {
            unit::Look::None => None,
            found => Some((at, found)),
        });
        prop_assert_eq!(unit::next(&text, from, text.len(), last), tried);
    }

    #[test]
    fn any_text_is_taken(text in any::<String>(), start in 0usize..64, last in any::<bool>()) {
        let decided = scan_any(EntitySet::all(), &text, start, last, &mut |_| {});
        prop_assert!(decided <= text.len());
    }
}

#[test]
fn long_runs_are_let_go() {
    for unit in [
        "&#64;",
        "%40",
        "\\u0040",
        "\u{200b}",
        "1\u{200b}",
        "\u{ff11}",
        "a\u{ff20}",
        "1 ",
        " at ",
        "a at b dot ",
        "a dot ",
        "11_",
        "1111.",
        "%",
        "&",
        "\\",
        "&ZeroWidthSpace;",
    ] {
        let text = unit.repeat(3000 / unit.len());
        let text = format!("{text}ada%40example.org {text}");
        let whole = whole(&text);
        let chars: Vec<_> = text.char_indices().step_by(13).map(|(at, _)| at).collect();
        let cuts = chars.windows(2).map(|w| &text[w[0]..w[1]]);
        let rest = chars.last().map_or("", |&at| &text[at..]);
        assert_eq!(stream(cuts.chain([rest])), whole, "{unit:?}");
    }
}
