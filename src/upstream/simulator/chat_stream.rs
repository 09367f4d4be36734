//! The chunks of a streamed chat completion.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::chat::call_id;
use super::choice::Spoken;
use super::events::{Chunks, write_json};
use super::text::{logprob, token_id};
use super::turns::{Delta, Turn, Turns};
use super::wire::{CREATED, Usage, top_logprobs};

/// The token that ends a text.
const END_TOKEN: u32 = 2;

/// The chunks of one streamed chat completion.
pub(super) struct ChatChunks {
    id: Arc<str>,
    model: String,
    turns: Turns,
    usage: Usage,
    /// A chunk without choices is still to carry the usage.
    usage_chunk: bool,
    logprobs: bool,
    seed: i64,
}

impl ChatChunks {
    pub(super) fn new(
        id: Arc<str>,
        model: String,
        choices: Vec<Spoken>,
        usage: Usage,
        usage_chunk: bool,
        logprobs: bool,
        seed: i64,
    ) -> Self {
        Self {
            id,
            model,
            turns: Turns::new(choices),
            usage,
            usage_chunk,
            logprobs,
            seed,
        }
    }
}

impl Chunks for ChatChunks {
    fn write_next(&mut self, out: &mut Vec<u8>) -> bool {
        let (choice, usage) = match self.turns.take() {
            // Together reports the usage in the last chunk that has a choice, asked for or not.
            Some(turn) => (
                Some(ChunkChoice::of(&self.id, &turn, self.logprobs, self.seed)),
                turn.last.then_some(self.usage),
            ),
            None if self.usage_chunk => {
                self.usage_chunk = false;
                (None, Some(self.usage))
            }
            None => return false,
        };
        write_json(
            out,
            &Chunk {
                id: &self.id,
                object: "chat.completion.chunk",
                created: CREATED,
                choices: choice.as_slice(),
                model: &self.model,
                usage,
            },
        )
    }
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    choices: &'a [ChunkChoice<'a>],
    model: &'a str,
    usage: Option<Usage>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<u32>,
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    tool_calls: Option<[CallDelta<'a>; 1]>,
}

/// A fragment of a tool call: identifier and name come with the first one alone.
#[derive(Serialize)]
struct CallDelta<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: FunctionDelta<'a>,
}

#[derive(Serialize)]
struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl<'a> ChunkChoice<'a> {
    fn of(id: &str, turn: &Turn<'a>, logprobs: bool, seed: i64) -> Self {
        let mut choice = Self {
            index: turn.choice,
            text: "",
            logprobs: None,
            top_logprobs: None,
            finish_reason: None,
            seed: None,
            delta: ChunkDelta {
                token_id: None,
                role: "assistant",
                content: Some(""),
                reasoning: None,
                tool_calls: None,
            },
        };
        let delta = &mut choice.delta;
        match turn.delta {
            Delta::Reasoning(piece) => {
                delta.token_id = Some(token_id(piece));
                delta.reasoning = Some(piece);
            }
            Delta::Content(piece) => {
                delta.token_id = Some(token_id(piece));
                delta.content = Some(piece);
                // Chat chunks repeat the content in the field the older route uses.
                choice.text = piece;
                if logprobs {
                    choice.logprobs = Some(logprob(piece));
                    choice.top_logprobs = Some(top_logprobs(piece));
                }
            }
            Delta::Call { call, name } => {
                delta.content = None;
                delta.tool_calls = Some([CallDelta {
                    index: call,
                    id: Some(call_id(id, turn.choice, call)),
                    kind: Some("function"),
                    function: FunctionDelta {
                        name: Some(name),
                        arguments: "",
                    },
                }]);
            }
            Delta::Arguments { call, fragment } => {
                delta.content = None;
                delta.tool_calls = Some([CallDelta {
                    index: call,
                    id: None,
                    kind: None,
                    function: FunctionDelta {
                        name: None,
                        arguments: fragment,
                    },
                }]);
            }
            Delta::Finish(reason) => {
                delta.token_id = Some(END_TOKEN);
                choice.finish_reason = Some(reason);
                choice.seed = Some(seed);
            }
        }
        choice
    }
}
