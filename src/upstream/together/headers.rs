//! Headers that a proxy must not pass on.

use http::{HeaderMap, HeaderName, header};

use crate::target::Provider;

/// For this connection only (RFC 9110, section 7.6.1), and what older agents
/// use likewise.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Keys and marks of the client, which are none of the upstream's business.
const OURS: [&str; 22] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "host",
    "expect",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "openai-organization",
    "openai-project",
    "origin",
    "referer",
    "from",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
];

/// What the upstream says about itself as a site, which the client is not on.
const THEIRS: [&str; 3] = ["set-cookie", "alt-svc", "strict-transport-security"];

pub(super) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

pub(super) fn strip_ours(headers: &mut HeaderMap) {
    for name in OURS {
        headers.remove(name);
    }
    let secrets: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_ours(name.as_str()))
        .cloned()
        .collect();
    for name in secrets {
        headers.remove(name);
    }
}

/// Whether a header is named like a credential, or like what a proxy in front
/// of us says of the client: there are more of these than can be listed.
fn is_ours(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "apikey",
        "auth",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "jwt",
        "passwd",
        "password",
        "secret",
        "token",
        "userinfo",
    ];
    name.starts_with("x-forwarded-")
        || name.starts_with("cf-")
        || name.contains("api-key")
        || name.contains("access-key")
        || name.contains("subscription-key")
        || name.split(['-', '_']).any(|word| WORDS.contains(&word))
}

/// Headers by which a client speaks to one provider are none of another's
/// business, nor are those that are meant for us.
pub(super) fn strip_foreign(headers: &mut HeaderMap, provider: Provider) {
    const MARKS: [(&str, Option<Provider>); 6] = [
        ("x-portcullis-", None),
        ("openai-", Some(Provider::OpenAi)),
        ("x-openai-", Some(Provider::OpenAi)),
        ("together-", Some(Provider::Together)),
        ("x-together-", Some(Provider::Together)),
        ("anthropic-", None),
    ];
    let foreign: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let mut marks = MARKS.iter();
            marks.any(|(mark, of)| name.as_str().starts_with(mark) && *of != Some(provider))
        })
        .cloned()
        .collect();
    for name in foreign {
        headers.remove(name);
    }
}

pub(super) fn strip_theirs(headers: &mut HeaderMap) {
    for name in THEIRS {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_does_not_pass() {
        for (name, passes) in [
            ("authorization", false),
            ("x-api-key", false),
            ("x-goog-api-key", false),
            ("ocp-apim-subscription-key", false),
            ("x-amz-security-token", false),
            ("x-csrf-token", false),
            ("cookie2", true),
            ("x-auth-request-email", false),
            ("x-forwarded-user", false),
            ("cf-access-jwt-assertion", false),
            ("x-vault-token", false),
            ("proxy-authorization", false),
            ("openai-organization", false),
            ("openai-project", false),
            ("accept", true),
            ("content-type", true),
            ("idempotency-key", true),
            ("x-request-id", true),
            ("x-session-affinity", true),
            ("user-agent", true),
            ("traceparent", true),
            ("x-stainless-retry-count", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, http::HeaderValue::from_static("x"));
            strip_ours(&mut headers);
            assert_eq!(headers.contains_key(name), passes, "{name}");
        }
    }
}
