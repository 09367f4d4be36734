//! Texts from template grammars, always the same ones for the same seed.
//!
//! A grammar is plain text. `[name]` begins a rule, and each line after it is one of the rule's
//! alternatives; `[name 300]` says how many texts are drawn from it. Within a line `{name}` stands
//! for a text of that rule and `(a|b|)` for one of its parts; both nest. `\n` and `\t` are a line
//! break and a tabulator, a backslash takes the meaning from any other character, `<|word|>` is
//! taken as it stands, and a line that begins with `# ` is a comment.

use std::collections::BTreeMap;

/// How deep texts may nest; what is deeper is left out.
const DEEPEST: usize = 24;

/// Deterministic random numbers: SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// Whether a thing happens that happens `percent` times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The parts of an alternative.
#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Rule(String),
    OneOf(Vec<Vec<Part>>),
}

/// A rule: its alternatives, and how many texts are drawn from it.
#[derive(Clone, Debug, Default)]
struct Rule {
    alternatives: Vec<Vec<Part>>,
    count: usize,
}

/// Rules by their names.
#[derive(Clone, Debug, Default)]
pub struct Grammar {
    rules: BTreeMap<String, Rule>,
}

impl Grammar {
    /// The grammar that these texts make together; a rule may be continued in another text.
    ///
    /// # Errors
    /// When a bracket is not closed, or a rule is named that does not exist.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut grammar = Self::default();
        for text in texts {
            let mut current = None;
            for (number, line) in text.lines().enumerate() {
                if line.is_empty() || line == "#" || line.starts_with("# ") {
                    continue;
                }
                if let Some((name, count)) = header(line) {
                    let rule = grammar.rules.entry(name.to_owned()).or_default();
                    rule.count += count;
                    current = Some(name);
                    continue;
                }
                let fail = |why: &str| format!("line {}: {why}: {line}", number + 1);
                let name = current.ok_or_else(|| fail("no rule has begun"))?;
                let chars: Vec<char> = line.chars().collect();
                let mut at = 0;
                let parts = parts(&chars, &mut at, false).ok_or_else(|| fail("brackets"))?;
                if let Some(rule) = grammar.rules.get_mut(name) {
                    rule.alternatives.extend(parts);
                }
            }
        }
        let all = grammar.rules.values().flat_map(|rule| &rule.alternatives);
        for alternative in all {
            grammar.check(alternative)?;
        }
        Ok(grammar)
    }

    fn check(&self, parts: &[Part]) -> Result<(), String> {
        parts.iter().try_for_each(|part| match part {
            Part::Text(_) => Ok(()),
            Part::Rule(name) if self.rules.contains_key(name) => Ok(()),
            Part::Rule(name) => Err(format!("there is no rule {name}")),
            Part::OneOf(some) => some.iter().try_for_each(|parts| self.check(parts)),
        })
    }

    /// The rules from which texts are drawn, with their numbers, in the order of their names.
    pub fn roots(&self) -> impl Iterator<Item = (&str, usize)> {
        let rules = self.rules.iter().filter(|(_, rule)| rule.count > 0);
        rules.map(|(name, rule)| (name.as_str(), rule.count))
    }

    /// A text of the rule `name`; empty if there is no such rule.
    pub fn draw(&self, name: &str, random: &mut Random) -> String {
        let mut out = String::new();
        self.write(name, random, 0, &mut out);
        out
    }

    fn write(&self, name: &str, random: &mut Random, depth: usize, out: &mut String) {
        let Some(rule) = self.rules.get(name) else {
            return;
        };
        if depth < DEEPEST && !rule.alternatives.is_empty() {
            self.expand(
                random.pick::<Vec<Part>>(&rule.alternatives),
                random,
                depth + 1,
                out,
            );
        }
    }

    fn expand(&self, parts: &[Part], random: &mut Random, depth: usize, out: &mut String) {
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Rule(name) => self.write(name, random, depth, out),
                Part::OneOf(some) => {
                    self.expand(random.pick::<Vec<Part>>(some), random, depth, out)
                }
            }
        }
    }
}

