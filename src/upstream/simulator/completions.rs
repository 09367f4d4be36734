//! `POST /completions`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::catalogue::Catalogue;
use super::chat::quote;
use super::choice::Spoken;
use super::error::ApiError;
use super::events::{Chunks, write_json};
use super::reply::Reply;
use super::request::{OneOrMany, StreamOptions, choice_count, known_model, read};
use super::text::{logprob, token_id, tokens};
use super::turns::{Delta, Turns};
use super::wire::{CREATED, Logprobs, Prompt, SEED, Usage, asks_logprobs, top_logprobs};

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    prompt: Option<OneOrMany>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    n: Option<u64>,
    logprobs: Option<Value>,
    echo: Option<bool>,
    seed: Option<i64>,
}

/// A completion request that the simulator understood.
pub(super) struct CompletionCall {
    model: String,
    prompt: String,
    stream: bool,
    include_usage: bool,
    n: usize,
    logprobs: bool,
    echo: bool,
    seed: i64,
}

impl CompletionCall {
    pub(super) fn parse(body: &[u8], catalogue: &Catalogue) -> Result<Self, ApiError> {
        let body: Body = read(body)?;
        let model = known_model(body.model, catalogue)?;
        let prompt = body
            .prompt
            .ok_or_else(|| ApiError::param("prompt", "prompt is required."))?;
        Ok(Self {
            model,
            prompt: prompt.into_vec().join("\n"),
            stream: body.stream.unwrap_or(false),
            include_usage: body.stream_options.is_some_and(|it| it.include_usage()),
            n: choice_count(body.n)?,
            logprobs: asks_logprobs(body.logprobs.as_ref()),
            echo: body.echo.unwrap_or(false),
            seed: body.seed.unwrap_or(SEED),
        })
    }

    pub(super) fn answer(self, id: &str, reply: &Reply) -> Answer {
        let mut choices = reply.spoken(self.n, || quote(&self.prompt));
        for choice in &mut choices {
            // This route has a place for text alone.
            choice.reasoning = None;
            choice.tool_calls = Arc::from([]);
        }
        let completion_tokens = choices.iter().map(Spoken::tokens).sum();
        let usage = Usage::of(reply, tokens(&self.prompt), completion_tokens);
        let logprobs = self.logprobs || reply.wants_logprobs();
        if self.stream {
            return Answer::Events(Box::new(CompletionChunks {
                id: Arc::from(id),
                model: self.model,
                turns: Turns::new(choices),
                usage,
                usage_chunk: self.include_usage,
                logprobs,
                seed: self.seed,
            }));
        }
        let choices = choices.iter().enumerate().map(|(index, spoken)| Choice {
            text: spoken
                .content
                .as_ref()
                .map(|text| text.whole().into_owned())
                .unwrap_or_default(),
            seed: self.seed,
            finish_reason: &spoken.finish_reason,
            logprobs: spoken
                .content
                .as_ref()
                .filter(|_| logprobs)
                .map(Logprobs::of),
            index,
        });
        Answer::json(&Response {
            id,
            object: "text.completion",
            created: CREATED,
            model: &self.model,
            prompt: self
                .echo
                .then(|| Prompt {
                    text: self.prompt.clone(),
                })
                .into_iter()
                .collect(),
            choices: choices.collect(),
            usage,
        })
    }
}

#[derive(Serialize)]
struct Response<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    prompt: Vec<Prompt>,
    choices: Vec<Choice<'a>>,
    usage: Usage,
}

#[derive(Serialize)]
struct Choice<'a> {
    text: String,
    seed: i64,
    finish_reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Logprobs>,
    index: usize,
}

struct CompletionChunks {
    id: Arc<str>,
    model: String,
    turns: Turns,
    usage: Usage,
    usage_chunk: bool,
    logprobs: bool,
    seed: i64,
}

impl Chunks for CompletionChunks {
    fn write_next(&mut self, out: &mut Vec<u8>) -> bool {
        let (choice, last) = match self.turns.take() {
            Some(turn) => {
                let (text, finish_reason) = match turn.delta {
                    Delta::Content(piece) => (piece, None),
                    Delta::Finish(reason) => ("", Some(reason)),
                    // Left out of the choices before.
                    Delta::Reasoning(_) | Delta::Call { .. } | Delta::Arguments { .. } => {
                        ("", None)
                    }
                };
                let logprobs = self.logprobs && finish_reason.is_none();
                let choice = ChunkChoice {
                    index: turn.choice,
                    text,
                    logprobs: logprobs.then(|| logprob(text)),
                    top_logprobs: logprobs.then(|| top_logprobs(text)),
                    finish_reason,
                    seed: finish_reason.map(|_| self.seed),
                    delta: ChunkDelta {
                        token_id: token_id(text),
                        role: "assistant",
                        content: text,
                    },
                };
                (Some(choice), turn.last)
            }
            None if self.usage_chunk => {
                self.usage_chunk = false;
                (None, true)
            }
            None => return false,
        };
        let text = choice.as_ref().map_or("", |choice| choice.text);
        let finish_reason = choice.as_ref().and_then(|choice| choice.finish_reason);
        write_json(
            out,
            &Chunk {
                id: &self.id,
                object: "completion.chunk",
                created: CREATED,
                token: Token {
                    id: token_id(text),
                    text,
                    logprob: logprob(text),
                    special: finish_reason.is_some(),
                },
                choices: choice.as_slice(),
                model: &self.model,
                usage: last.then_some(self.usage),
                finish_reason,
            },
        )
    }
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    token: Token<'a>,
    choices: &'a [ChunkChoice<'a>],
    model: &'a str,
    usage: Option<Usage>,
    finish_reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Token<'a> {
    id: u32,
    text: &'a str,
    logprob: f64,
    special: bool,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: usize,
    text: &'a str,
    logprobs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<BTreeMap<String, f64>>,
    finish_reason: Option<&'a str>,
    seed: Option<i64>,
    delta: ChunkDelta<'a>,
}

#[derive(Serialize)]
struct ChunkDelta<'a> {
    token_id: u32,
    role: &'static str,
    content: &'a str,
}
