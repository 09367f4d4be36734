//! Policies of one's own, and bodies that cannot be inspected.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use portcullis::body::{Inspection, Uninspectable};
use portcullis::call::{Call, Outcome};
use portcullis::policy::{
    Ending, Flow, OnFailure, Policy, PolicyLayer, PolicyRequest, ResponseFilter, Verdict, Window,
};
use portcullis::text::Edits;
use portcullis::{ApiError, AuditLayer, Body, BoxError, PiiRedactLayer};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::support::Records;

/// Does what the first text tells it to.
struct Obedient;

impl Policy for Obedient {
    fn name(&self) -> &'static str {
        "obedient"
    }

    fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let order = request.document().segments().next();
        let order = order.map_or(String::new(), |s| s.text().to_owned());
        obey(&order)
    }
}

/// Puts a mark at the end of every text.
struct Stamp(&'static str);

impl ResponseFilter for Stamp {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let end = window.text().len();
        if window.is_last() {
            edits.replace(end..end, self.0);
        }
        Flow::Release(end)
    }
}

fn obey(order: &str) -> Result<Verdict, BoxError> {
    let no = ApiError::new(StatusCode::FORBIDDEN, "no", "no");
    Ok(match order {
        "refuse" => Verdict::refuse(no),
        "fail" => return Err("secret reason".into()),
        "rewrite" => {
            let mut edits = Edits::new();
            edits.replace(0..7, "done");
            Verdict::rewrite(vec![(0, edits)])
        }
        "filter" => Verdict::proceed().with_filter(Stamp("<1>")),
        "later filter" => {
            let later = async { Ok(Verdict::proceed().with_filter(Stamp("<2>"))) };
            Verdict::deferred(later).with_filter(Stamp("<1>"))
        }
        later if later.starts_with("later ") => {
            let order = later["later ".len()..].to_owned();
            Verdict::deferred(async move {
                tokio::time::sleep(Duration::from_secs(3)).await;
                obey(&order)
            })
        }
        _ => Verdict::proceed(),
    })
}

async fn ask(layer: PolicyLayer<Obedient>, order: &'static str) -> (StatusCode, String, Records) {
    let records = Records::default();
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(records.clone()))
        .layer(layer)
        .service(service_fn(|request: Request<Body>| async move {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        }));
    let request = Request::new(Full::<Bytes>::from(order));
    let response = service.oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap(), records)
}

