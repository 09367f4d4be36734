//! Quoting what the file says in a message, and guessing what was meant.

/// Longer words are neither guessed at nor shown whole: the cost of a guess grows with the length.
const LONGEST_WORD: usize = 64;

/// The candidate nearest to `word`, if one is near enough to be worth proposing.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let word = plain(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `text` in quotes, safe to print: control characters escaped, long text cut, and anything that
/// may be a key put in the wrong place withheld.
pub(super) fn quoted(text: &str) -> String {
    if may_be_secret(text) {
        return "(not shown: it looks like a secret)".to_owned();
    }
    let mut shown: String = text
        .chars()
        .take(LONGEST_WORD)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST_WORD).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

/// `text` with escapes in place of what a terminal would obey or not show.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// `text` as a step of a key path, when nothing is known of it yet.
pub(super) fn step(text: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let shown = text.len() <= LONGEST_WORD && text.chars().all(plain) && !may_be_secret(text);
    if shown { text } else { "…" }
}

/// Errs on the side of silence: a hidden name costs a look at the line, a shown key costs the key.
fn may_be_secret(text: &str) -> bool {
    const PREFIXES: [&str; 8] = [
        "tgp_", "sk-", "sk_", "pk_", "key_", "ghp_", "xox", "bearer ",
    ];
    let lower = text.to_ascii_lowercase();
    if PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return true;
    }
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-+".contains(c)))
        .any(|run| run.len() >= 20 && run.bytes().filter(u8::is_ascii_digit).count() >= 4)
}
