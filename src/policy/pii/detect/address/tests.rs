//! Addresses and postal codes that are found, and what looks like them.
