//! Which route a request is for.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::catalogue::Catalogue;
use super::chat::ChatCall;
use super::completions::CompletionCall;
use super::error::ApiError;
use super::media::{ImageCall, SpeechCall};
use super::retrieval::{EmbeddingCall, RerankCall};

/// A route of the API.
#[derive(Clone, Copy)]
pub(super) enum Route {
    Chat,
    Completions,
    Embeddings,
    Rerank,
    Images,
    Speech,
    Models,
}

/// A request that a route understood.
pub(super) enum Call {
    Chat(ChatCall),
    Completion(CompletionCall),
    Embedding(EmbeddingCall),
    Rerank(RerankCall),
    Image(ImageCall),
    Speech(SpeechCall),
    Models,
}

impl Route {
    /// The route at a path, with or without `/v1` before it.
    pub(super) fn of(path: &str) -> Result<Self, ApiError> {
        let path = match path.strip_prefix("/v1") {
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        };
        match path {
            "/chat/completions" => Ok(Self::Chat),
            "/completions" => Ok(Self::Completions),
            "/embeddings" => Ok(Self::Embeddings),
            "/rerank" => Ok(Self::Rerank),
            "/images/generations" => Ok(Self::Images),
            "/audio/speech" => Ok(Self::Speech),
            "/models" => Ok(Self::Models),
            _ => Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "There is nothing at this path.",
            )),
        }
    }

    pub(super) fn parse(
        self,
        method: &Method,
        body: &Bytes,
        catalogue: &Catalogue,
    ) -> Result<Call, ApiError> {
        let expected = match self {
            Self::Models => Method::GET,
            _ => Method::POST,
        };
        if *method != expected {
            return Err(ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "This path does not take this method.",
            ));
        }
        Ok(match self {
            Self::Chat => Call::Chat(ChatCall::parse(body, catalogue)?),
            Self::Completions => Call::Completion(CompletionCall::parse(body, catalogue)?),
            Self::Embeddings => Call::Embedding(EmbeddingCall::parse(body, catalogue)?),
            Self::Rerank => Call::Rerank(RerankCall::parse(body, catalogue)?),
            Self::Images => Call::Image(ImageCall::parse(body, catalogue)?),
            Self::Speech => Call::Speech(SpeechCall::parse(body, catalogue)?),
            Self::Models => Call::Models,
        })
    }
}
