//! The audit file.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use portcullis::audit::JsonLinesSink;
use portcullis::call::Outcome;
use portcullis::upstream::simulator::{Reply, Simulator};
use portcullis::{AuditLayer, Body};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{House, Records};

#[tokio::test]
async fn every_call_is_a_line_of_the_file() {
    let path = std::env::temp_dir().join(format!("portcullis-audit-{}.jsonl", std::process::id()));
    let sink = JsonLinesSink::append(&path).unwrap();
    let service = AuditLayer::new(sink).layer(service_fn(|_: Request<Body>| async move {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("ok")))
    }));
    for at in 0..50 {
        let request = Request::get(format!("/v1/{at}"))
            .body(Body::empty())
            .unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    drop(service);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 50);
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line["path"], format!("/v1/{at}"));
        assert_eq!(line["outcome"], "finished");
        assert_eq!(line["response_bytes"], 2);
    }
}

#[tokio::test]
async fn answers_without_a_body_are_finished() {
    for method in ["GET", "HEAD"] {
        let records = Records::default();
        let service =
            AuditLayer::new(records.clone()).layer(service_fn(|_: Request<Body>| async move {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }));
        let request = Request::builder()
            .method(method)
            .body(Body::empty())
            .unwrap();
        drop(service.oneshot(request).await.unwrap());
        assert_eq!(records.all()[0].outcome, Outcome::Finished, "{method}");
    }
}

#[tokio::test]
async fn a_service_that_fails_is_an_upstream_error() {
    let records = Records::default();
    let service =
        AuditLayer::new(records.clone()).layer(service_fn(|_: Request<Body>| async move {
            Err::<Response<Body>, _>(std::io::Error::other("down"))
        }));
    let request = Request::new(Body::empty());
    assert!(service.oneshot(request).await.is_err());
    assert_eq!(records.all()[0].outcome, Outcome::UpstreamError);
}

#[tokio::test]
async fn texts_are_kept_redacted_and_only_when_asked_for() {
    for keep in [true, false] {
        let simulator = Simulator::new()
            .reply(Reply::text("you are jane@example.com"))
            .reply(Reply::text("").pieces(["you are jane@", "example.com", ", yes"]));
        let house = House::with(simulator, |config| {
            config.policy.audit.include_text = keep;
        })
        .await;
        house.chat("I am jane@example.com", false).await;
        house.chat("I am jane@example.com", true).await;
        let records = house.records.wait(2).await;
        let request = keep.then(|| "I am [EMAIL_ADDRESS]".to_owned());
        let plain = keep.then(|| "you are [EMAIL_ADDRESS]".to_owned());
        let streamed = keep.then(|| "you are [EMAIL_ADDRESS], yes".to_owned());
        assert_eq!(records[0].request_text, request);
        assert_eq!(records[1].request_text, request);
        assert_eq!(records[0].response_text, plain);
        assert_eq!(records[1].response_text, streamed);
        assert!(records[0].usage.is_some());
        assert!(records[1].usage.is_some());
        assert!(records[1].first_text.is_some());
        let all = serde_json::to_string(&records).unwrap();
        assert!(!all.contains("jane") && !all.contains("client-key"));
    }
}
