//! Shapes that several routes share on the wire.

use std::collections::BTreeMap;

use serde::Serialize;

use super::reply::Reply;
use super::text::{Text, logprob, token_id};

/// `created` of every answer: a constant, so that answers can be compared.
pub(super) const CREATED: u64 = 1_735_689_600;

/// The seed the model reports to a request that names none.
pub(super) const SEED: i64 = 42;

/// The most choices a request may ask for.
pub(super) const MAX_CHOICES: u64 = 128;

/// Token counts.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

impl Usage {
    pub(super) fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
        }
    }

    /// The counted tokens, unless the reply names others.
    pub(super) fn of(reply: &Reply, prompt_tokens: u64, completion_tokens: u64) -> Self {
        let (prompt, completion) = reply.usage.unwrap_or((prompt_tokens, completion_tokens));
        Self::new(prompt, completion)
    }
}

/// Log probabilities of a whole choice.
#[derive(Serialize)]
pub(super) struct Logprobs {
    token_ids: Vec<u32>,
    tokens: Vec<String>,
    token_logprobs: Vec<f64>,
    top_logprobs: BTreeMap<String, f64>,
}

impl Logprobs {
    pub(super) fn of(text: &Text) -> Self {
        let mut logprobs = Self {
            token_ids: Vec::new(),
            tokens: Vec::new(),
            token_logprobs: Vec::new(),
            top_logprobs: BTreeMap::new(),
        };
        let mut pieces = text.pieces();
        while pieces.advance() {
            let piece = pieces.current();
            logprobs.token_ids.push(token_id(piece));
            logprobs.tokens.push(piece.to_owned());
            logprobs.token_logprobs.push(logprob(piece));
            logprobs.top_logprobs.extend(top_logprobs(piece));
        }
        logprobs
    }
}

/// The most probable tokens in a piece's place: the simulated model never thinks of another.
pub(super) fn top_logprobs(piece: &str) -> BTreeMap<String, f64> {
    BTreeMap::from([(piece.to_owned(), logprob(piece))])
}

/// The prompt, given back when a request says `echo`.
#[derive(Serialize)]
pub(super) struct Prompt {
    pub(super) text: String,
}

/// Whether a request's `logprobs` (a number at Together, a flag at OpenAI) asks for any.
pub(super) fn asks_logprobs(value: Option<&serde_json::Value>) -> bool {
    match value {
        Some(serde_json::Value::Bool(wanted)) => *wanted,
        Some(serde_json::Value::Number(count)) => count.as_u64().is_some_and(|count| count > 0),
        _ => false,
    }
}
