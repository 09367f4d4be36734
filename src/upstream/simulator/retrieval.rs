//! `POST /embeddings` and `POST /rerank`.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::catalogue::Catalogue;
use super::error::ApiError;
use super::reply::Reply;
use super::request::{OneOrMany, known_model, read};
use super::text::{hash, tokens};
use super::wire::Usage;

/// Texts in one request at most.
const MAX_TEXTS: usize = 1024;
/// Numbers in a vector.
const DIMENSIONS: u8 = 8;

#[derive(Deserialize)]
struct EmbeddingBody {
    model: Option<String>,
    input: Option<OneOrMany>,
}

/// An embedding request that the simulator understood.
pub(super) struct EmbeddingCall {
    model: String,
    input: Vec<String>,
}

impl EmbeddingCall {
    pub(super) fn parse(body: &[u8], catalogue: &Catalogue) -> Result<Self, ApiError> {
        let body: EmbeddingBody = read(body)?;
        let model = known_model(body.model, catalogue)?;
        let input = body
            .input
            .map(OneOrMany::into_vec)
            .filter(|input| (1..=MAX_TEXTS).contains(&input.len()))
            .ok_or_else(|| ApiError::param("input", "input must be 1 to 1024 texts."))?;
        Ok(Self { model, input })
    }

    pub(super) fn answer(self) -> Answer {
        let data = self.input.iter().enumerate();
        Answer::json(&EmbeddingResponse {
            object: "list",
            model: &self.model,
            data: data
                .map(|(index, text)| Embedding {
                    index,
                    object: "embedding",
                    embedding: embed(text),
                })
                .collect(),
        })
    }
}

/// A vector that depends on the text alone.
fn embed(text: &str) -> Vec<f64> {
    let seed = hash(text.as_bytes());
    (0..DIMENSIONS)
        .map(|dimension| {
            let mut bytes = [0; 9];
            let (head, tail) = bytes.split_at_mut(8);
            head.copy_from_slice(&seed.to_le_bytes());
            tail.fill(dimension);
            let thousandths = u16::try_from(hash(&bytes) % 2001).unwrap_or_default();
            f64::from(thousandths) / 1000.0 - 1.0
        })
        .collect()
}

#[derive(Serialize)]
struct EmbeddingResponse<'a> {
    object: &'static str,
    model: &'a str,
    data: Vec<Embedding>,
}

#[derive(Serialize)]
struct Embedding {
    object: &'static str,
    embedding: Vec<f64>,
    index: usize,
}

#[derive(Deserialize)]
struct RerankBody {
    model: Option<String>,
    query: Option<String>,
    documents: Option<Vec<Document>>,
    top_n: Option<u64>,
    return_documents: Option<bool>,
    rank_fields: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Text(String),
    Fields(Map<String, Value>),
}

impl Document {
    /// What the ranking reads.
    fn ranked_text(&self, fields: Option<&[String]>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Fields(map) => {
                let read = map
                    .iter()
                    .filter(|(key, _)| fields.is_none_or(|fields| fields.contains(key)));
                let texts: Vec<&str> = read.filter_map(|(_, value)| value.as_str()).collect();
                texts.join(" ")
            }
        }
    }

    /// What the answer gives back: Together writes an object as JSON in a string.
    fn given_back(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Fields(map) => Value::Object(map).to_string(),
        }
    }
}

/// A rerank request that the simulator understood.
pub(super) struct RerankCall {
    model: String,
    query: String,
    documents: Vec<Document>,
    top_n: usize,
    return_documents: bool,
    rank_fields: Option<Vec<String>>,
}

impl RerankCall {
    pub(super) fn parse(body: &[u8], catalogue: &Catalogue) -> Result<Self, ApiError> {
        let body: RerankBody = read(body)?;
        let model = known_model(body.model, catalogue)?;
        let query = body
            .query
            .ok_or_else(|| ApiError::param("query", "query is required."))?;
        let documents = body
            .documents
            .filter(|documents| (1..=MAX_TEXTS).contains(&documents.len()))
            .ok_or_else(|| ApiError::param("documents", "documents must be 1 to 1024."))?;
        let top_n = body.top_n.and_then(|top| usize::try_from(top).ok());
        Ok(Self {
            model,
            query,
            documents,
            top_n: top_n.unwrap_or(MAX_TEXTS),
            return_documents: body.return_documents.unwrap_or(false),
            rank_fields: body.rank_fields,
        })
    }

    pub(super) fn answer(self, id: &str, reply: &Reply) -> Answer {
        let query = words(&self.query);
        let mut read = tokens(&self.query);
        let mut results = Vec::with_capacity(self.documents.len());
        for (index, document) in self.documents.into_iter().enumerate() {
            let text = document.ranked_text(self.rank_fields.as_deref());
            read = read.saturating_add(tokens(&text));
            results.push(Ranked {
                index,
                relevance_score: relevance(&query, &words(&text)),
                document: RankedDocument {
                    text: self.return_documents.then(|| document.given_back()),
                },
            });
        }
        results.sort_by(|a, b| {
            let order = b.relevance_score.partial_cmp(&a.relevance_score);
            order.unwrap_or(Ordering::Equal)
        });
        results.truncate(self.top_n);
        Answer::json(&RerankResponse {
            id,
            object: "rerank",
            model: &self.model,
            results,
            usage: Usage::of(reply, read, 0),
        })
    }
}

fn words(text: &str) -> HashSet<String> {
    let split = text.split(|c: char| !c.is_alphanumeric());
    split
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The share of the query's words that the document has.
fn relevance(query: &HashSet<String>, document: &HashSet<String>) -> f64 {
    let count = |n: usize| u32::try_from(n).map_or(f64::from(u32::MAX), f64::from);
    count(query.intersection(document).count()) / count(query.len().max(1))
}

#[derive(Serialize)]
struct RerankResponse<'a> {
    id: &'a str,
    object: &'static str,
    model: &'a str,
    results: Vec<Ranked>,
    usage: Usage,
}

#[derive(Serialize)]
struct Ranked {
    index: usize,
    relevance_score: f64,
    document: RankedDocument,
}

#[derive(Serialize)]
struct RankedDocument {
    text: Option<String>,
}
