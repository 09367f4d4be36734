//! Every endpoint's shape, there and back.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use portcullis::{Body, PiiRedactLayer};
use proptest::prelude::*;
use tower::{ServiceBuilder, ServiceExt, service_fn};

/// Requests and replies, each text of them written as `TEXT`.
const SHAPES: [&str; 14] = [
    r#"{"model":"m","messages":[{"role":"system","content":TEXT},{"role":"user","content":[{"type":"text","text":TEXT},{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":TEXT}}]},{"role":"tool","tool_call_id":"c","content":TEXT}],"tools":[{"type":"function","function":{"name":"f","description":TEXT,"parameters":{"type":"object"}}}],"temperature":0.10,"seed":12345678901234567890}"#,
    r#"{"model":"m","prompt":TEXT,"max_tokens":1e2}"#,
    r#"{"model":"m","prompt":[TEXT,TEXT]}"#,
    r#"{"model":"m","input":TEXT}"#,
    r#"{"model":"m","input":[TEXT,TEXT],"encoding_format":"float"}"#,
    r#"{"model":"m","query":TEXT,"documents":[TEXT,{"title":TEXT,"text":TEXT}],"top_n":3}"#,
    r#"{"model":"m","prompt":TEXT,"negative_prompt":TEXT,"width":512}"#,
    r#"{"model":"m","input":TEXT,"voice":"alloy"}"#,
    r#"{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":TEXT,"reasoning":TEXT,"reasoning_content":TEXT,"refusal":TEXT,"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":TEXT}}]},"finish_reason":"stop"},{"index":1,"message":{"content":TEXT}}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#,
    r#"{"id":"1","object":"text.completion","choices":[{"text":TEXT,"index":0,"seed":1}],"prompt":[{"text":TEXT}]}"#,
    r#"{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.1000,-2e-3]}]}"#,
    r#"{"model":"m","results":[{"index":0,"relevance_score":0.5,"document":{"text":TEXT}}]}"#,
    r#"{"model":"m","object":"list","data":[{"index":0,"b64_json":"QUJD"},{"url":TEXT}]}"#,
    r#"{"error":{"message":TEXT,"type":"invalid_request_error","param":null,"code":null}}"#,
];

async fn through(body: String) -> (Bytes, Bytes) {
    let (seen, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let service = ServiceBuilder::new()
        .layer(PiiRedactLayer::default())
        .layer(PiiRedactLayer::default())
        .service(service_fn(move |request: Request<Body>| {
            let seen = seen.clone();
            async move {
                let length = request.headers().get("content-length").cloned();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                if let Some(length) = length {
                    assert_eq!(length, body.len().to_string());
                }
                seen.send(body.clone()).unwrap();
                let mut response = Response::new(Full::from(body));
                let json = "application/json".parse().unwrap();
                response.headers_mut().insert("content-type", json);
                Ok::<_, Infallible>(response)
            }
        }));
    let request = Request::post("/")
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .body(Full::<Bytes>::from(body))
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let got = response.into_body().collect().await.unwrap().to_bytes();
    (sent.recv().await.unwrap(), got)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

#[test]
fn a_finding_in_any_text_of_any_shape_is_redacted() {
    for shape in SHAPES {
        let ask = shape.replace("TEXT", r#""a \u006aane@example.com \"b\"""#);
        let expected = shape.replace("TEXT", r#""a [EMAIL_ADDRESS] \"b\"""#);
        let (sent, got) = run(through(ask));
        assert_eq!(sent, expected);
        assert_eq!(got, expected);
    }
}

proptest! {
    #[test]
    fn without_a_finding_every_shape_stays_byte_for_byte(
        shape in prop::sample::select(SHAPES.to_vec()),
        text in r#"([a-z]{1,6}|[ ,.]|\\n|\\"|\\/|\\u00[ef][0-9a-f]|é|😀|\\ud83d\\ude00){0,12}"#,
        space in "[ \n\t]{0,3}",
        unknown in prop::option::of(r#""x[a-z]":(1\.50|-0|1e400|null|true|"[a-z]{0,4}"|\[\]|\{ \})"#),
    ) {
        let mut body = shape.replace("TEXT", &format!("\"{text}\""));
        body = body.replacen(':', &format!("{space}:{space}"), 3);
        if let Some(unknown) = unknown {
            body = body.replacen('{', &format!("{{{unknown},"), 1);
        }
        body.push_str(&space);
        let (sent, got) = run(through(body.clone()));
        prop_assert_eq!(&sent, &body);
        prop_assert_eq!(&got, &body);
    }
}
