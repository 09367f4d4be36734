//! Pure text: edits, one normal form, and models that score wording. Knows no
//! HTTP and no JSON.

mod edit;
mod features;
pub mod model;
mod normal;
mod tokens;

pub use self::edit::{Edit, Edits};
pub use self::features::NgramSpec;
pub use self::model::{Dense, Model, ModelError, NoDense, Scorer, Scores, Window};
pub use self::normal::{Disguise, Normal};
pub use self::tokens::{Token, TokenKind, tokens, word_hash};
