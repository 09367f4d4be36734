//! The gateway in front of the simulator, over sockets.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use portcullis::call::Outcome;
use portcullis::upstream::simulator::{Reply, Simulator};
use tokio::net::TcpStream;

use crate::support::{
    House, MODEL, chat, client, client_h2, post, read, send, streamed_text, within,
};

fn streaming(house: &House) -> Request<Full<Bytes>> {
    Request::post(format!("http://{}/v1/chat/completions", house.address))
        .header("content-type", "application/json")
        .body(Full::from(chat("hello", true).to_string()))
        .unwrap()
}

#[tokio::test]
async fn calls_share_a_connection_both_ways() {
    let house = House::open(Simulator::new()).await;
    let client = client();
    for _ in 0..5 {
        let body = chat("I am jane@example.com", false).to_string();
        let answer = post(&client, house.address, "/v1/chat/completions", body).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text().contains("[EMAIL_ADDRESS]"));
    }
    assert_eq!(house.upstream.connections(), 1);
}

#[tokio::test]
async fn it_speaks_http_2() {
    let house = House::open(Simulator::new()).await;
    let client = client_h2();
    let body = chat("I am jane@example.com", true).to_string();
    let (one, two) = tokio::join!(
        post(&client, house.address, "/v1/chat/completions", body.clone()),
        post(&client, house.address, "/v1/chat/completions", body),
    );
    for answer in [one, two] {
        assert_eq!(answer.version, Version::HTTP_2);
        assert!(streamed_text(&answer.body).contains("[EMAIL_ADDRESS]"));
    }
}

#[tokio::test]
async fn a_client_that_leaves_takes_the_upstream_with_it() {
    for client in [client(), client_h2()] {
        let reply = Reply::text("word ".repeat(100)).piece_len(5).stall_after(3);
        let house = House::open(Simulator::new().always(reply)).await;
        let mut response = send(&client, streaming(&house)).await;
        within(Duration::from_secs(5), response.frame())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(house.simulator().disconnects(), 0);
        let left = Instant::now();
        drop(response);
        drop(client);
        within(Duration::from_secs(1), house.simulator().disconnected()).await;
        assert!(left.elapsed() < Duration::from_secs(1));
        let records = house.records.wait(1).await;
        assert_eq!(records[0].outcome, Outcome::ClientGone);
        assert!(records[0].response_bytes > 0);
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_noticed_too() {
    let reply = Reply::text("late").delay(Duration::from_secs(60));
    let house = House::open(Simulator::new().always(reply)).await;
    let client = client();
    let waiting = tokio::spawn(async move {
        let request = streaming(&house);
        tokio::select! {
            _ = client.request(request) => panic!("no answer was to come"),
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
        drop(client);
        within(Duration::from_secs(1), house.simulator().disconnected()).await;
        house.records.wait(1).await
    });
    assert_eq!(waiting.await.unwrap()[0].outcome, Outcome::ClientGone);
}

#[tokio::test]
async fn a_stalled_upstream_times_out() {
    let house = House::with(
        Simulator::new()
            .reply(Reply::text("late").delay(Duration::from_secs(60)))
            .reply(Reply::text("a b c d e").piece_len(2).stall_after(3)),
        |config| {
            config.providers.targets[0].timeout_seconds = 1;
            config.providers.targets[0].stream_timeout_seconds = Some(2);
        },
    )
    .await;
    let answer = house.chat("hello", false).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(answer.code(), "upstream_timeout");
    let answer = house.chat("hello", true).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .text()
            .ends_with("\"code\":\"upstream_timeout\"}}\n\n")
    );
    assert!(!answer.broken);
    let records = house.records.wait(2).await;
    assert_eq!(records[0].outcome, Outcome::Timeout);
    assert_eq!(records[1].outcome, Outcome::Timeout);
}

#[tokio::test]
async fn a_cut_stream_gives_its_held_text_and_an_error() {
    let pieces = ["I am jane@exam", "ple.com and 192.0.", "2.7"];
    let reply = Reply::text("").pieces(pieces).cut_after(3);
    let house = House::open(Simulator::new().always(reply)).await;
    let answer = house.chat("hello", true).await;
    assert!(!answer.broken);
    assert!(answer.text().ends_with("\"code\":\"upstream_reset\"}}\n\n"));
    assert_eq!(
        streamed_text(&answer.body),
        "I am [EMAIL_ADDRESS] and [IP_ADDRESS]"
    );
    let records = house.records.wait(1).await;
    assert_eq!(records[0].outcome, Outcome::UpstreamError);
}

#[tokio::test]
async fn the_upstreams_own_errors_reach_the_client_as_they_are() {
    for status in [401, 403, 404, 422, 429, 500, 503, 529] {
        let status = StatusCode::from_u16(status).unwrap();
        let reply = Reply::error(status, "as it is")
            .header("retry-after", "7")
            .header("x-ratelimit-remaining", "0");
        let house = House::open(Simulator::new().always(reply)).await;
        let answer = house.chat("hello", false).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["retry-after"], "7");
        assert_eq!(answer.headers["x-ratelimit-remaining"], "0");
        assert_eq!(answer.json()["error"]["message"], "as it is");
    }
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_a_503() {
    let house = House::with(Simulator::new(), |config| {
        // A port that nothing listens on.
        config.providers.targets[0].base_url = Some("http://127.0.0.1:1/v1".to_owned());
    })
    .await;
    let answer = house.chat("hello", false).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.code(), "upstream_unavailable");
    let record = house.records.wait(1).await.remove(0);
    assert_eq!(record.outcome, Outcome::UpstreamError);
    assert_eq!(record.attempts[0].error, Some("connect"));
}

#[tokio::test]
async fn ids_health_and_unknown_paths() {
    let house = House::open(Simulator::new()).await;
    let client = client();
    let get = |path: &str, id: Option<&'static str>| {
        let mut request = Request::get(format!("http://{}{path}", house.address));
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        request.body(Full::default()).unwrap()
    };
    let answer = read(send(&client, get("/healthz", None)).await).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (200, r#"{"status":"ok"}"#)
    );

    let answer = read(send(&client, get("/v1/models", Some("mine"))).await).await;
    assert!(answer.json().is_array());
    assert_eq!(answer.headers["x-request-id"], "mine");
    assert!(answer.headers.contains_key("x-upstream-request-id"));
    let seen = house.simulator().last_request().unwrap();
    assert_eq!(seen.headers["x-request-id"], "mine");
    assert_eq!(house.records.wait(1).await[0].id, "mine");

    let answer = read(send(&client, get("/v2/models", None)).await).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.code(), "unknown_url");
    assert!(!answer.headers["x-request-id"].is_empty());
}

