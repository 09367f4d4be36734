use proptest::prelude::*;

use super::super::{Config, ConfigError};
use super::SAMPLE;

fn check(text: &str) {
    let Err(error) = Config::parse("f", text) else {
        return;
    };
    assert_pointed(text, &error);
}

/// Every problem stands in the file, and takes one line.
fn assert_pointed(text: &str, error: &ConfigError) {
    assert!(!error.problems().is_empty());
    // A parser may count a line of its own at the end, and breaks lines at more characters.
    let lines = text
        .split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        .count()
        + 1;
    for problem in error.problems() {
        assert!(problem.line >= 1 && problem.line <= lines, "{problem:?}");
        assert!(problem.column >= 1, "{problem:?}");
        assert!(!problem.message.contains(char::is_control), "{problem:?}");
        assert!(problem.message.len() < 1000, "{problem:?}");
    }
    let shown = error.to_string();
    assert_eq!(shown.lines().count(), error.problems().len());
    assert!(error.problems().len() <= 51);
}

/// A piece of text likely to upset a parser of YAML.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            ":",
            ": ",
            "-",
            "- ",
            "? ",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\n",
            "\n  ",
            "\t",
            "#",
            " #",
            "&a ",
            "*a",
            "!t ",
            "!!str ",
            "|\n",
            ">-\n",
            "'",
            "\"",
            "\\",
            "%",
            "---\n",
            "...\n",
            "<<: ",
            "~",
            "null",
            "0",
            "-1",
            "1e999",
            ".nan",
            ".inf",
            "0x",
            "\u{0}",
            "\u{feff}",
            "é",
            "\u{2028}",
            "\r",
            "\u{1b}[0m",
            "together:chat:",
            "audit",
            "targets",
            "env",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-z_]{1,12}",
    ]
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_pieces_are_answered(pieces in prop::collection::vec(piece(), 0..40)) {
        check(&pieces.concat());
    }

    #[test]
    fn a_changed_sample_is_answered(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..30_usize, piece()), 1..5),
    ) {
        let mut text: Vec<char> = SAMPLE.chars().collect();
        for (at, removed, put) in edits {
            let from = at.index(text.len() + 1);
            let to = (from + removed).min(text.len());
            text.splice(from..to, put.chars());
        }
        check(&text.into_iter().collect::<String>());
    }

    /// Whatever is accepted is also right for code that builds it, and can be written and read.
    #[test]
    fn what_is_accepted_is_valid(
        line in any::<prop::sample::Index>(),
        value in prop_oneof![
            "[0-9]{1,5}",
            "[a-z]{1,6}",
            "\\[[a-z]{1,6}\\]",
            Just("true".to_owned()),
            Just("0.5".to_owned()),
        ],
    ) {
        let mut lines: Vec<String> = SAMPLE.lines().map(str::to_owned).collect();
        let line = line.index(lines.len());
        if let Some((key, _)) = lines[line].split_once(": ") {
            lines[line] = format!("{key}: {value}");
        }
        let text = lines.join("\n");
        match Config::parse("f", &text) {
            Ok(config) => {
                prop_assert!(config.validate().is_ok());
                let json = serde_json::to_string(&config).unwrap();
                prop_assert_eq!(Config::parse("f", &json).unwrap(), config);
            }
            Err(error) => {
                assert_pointed(&text, &error);
                prop_assert!(!error.to_string().contains("does not fit"));
            }
        }
    }
}

/// Inputs of the greatest length whose cost grows fastest in a careless reader.
#[test]
fn hostile_text_is_answered_soon() {
    const LENGTH: usize = 1024 * 1024;
    let repeated = [
        "[", "{", "{a: ", "- ", "? ", "[? ", "[,", "&a ", "*a ", "! ", "a:\n", ": ", ":", "#\n",
        "\n", " ", "\t", "%", "---\n", "\"", "'", "- - a\n",
    ]
    .map(|part| part.repeat(LENGTH / part.len()));
    let keys = |count: usize, form: fn(usize) -> String| (0..count).map(form).collect::<String>();
    let built = [
        keys(100_000, |i| format!("k{i}:\n")),
        format!("pack:\n{}", keys(9_000, |i| format!("  namx{i}: 1\n"))),
        format!(
            "x: &b [1]\n{}",
            keys(20_000, |i| format!("x{i}: &b [*b, *b]\n"))
        ),
        format!("{}: 1", "k".repeat(LENGTH - 3)),
        format!("a: {}", "x\n ".repeat(LENGTH / 3 - 2)),
        format!("pack: {{version: {}}}", "9".repeat(LENGTH - 30)),
        format!("providers: {{targets: [{}]}}", "{},".repeat(9_000)),
        format!("policies: {{chain: [{}]}}", "audit,".repeat(15_000)),
        format!("policies: {{chain: [\"{}\"]}}", "audit ".repeat(150_000)),
    ];
    let start = std::time::Instant::now();
    for text in repeated.iter().chain(&built) {
        check(text);
    }
    // Seconds even without optimization; the bound only tells them from a quadratic cost.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
