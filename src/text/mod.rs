//! Pure text: edits, one normal form, and models that score wording. Knows no
//! HTTP and no JSON.

mod edit;
mod features;
pub mod model;
mod normal;
pub(crate) mod runs;
mod tokens;
mod views;

pub use self::edit::{Edit, Edits};
pub use self::features::NgramSpec;
pub use self::model::{Dense, Model, ModelError, NoDense, Scorer, Scores, StreamScorer, Window};
pub use self::normal::{Disguise, Folding, Normal};
pub use self::tokens::{Token, TokenKind, tokens, word_hash};
pub use self::views::{Decoded, Encoding, Views, decoded};
