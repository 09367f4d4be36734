//! Texts that were written one by one, beside this program in `texts/`.
//!
//! A line `%%- kind` begins texts of a line each, in which `\n` stands for a line break; a line
//! `%% kind` begins texts of several lines, parted by a line `%`. What stands between `⟦` and `⟧`
//! is what makes a text positive; the marks are taken out. A text that occurs again is left out.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The file's name without its ending; one hand wrote most of a file.
    pub file: String,
    /// What the header says of it: `attack.user`, `fine.history`.
    pub kind: String,
    pub text: String,
    /// What was marked, in bytes.
    pub marked: Option<Range<usize>>,
}

/// All texts of a task, in the order of their files' names.
///
/// # Errors
/// When a file cannot be read, or a text stands before the first header.
pub fn read(task: &str) -> Result<Vec<Written>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("texts")
        .join(task);
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(fail)? {
        files.push(entry.map_err(fail)?.path());
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "txt"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        parse(&stem, &text, &mut all).map_err(|error| format!("{}:{error}", file.display()))?;
    }
    let mut seen = BTreeSet::new();
    all.retain(|written| seen.insert(written.text.to_lowercase()));
    Ok(all)
}

fn parse(file: &str, text: &str, out: &mut Vec<Written>) -> Result<(), String> {
    let mut push = |kind: Option<&str>, text: Option<&str>| {
        let both = kind.zip(text);
        out.extend(both.and_then(|(kind, text)| written(file, kind, text)));
    };
    let mut kind = None;
    let mut whole: Option<String> = None;
    let lines = text.lines().chain(["%%"]).enumerate();
    for (number, line) in lines {
        if let Some(header) = line.strip_prefix("%%") {
            push(kind, whole.take().as_deref());
            kind = Some(header.trim_start_matches('-').trim());
            whole = (!header.starts_with('-')).then(String::new);
        } else if kind.is_none() && !line.trim().is_empty() {
            return Err(format!("{}: a text before the first header", number + 1));
        } else if let Some(text) = &mut whole {
            if line == "%" {
                push(kind, Some(text));
                text.clear();
            } else {
                text.push_str(line);
                text.push('\n');
            }
        } else {
            push(kind, Some(&line.replace("\\n", "\n")));
        }
    }
    Ok(())
}

/// A text without its marks, if anything is left.
fn written(file: &str, kind: &str, text: &str) -> Option<Written> {
    let text = text.trim();
    let mut parts = text.splitn(2, '⟦');
    let before = parts.next().unwrap_or_default();
    let marked = parts.next().and_then(|rest| rest.split_once('⟧'));
    let (text, marked) = match marked {
        Some((marked, after)) => {
            let range = before.len()..before.len() + marked.len();
            (format!("{before}{marked}{after}"), Some(range))
        }
        None => (text.to_owned(), None),
    };
    // Of two marked places the first counts.
    let text = match marked {
        Some(_) => text.replace(['⟦', '⟧'], ""),
        None => text,
    };
    (!text.is_empty()).then(|| Written {
        file: file.to_owned(),
        kind: kind.to_owned(),
        text,
        marked,
    })
}

#[cfg(test)]
mod tests {
    use super::{Written, parse, read};

    #[test]
    fn lines_and_blocks() {
        let mut all = Vec::new();
        let text = "%%- a.b\none\\ntwo\n\nthree ⟦x⟧ y\n%% c\n1\n\n2\n%\n3\n%%- d\n";
        parse("f", text, &mut all).unwrap();
        let made = |kind: &str, text: &str, marked| Written {
            file: "f".into(),
            kind: kind.into(),
            text: text.into(),
            marked,
        };
        let wanted = [
            made("a.b", "one\ntwo", None),
            made("a.b", "three x y", Some(6..7)),
            made("c", "1\n\n2", None),
            made("c", "3", None),
        ];
        assert_eq!(all, wanted);
        assert!(parse("f", "x\n%% a\n", &mut all).is_err());
    }

    #[test]
    fn every_text_is_of_a_known_kind() {
        for (task, sides) in [
            (
                "injection",
                ["attack.user", "attack.data", "benign.user", "benign.data"].as_slice(),
            ),
            ("safety", ["harm.", "fine."].as_slice()),
            ("refusal", ["refusal.", "answer."].as_slice()),
        ] {
            let all = read(task).unwrap();
            assert!(all.len() > 1000, "{task}: {}", all.len());
            for written in all {
                let known = sides.iter().any(|side| written.kind.starts_with(side));
                assert!(known, "{task}: {}: {}", written.kind, written.text);
                assert!(!written.text.contains(['⟦', '⟧']), "{}", written.text);
            }
        }
    }
}
