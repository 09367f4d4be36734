//! What is held back at the end of a text, and no more.

use super::*;

/// The text that is undecided at the end.
fn held(text: &str) -> &str {
    &text[scan(core(), text, 0, false, &mut |_| {})..]
}

/// The same without e-mail addresses, for which any word is held.
fn held_number(text: &str) -> &str {
    let set = core().without(Entity::EmailAddress);
    &text[scan(set, text, 0, false, &mut |_| {})..]
}

#[test]
fn prose_is_held_for_its_last_word_only() {
    for (text, expected) in [
        ("Hello", "Hello"),
        ("Hello ", ""),
        ("Hello, wor", "wor"),
        ("Hello.", "Hello."),
        ("Hello. ", ""),
        ("Hello, ", ""),
        ("Grüße an jürgen", "jürgen"),
        ("well-kno", "well-kno"),
        ("it's", "s"),
        ("It costs $5", "5"),
        ("你好世界", ""),
        ("in 2024 ", ""),
        ("in 2024 w", "w"),
        ("in 202", "202"),
        ("at 12:34", "12:34"),
        ("at 12:34 ", ""),
        ("at 12:34:56,", ""),
        ("3.14 ", ""),
        ("$3.14", "3.14"),
        ("version 1.2.3", "1.2.3"),
        ("chapter 7 ", ""),
        ("1, 2, 3, ", ""),
        ("we (", "("),
        ("we (a", "a"),
        ("we (and ", ""),
        ("std::", ":"),
        ("std::vec", "vec"),
        ("https://example.org/path", "path"),
    ] {
        assert_eq!(held(text), expected, "{text:?}");
    }
}

#[test]
fn numbers_are_held_while_they_can_grow() {
    for (text, expected) in [
        ("4111 ", "4111 "),
        ("4111 1111 1111 11", "4111 1111 1111 11"),
        // Luhn is right, but three more digits or a row of groups may come.
        ("4111 1111 1111 1111 ", "4111 1111 1111 1111 "),
        ("4111 1111 1111 1111 a", "a"),
        ("4111111111111111", "4111111111111111"),
        ("4111111111111111 ", ""),
        ("41111111111111111111", ""),
        // What it is called may stand behind it; any other word settles that.
        ("9999 9999 ", "9999 9999 "),
        ("9999 9999 is my", "9999 9999 is my"),
        ("9999 9999 is my ca", "9999 9999 is my ca"),
        ("9999 9999 is my cat ", ""),
        ("9999 9999, ", ""),
        ("536-22-", "536-22-"),
        ("000-2", "000-2"),
        ("DE89 3704 ", "DE89 3704 "),
        ("XX89 3704 ", "3704 "),
        ("XX89 3704 w", ""),
        ("DE89 w", ""),
        ("+49 30 9018", "+49 30 9018"),
        ("+49 w", ""),
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4.", "1.2.3.4."),
        ("1.2.3.4 ", ""),
        ("10.0.0.1, ", ""),
        ("300.1 ", ""),
        ("fe80::1", "fe80::1"),
        ("fe80::1 ", ""),
        ("call 5550", "5550"),
        ("call 5550 ", "5550 "),
        ("order 9950123", "9950123"),
        ("order 9950123 ", "9950123 "),
        ("order 9950123 a", "9950123 a"),
        ("order 9950123 arrived ", ""),
        ("212-555-0123", "212-555-0123"),
        ("212-555-0123 ", "212-555-0123 "),
        ("212-555-0123 a", "a"),
        ("212-555-0123 ext", "212-555-0123 ext"),
    ] {
        assert_eq!(held_number(text), expected, "{text:?}");
    }
}

#[test]
fn addresses_are_held_while_they_can_grow() {
    for (text, expected) in [
        ("ada@example.org", "ada@example.org"),
        ("ada@example.org.", "ada@example.org."),
        ("ada@example.org-", "ada@example.org-"),
        ("ada@example.org. ", ""),
        ("ada@example.org,", ""),
        ("ada@ ", ""),
        ("ada@x_", ""),
        ("a..w", ""),
    ] {
        assert_eq!(held(text), expected, "{text:?}");
    }
}

#[test]
fn a_long_run_is_let_go() {
    assert_eq!(held(&"x".repeat(64)).len(), 64);
    assert_eq!(held(&"x".repeat(65)), "");
    assert_eq!(held(&"é".repeat(40)), "");
    assert_eq!(held(&"1".repeat(65)), "");
    assert_eq!(held(&format!("a@{}", "b".repeat(64))), "");
    assert!(held(&format!("{}@{}", "a".repeat(64), "b.".repeat(120))).len() == 64 + 1 + 240);
}
