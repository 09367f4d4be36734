//! When an upstream wants to be asked again.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

/// `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3), or
/// `retry-after-ms`, which OpenAI sends beside it. What cannot be read says
/// nothing. A date that is over is now.
pub(super) fn retry_after(
    headers: &HeaderMap,
    now: impl FnOnce() -> SystemTime,
) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok())
        && let Ok(wait) = Duration::try_from_secs_f64(ms / 1e3)
    {
        return Some(wait);
    }
    let text = text(header::RETRY_AFTER.as_str())?;
    if let Ok(seconds) = text.parse::<f64>() {
        // Some send fractions.
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn it_is_read_as_seconds_and_as_a_date() {
        let now = || httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (name, value, expected) in [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", " 0 ", Some(0)),
            ("retry-after", "1.5", Some(1_500)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000)),
            ("retry-after", "Sunday, 06-Nov-94 08:49:38 GMT", Some(1_000)),
            ("retry-after", "Sun Nov  6 08:49:39 1994", Some(2_000)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("retry-after-ms", "250", Some(250)),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "inf", None),
            ("retry-after", "1e400", None),
            ("retry-after", "soon", None),
            ("retry-after", "", None),
            ("retry-after", "\u{e9}", None),
            ("x-other", "7", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::try_from(value).unwrap());
            let expected = expected.map(Duration::from_millis);
            assert_eq!(retry_after(&headers, now), expected, "{name}: {value}");
        }
    }
}
