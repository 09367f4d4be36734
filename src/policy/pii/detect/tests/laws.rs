//! The laws of streaming, on texts that mix values, near misses and what surrounds them.

use proptest::prelude::*;

use super::*;
use crate::policy::pii::detect::input::{Input, Step};

/// Feeds chunks to the scanner the way a driver does: decided text is dropped, except for what the
/// detectors may look back at.
fn stream<'t>(set: EntitySet, chunks: impl IntoIterator<Item = &'t str>) -> Vec<Finding> {
    let (mut buffer, mut dropped, mut decided) = (String::new(), 0, 0);
    let mut found = Vec::new();
    let mut pass = |buffer: &mut String, decided: &mut usize, dropped: &mut usize, last| {
        let from = *decided;
        *decided = scan(set, buffer, from, last, &mut |f| {
            assert!(f.range.start >= from);
            found.push(Finding {
                range: f.range.start + *dropped..f.range.end + *dropped,
                ..f
            });
        });
        assert!(*decided >= from && buffer.is_char_boundary(*decided));
        assert!(
            buffer.len() - *decided <= LONGEST,
            "held {:?}",
            &buffer[*decided..]
        );
        let mut keep = decided.saturating_sub(LOOKBEHIND);
        while !buffer.is_char_boundary(keep) {
            keep -= 1;
        }
        buffer.drain(..keep);
        *dropped += keep;
        *decided -= keep;
    };
    for chunk in chunks {
        buffer.push_str(chunk);
        pass(&mut buffer, &mut decided, &mut dropped, false);
    }
    pass(&mut buffer, &mut decided, &mut dropped, true);
    assert_eq!(decided, buffer.len());
    found
}

