//! Secrets of software: keys and tokens that their issuers mark with a prefix, JSON web tokens,
//! private keys, URLs that let anybody in who has them, and what is assigned to a name such as
//! `password` or `api_key`.
//!
//! A placeholder such as `YOUR_API_KEY` or `sk-xxxxxxxx` is no secret.

pub(super) mod assigned;
mod issuers;
pub(super) mod jwt;
pub(super) mod link;
pub(super) mod pem;
mod placeholder;
pub(super) mod token;
