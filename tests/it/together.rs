//! The upstream service, and what its errors mean.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use portcullis::Body;
use portcullis::upstream::simulator::{Reply, Simulator};
use portcullis::upstream::{ApiKey, Together, UpstreamError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::support::{MODEL, chat};

fn request(stream: bool) -> Request<Body> {
    Request::post("/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(chat("hello", stream).to_string()))
        .unwrap()
}

fn at(url: &str) -> Together {
    Together::new().base_url(url).unwrap().without_key()
}

/// Answers every connection with these bytes, and closes it.
async fn raw(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer).await;
        }
    });
    address.to_string()
}

#[tokio::test]
async fn errors_have_their_kinds() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    let garbage = raw(b"not HTTP at all\r\n\r\n").await;
    let silent = raw(b"").await;
    let switches =
        raw(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n").await;
    let long = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":").await;
    for (url, kind) in [
        (format!("http://{nobody}/v1"), "connect"),
        (format!("https://{garbage}/v1"), "tls"),
        (format!("http://{garbage}/v1"), "protocol"),
        (format!("http://{silent}/v1"), "reset"),
        (format!("http://{switches}/v1"), "protocol"),
        (format!("http://{long}/v1"), "reset"),
    ] {
        let error = match at(&url).oneshot(request(false)).await {
            Err(error) => error,
            // It says less than it promised.
            Ok(response) => {
                let error = response.into_body().collect().await.unwrap_err();
                *error.downcast::<UpstreamError>().unwrap()
            }
        };
        assert_eq!(error.kind(), kind, "{url}: {error:?}");
    }
}

#[tokio::test]
async fn plain_calls_and_streams_have_their_own_limits() {
    let late = Reply::text("late").delay(Duration::from_millis(400));
    let server = Simulator::new()
        .always(late)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let upstream = at(&server.base_url())
        .timeout(Duration::from_millis(100))
        .stream_timeout(Duration::from_secs(20));
    let error = upstream.clone().oneshot(request(false)).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Timeout(after) if after.limit.as_millis() == 100));
    assert_eq!(upstream.oneshot(request(true)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_body_that_takes_too_long_fails() {
    let stalls = Reply::text("a b c d").piece_len(2).stall_after(2);
    let server = Simulator::new()
        .always(stalls)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let upstream = at(&server.base_url()).timeout(Duration::from_millis(200));
    let response = upstream.oneshot(request(true)).await.unwrap();
    let error = response.into_body().collect().await.unwrap_err();
    let error = error.downcast_ref::<UpstreamError>().unwrap();
    assert_eq!(error.kind(), "timeout");
}

#[tokio::test]
async fn the_key_is_sent_and_never_shown() {
    let server = Simulator::new()
        .require_key("tgp_v1_secret")
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let upstream = at(&server.base_url()).api_key(ApiKey::new("tgp_v1_secret").unwrap());
    assert!(!format!("{upstream:?}").contains("secret"));
    assert_eq!(
        upstream.oneshot(request(false)).await.unwrap().status(),
        200
    );
    let wrong = at(&server.base_url()).api_key(ApiKey::new("wrong").unwrap());
    assert_eq!(wrong.oneshot(request(false)).await.unwrap().status(), 401);
}

#[tokio::test]
async fn keys_are_known_by_their_look() {
    assert!(ApiKey::new(" tgp_v1_abc\n").unwrap().looks_like_together());
    assert!(ApiKey::new(&"a0".repeat(32)).unwrap().looks_like_together());
    assert!(!ApiKey::new("sk-abc").unwrap().looks_like_together());
    assert!(ApiKey::new("  ").is_none());
    assert!(ApiKey::new("a\nb").is_none());
}

#[tokio::test]
async fn the_model_is_set_wherever_the_body_comes_from() {
    let server = Simulator::new()
        .any_model()
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let upstream = at(&server.base_url()).model("mine");
    let response = upstream.clone().oneshot(request(false)).await.unwrap();
    assert_eq!(response.status(), 200);
    let seen = server.simulator().last_request().unwrap().json().unwrap();
    assert_eq!(seen["model"], "mine");
    assert_ne!(MODEL, "mine");
    let models = Request::get("/v1/models").body(Body::empty()).unwrap();
    assert_eq!(
        upstream.clone().oneshot(models).await.unwrap().status(),
        200
    );
    let broken = Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from("{"))
        .unwrap();
    assert_eq!(upstream.oneshot(broken).await.unwrap().status(), 400);
}

#[tokio::test]
async fn no_path_climbs_out_of_the_api() {
    let server = Simulator::new().bind("127.0.0.1:0").await.unwrap();
    let request = Request::get("/v1/%2e%2e/admin")
        .body(Body::empty())
        .unwrap();
    let response = at(&server.base_url()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(server.simulator().request_count(), 0);
}

#[tokio::test]
async fn sound_passes_to_a_target_with_a_model_whatever_its_length() {
    let server = Simulator::new().bind("127.0.0.1:0").await.unwrap();
    let upstream = at(&server.base_url()).model("whisper");
    for (kind, bytes) in [
        ("multipart/form-data; boundary=x", 9 * 1024 * 1024),
        ("application/octet-stream", 9 * 1024 * 1024),
        ("audio/wav", 100),
    ] {
        let request = Request::post("/v1/audio/transcriptions")
            .header("content-type", kind)
            .body(Body::from("a".repeat(bytes)))
            .unwrap();
        // The simulator knows no such path.
        let status = upstream.clone().oneshot(request).await.unwrap().status();
        assert_eq!(status, 404, "{kind}");
        let seen = server.simulator().last_request().unwrap();
        assert_eq!(seen.body.len(), bytes, "{kind}");
    }
}

/// Who follows one is the client, without a key of ours.
#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Simulator::new().bind("127.0.0.1:0").await.unwrap();
    let to = format!("{}/chat/completions", other.base_url());
    let away = Reply::new()
        .raw(http::StatusCode::TEMPORARY_REDIRECT, "text/plain", "")
        .header("location", to.as_str());
    let server = Simulator::new()
        .always(away)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let upstream = at(&server.base_url()).api_key(ApiKey::new("secret").unwrap());
    let response = upstream.oneshot(request(false)).await.unwrap();
    assert_eq!(response.status(), 307);
    assert_eq!(response.headers()["location"], to);
    assert!(response.headers().get("authorization").is_none());
    assert_eq!(other.simulator().request_count(), 0);
}
