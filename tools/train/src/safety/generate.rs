//! Texts for the safety model, from the grammars beside this file.
//!
//! Harmful and harmless acts are asked for in the same ways, and topics written about in the same
//! forms, so that only the act tells them apart. A harmful act may also be spoken of in a harmless
//! way (its punishment, its prevention, a refusal), and some harmful requests stand beside a
//! harmless one.

use std::collections::BTreeMap;

use super::gerund::gerund;
use crate::grammar::{Grammar, Random};

const GRAMMARS: [&str; 15] = [
    include_str!("grammar/benign.txt"),
    include_str!("grammar/casual.txt"),
    include_str!("grammar/everyday.txt"),
    include_str!("grammar/foreign.txt"),
    include_str!("grammar/forum.txt"),
    include_str!("grammar/frames.txt"),
    include_str!("grammar/harmful.txt"),
    include_str!("grammar/harmful2.txt"),
    include_str!("grammar/hate.txt"),
    include_str!("grammar/more.txt"),
    include_str!("grammar/more_fine.txt"),
    include_str!("grammar/policy.txt"),
    include_str!("grammar/story.txt"),
    include_str!("grammar/tongues.txt"),
    include_str!("grammar/words.txt"),
];

/// A text of our own making.
#[derive(Clone, Debug)]
pub struct Text {
    pub text: String,
    pub harmful: bool,
    /// The code of the hazard, or the kind of harmless text.
    pub kind: String,
    /// Where the harmful part stands, if it is not all of it.
    pub payload: Option<std::ops::Range<usize>>,
}

/// Every text, the same for the same seed.
///
/// # Errors
/// When a grammar is wrong.
pub fn texts(random: &mut Random) -> Result<Vec<Text>, String> {
    let grammar = Grammar::parse(GRAMMARS)?;
    let mut all = Vec::new();
    let roots: Vec<(String, usize)> = grammar
        .roots()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    for (name, count) in &roots {
        let mut parts = name.split('.');
        let (side, kind, form) = (parts.next(), parts.next(), parts.next());
        let (Some(side), Some(kind)) = (side, kind) else {
            return Err(format!("the rule {name} needs a side and a kind"));
        };
        let mut source = Source {
            grammar: &grammar,
            name,
            random,
            out: &mut all,
        };
        match (side, form) {
            ("reply", _) => source.add(*count, false, "reply", |_, text, _| text),
            ("harm" | "fine", Some(form)) => source.root(*count, side == "harm", kind, form),
            _ => return Err(format!("the rule {name} is of no known side")),
        }
    }
    mix(&mut all, random);
    Ok(all)
}

struct Source<'a> {
    grammar: &'a Grammar,
    name: &'a str,
    random: &'a mut Random,
    out: &'a mut Vec<Text>,
}

impl Source<'_> {
    fn add(
        &mut self,
        count: usize,
        harmful: bool,
        kind: &str,
        shape: impl Fn(&Grammar, String, &mut Random) -> String,
    ) {
        for _ in 0..count {
            let text = self.grammar.draw(self.name, self.random);
            let text = shape(self.grammar, text, self.random);
            self.out.push(Text {
                text,
                harmful,
                kind: kind.to_owned(),
                payload: None,
            });
        }
    }

    fn root(&mut self, count: usize, harmful: bool, kind: &str, form: &str) {
        let plain = matches!(form, "foreign" | "same" | "plain" | "said") || kind == "foreign";
        self.add(count, harmful, kind, |grammar, text, random| {
            let text = match form {
                "act" => fill(&grammar.draw("ask", random), &text),
                "topic" => fill(&grammar.draw("write", random), &text),
                _ => text,
            };
            let text = if plain {
                text
            } else {
                wrap(grammar, text, random)
            };
            rough(text, random)
        });
        if form != "act" {
            return;
        }
        let framed = |frame: &'static str| {
            move |grammar: &Grammar, text: String, random: &mut Random| {
                fill(&grammar.draw(frame, random), &text)
            }
        };
        let discussed = move |grammar: &Grammar, text: String, random: &mut Random| {
            let text = fill(&grammar.draw("discuss", random), &text);
            rough(wrap(grammar, text, random), random)
        };
        if harmful {
            self.add(count / 4, false, "discuss", discussed);
            self.add(count / 16, false, "refuse", framed("refuse"));
            self.add(count / 8, true, kind, framed("comply"));
        } else {
            self.add(count / 10, false, "discuss", discussed);
            self.add(count / 10, false, "comply", framed("comply"));
        }
    }
}