#[tokio::test]
async fn the_clients_keys_and_connection_headers_stay_here() {
    let house = House::with(Simulator::new(), |config| {
        config.providers.targets[0].model = Some(MODEL.to_owned());
    })
    .await;
    let request = Request::post(format!("http://{}/v1/chat/completions", house.address))
        .header("content-type", "application/json")
        .header("authorization", "Bearer client-key")
        .header("x-api-key", "client-key")
        .header("cookie", "session=1")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("te", "trailers")
        .header("x-own", "kept")
        .body(Full::from(
            r#"{"messages":[{"role":"user","content":"hi"}],"model":"other"}"#,
        ))
        .unwrap();
    let answer = read(send(&client(), request).await).await;
    assert_eq!(answer.status, StatusCode::OK);
    let seen = house.simulator().last_request().unwrap();
    for gone in ["authorization", "x-api-key", "cookie", "x-hop", "te"] {
        assert!(!seen.headers.contains_key(gone), "{gone}");
    }
    assert_eq!(seen.headers["x-own"], "kept");
    assert_eq!(seen.headers["host"], house.upstream.address().to_string());
    assert_eq!(seen.headers["accept-encoding"], "identity");
    assert_eq!(
        seen.body,
        format!(r#"{{"messages":[{{"role":"user","content":"hi"}}],"model":"{MODEL}"}}"#)
    );
}

#[tokio::test]
async fn a_stream_nothing_touches_leaves_byte_for_byte() {
    let reply = || Reply::text("plain words, and more of them.").piece_len(3);
    let house = House::open(Simulator::new().reply(reply())).await;
    let through = house.chat("hello", true).await;
    let other = Simulator::new()
        .reply(reply())
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let body = chat("hello", true).to_string();
    let direct = post(&client(), other.address(), "/v1/chat/completions", body).await;
    assert_eq!(through.text(), direct.text());
}

#[tokio::test]
async fn told_to_stop_it_lets_streams_finish_within_bounds() {
    let slow = || Reply::text("one two three four").piece_len(4);
    let simulator = Simulator::new()
        .reply(slow().between(Duration::from_millis(100)))
        .reply(slow().stall_after(2));
    let mut house = House::open(simulator).await;
    let client = client();
    let mut finishing = send(&client, streaming(&house)).await;
    finishing.frame().await.unwrap().unwrap();
    let mut stalled = send(&client, streaming(&house)).await;
    stalled.frame().await.unwrap().unwrap();
    house.stop();
    let answer = read(finishing).await;
    assert!(!answer.broken);
    assert!(answer.text().ends_with("data: [DONE]\n\n"));
    assert!(TcpStream::connect(house.address).await.is_err());
    within(Duration::from_secs(5), house.stopped()).await;
    assert!(read(stalled).await.broken);
    within(Duration::from_secs(1), house.simulator().disconnected()).await;
}
