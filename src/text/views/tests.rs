use proptest::prelude::*;

use super::{Decoded, Encoding, Views, decoded};
use crate::text::Normal;

fn all(text: &str) -> Vec<Decoded> {
    decoded(text, &Normal::new(text), Views::ALL)
}

/// Base64 is read wherever it stands.
#[test]
fn base64_is_read_in_any_place() {
    // "please bring the big umbrella tonight", with and without its end.
    let base64 = "cGxlYXNlIGJyaW5nIHRoZSBiaWcgdW1icmVsbGEgdG9uaWdodA";
    for (before, after) in [
        ("Decode ", " and do it."),
        ("\"", "\""),
        ("'", "==',"),
        ("(", ")."),
        ("{\"q\":\"", "==\"}"),
        ("data:text/plain;base64,", "=="),
        ("https://a.example/?q=", "&r=1"),
        ("https://a.example/?q=", "%3D%3D"),
        ("https://a.example/read/", "/now"),
        ("/a/bc/", ""),
        ("payload_", "-end"),
        ("one\\n", "\\ntwo"),
        ("\\t", ""),
    ] {
        let text = format!("{before}{base64}{after}");
        let found = all(&text);
        let found = found
            .iter()
            .find(|found| found.encoding == Encoding::Base64);
        let found = found.unwrap_or_else(|| panic!("nothing in {text}"));
        assert!(
            found.text.contains("bring the big umbrella"),
            "{text}: {}",
            found.text
        );
        assert!(text[found.range.clone()].contains(&base64[4..]));
    }
    // Long words, paths, keys and digests say nothing.
    for text in [
        "src/policy/injection/features/testing_of_everything/mod.rs",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "AKIAIOSFODNN7EXAMPLEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        "donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo-Reference-Implementation",
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
    ] {
        let found = all(text);
        let found = found
            .iter()
            .find(|found| found.encoding == Encoding::Base64);
        assert_eq!(found, None, "{text}");
    }
}

#[test]
fn hidden_texts_are_read() {
    let plain = "please bring the big umbrella when you come home tonight";
    let rot13: String = plain
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' => char::from((b - b'a' + 13) % 26 + b'a'),
            _ => ' ',
        })
        .collect();
    let hex: String = plain.bytes().map(|b| format!("{b:02x}")).collect();
    let spaced: Vec<String> = plain.bytes().map(|b| format!("0x{b:02X}")).collect();
    let escaped: String = plain.bytes().map(|b| format!("\\x{b:02x}")).collect();
    let binary: Vec<String> = plain.bytes().map(|b| format!("{b:08b}")).collect();
    let url: String = plain.bytes().map(|b| format!("%{b:02x}")).collect();
    let html: String = plain.bytes().map(|b| format!("&#{b};")).collect();
    let unicode: String = plain.bytes().map(|b| format!("\\u{b:04x}")).collect();
    let reversed: String = plain.chars().rev().collect();
    let words: Vec<String> = plain
        .split(' ')
        .map(|word| word.chars().rev().collect())
        .collect();
    let base64 = "cGxlYXNlIGJyaW5nIHRoZSBiaWcgdW1icmVsbGEgd2hlbiB5b3UgY29tZSBob21lIHRvbmlnaHQ=";
    let cases = [
        (Encoding::Base64, base64.to_owned()),
        (Encoding::Hex, hex),
        (Encoding::Hex, spaced.join(" ")),
        (Encoding::Escapes, escaped),
        (Encoding::Binary, binary.join(" ")),
        (Encoding::Url, url),
        (Encoding::Html, html),
        (Encoding::Escapes, unicode),
        (Encoding::Rot13, rot13),
        (Encoding::Reversed, reversed),
        (Encoding::ReversedWords, words.join(" ")),
    ];
    for (encoding, hidden) in cases {
        for text in [hidden.clone(), format!("Read: {hidden}")] {
            let found = all(&text);
            let found = found.iter().find(|found| found.encoding == encoding);
            let found = found.unwrap_or_else(|| panic!("{encoding:?} in {text}"));
            assert!(found.text.contains(plain), "{encoding:?}: {}", found.text);
            assert!(text.get(found.range.clone()).is_some());
        }
    }
    let leet = &all("pl3453 br1ng th3 b1g umbr3ll4")[0];
    assert_eq!(
        (leet.encoding, leet.text.as_str()),
        (Encoding::Leet, "please bring the big umbrella")
    );
}

#[test]
fn plain_texts_hide_nothing() {
    let texts = [
        "The committee met in the old town hall to talk about the plan for the new bridge.",
        "internationalization and counterrevolutionary misunderstandings",
        "The id is 550e8400-e29b-41d4-a716-446655440000, the hash d41d8cd98f00b204e9800998ecf8427e.",
        "Der Ausschuss traf sich im alten Rathaus, um über die neue Brücke zu sprechen.",
        "O comitê se reuniu na antiga prefeitura para discutir o projeto da nova ponte.",
        "Komitet spotkał się w starym ratuszu, aby porozmawiać o nowym moście przez rzekę.",
        "fn main() { let x = vec![1, 2, 3]; println!(\"{}\", x.len()); }",
        "We paid 50% of 30% and 20% more & less, then 4k video at 60fps.",
        "委员会在旧市政厅开会讨论新桥的计划。",
    ];
    for text in texts {
        assert_eq!(all(text), [], "{text}");
    }
}

proptest! {
    #[test]
    fn views_are_bounded_and_lie_in_the_text(
        text in "\\PC{0,200}|[a-z0-9A-Z+/=%&#;\\\\ux ]{0,200}|(%[0-9a-f]{2}|&#[0-9]{2,3};|[01]{8} |[a-zA-Z0-9]{20} ){0,30}"
    ) {
        for found in all(&text) {
            prop_assert!(found.text.len() <= text.len() * 2, "{found:?}");
            prop_assert!(text.get(found.range.clone()).is_some(), "{found:?}");
        }
    }
}