fn cut<'t>(text: &'t str, cuts: &[usize]) -> Vec<&'t str> {
    let mut places: Vec<_> = cuts.iter().map(|c| c % (text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.retain(|&p| text.is_char_boundary(p));
    places.sort_unstable();
    places.windows(2).map(|w| &text[w[0]..w[1]]).collect()
}

const VALUES: &[&str] = &[
    "DOB: 07-30-1998",
    "born March 31st, 1952",
    "née le 1er janvier 1980",
    "221B Baker Street, London NW1 6XE",
    "123 Main St, Apt 4B, Springfield, IL 62704-1234",
    "12 rue de la Paix, 75002 Paris",
    "Calle Mayor 12, 28013 Madrid",
    "Hauptstraße 12, 10115 Berlin",
    "PSC 3117, Box 0609\nAPO AA 44332",
    "zip code 94107-1234",
    "my name is Johannes van der Berg",
    "Dr. Anna D. Müller's",
    "Acme & Söhne GmbH & Co. KG",
    "New York City",
    "ada.lovelace+news@mail.example.co.uk",
    "o'neil@example.org",
    "j\u{fc}rgen@b\u{fc}cher.example",
    "\u{7528}\u{6237}\u{90ae}\u{7bb1}test@\u{4f8b}\u{3048}.\u{4e2d}\u{56fd}",
    "a@b.co.",
    "user@xn--bcher-kva.example",
    "+44 (0)20 7946 0018",
    "+49 176- 12345678",
    "(212) 555-0123 ext. 45",
    "212-555-0123x9",
    "1-800-555-0199",
    "01 23 45 67 89",
    "0161/496 0000",
    "(0045) 12-34-56-78",
    "00 49 30 901820",
    "tel 5550123",
    "555 0123 is my phone number",
    "5550123 office",
    "(555-0123-Fax",
    "my number is 8 564 054 4055",
    "8 (495) 123-45-67",
    "+(370) 30154048",
    "02601815908 zu erreichen",
    "(2) 917 9995",
    "08-80 62 91",
    "06-1/700 7061",
    "83 45 36",
    "GI77 QBZG 0467 3675 9722 940",
    "536221234 is my SSN",
    "D1234567 is my driver's license",
    "123456789 is our bank account",
    "K9UYsKcMFtDkDD.atlasv1.GmaALHZ3leNaCm1bC4SYq8PBX1FsyNjIaGdWWX8w-DFcailOPk7zwq0aO13YcRbOp",
    "abc8Q~dUPnDm3yG1ZrPf0kTqW5sXhJ7vLbA2c",
    "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",
    "123456789012345|aB3dE5fG7hI9jK1lM3nO5pQ7rS9",
    "Phone: 555-0123",
    "+1\u{a0}212\u{2011}555\u{2011}0123",
    "call 12345678",
    "138-1234-5678",
    "(11) 91234-5678",
    "message to 699 956 915",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "378282246310005",
    "3782 822463 10005",
    "3056 930902 5904",
    "5018466612345",
    "6011000990139424",
    "4111\u{202f}1111\u{202f}1111\u{202f}1111",
    "4000 0000 0000 0002 123",
    "536-22-1234",
    "536 22 1234",
    "SSN 536221234",
    "social security number: 536221234",
    "DE89 3704 0044 0532 0130 00",
    "de89370400440532013000",
    "GB29NWBK60161331926819",
    "NO93 8601 1117 947",
    "192.168.0.1",
    "10.0.0.1:8080",
    "2001:db8::8a2e:370:7334",
    "::1",
    "::ffff:10.0.0.1",
    "fe80::1%eth0",
    "[::1]",
    "1:2:3:4:5:6:7:8",
    "ip ::",
    "00:1A:2B:3C:4D:5E",
    "aa-bb-cc-dd-ee-ff",
    "001a.2b3c.4d5e",
    "https://example.org/a_(b)?x=1&y=[2]#z",
    "http://localhost:8080/x.",
    "www.example.co.uk",
    "example.org/path/to.html",
    "ftp://me:s3cr3t!@files.example.org/x",
    "postgres://app:hunter2@db.example.org:5432/prod",
    "https://hooks.slack.com/services/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",
    "shop.example.com",
    "my website is node.pizza",
    "bücher.de",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "gps 48.8584, 2.2945",
    "48.8584\u{b0} N, 2.2945\u{b0} E",
    "40\u{b0}26\u{2032}46\u{2033}N 79\u{b0}58\u{2032}56\u{2033}W",
    "\"lat\": 48.8584, ",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "xoxb-1234567890-abcdefGHIJ1234567890",
    "token = tgp_v1_gnwamSi_Z0OAwDFzPLVI60zif8_Qr38oNY1DhQCEYT",
    "password = \"correct9horse\"",
    "{\"client_secret\":\"a9F3kd0LmQ7z2XvB8nRt\"}",
    "Authorization: Bearer q8Zr5Tn2Vw9Xy4Bc7Df1Gh",
    "\\nghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "\\u0022ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
    "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEA\n-----END PRIVATE KEY-----",
    "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
];

const NEAR: &[&str] = &[
    "a..b@example.org",
    "@app.route",
    "ada@",
    "ada@host",
    "logo@2x.png",
    "lodash@4.17.21",
    "ftp://u:p@h.example",
    "2024-05-12",
    "12:34:56",
    "aa:bb:cc:dd:ee:ff",
    "1.2.3.4.5",
    "version 1.2.3.4",
    "v1.2.3.4",
    "256.1.1.1",
    "550e8400-e29b-41d4-a716-446655440000",
    "4111 1111 1111 1112",
    "000-12-3456",
    "DE89 3704 0044 0532 0130 01",
    "3.141592653589793",
    "std::vec",
    "list[1::2]",
    "2001::db8::1",
    "1 1 1 1 1 1 1 1",
    "0 0 0",
    "....",
    "::::",
    "in 2024 we",
    "order 12345678",
    "0x1f",
    "1234 5678 9012 3456 7890 1234",
    "DE",
    "AB12",
    "+12",
    "(+",
    "((",
    "x",
    "ext",
    "12 ext. 3",
    "\u{2011}",
    "\u{a0}",
    "''",
    "--",
    "++",
    "a.b.c.d",
    "\u{ff11}\u{ff12}",
    "0123",
    "00",
    "http://",
    "https://x",
    "www.",
    "main.rs",
    "os.path",
    "self.name",
    "e.g.",
    "a.de-",
    "org.apache.commons.io",
    "-----",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----",
    "eyJ.a.b",
    "sk-",
    "ghp_",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "password: ",
    "api_key=",
    "token: str = ",
    "\\n",
    "\\u00",
    "00:1A:2B:3C:4D:5E:6F",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
    "48.8584, 2.2945",
    "://",
];

/// Identifiers, and words that name them.
#[rustfmt::skip]
const IDS: &[&str] = &[
    "911-70-1234", "D1234562", "F421-743-00-857-9", "A12803456", "943 476 5919", "AB 12 34 56 C",
    "DE136695976", "CHE-107.787.577", "36 574 261 809", "2 55 08 14 168 025 38", "54362315K",
    "X2482300W", "RCCMNL83S18D969H", "44051401458", "111222333", "2341 2341 2346", "AAAPZ1234C",
    "390.533.447-05", "16.727.230/0001-97", "83 914 571 673", "2123 45670 1", "130-692-544",
    "DEUTDEFF500", "1M8GDM9AXKP042788", "1234567893", "AB1234563", "1EG4-TE5-MK73", "12/27", "123",
    "S1234567D", "T16RF0037C", "960121-1021413", "911124-5678901", "1-2345-67890-12-1", "10000000146",
    "34 ABC 1234", "010594Y9032", "20110925-2385", "556703-7485", "MORGA607054SM9IJ", "C01X00T41",
    "15070649C103", "27AAPFU0939F1ZV", "XYZ987654", "0001015002288", "006249976", "0711-0130-7",
    "is my ", "still ", "passport", "reisepass ", "kimlik ", "routing no. ", "vehicle ", "nin: ",
    "Ada M. Lovelace", "driver's license ", "passport no. ", "NHS number: ", "NI ", "BIC: ",
    "cvv is ", "MRN-", "memberId: ", "cardholder: ", "SIN ", "exp ",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(VALUES).prop_map(String::from),
        4 => prop::sample::select(IDS).prop_map(String::from),
        3 => prop::sample::select(NEAR).prop_map(String::from),
        4 => "[ .,;:'\"()/+_-]{1,2}",
        2 => prop::sample::select(vec!["the ", "Zahl ", " \u{7535}\u{8bdd}", "\u{e9}t\u{e9} ", "\n", " \u{1f600} ", "tel. ", "call me at ", "my number is ", "reach him on ", "office\n", " office\n", " fax", " is my ", " zu erreichen", "Desk: ", "a@b.org / ", "messages to "]).prop_map(String::from),
        1 => "[0-9]{1,16}",
        1 => "[0-9 -]{1,24}",
        1 => "[a-f0-9:.]{1,20}",
        1 => "[a-z@.0-9]{1,90}",
        // A value with one place changed.
        3 => (prop::sample::select(VALUES), any::<prop::sample::Index>(), "[0-9a-z .:@-]?").prop_map(|(v, at, with)| {
            let mut chars: Vec<String> = v.chars().map(String::from).collect();
            let at = at.index(chars.len());
            chars[at] = with;
            chars.concat()
        }),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat())
}

