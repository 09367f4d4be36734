use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// A key for keyed hashes (HMAC-SHA-256, RFC 2104). Never shown.
#[derive(Clone)]
pub struct HashKey(Hmac<Sha256>);

impl HashKey {
    /// A key of any length; 32 random bytes are a good one.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        // HMAC takes keys of any length.
        #[expect(clippy::expect_used, reason = "RFC 2104, section 3")]
        let mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Self(mac)
    }

    /// A key that lasts as long as this process.
    #[must_use]
    pub fn random() -> Self {
        let (a, b) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        Self::new(&[*a.as_bytes(), *b.as_bytes()].concat())
    }

    /// The hash of these parts, one behind the other.
    pub(super) fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(***)")
    }
}
