//! Heads of requests that may be sent again.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};

use super::Body;

/// All of a request but its body and extensions, kept for the case that it is
/// sent again.
///
/// Hardly any request is: keeping is to be cheap, not giving back. So the
/// headers are written into one buffer, for a copy of the map costs two
/// allocations, and some more for names that it does not know.
#[derive(Clone)]
pub(crate) struct Head {
    method: Method,
    uri: Uri,
    version: Version,
    headers: Vec<u8>,
}

/// Before each header, in bytes: how long its value is, how long its name is,
/// and whether it is secret.
const PREFIX: usize = 4 + 2 + 1;

impl Head {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: pack(request.headers()),
        }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// Whether it has a header of this name.
    pub(crate) fn has_header(&self, name: &str) -> bool {
        unpack(&self.headers).contains_key(name)
    }

    /// A request with this head.
    pub(crate) fn request(self, body: Body) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.version_mut() = self.version;
        *request.headers_mut() = unpack(&self.headers);
        request
    }
}

fn pack(headers: &HeaderMap) -> Vec<u8> {
    // As long as most are; a second look at each would cost more than it saves.
    let mut packed = Vec::with_capacity(headers.len() * 64);
    for (name, value) in headers {
        let (name, text) = (name.as_str().as_bytes(), value.as_bytes());
        // The crate `http` takes names of up to 65,535 bytes. Values are as
        // long as a connection's buffer at most.
        let (Ok(name_len), Ok(value_len)) = (u16::try_from(name.len()), u32::try_from(text.len()))
        else {
            continue;
        };
        let mut prefix = [0; PREFIX];
        prefix[..4].copy_from_slice(&value_len.to_le_bytes());
        prefix[4..6].copy_from_slice(&name_len.to_le_bytes());
        prefix[6] = value.is_sensitive().into();
        packed.extend_from_slice(&prefix);
        packed.extend_from_slice(name);
        packed.extend_from_slice(text);
    }
    packed
}

fn unpack(mut packed: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    while let Some((&[a, b, c, d, e, f, secret], rest)) = packed.split_first_chunk::<PREFIX>() {
        let (value_len, name_len) = (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]));
        let Some((name, rest)) = rest.split_at_checked(name_len.into()) else {
            break;
        };
        let Some((value, rest)) = rest.split_at_checked(value_len as usize) else {
            break;
        };
        // They have been a name and a value before.
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            value.set_sensitive(secret != 0);
            headers.append(name, value);
        }
        packed = rest;
    }
    headers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_head_comes_back_as_it_was() {
        let mut request = Request::post("http://host.example/v1/chat?x=1")
            .body(())
            .unwrap();
        *request.version_mut() = Version::HTTP_2;
        let again = Head::of(&request).clone().request(Body::from("hello"));
        assert_eq!(again.method(), Method::POST);
        assert_eq!(again.uri(), request.uri());
        assert_eq!(again.version(), Version::HTTP_2);
    }

    proptest! {
        #[test]
        fn headers_come_back_as_they_were(
            headers in prop::collection::vec(
                (
                    prop_oneof![
                        Just("accept".to_owned()),
                        Just("x-a".to_owned()),
                        "[a-z][a-z0-9-]{0,300}",
                    ],
                    prop::collection::vec(prop_oneof![Just(9_u8), 32..127_u8, 128..=255_u8], 0..40),
                    any::<bool>(),
                ),
                0..20,
            ),
        ) {
            let mut map = HeaderMap::new();
            for (name, value, secret) in headers {
                let mut value = HeaderValue::from_bytes(&value).unwrap();
                value.set_sensitive(secret);
                map.append(HeaderName::try_from(name).unwrap(), value);
            }
            let back = unpack(&pack(&map));
            prop_assert_eq!(&back, &map);
            prop_assert!(back.iter().eq(map.iter()));
            let secret = |map: &HeaderMap| map.values().map(HeaderValue::is_sensitive).collect::<Vec<_>>();
            prop_assert_eq!(secret(&back), secret(&map));
        }
    }
}
