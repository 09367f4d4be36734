use std::time::Duration;

use futures_like::pending_now;
use http::StatusCode;
use http_body::Body;
use tokio::time::{Instant, timeout};

use super::super::{Reply, Simulator};
use super::*;

mod futures_like {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;

    /// Whether a future is pending when polled once.
    pub(super) async fn pending_now(future: impl Future) -> bool {
        let mut future = pin!(future);
        poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
    }
}

const SECOND: Duration = Duration::from_secs(1);

async fn streaming(reply: Reply) -> (Simulator, SimulatorBody) {
    let simulator = Simulator::new().reply(reply);
    let response = post_chat(&simulator, json!({"stream": true})).await;
    (simulator, response.into_body())
}

#[tokio::test(start_paused = true)]
async fn waits_before_the_head_and_between_events() {
    let began = Instant::now();
    let (_, mut body) = streaming(Reply::text("a b").delay(5 * SECOND).between(SECOND)).await;
    assert_eq!(began.elapsed().as_secs(), 5);
    let mut times = Vec::new();
    while let Some(frame) = body.frame().await {
        frame.unwrap();
        times.push(began.elapsed().as_secs());
    }
    assert_eq!(times, [5, 6, 7, 8]);
}

#[tokio::test(start_paused = true)]
async fn drips() {
    let began = Instant::now();
    let (simulator, mut body) = streaming(Reply::text("a").drip(100, SECOND)).await;
    let (frames, error) = frames(&mut body).await;
    assert!(error.is_none());
    assert!(frames.iter().all(|frame| (1..=100).contains(&frame.len())));
    assert_eq!(began.elapsed().as_secs(), frames.len() as u64 - 1);
    let text = String::from_utf8(frames.concat()).unwrap();
    assert_eq!(events(&text).len(), 3);
    assert_eq!(simulator.disconnects(), 0);

    let slow = Reply::text("a").drip(0, SECOND);
    let response = post_chat(&Simulator::new().reply(slow), json!({})).await;
    let began = Instant::now();
    let body = response.collect().await.unwrap().to_bytes();
    assert_eq!(began.elapsed().as_secs(), body.len() as u64 - 1);
}

#[tokio::test]
async fn cuts_frames_without_delay_and_joins_events() {
    let (_, mut whole) = streaming(Reply::text("a b c")).await;
    let (whole, _) = frames(&mut whole).await;
    assert_eq!(whole.len(), 5);

    let (_, mut cut) = streaming(Reply::text("a b c").frame_bytes(7)).await;
    let (cut, _) = frames(&mut cut).await;
    assert!(cut.iter().all(|frame| (1..=7).contains(&frame.len())));
    assert_eq!(cut.concat(), whole.concat());

    let (_, mut joined) = streaming(Reply::text("a b c").coalesce(2)).await;
    let (joined, _) = frames(&mut joined).await;
    assert_eq!(joined.len(), 3);
    assert_eq!(joined.concat(), whole.concat());
    assert_eq!(joined[0], [whole[0].as_ref(), whole[1].as_ref()].concat());

    let (_, mut both) = streaming(Reply::text("a b c").coalesce(9).frame_bytes(1)).await;
    let (both, _) = frames(&mut both).await;
    assert!(both.iter().all(|frame| frame.len() == 1));
    assert_eq!(both.concat(), whole.concat());
}

#[tokio::test(start_paused = true)]
async fn stalls_until_the_client_leaves() {
    let (simulator, mut body) = streaming(Reply::text("a b c").stall_after(2)).await;
    let mut seen = 0;
    while let Ok(Some(frame)) = timeout(1000 * SECOND, body.frame()).await {
        frame.unwrap();
        seen += 1;
    }
    assert_eq!(seen, 2);
    assert!(!body.is_end_stream());
    assert_eq!((simulator.in_flight(), simulator.disconnects()), (1, 0));
    let disconnected = simulator.disconnected();
    let mut disconnected = std::pin::pin!(disconnected);
    assert!(pending_now(disconnected.as_mut()).await);
    drop(body);
    disconnected.await;
    assert_eq!((simulator.in_flight(), simulator.disconnects()), (0, 1));
    // What has happened is not waited for again.
    simulator.disconnected().await;
    assert!(pending_now(simulator.disconnected_times(2)).await);
}

