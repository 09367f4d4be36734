//! What layers share: however many there are, a message is parsed once.

use std::convert::Infallible;
use std::sync::Mutex;

use http::{Request, Response};
use http_body_util::BodyExt;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

use crate::body::READS;
use crate::{Body, PiiRedactLayer};

const EVENTS: usize = 40;

/// How often messages are parsed on the way in, and on the way out, through `layers` layers.
async fn parses(layers: usize, stream: bool, finding: bool) -> (usize, usize) {
    static ON_THE_WAY: Mutex<usize> = Mutex::new(0);
    let inner = service_fn(move |request: Request<Body>| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"{\"model\""));
        *ON_THE_WAY.lock().unwrap() = READS.get();
        let word = if finding { " ada@example.org" } else { " word" };
        let (kind, body) = match stream {
            false => (
                "application/json",
                format!("{{\"choices\":[{{\"index\":0,\"message\":{{\"content\":\"{word}\"}}}}]}}"),
            ),
            true => {
                let event = format!(
                    "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}}}}]}}\n\n"
                );
                (
                    "text/event-stream",
                    event.repeat(EVENTS) + "data: [DONE]\n\n",
                )
            }
        };
        let response = Response::builder().header("content-type", kind);
        Ok::<_, Infallible>(response.body(Body::from(body)).unwrap())
    });
    let mut service = BoxCloneSyncService::new(inner);
    for _ in 0..layers {
        service = BoxCloneSyncService::new(PiiRedactLayer::default().layer(service));
    }
    let text = if finding { "ada@example.org" } else { "hello" };
    let body =
        format!("{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}]}}");
    let request = Request::post("/").header("content-type", "application/json");
    let request = request.body(Body::from(body)).unwrap();
    READS.set(0);
    let response = service.oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body.windows(15).any(|w| w == b"[EMAIL_ADDRESS]"), finding);
    let on_the_way = *ON_THE_WAY.lock().unwrap();
    (on_the_way, READS.get() - on_the_way)
}

#[tokio::test(flavor = "current_thread")]
async fn ten_layers_cost_one_parse_and_one_decode() {
    assert_eq!(parses(0, true, false).await, (0, 0));
    for layers in [1, 10] {
        assert_eq!(parses(layers, false, false).await, (1, 1), "{layers}");
        assert_eq!(parses(layers, false, true).await, (1, 1), "{layers}");
        // One event is one parse, and `[DONE]` is none.
        assert_eq!(parses(layers, true, false).await, (1, EVENTS), "{layers}");
    }
    // An event with an edit is read once more, when it is written: by one layer or by ten.
    assert_eq!(parses(1, true, true).await, parses(10, true, true).await);
}
