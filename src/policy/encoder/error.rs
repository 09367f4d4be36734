use std::fmt;
use std::path::{Path, PathBuf};

use crate::body::BoxError;

/// Why there is no classifier, or no score. Says nothing of the text.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncoderError {
    /// A file cannot be used.
    File {
        /// Which.
        path: PathBuf,
        /// Why, and what to do.
        problem: String,
    },
    /// An option has a value that it cannot have.
    Option {
        /// Which, as the method of the options is called.
        name: &'static str,
        /// Why, and what to do.
        problem: String,
    },
    /// The text has more windows than are read of one:
    /// [`EncoderOptions::max_windows`](super::EncoderOptions::max_windows).
    TooLong,
    /// It took too long:
    /// [`EncoderOptions::timeout`](super::EncoderOptions::timeout).
    TimedOut,
    /// Nobody waits for the score any more.
    Cancelled,
    /// The model failed.
    Failed(BoxError),
}

impl EncoderError {
    pub(super) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn failed(error: &dyn fmt::Display) -> Self {
        Self::Failed(error.to_string().into())
    }
}

impl fmt::Display for EncoderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::Option { name, problem } => write!(f, "{name}: {problem}"),
            Self::TooLong => f.write_str("the text is too long for the encoder"),
            Self::TimedOut => f.write_str("the encoder took too long"),
            Self::Cancelled => f.write_str("nobody waits for the score any more"),
            Self::Failed(error) => write!(f, "the encoder failed: {error}"),
        }
    }
}

impl std::error::Error for EncoderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}
