//! `POST /chat/completions`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::catalogue::Catalogue;
use super::chat_stream::ChatChunks;
use super::choice::Spoken;
use super::error::ApiError;
use super::reply::Reply;
use super::request::{StreamOptions, choice_count, known_model, read};
use super::text::tokens;
use super::wire::{CREATED, Logprobs, Prompt, SEED, Usage, asks_logprobs};

/// Bytes of the last user message quoted at most.
const MAX_ECHO: usize = 256 << 10;

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    n: Option<u64>,
    logprobs: Option<Value>,
    echo: Option<bool>,
    seed: Option<i64>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                let texts: Vec<&str> = parts
                    .iter()
                    .filter_map(|part| part.text.as_deref())
                    .collect();
                texts.join(" ")
            }
        }
    }
}

/// A chat request that the simulator understood.
pub(super) struct ChatCall {
    model: String,
    messages: Vec<Message>,
    stream: bool,
    include_usage: bool,
    n: usize,
    logprobs: bool,
    echo: bool,
    seed: i64,
}

impl ChatCall {
    pub(super) fn parse(body: &[u8], catalogue: &Catalogue) -> Result<Self, ApiError> {
        let body: Body = read(body)?;
        let model = known_model(body.model, catalogue)?;
        let messages = body
            .messages
            .filter(|messages| !messages.is_empty())
            .ok_or_else(|| ApiError::param("messages", "messages is required."))?;
        Ok(Self {
            model,
            messages,
            stream: body.stream.unwrap_or(false),
            include_usage: body.stream_options.is_some_and(|it| it.include_usage()),
            n: choice_count(body.n)?,
            logprobs: asks_logprobs(body.logprobs.as_ref()),
            echo: body.echo.unwrap_or(false),
            seed: body.seed.unwrap_or(SEED),
        })
    }

    pub(super) fn answer(self, id: &str, reply: &Reply) -> Answer {
        let choices = reply.spoken(self.n, || self.quote());
        let prompt_tokens = self.messages.iter().filter_map(|it| it.content.as_ref());
        let prompt_tokens = prompt_tokens.map(|content| tokens(&content.text())).sum();
        let completion_tokens = choices.iter().map(Spoken::tokens).sum();
        let usage = Usage::of(reply, prompt_tokens, completion_tokens);
        let logprobs = self.logprobs || reply.wants_logprobs();
        if self.stream {
            return Answer::Events(Box::new(ChatChunks::new(
                Arc::from(id),
                self.model,
                choices,
                usage,
                self.include_usage,
                logprobs,
                self.seed,
            )));
        }
        let prompt = self.echo.then(|| Prompt {
            text: self.transcript(),
        });
        let choices = choices
            .iter()
            .enumerate()
            .map(|(index, spoken)| ChatChoice {
                finish_reason: &spoken.finish_reason,
                index,
                logprobs: spoken
                    .content
                    .as_ref()
                    .filter(|_| logprobs)
                    .map(Logprobs::of),
                seed: self.seed,
                message: ChatMessage::of(id, index, spoken),
            });
        Answer::json(&ChatResponse {
            id,
            object: "chat.completion",
            created: CREATED,
            model: &self.model,
            prompt: prompt.into_iter().collect(),
            choices: choices.collect(),
            usage,
        })
    }

    fn quote(&self) -> String {
        let asked = self.messages.iter().rev().find(|it| it.role == "user");
        let text = asked
            .and_then(|message| message.content.as_ref())
            .map(Content::text);
        quote(text.as_deref().unwrap_or_default())
    }

    fn transcript(&self) -> String {
        let contents = self.messages.iter().filter_map(|it| it.content.as_ref());
        let texts: Vec<String> = contents.map(Content::text).collect();
        texts.join("\n")
    }
}

/// The default answer: what the model read, so that a person sees what reached the upstream.
pub(super) fn quote(text: &str) -> String {
    if text.is_empty() {
        return "I received no text to answer.".to_owned();
    }
    let mut end = text.len().min(MAX_ECHO);
    while !text.is_char_boundary(end) {
        end -= 1; // 0 is a boundary
    }
    let quoted = text.get(..end).unwrap_or_default();
    let more = if quoted.len() < text.len() { "…" } else { "" };
    format!("You wrote: \"{quoted}{more}\" That is all I was told.")
}

/// The identifier of a tool call.
pub(super) fn call_id(id: &str, choice: usize, call: usize) -> String {
    let request = id.split('-').next().unwrap_or_default();
    format!("call_{request}{choice:02x}{call:02x}")
}

#[derive(Serialize)]
struct ChatResponse<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    prompt: Vec<Prompt>,
    choices: Vec<ChatChoice<'a>>,
    usage: Usage,
}

#[derive(Serialize)]
struct ChatChoice<'a> {
    finish_reason: &'a str,
    seed: i64,
    index: usize,
    logprobs: Option<Logprobs>,
    message: ChatMessage<'a>,
}

#[derive(Serialize)]
struct ChatMessage<'a> {
    role: &'static str,
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    tool_calls: Vec<ToolCall<'a>>,
}

impl<'a> ChatMessage<'a> {
    fn of(id: &str, index: usize, spoken: &'a Spoken) -> Self {
        let calls = spoken.tool_calls.iter().enumerate();
        Self {
            role: "assistant",
            content: spoken.content.as_ref().map(|it| it.whole().into_owned()),
            reasoning: spoken.reasoning.as_ref().map(|it| it.whole().into_owned()),
            tool_calls: calls
                .map(|(at, call)| ToolCall {
                    index: at,
                    id: call_id(id, index, at),
                    kind: "function",
                    function: Function {
                        name: &call.name,
                        arguments: call.arguments.whole().into_owned(),
                    },
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct ToolCall<'a> {
    index: usize,
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: String,
}