/// Puts harmless and harmful texts beside one another.
fn mix(all: &mut Vec<Text>, random: &mut Random) {
    let fine: Vec<usize> = (0..all.len()).filter(|i| !all[*i].harmful).collect();
    for _ in 0..all.len() / 10 {
        let a = all[*random.pick(&fine)].clone();
        let b = all[random.below(all.len())].clone();
        let joint = *random.pick(&[" ", "\n", "\n\n"]);
        let (first, second, start) = if random.chance(50) {
            (&a, &b, a.text.len() + joint.len())
        } else {
            (&b, &a, 0)
        };
        let payload = b.harmful.then(|| match &b.payload {
            Some(part) => start + part.start..start + part.end,
            None => start..start + b.text.len(),
        });
        let text = format!("{}{joint}{}", first.text, second.text);
        all.push(Text {
            text,
            harmful: b.harmful,
            kind: b.kind,
            payload,
        });
    }
}

/// Puts an act, or a topic, into a frame.
fn fill(frame: &str, act: &str) -> String {
    let mut chars = act.chars();
    let capital: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let doing = gerund(act);
    let mut doing_chars = doing.chars();
    let doing_capital: String = doing_chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let slots = BTreeMap::from([
        ("<act>", act.to_owned()),
        ("<topic>", act.to_owned()),
        ("<acting>", doing.clone()),
        ("<Act>", capital + chars.as_str()),
        ("<Acting>", doing_capital + doing_chars.as_str()),
    ]);
    let mut text = frame.to_owned();
    for (slot, with) in &slots {
        text = text.replace(slot, with);
    }
    text
}

/// Adds what people say before and after.
fn wrap(grammar: &Grammar, mut text: String, random: &mut Random) -> String {
    if random.chance(18) {
        text = format!("{} {text}", grammar.draw("before", random));
    }
    if random.chance(15) {
        let stop = if text.ends_with(['.', '?', '!', ':']) {
            ""
        } else {
            "."
        };
        text = format!("{text}{stop} {}", grammar.draw("after", random));
    }
    text
}

/// Writes as people type: small letters, no full stop, slips of the finger.
pub fn rough(mut text: String, random: &mut Random) -> String {
    match random.below(20) {
        0..5 => text = text.to_lowercase(),
        5 => text = text.to_uppercase(),
        _ => {}
    }
    if random.chance(25) {
        text.truncate(text.trim_end_matches(['.', '?', '!']).len());
    }
    if random.chance(6) {
        let mut chars: Vec<char> = text.chars().collect();
        if chars.len() > 12 {
            let at = 1 + random.below(chars.len() - 3);
            match random.below(3) {
                0 => drop(chars.remove(at)),
                1 => chars.swap(at, at + 1),
                _ => chars.insert(at, chars[at]),
            }
            text = chars.into_iter().collect();
        }
    }
    if random.chance(5) {
        text = text.replace(" you ", " u ").replace(" are ", " r ");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Random, fill, texts};

    #[test]
    fn the_same_texts_for_a_seed() {
        let all = texts(&mut Random::new(1)).unwrap();
        let again = texts(&mut Random::new(1)).unwrap();
        assert!(
            all.iter()
                .map(|t| &t.text)
                .eq(again.iter().map(|t| &t.text))
        );
        let harmful = all.iter().filter(|text| text.harmful).count();
        assert!(harmful * 4 > all.len() && harmful * 4 < all.len() * 3);
        for text in &all {
            assert!(
                !text.text.is_empty() && !text.text.contains('<'),
                "{}",
                text.text
            );
            if let Some(payload) = &text.payload {
                assert!(text.harmful && text.text.get(payload.clone()).is_some());
            }
        }
    }

    #[test]
    fn acts_fit_their_frames() {
        assert_eq!(fill("<Act>.", "bake bread"), "Bake bread.");
        assert_eq!(
            fill("tips for <acting>", "get a dog"),
            "tips for getting a dog"
        );
    }
}
