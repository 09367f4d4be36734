use std::fmt;

use http::HeaderValue;

/// A secret key, sent as `Authorization: Bearer`. Never shown.
///
/// ```
/// use portcullis::upstream::ApiKey;
///
/// let key = ApiKey::new("tgp_v1_0000").unwrap();
/// assert_eq!(format!("{key:?}"), "ApiKey(***)");
/// ```
#[derive(Clone)]
pub struct ApiKey {
    header: HeaderValue,
    familiar: bool,
}

impl ApiKey {
    /// A key, without the white space around it. `None` if it is empty or
    /// cannot stand in a header.
    #[must_use]
    pub fn new(key: &str) -> Option<Self> {
        let key = key.trim();
        if key.is_empty() {
            return None;
        }
        let mut header = HeaderValue::try_from(format!("Bearer {key}")).ok()?;
        header.set_sensitive(true);
        let old = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self {
            header,
            familiar: old || key.starts_with("tgp_v1_"),
        })
    }

    /// Reads an environment variable.
    #[must_use]
    pub fn from_env(name: &str) -> Option<Self> {
        Self::new(&std::env::var(name).ok()?)
    }

    /// Whether it looks like a key of Together AI: `tgp_v1_…`, or 64
    /// hexadecimal digits.
    #[must_use]
    pub fn looks_like_together(&self) -> bool {
        self.familiar
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}
