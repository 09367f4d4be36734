//! How a judge is asked, and what its answers mean.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::is_word;

/// Categories of one judgement that are kept.
const MOST_CATEGORIES: usize = 64;

/// How a judge is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// `POST /v1/moderations`, as OpenAI has it. The score is the highest of
    /// `category_scores`; where there are none, 1 if the text is `flagged`.
    Moderation {
        /// The model, if one is to be named.
        model: Option<String>,
    },
    /// `POST /v1/chat/completions` of a model of the Llama Guard kind, which
    /// answers `safe`, or `unsafe` and on the next line the codes of what is
    /// hurt, such as `S1,S10`. The score is 0 or 1.
    LlamaGuard {
        /// The model.
        model: String,
    },
    /// `POST` with `{"text": "…"}`, which is answered by `{"score": 0.93}`, from
    /// 0 to 1, and if wanted `"categories"`: an object of scores by name, or a
    /// list of names.
    Contract,
}

/// What a judge says of a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// From 0 to 1: the higher, the worse.
    pub score: f32,
    /// Scores by category, as the judge names them.
    pub categories: Vec<(String, f32)>,
}

impl Judgement {
    /// A judgement without categories.
    #[must_use]
    pub fn of(score: f32) -> Self {
        Self {
            score,
            categories: Vec::new(),
        }
    }

    /// Keeps what can be a name: it goes into records.
    fn with(mut self, categories: impl Iterator<Item = (String, f32)>) -> Self {
        let named = categories.filter(|(name, _)| name.len() <= 64 && is_word(name));
        self.categories = named.take(MOST_CATEGORIES).collect();
        self
    }
}

#[derive(Deserialize)]
struct Moderations {
    results: Vec<Moderation>,
}

#[derive(Deserialize)]
struct Moderation {
    flagged: Option<bool>,
    #[serde(default)]
    category_scores: serde_json::Map<String, Value>,
    #[serde(default)]
    categories: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Contract {
    score: f64,
    #[serde(default)]
    categories: Option<Categories>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Categories {
    Scores(serde_json::Map<String, Value>),
    Names(Vec<String>),
}

impl Dialect {
    /// Where a question goes, unless told otherwise.
    pub(super) fn path(&self) -> &'static str {
        match self {
            Self::Moderation { .. } => "/v1/moderations",
            Self::LlamaGuard { .. } => "/v1/chat/completions",
            Self::Contract => "/",
        }
    }

    /// The body of a question.
    pub(super) fn question(&self, text: &str) -> String {
        match self {
            Self::Moderation { model: None } => json!({ "input": text }),
            Self::Moderation { model: Some(model) } => json!({"model": model, "input": text}),
            Self::LlamaGuard { model } => json!({
                "model": model,
                "messages": [{"role": "user", "content": text}],
                "max_tokens": 64,
                "temperature": 0,
            }),
            Self::Contract => json!({ "text": text }),
        }
        .to_string()
    }

    /// What an answer means; `None` when it means nothing.
    pub(super) fn answer(&self, body: &[u8]) -> Option<Judgement> {
        let judgement = match self {
            Self::Moderation { .. } => moderation(body)?,
            Self::LlamaGuard { .. } => llama_guard(body)?,
            Self::Contract => contract(body)?,
        };
        // Not so of NaN, either.
        (0.0..=1.0).contains(&judgement.score).then_some(judgement)
    }
}

fn scores(map: serde_json::Map<String, Value>) -> impl Iterator<Item = (String, f32)> {
    map.into_iter()
        .filter_map(|(name, score)| Some((name, score.as_f64()? as f32)))
}

fn moderation(body: &[u8]) -> Option<Judgement> {
    let answer: Moderations = serde_json::from_slice(body).ok()?;
    let result = answer.results.into_iter().next()?;
    if result.category_scores.is_empty() {
        let named = result.categories.into_iter();
        let named = named.filter(|(_, hurt)| hurt.as_bool() == Some(true));
        let score = f32::from(u8::from(result.flagged?));
        return Some(Judgement::of(score).with(named.map(|(name, _)| (name, 1.0))));
    }
    let categories: Vec<_> = scores(result.category_scores).collect();
    let score = categories.iter().map(|(_, score)| *score);
    let score = score.max_by(f32::total_cmp)?;
    Some(Judgement::of(score).with(categories.into_iter()))
}

fn llama_guard(body: &[u8]) -> Option<Judgement> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let said = answer.pointer("/choices/0/message/content")?.as_str()?;
    let mut lines = said.trim().lines().map(str::trim);
    match lines.next()?.to_ascii_lowercase().as_str() {
        "safe" => Some(Judgement::of(0.0)),
        "unsafe" => {
            let codes = lines.next().unwrap_or_default().split(',');
            let codes = codes.map(|code| (code.trim().to_owned(), 1.0));
            Some(Judgement::of(1.0).with(codes))
        }
        _ => None,
    }
}

