//! `make bread` -> `making bread`.

/// Verbs that follow no rule.
const IRREGULAR: [(&str, &str); 9] = [
    ("be", "being"),
    ("ddos", "ddosing"),
    ("die", "dying"),
    ("dox", "doxing"),
    ("dye", "dyeing"),
    ("lie", "lying"),
    ("see", "seeing"),
    ("swat", "swatting"),
    ("tie", "tying"),
];

/// The phrase with its first word, a verb, in the form on -ing.
pub fn gerund(phrase: &str) -> String {
    let (verb, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
    let space = if rest.is_empty() { "" } else { " " };
    format!("{}{space}{rest}", verb_on_ing(verb))
}

fn verb_on_ing(verb: &str) -> String {
    if let Some((_, form)) = IRREGULAR.iter().find(|(base, _)| *base == verb) {
        return (*form).to_owned();
    }
    if let Some(stem) = verb.strip_suffix("ie") {
        return format!("{stem}ying");
    }
    if let Some(stem) = verb.strip_suffix('e')
        && !stem.ends_with(['e', 'o', 'y'])
    {
        return format!("{stem}ing");
    }
    let vowel = |c: Option<&char>| c.is_some_and(|c| "aeiou".contains(*c));
    let ends: Vec<char> = verb.chars().rev().take(3).collect();
    let short = (3..=5).contains(&verb.len());
    if short && vowel(ends.get(1)) && !vowel(ends.get(2)) && !"aeiouwxy".contains(ends[0]) {
        return format!("{verb}{}ing", ends[0]);
    }
    format!("{verb}ing")
}

#[cfg(test)]
mod tests {
    use super::gerund;

    #[test]
    fn verbs() {
        for (phrase, wanted) in [
            ("make bread", "making bread"),
            ("get a dog", "getting a dog"),
            ("tie", "tying"),
            ("see the sea", "seeing the sea"),
            ("fix it", "fixing it"),
            ("shoot hoops", "shooting hoops"),
            ("play", "playing"),
        ] {
            assert_eq!(gerund(phrase), wanted);
        }
    }
}