/// `[name]` or `[name 300]`.
fn header(line: &str) -> Option<(&str, usize)> {
    let inner = line.strip_prefix('[')?.strip_suffix(']')?;
    let (name, count) = match inner.split_once(' ') {
        Some((name, count)) => (name, count.parse().ok()?),
        None => (inner, 0),
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
    (!name.is_empty() && name.chars().all(fits)).then_some((name, count))
}

/// The alternatives up to the end, or within a group up to its closing bracket. Outside of groups
/// there is one.
fn parts(chars: &[char], at: &mut usize, group: bool) -> Option<Vec<Vec<Part>>> {
    let mut all = vec![Vec::new()];
    let mut text = String::new();
    let flush = |text: &mut String, all: &mut Vec<Vec<Part>>| {
        if let (false, Some(last)) = (text.is_empty(), all.last_mut()) {
            last.push(Part::Text(std::mem::take(text)));
        }
    };
    while let Some(&c) = chars.get(*at) {
        *at += 1;
        match c {
            '\\' => {
                let next = *chars.get(*at)?;
                *at += 1;
                text.push(match next {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
            }
            '<' if special(&chars[*at..]).is_some() => {
                let length = special(&chars[*at..])?;
                text.push(c);
                text.extend(&chars[*at..*at + length]);
                *at += length;
            }
            '{' if reference(&chars[*at..]).is_some() => {
                let name = reference(&chars[*at..])?;
                *at += name.len() + 1;
                flush(&mut text, &mut all);
                all.last_mut()?.push(Part::Rule(name));
            }
            '(' => {
                flush(&mut text, &mut all);
                let some = parts(chars, at, true)?;
                all.last_mut()?.push(Part::OneOf(some));
            }
            '|' if group => {
                flush(&mut text, &mut all);
                all.push(Vec::new());
            }
            ')' if group => {
                flush(&mut text, &mut all);
                return Some(all);
            }
            ')' => return None,
            other => text.push(other),
        }
    }
    flush(&mut text, &mut all);
    (!group).then_some(all)
}

/// `name}`
fn reference(chars: &[char]) -> Option<String> {
    let end = chars.iter().position(|c| *c == '}')?;
    let name: String = chars[..end].iter().collect();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

/// The length of `|word|>`.
fn special(chars: &[char]) -> Option<usize> {
    let rest = chars.strip_prefix(&['|'])?;
    let word = rest
        .iter()
        .position(|c| !c.is_ascii_alphabetic() && *c != '_')?;
    (word > 0 && rest.get(word..word + 2) == Some(&['|', '>'])).then_some(word + 3)
}

#[cfg(test)]
mod tests {
    use super::{Grammar, Random};

    fn grammar(text: &str) -> Grammar {
        Grammar::parse([text]).unwrap()
    }

    #[test]
    fn draws_every_alternative_and_the_same_for_a_seed() {
        let grammar = grammar("# say\n[a 3]\n(x|{b})\\(\\)<|im_end|>{\"k\"}\n[b]\ny\\n\nz(|!)\n");
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..60)
                .map(|_| grammar.draw("a", &mut random))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        for wanted in ["x", "y\n", "z", "z!"] {
            let wanted = format!("{wanted}()<|im_end|>{{\"k\"}}");
            assert!(draw(1).contains(&wanted), "{wanted}");
        }
        assert!(grammar.roots().eq([("a", 3)]));
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(Grammar::parse(["[a]\n(x|y\n"]).is_err());
        assert!(Grammar::parse(["[a]\n{b}\n"]).is_err());
        assert!(Grammar::parse(["x\n"]).is_err());
    }

    #[test]
    fn a_rule_within_itself_ends() {
        let grammar = grammar("[a]\nx{a}\n");
        assert!(grammar.draw("a", &mut Random::new(1)).starts_with('x'));
    }
}