#[tokio::test(start_paused = true)]
async fn verdicts_at_once_and_later() {
    for (order, status, body, verdict) in [
        ("go", 200, "go", "continue"),
        ("rewrite", 200, "done", "rewrite"),
        ("later go", 200, "later go", "continue"),
        ("later rewrite", 200, "doneewrite", "rewrite"),
        ("filter", 200, "filter<1>", "continue"),
        ("later filter", 200, "later filter<1><2>", "continue"),
    ] {
        let (got, text, records) = ask(PolicyLayer::new(Obedient), order).await;
        assert_eq!((got.as_u16(), text.as_str()), (status, body), "{order}");
        assert_eq!(records.all()[0].policies[0].verdict, verdict, "{order}");
        assert_eq!(records.all()[0].outcome, Outcome::Finished, "{order}");
    }
    for order in ["refuse", "later refuse"] {
        let (status, text, records) = ask(PolicyLayer::new(Obedient), order).await;
        assert_eq!(status, 403);
        assert!(text.contains(r#""code":"no""#), "{text}");
        let record = &records.all()[0];
        assert_eq!(record.outcome, Outcome::Refused);
        assert_eq!(record.refusal.as_ref().unwrap().policy, "obedient");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_fails_refuses_unless_told_otherwise() {
    for order in ["fail", "later fail"] {
        let (status, text, _) = ask(PolicyLayer::new(Obedient), order).await;
        assert_eq!(status, 500);
        assert!(
            text.contains("policy_failure") && !text.contains("secret"),
            "{text}"
        );
        let lenient = PolicyLayer::new(Obedient).on_failure(OnFailure::Continue);
        let (status, text, records) = ask(lenient, order).await;
        assert_eq!((status.as_u16(), text.as_str()), (200, order));
        assert_eq!(records.all()[0].policies[0].verdict, "error");
        assert_eq!(records.all()[0].warnings.len(), 1);
    }
}

#[tokio::test]
async fn a_prompt_of_token_ids_is_noted() {
    for (body, noted) in [
        (&br#"{"model":"m","prompt":[101,2054,102]}"#[..], true),
        (br#"{"model":"m","input":[[1],[2]]}"#, true),
        (br#"{"model":"m","prompt":["a"]}"#, false),
    ] {
        let (_, _, warnings) = pii(Inspection::default(), "application/json", None, body).await;
        let ids = warnings.iter().any(|warning| warning.contains("token ids"));
        assert_eq!(ids, noted, "{warnings:?}");
    }
}

async fn pii(
    inspection: Inspection,
    kind: &str,
    encoding: Option<&str>,
    body: &'static [u8],
) -> (u16, Bytes, Vec<String>) {
    let service = PiiRedactLayer::default()
        .inspection(inspection)
        .layer(service_fn(|request: Request<Body>| async move {
            assert_eq!(request.headers()["accept-encoding"], "identity");
            let call = Call::of(request.extensions()).unwrap().clone();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let mut response = Response::new(Full::from(body));
            let headers = response.headers_mut();
            headers.insert("content-type", "image/png".parse().unwrap());
            response.extensions_mut().insert(call);
            Ok::<_, Infallible>(response)
        }));
    let mut request = Request::post("/")
        .header("content-type", kind)
        .header("accept-encoding", "gzip")
        .body(Full::new(Bytes::from_static(body)))
        .unwrap();
    if let Some(encoding) = encoding {
        let encoding = encoding.parse().unwrap();
        request.headers_mut().insert("content-encoding", encoding);
    }
    let call = Call::new(&request);
    request.extensions_mut().insert(call.clone());
    let response = service.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let warnings = call.snapshot().warnings;
    (
        status,
        body,
        warnings.iter().map(|w| w.to_string()).collect(),
    )
}

#[tokio::test]
async fn what_cannot_be_inspected_is_refused_or_passes_with_a_warning() {
    type Case = (
        &'static str,
        Option<&'static str>,
        &'static [u8],
        u16,
        &'static str,
    );
    let cases: [Case; 7] = [
        (
            "application/json",
            None,
            b"{\"a\":\"0123456789\"}",
            413,
            "larger",
        ),
        ("application/json", Some("br"), b"{}", 415, "br"),
        ("application/json", None, b"{\"a\"}", 400, "byte 4"),
        ("application/json", None, b"\"\xff\"", 400, "UTF-8"),
        ("text/plain", None, b"\0\0", 415, "binary"),
        ("multipart/form-data", None, b"\xff\xd8", 415, "binary"),
        ("application/json", None, b"[1,]", 400, "a value"),
    ];
    for (kind, encoding, body, status, why) in cases {
        let mut inspection = Inspection::default();
        inspection.max_request_bytes = 12;
        let (got, text, _) = pii(inspection.clone(), kind, encoding, body).await;
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert_eq!(got, status, "{kind} {encoding:?} {text}");
        assert!(
            text.starts_with("{\"error\":{\"message\":\"request body: "),
            "{text}"
        );
        assert!(text.contains(why), "{text}");

        inspection.too_large = Uninspectable::Pass;
        inspection.undecodable = Uninspectable::Pass;
        inspection.malformed = Uninspectable::Pass;
        let (got, bytes, warnings) = pii(inspection, kind, encoding, body).await;
        assert_eq!((got, &bytes[..]), (200, body), "{kind}");
        assert!(warnings[0].contains(why), "{warnings:?}");
    }
}

#[tokio::test]
async fn replies_that_cannot_be_inspected_are_refused() {
    for (status, kind, encoding, body, expected) in [
        (200, "application/json", None, "{\"a\":", 502),
        (200, "application/json", Some("br"), "{}", 502),
        (200, "text/event-stream", Some("gzip"), "data: x", 502),
        // Error pages are read as what they are.
        (500, "application/json", None, "oops jane@example.com", 500),
        (200, "text/html", None, "<p>jane@example.com</p>", 200),
        (200, "audio/mpeg", None, "\u{1}", 200),
        (204, "application/json", None, "", 204),
    ] {
        let service = PiiRedactLayer::default().layer(service_fn(move |_: Request<Body>| {
            let mut response = Response::builder()
                .status(status)
                .header("content-type", kind);
            if let Some(encoding) = encoding {
                response = response.header("content-encoding", encoding);
            }
            std::future::ready(Ok::<_, Infallible>(
                response.body(Full::<Bytes>::from(body)).unwrap(),
            ))
        }));
        let request = Request::new(Full::<Bytes>::default());
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.status(), expected, "{kind} {body}");
        let text = response.into_body().collect().await.unwrap().to_bytes();
        assert!(
            !String::from_utf8_lossy(&text).contains("jane"),
            "{kind} {body}"
        );
    }
}

#[tokio::test]
async fn compressed_requests_are_read() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(br#"{"a":"jane@example.com"}"#).unwrap();
    let body = encoder.finish().unwrap().leak();
    let inspection = Inspection::default();
    let (status, bytes, _) = pii(inspection, "application/json", Some("gzip"), body).await;
    assert_eq!(
        (status, &bytes[..]),
        (200, &br#"{"a":"[EMAIL_ADDRESS]"}"#[..])
    );
}

#[tokio::test]
async fn streams_under_another_name_are_streams() {
    let event = |text: &str| {
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let stream = event("jane@exam") + &event("ple.com ") + &event("jo\\u0040example.com");
    for kind in [
        "text/plain",
        "application/octet-stream",
        "application/x-ndjson",
    ] {
        let stream = stream.clone();
        let service = PiiRedactLayer::default().layer(service_fn(move |_: Request<Body>| {
            let response = Response::builder().header("content-type", kind);
            let response = response.body(Full::<Bytes>::from(stream.clone())).unwrap();
            std::future::ready(Ok::<_, Infallible>(response))
        }));
        let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("exam"), "{kind} {text}");
    }
}

#[test]
fn nothing_is_shown_of_a_request() {
    struct Show;
    impl Policy for Show {
        fn name(&self) -> &'static str {
            "show"
        }
        fn judge(&self, request: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
            let shown = format!("{request:?}");
            assert!(!shown.contains("secret"), "{shown}");
            Ok(Verdict::proceed())
        }
    }
    let mut service = PolicyLayer::new(Show).layer(service_fn(|_: Request<Body>| async move {
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    let request = Request::get("/?key=secret").header("authorization", "Bearer secret");
    let request = request.body(Body::from("secret")).unwrap();
    let future = tower::Service::call(&mut service, request);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future).unwrap();
}

/// Work that grew with the square of the input took minutes here.
#[tokio::test]
async fn hostile_documents_take_linear_time() {
    let many = 60_000;
    let echoes = format!(
        r#"{{"choices":[{}{{"x":[{}]}}]}}"#,
        r#"{"logprobs":1},"#.repeat(many),
        vec![r#""10.1.1.1""#; many].join(","),
    );
    let indexes = format!(
        r#"{{"model":"m","messages":[{{"tool_calls":[{{"x":[{}]{}}}]}}]}}"#,
        vec![r#""a""#; many].join(","),
        r#","index":1"#.repeat(many),
    );
    for body in [echoes, indexes] {
        let service =
            PiiRedactLayer::default().layer(service_fn(|request: Request<Body>| async move {
                Ok::<_, Infallible>(Response::new(request.into_body()))
            }));
        let request = Request::post("/").header("content-type", "application/json");
        let mut request = request.body(Body::from(body)).unwrap();
        let codings = ",".repeat(8000).parse().unwrap();
        request.headers_mut().insert("content-encoding", codings);
        let limit = Duration::from_secs(20);
        let response = tokio::time::timeout(limit, service.oneshot(request)).await;
        let response = response.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap();
    }
}

/// Wants another answer in place of "no".
struct Picky;

#[derive(Default)]
struct PickyFilter {
    no: bool,
}

impl Policy for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn judge(&self, _: &PolicyRequest<'_>) -> Result<Verdict, BoxError> {
        let (name, value) = ("x-picky", "1");
        Ok(Verdict::proceed()
            .with_filter(PickyFilter::default())
            .with_header(name.parse()?, value.parse()?)
            .may_ask_again())
    }
}

impl ResponseFilter for PickyFilter {
    fn filter(&mut self, window: &Window<'_>, _: &mut Edits) -> Flow {
        self.no |= window.text() == "no";
        Flow::Release(window.text().len())
    }

    fn choice_ended(&mut self, _: u32) -> Ending {
        match std::mem::take(&mut self.no) {
            true => Ending::AskAgain,
            false => Ending::Accept,
        }
    }
}

#[tokio::test]
async fn a_filter_may_have_the_request_asked_once_more() {
    for (answers, expected) in [
        (&["yes"][..], "yes"),
        (&["no", "yes"], "yes"),
        (&["no", "no", "yes"], "no"),
    ] {
        let answers = std::sync::Mutex::new(answers.iter());
        let answers = std::sync::Arc::new(answers);
        let service = PolicyLayer::new(Picky).layer(service_fn(move |request: Request<Body>| {
            let content = answers.lock().unwrap().next().unwrap();
            async move {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(body, r#"{"model":"m","messages":[]}"#);
                let body = format!(r#"{{"choices":[{{"message":{{"content":"{content}"}}}}]}}"#);
                Ok::<_, Infallible>(Response::new(Body::from(body)))
            }
        }));
        let request = Request::new(Body::from(r#"{"model":"m","messages":[]}"#));
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-picky"], "1");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body);
        assert!(
            body.contains(&format!(r#""content":"{expected}""#)),
            "{body}"
        );
    }
}
