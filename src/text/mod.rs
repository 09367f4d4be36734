//! Pure text: edits and how they are applied. Knows no HTTP and no JSON.

mod edit;

pub use edit::{Edit, Edits};
