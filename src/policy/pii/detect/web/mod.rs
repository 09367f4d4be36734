//! Names of places in networks: URLs, domain names and hardware addresses.

pub(super) mod domain;
pub(super) mod mac;
mod suffix;
pub(super) mod url;
