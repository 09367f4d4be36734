use std::fmt;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

/// Where an upstream's API begins.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end.
    path: String,
}

/// A base URL that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidBaseUrl {
    why: &'static str,
}

impl fmt::Display for InvalidBaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid base URL: {}; write it like https://api.together.xyz/v1",
            self.why
        )
    }
}

impl std::error::Error for InvalidBaseUrl {}

impl BaseUrl {
    pub(crate) fn together() -> Self {
        Self {
            scheme: Scheme::HTTPS,
            authority: Authority::from_static("api.together.xyz"),
            path: "/v1".to_owned(),
        }
    }

    pub(crate) fn openai() -> Self {
        Self {
            scheme: Scheme::HTTPS,
            authority: Authority::from_static("api.openai.com"),
            path: "/v1".to_owned(),
        }
    }

    pub(crate) fn parse(url: &str) -> Result<Self, InvalidBaseUrl> {
        let invalid = |why| InvalidBaseUrl { why };
        let uri: Uri = url.parse().map_err(|_| invalid("it is not a URL"))?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or(invalid("it has no scheme"))?;
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(invalid("its scheme is neither http nor https"));
        }
        let authority = parts.authority.ok_or(invalid("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("it holds a user or a password"));
        }
        let path = parts
            .path_and_query
            .unwrap_or(PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(invalid("it has a query"));
        }
        Ok(Self {
            scheme,
            authority,
            path: path.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The address of what a client asks for as `/v1/…` or without the `/v1`.
    /// `None` for a path that would climb out of the API.
    pub(crate) fn join(&self, asked: &Uri) -> Option<Uri> {
        let path = asked.path();
        // As a server might read it: undone, and with a dot segment's
        // parameters cut off.
        let mut undone = path.to_ascii_lowercase();
        for (code, plain) in [("%2e", "."), ("%2f", "/"), ("%5c", "/"), ("\\", "/")] {
            undone = undone.replace(code, plain);
        }
        let climbs = undone.split('/').any(|part| {
            let name = part.split(';').next().unwrap_or_default();
            name == "." || name == ".."
        });
        if climbs {
            return None;
        }
        let rest = match path.strip_prefix("/v1") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ => path,
        };
        let query = asked.query().map(|query| format!("?{query}"));
        let path = format!("{}{rest}{}", self.path, query.unwrap_or_default());
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join() {
        for (base, asked, expected) in [
            ("https://a.test/v1", "/v1/chat", "https://a.test/v1/chat"),
            (
                "https://a.test/v1/",
                "/chat?x=1",
                "https://a.test/v1/chat?x=1",
            ),
            (
                "http://a.test:1/x/v1",
                "/v1/chat",
                "http://a.test:1/x/v1/chat",
            ),
            ("http://a.test", "/v1x", "http://a.test/v1x"),
            (
                "http://a.test/v1",
                "http://b.test/v1/models",
                "http://a.test/v1/models",
            ),
        ] {
            let joined = BaseUrl::parse(base).unwrap().join(&asked.parse().unwrap());
            assert_eq!(joined.unwrap().to_string(), expected);
        }
    }

    #[test]
    fn nothing_climbs_out() {
        let base = BaseUrl::together();
        for path in [
            "/v1/../admin",
            "/v1/%2e%2E/admin",
            "/.%2e/x",
            "/v1/./x",
            "/v1/%2f..%2F..%2fadmin",
            "/v1/..%5cadmin",
            "/v1/..;/admin",
        ] {
            assert_eq!(base.join(&path.parse().unwrap()), None, "{path}");
        }
    }

    #[test]
    fn bad_base_urls_say_why() {
        for (url, why) in [
            ("api.together.xyz", "no scheme"),
            ("ftp://a.test", "neither"),
            ("https://a.test/v1?x", "query"),
            ("https://me:pw@a.test", "password"),
            ("https://", "not a URL"),
        ] {
            let error = BaseUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
