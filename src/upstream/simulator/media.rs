//! `POST /images/generations` and `POST /audio/speech`.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::catalogue::Catalogue;
use super::error::ApiError;
use super::request::{known_model, read};
use super::text::tokens;

/// Images in one answer at most.
const MAX_IMAGES: u64 = 16;

/// A PNG of one transparent pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// The header of an MPEG-1 layer III frame at 128 kbit/s and 44.1 kHz, and the length of the frame.
const MP3_HEADER: [u8; 4] = [0xff, 0xfb, 0x90, 0x00];
const MP3_FRAME: usize = 417;
/// Frames in one answer at most.
const MAX_FRAMES: usize = 256;

#[derive(Deserialize)]
struct ImageBody {
    model: Option<String>,
    prompt: Option<String>,
    n: Option<u64>,
    response_format: Option<String>,
}

/// An image request that the simulator understood.
pub(super) struct ImageCall {
    model: String,
    n: u64,
    as_url: bool,
}

impl ImageCall {
    pub(super) fn parse(body: &[u8], catalogue: &Catalogue) -> Result<Self, ApiError> {
        let body: ImageBody = read(body)?;
        let model = known_model(body.model, catalogue)?;
        if body.prompt.is_none() {
            return Err(ApiError::param("prompt", "prompt is required."));
        }
        let n = body.n.unwrap_or(1);
        if !(1..=MAX_IMAGES).contains(&n) {
            return Err(ApiError::param("n", "n must be between 1 and 16."));
        }
        Ok(Self {
            model,
            n,
            as_url: body.response_format.as_deref() == Some("url"),
        })
    }

    pub(super) fn answer(self, id: &str) -> Answer {
        let images = (0..self.n).map(|index| {
            if self.as_url {
                Image::Url {
                    index,
                    url: format!("https://images.invalid/{id}/{index}.png"),
                }
            } else {
                Image::B64Json {
                    index,
                    b64_json: PIXEL,
                }
            }
        });
        Answer::json(&ImageResponse {
            id,
            model: &self.model,
            object: "list",
            data: images.collect(),
        })
    }
}

#[derive(Serialize)]
struct ImageResponse<'a> {
    id: &'a str,
    model: &'a str,
    object: &'static str,
    data: Vec<Image>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Image {
    #[serde(rename = "b64_json")]
    B64Json {
        index: u64,
        b64_json: &'static str,
    },
    Url {
        index: u64,
        url: String,
    },
}

#[derive(Deserialize)]
struct SpeechBody {
    model: Option<String>,
    input: Option<String>,
    voice: Option<String>,
}

/// A speech request that the simulator understood.
pub(super) struct SpeechCall {
    frames: usize,
}

impl SpeechCall {
    pub(super) fn parse(body: &[u8], catalogue: &Catalogue) -> Result<Self, ApiError> {
        let body: SpeechBody = read(body)?;
        known_model(body.model, catalogue)?;
        let input = body
            .input
            .ok_or_else(|| ApiError::param("input", "input is required."))?;
        if body.voice.is_none() {
            return Err(ApiError::param("voice", "voice is required."));
        }
        let words = usize::try_from(tokens(&input)).unwrap_or(MAX_FRAMES);
        Ok(Self {
            frames: words.clamp(1, MAX_FRAMES),
        })
    }

    /// Silence, one frame a word.
    pub(super) fn answer(self) -> Answer {
        let mut frame = MP3_HEADER.to_vec();
        frame.resize(MP3_FRAME, 0);
        Answer::Audio(frame.repeat(self.frames).into())
    }
}
