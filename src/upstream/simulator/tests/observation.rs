use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame};

use super::super::{Reply, Simulator};
use super::*;

#[tokio::test]
async fn records_what_it_was_asked() {
    let simulator = Simulator::new();
    assert!(simulator.last_request().is_none());
    let mut asked = request(
        Method::POST,
        "/chat/completions?a=b",
        chat(json!({})).to_string(),
    );
    let key = "Bearer tgp_secret".parse().unwrap();
    asked.headers_mut().insert("authorization", key);
    call(&simulator, asked).await.unwrap();
    post(&simulator, "/nowhere", &json!({})).await;

    let requests = simulator.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, Method::POST);
    assert_eq!(requests[0].path, "/chat/completions");
    assert_eq!(requests[0].query.as_deref(), Some("a=b"));
    assert_eq!(requests[0].headers["authorization"], "Bearer tgp_secret");
    assert_eq!(
        requests[0].json().unwrap()["messages"][1]["content"],
        "I am Ann."
    );
    assert_eq!(simulator.last_request().unwrap().path, "/nowhere");

    let shown = format!("{:?} {requests:?}", simulator.require_key("tgp_secret"));
    assert!(!shown.contains("tgp_secret") && !shown.contains("Ann"));
    let reply = Reply::text("Ann").tool_call("f", "Ann");
    assert!(!format!("{reply:?}").contains("Ann"));
}

#[tokio::test]
async fn the_record_is_bounded() {
    let simulator = Simulator::new();
    for _ in 0..1030 {
        post(&simulator, "/nowhere", &json!({})).await;
    }
    assert_eq!(simulator.requests().len(), 1024);
    assert_eq!(simulator.request_count(), 1030);

    let large = Bytes::from(vec![b'x'; 30 << 20]);
    for _ in 0..3 {
        let large = request(Method::POST, "/nowhere", large.clone());
        call(&simulator, large).await.unwrap();
    }
    assert_eq!(simulator.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn counts_what_is_in_flight_and_who_left() {
    let slow = Reply::new().delay(Duration::from_secs(9));
    let simulator = Simulator::new().always(slow);
    let body = chat(json!({"stream": true})).to_string();
    let asked = || request(Method::POST, "/v1/chat/completions", body.clone());

    // Never polled, so never received.
    drop(simulator.clone().call(asked()));
    assert_eq!(simulator.request_count(), 0);
    assert_eq!(simulator.disconnects(), 0);

    // Left before the head.
    let early = call(&simulator, asked());
    assert!(
        tokio::time::timeout(Duration::from_secs(1), early)
            .await
            .is_err()
    );
    assert_eq!((simulator.in_flight(), simulator.disconnects()), (0, 1));

    // Left after the head.
    let response = call(&simulator, asked()).await.unwrap();
    assert_eq!(simulator.in_flight(), 1);
    drop(response);
    assert_eq!((simulator.in_flight(), simulator.disconnects()), (0, 2));
    simulator.disconnected_times(2).await;

    // Read to the last frame, and no further.
    let response = call(&simulator, asked()).await.unwrap();
    let mut body = response.into_body();
    while !body.is_end_stream() {
        assert_eq!(simulator.in_flight(), 1);
        body.frame().await.unwrap().unwrap();
    }
    drop(body);
    simulator.idle().await;
    assert_eq!((simulator.in_flight(), simulator.disconnects()), (0, 2));
}

#[tokio::test]
async fn spawns_no_task_in_process() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let reply = Reply::text("a b").between(Duration::from_millis(1));
    let simulator = Simulator::new().reply(reply);
    let mut body = post_chat(&simulator, json!({"stream": true}))
        .await
        .into_body();
    while let Some(frame) = body.frame().await {
        frame.unwrap();
        assert_eq!(tasks(), before);
    }
}

struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("gone"))))
    }
}

#[tokio::test]
async fn a_request_body_that_fails_is_an_error() {
    let simulator = Simulator::new();
    let asked = Request::post("/v1/chat/completions").body(Broken).unwrap();
    let error = simulator.clone().call(asked).await.unwrap_err();
    assert!(matches!(error, SimulatorError::RequestBody(_)));
    assert!(std::error::Error::source(&error).is_some());
    assert!(simulator.requests().is_empty());
}

#[test]
fn types_go_where_a_service_needs_them() {
    fn shared<T: Send + Sync + Unpin + 'static>() {}
    shared::<Simulator>();
    shared::<SimulatorBody>();
    shared::<SimulatorError>();
    shared::<super::super::SimulatorServer>();
    fn sent<T: Send + Unpin + 'static>() {}
    sent::<super::super::SimulatorFuture>();
}
