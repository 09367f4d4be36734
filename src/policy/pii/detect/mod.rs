//! Finds personal data in text, exactly, in a stream.
//!
//! Each detector is a small hand-written machine, anchored at one place of the text. From there it
//! answers [`Outcome::No`], [`Outcome::Match`], or [`Outcome::Unfinished`] when bytes that have not
//! arrived yet could change the answer. It reads at most [`LOOKBEHIND`] bytes before its start and
//! at most [`LONGEST`] bytes after it, so what it says is local: it does not depend on how the text
//! was cut, only on the text.
//!
//! [`scan`] walks a buffer from left to right, takes the first start that matches, steps over the
//! finding, and stops at the first start that is unfinished. Everything before that place is
//! *decided*. Ordinary prose is undecided for no more than its last word, because a word can still
//! become the local part of an e-mail address; a pause such as a space ends that.
//!
//! ```
//! use portcullis::policy::pii::detect::{EntitySet, Entity, scan};
//!
//! let mut found = Vec::new();
//! let text = "Write to ada@example.org or call +44 20 7946 0018.";
//! let decided = scan(EntitySet::all(), text, 0, true, &mut |f| found.push(f));
//! assert_eq!(decided, text.len());
//! assert_eq!(found[0].entity, Entity::EmailAddress);
//! assert_eq!(&text[found[0].range.clone()], "ada@example.org");
//! assert_eq!(&text[found[1].range.clone()], "+44 20 7946 0018");
//!
//! // In a stream the last word stays undecided until it can no longer grow into a finding.
//! let decided = scan(EntitySet::standard(), "Write to ada", 0, false, &mut |_| {});
//! assert_eq!(decided, "Write to ".len());
//! ```
//!
//! # Choosing among readings
//! At one start the detectors may read different things. A reading whose check holds (a checksum,
//! or a grammar that leaves nothing open) goes before one that only looks right, then the higher
//! score, then the longer text. A reading is given only when no unfinished one could go before it.
//!
//! # Cost
//! Most findings hold a trigger byte in their first word: a digit, `:`, `@`, or a full stop with
//! something after it. [`next_start`] looks for those bytes many at a time and walks back to the
//! start of the word, so clean prose costs little more than reading it. The others are known by a
//! cue at the start of a word, such as its first letters or what it stands behind (see `cue`). A
//! detector runs only where its cue holds, and at no start that cannot begin it (see `table`).

mod address;
mod birth;
mod bytes;
mod card;
mod context;
mod coordinates;
mod crypto;
mod cue;
mod cursor;
mod email;
mod entity;
mod iban;
mod ids;
mod input;
mod ip;
mod ipv6;
mod locale;
mod names;
mod octet;
mod opening;
mod phone;
mod rows;
mod scan;
mod secret;
mod ssn;
mod table;
mod view;
mod web;

pub use entity::{Entity, EntitySet, Finding, Outcome};
pub use locale::Locale;
pub(super) use locale::Locales;
pub use scan::{match_at, next_start, scan};
pub use table::{LONGEST, LOOKBEHIND};
pub use view::{Scanner, VIEW_LONGEST, VIEW_LOOKBEHIND, scan_any};

#[cfg(test)]
mod tests;