fn contract(body: &[u8]) -> Option<Judgement> {
    let answer: Contract = serde_json::from_slice(body).ok()?;
    let judgement = Judgement::of(answer.score as f32);
    let score = judgement.score;
    Some(match answer.categories {
        None => judgement,
        Some(Categories::Scores(map)) => judgement.with(scores(map)),
        Some(Categories::Names(names)) => {
            judgement.with(names.into_iter().map(|name| (name, score)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(dialect: &Dialect, answer: &Value) -> Option<(f32, Vec<(String, f32)>)> {
        let judgement = dialect.answer(answer.to_string().as_bytes())?;
        Some((judgement.score, judgement.categories))
    }

    fn named(names: &[(&str, f32)]) -> Vec<(String, f32)> {
        let own = |(name, score): &(&str, f32)| ((*name).to_owned(), *score);
        names.iter().map(own).collect()
    }

    #[test]
    fn answers_are_understood() {
        let moderation = Dialect::Moderation { model: None };
        let guard = Dialect::LlamaGuard {
            model: "g".to_owned(),
        };
        let says = |text: &str| json!({"choices": [{"message": {"content": text}}]});
        let scored = json!({"flagged": true, "categories": {"hate": true},
            "category_scores": {"hate": 0.75, "self-harm/intent": 0.5}});
        for (dialect, answer, expected) in [
            (
                &moderation,
                json!({ "results": [scored] }),
                Some((0.75, named(&[("hate", 0.75), ("self-harm/intent", 0.5)]))),
            ),
            (
                &moderation,
                json!({"results": [{"flagged": true, "categories": {"hate": true, "other": false}}]}),
                Some((1.0, named(&[("hate", 1.0)]))),
            ),
            (
                &moderation,
                json!({"results": [{"flagged": false}]}),
                Some((0.0, vec![])),
            ),
            (&moderation, json!({"results": [{}]}), None),
            (&moderation, json!({"results": []}), None),
            (&moderation, json!({"error": {"message": "no"}}), None),
            (&guard, says("safe"), Some((0.0, vec![]))),
            (
                &guard,
                says("\n\nunsafe\nS1, S10"),
                Some((1.0, named(&[("S1", 1.0), ("S10", 1.0)]))),
            ),
            (&guard, says("Unsafe"), Some((1.0, vec![]))),
            (&guard, says("I think that it is safe."), None),
            (&guard, says(""), None),
            (
                &Dialect::Contract,
                json!({"score": 0.5, "categories": {"a": 0.5, "no name at all": 1}}),
                Some((0.5, named(&[("a", 0.5)]))),
            ),
            (
                &Dialect::Contract,
                json!({"score": 1, "categories": ["a"]}),
                Some((1.0, named(&[("a", 1.0)]))),
            ),
            (&Dialect::Contract, json!({"score": 1.5}), None),
            (&Dialect::Contract, json!({"score": "0.5"}), None),
            (&Dialect::Contract, json!({"flagged": true}), None),
        ] {
            assert_eq!(judged(dialect, &answer), expected, "{answer}");
        }
    }
}
