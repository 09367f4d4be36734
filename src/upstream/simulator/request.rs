//! Reading requests: what several routes accept alike.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::catalogue::Catalogue;
use super::error::ApiError;
use super::wire::MAX_CHOICES;

/// Reads a JSON body. What it quotes of a body that does not fit is nothing: the caller may be
/// checking that private data comes back from nowhere.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => ApiError::new(
            http::StatusCode::BAD_REQUEST,
            "A field of the request has the wrong type.",
        ),
        Category::Io | Category::Syntax | Category::Eof => ApiError::invalid_json(),
    })
}

/// The model named, if the simulator serves it.
pub(super) fn known_model(
    model: Option<String>,
    catalogue: &Catalogue,
) -> Result<String, ApiError> {
    let model = model.ok_or_else(|| ApiError::param("model", "model is required."))?;
    if catalogue.serves(&model) {
        Ok(model)
    } else {
        Err(ApiError::unknown_model(&model))
    }
}

/// How many choices `n` asks for.
pub(super) fn choice_count(n: Option<u64>) -> Result<usize, ApiError> {
    let n = n.unwrap_or(1);
    usize::try_from(n)
        .ok()
        .filter(|_| (1..=MAX_CHOICES).contains(&n))
        .ok_or_else(|| ApiError::param("n", "n must be between 1 and 128."))
}

#[derive(Deserialize)]
pub(super) struct StreamOptions {
    include_usage: Option<bool>,
}

impl StreamOptions {
    pub(super) fn include_usage(&self) -> bool {
        self.include_usage.unwrap_or(false)
    }
}

/// A string, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}