fn same(text: &str, chunks: &[&str]) {
    assert_eq!(
        stream(EntitySet::all(), chunks.iter().copied()),
        whole(text),
        "{chunks:?}"
    );
}

/// For every prefix, what is decided stays as it is, and is all that is so far to be said.
fn prefixes_agree(text: &str) {
    let findings = whole(text);
    for (at, _) in text.char_indices() {
        let mut found = Vec::new();
        let decided = scan(EntitySet::all(), &text[..at], 0, false, &mut |f| {
            found.push(f)
        });
        let settled: Vec<_> = findings
            .iter()
            .filter(|f| f.range.start < decided)
            .cloned()
            .collect();
        assert_eq!(found, settled, "after {:?}", &text[..at]);
        assert!(settled.iter().all(|f| f.range.end <= decided));
        assert!(at - decided <= LONGEST);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn chunks_do_not_matter(text in text(), cuts in prop::collection::vec(any::<usize>(), 0..6)) {
        same(&text, &cut(&text, &cuts));
    }

    #[test]
    fn single_characters_do_not_matter(text in text()) {
        let cuts: Vec<_> = (0..text.len()).collect();
        same(&text, &cut(&text, &cuts));
    }

    #[test]
    fn what_is_decided_stays(text in text()) {
        prefixes_agree(&text);
    }

    #[test]
    fn any_text_is_taken(text in any::<String>(), start in 0usize..64, last in any::<bool>()) {
        let decided = scan(EntitySet::all(), &text, start, last, &mut |_| {});
        prop_assert!(decided <= text.len());
        let _ = match_at(EntitySet::all(), &text, start, last);
        prop_assert!(next_start(EntitySet::all(), &text, start) <= text.len());
        prefixes_agree(&text);
    }

    /// Skipping from start to start sees what trying every place would.
    #[test]
    fn skipping_misses_nothing(text in text()) {
        let set = EntitySet::all();
        let mut from = 0;
        loop {
            let next = next_start(set, &text, from);
            for at in from..next {
                prop_assert_eq!(match_at(set, &text, at, false), Outcome::No);
            }
            if next >= text.len() {
                break;
            }
            from = next + 1;
        }
    }

    /// What the opening of a start turns away would find nothing there.
    #[test]
    fn openings_turn_nothing_away(text in text()) {
        let bytes = text.as_bytes();
        for (at, _) in text.char_indices() {
            let input = Input::new(&text, at, true);
            let Some(opening) = opening::read(bytes, at, true) else { continue };
            if input.inside_word() {
                continue;
            }
            let places = table::DISPATCH[usize::from(bytes[at])] & !table::opened(&opening);
            for (place, detector) in table::DETECTORS.iter().enumerate() {
                if places >> place & 1 == 1 {
                    let step = (detector.run)(&input);
                    let found = matches!(step, Step::Match { .. });
                    prop_assert!(!found, "{:?} at {at}: {step:?}", detector.entity);
                }
            }
        }
    }

    /// A detector sees no further back than it says.
    #[test]
    fn looking_back_is_bounded(text in text(), more in text()) {
        let set = EntitySet::all();
        for (at, _) in text.char_indices().filter(|(at, _)| *at >= LOOKBEHIND + 3) {
            let mut keep = at - LOOKBEHIND;
            while !text.is_char_boundary(keep) {
                keep -= 1;
            }
            // Something else before the part that it may see, at least one byte of it.
            let other = format!("{more} {}", &text[keep..]);
            let moved = more.len() + 1;
            let shift = |outcome| match outcome {
                Outcome::Match { end, entity, score } => {
                    Outcome::Match { end: end - keep + moved, entity, score }
                }
                other => other,
            };
            prop_assert_eq!(
                shift(match_at(set, &text, at, true)),
                match_at(set, &other, at - keep + moved, true)
            );
        }
    }

    /// A detector reads no further ahead than it says.
    #[test]
    fn looking_ahead_is_bounded(pieces in prop::collection::vec("[a-z0-9.@:+( -]{1,70}", 3..9)) {
        let text = pieces.concat();
        for (at, _) in text.char_indices().filter(|(at, _)| text.len() - at > LONGEST) {
            prop_assert_ne!(match_at(EntitySet::all(), &text, at, false), Outcome::Unfinished);
        }
    }
}

#[test]
fn long_runs_are_let_go() {
    for unit in [
        "a", "a.", "1 ", "1", "::", ":", "a@", "a@b.", "-", "+", "(", "12 ", "1.", "DE89 ", "é",
        "漢", "0 1", "1-", "'", "a'",
    ] {
        let text = unit.repeat(1500 / unit.len());
        let cuts: Vec<_> = (0..text.len()).step_by(7).collect();
        same(&text, &cut(&text, &cuts));
        let text = format!("{text}@example.org {text}");
        same(&text, &cut(&text, &cuts));
    }
}

/// Texts whose answer once depended on how they were cut.
#[test]
fn cuts_that_once_mattered() {
    for text in [
        "phone 06 44 44 44 4.121 78 121",
        "tel (+31) 12 3456789.0 035998111222333",
        "tel 971 (56) 12345- 9 1741234567890 1",
        "tel 15.3.14266.2466 2123456701 x",
        "on 01.84.17.61(18 x",
        "on 01.01/13 45 67 x",
        "call on 01.84.17.61.18 8123456789)",
        "call on 01.84.17.61.00 41310034282458809939 x",
        "0 0 01-800-555-0199",
        "+11234567890 x",
        "gps 48.8584, 2.2945004281128643 x",
        "office\n(2) 917 9995 fax",
    ] {
        same(text, &cut(text, &(0..text.len()).collect::<Vec<_>>()));
        prefixes_agree(text);
    }
    // A word that is cut by the end of the look-behind, byte by byte.
    for len in 40..80 {
        let text = format!(
            "call {}: 5550123456 {}",
            "ä".repeat(len / 2),
            "x".repeat(len % 2)
        );
        same(&text, &cut(&text, &(0..text.len()).collect::<Vec<_>>()));
        let text = format!("call{} 5550123456 x", " ".repeat(len));
        same(&text, &cut(&text, &(0..text.len()).collect::<Vec<_>>()));
    }
}