#[tokio::test]
async fn stalls_before_the_first_event_and_after_the_last() {
    for events in [0, 3] {
        let (_, mut body) = streaming(Reply::text("a").stall_after(events)).await;
        for _ in 0..events {
            body.frame().await.unwrap().unwrap();
        }
        assert!(pending_now(body.frame()).await);
    }
    let (_, mut body) = streaming(Reply::text("a").stall_after(4).cut_after(4)).await;
    assert_eq!(frames(&mut body).await.0.len(), 3);
}

#[tokio::test]
async fn cuts() {
    for events in [0, 2, 3, 4] {
        let reply = Reply::text("a b").cut_after(events).stall_after(events);
        let (simulator, mut body) = streaming(reply).await;
        let (frames, error) = frames(&mut body).await;
        assert_eq!(frames.len(), events);
        assert!(matches!(error, Some(SimulatorError::ConnectionReset)));
        assert!(body.frame().await.is_none());
        drop(body);
        assert_eq!((simulator.in_flight(), simulator.disconnects()), (0, 0));
    }
    let (_, mut joined) = streaming(Reply::text("a b c").cut_after(3).coalesce(2)).await;
    let (frames, error) = frames(&mut joined).await;
    assert_eq!(frames.len(), 2);
    assert!(error.is_some());
}

#[tokio::test]
async fn cuts_a_plain_body_by_frames() {
    let simulator = Simulator::new().reply(Reply::text("abc").frame_bytes(10).cut_after(3));
    let response = post_chat(&simulator, json!({})).await;
    let declared: usize = response.headers()["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let (frames, error) = frames(&mut response.into_body()).await;
    assert_eq!(frames.concat().len(), 30);
    assert!(error.is_some() && declared > 30);
}

#[tokio::test]
async fn resets_in_place_of_an_answer() {
    let simulator = Simulator::new().reply(Reply::new().reset());
    let asked = || {
        let body = chat(json!({})).to_string();
        request(Method::POST, "/v1/chat/completions", body)
    };
    let failed = call(&simulator, asked()).await;
    assert!(matches!(failed, Err(SimulatorError::ConnectionReset)));
    assert!(call(&simulator, asked()).await.is_ok());
}

#[tokio::test]
async fn breaks_the_json_of_one_event() {
    for at in [0, 1, 3, 4, 9] {
        let simulator = Simulator::new().reply(Reply::text("a b").malformed_after(at));
        let events = events_of(post_chat(&simulator, json!({"stream": true})).await).await;
        let broken: Vec<usize> = events
            .iter()
            .enumerate()
            .filter(|(_, event)| *event != "[DONE]")
            .filter(|(_, event)| serde_json::from_str::<Value>(event).is_err())
            .map(|(at, _)| at)
            .collect();
        let expected: &[usize] = if at <= 4 { &[at] } else { &[] };
        assert_eq!(broken, expected);
        assert_eq!(events.len(), 4 + broken.len());
    }
}

#[tokio::test(start_paused = true)]
async fn faults_apply_to_errors_and_raw_bodies() {
    let began = Instant::now();
    let simulator = Simulator::new()
        .reply(Reply::error(StatusCode::SERVICE_UNAVAILABLE, "Busy.").delay(SECOND))
        .reply(
            Reply::new()
                .raw(StatusCode::OK, "text/event-stream", "data: x\n\n")
                .frame_bytes(4)
                .cut_after(2),
        );
    assert_eq!(post_chat(&simulator, json!({})).await.status(), 503);
    assert_eq!(began.elapsed(), SECOND);
    let response = post_chat(&simulator, json!({})).await;
    let (frames, error) = frames(&mut response.into_body()).await;
    assert_eq!(frames.concat(), b"data: x\n");
    assert!(error.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_pause_without_end_is_no_panic() {
    let (_, mut body) = streaming(Reply::text("a b").between(Duration::MAX).drip(1, SECOND)).await;
    let first = async { while body.frame().await.is_some() {} };
    assert!(timeout(Duration::from_secs(3600), first).await.is_err());
}
