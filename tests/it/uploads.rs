//! Clients that send badly, through sockets: they are told so, and it is not
//! laid at the target's door.

use std::time::Duration;

use portcullis::config::Config;
use portcullis::upstream::simulator::Simulator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{House, within};

async fn house(change: impl FnOnce(&mut Config)) -> House {
    House::with(Simulator::new().any_model(), |config| {
        config.policies.chain = Vec::new();
        config.providers.targets[0].timeout_seconds = 1;
        change(config);
    })
    .await
}

/// Sends these bytes, waits, and gives what comes back.
async fn say(house: &House, bytes: &str) -> String {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    within(Duration::from_secs(10), async {
        loop {
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            answer.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&answer).into_owned();
            if read == 0 || text.contains("\"code\":") {
                return text;
            }
        }
    })
    .await
}

fn head(kind: &str, length: &str) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\n{length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_breaks_off_opens_no_breaker() {
    for model in [None, Some("m".to_owned())] {
        for kind in [
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain",
        ] {
            let house = house(|config| config.providers.targets[0].model = model.clone()).await;
            let target = house.gateway().targets().remove(0);
            for _ in 0..7 {
                // A chunk that is none.
                let bytes = head(kind, "transfer-encoding: chunked") + "4\r\n{\"a\"\r\nzz\r\n";
                let answer = say(&house, &bytes).await;
                assert!(answer.starts_with("HTTP/1.1 400"), "{kind}: {answer}");
                assert!(answer.contains("incomplete_request"), "{kind}: {answer}");
            }
            assert_eq!(target.state().breaker().failures(), 0, "{kind}, {model:?}");
            assert_eq!(target.state().breaker().times_opened(), 0, "{kind}");
            assert_eq!(house.chat("hello", false).await.status, 200, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_does_not_come_opens_no_breaker() {
    for kind in [
        "multipart/form-data; boundary=x",
        "application/octet-stream",
    ] {
        // Nothing waits for the whole of it before it is sent on.
        let house = house(|config| config.providers.retry.enabled = false).await;
        let target = house.gateway().targets().remove(0);
        let bytes = head(kind, "content-length: 90000000") + "--x\r\n";
        let answer = say(&house, &bytes).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{kind}: {answer}");
        assert!(answer.contains("request_timeout"), "{kind}: {answer}");
        assert_eq!(target.state().breaker().failures(), 0, "{kind}");
        assert_eq!(target.state().in_flight(), 0, "{kind}");
    }
}
