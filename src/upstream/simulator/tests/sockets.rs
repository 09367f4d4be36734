use std::time::Duration;

use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::{Reply, Simulator, SimulatorServer};
use super::*;

type HyperClient = Client<HttpConnector, Full<Bytes>>;

const PATIENCE: Duration = Duration::from_secs(10);

fn client(http2: bool) -> HyperClient {
    let mut connector = HttpConnector::new();
    // Otherwise the body of a request waits for the server to acknowledge its head.
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new())
        .http2_only(http2)
        .build(connector)
}

async fn serving(reply: Reply) -> SimulatorServer {
    let simulator = Simulator::new().always(reply);
    simulator.bind("127.0.0.1:0").await.unwrap()
}

async fn ask(
    client: &HyperClient,
    server: &SimulatorServer,
    extra: Value,
) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
    let uri = format!("{}/chat/completions", server.base_url());
    let asked = request(Method::POST, &uri, chat(extra).to_string());
    timeout(PATIENCE, client.request(asked)).await.unwrap()
}

/// The bytes up to the end, and whether the end was an error.
async fn read(response: Response<Incoming>) -> (Vec<u8>, bool) {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    loop {
        match timeout(PATIENCE, body.frame()).await.unwrap() {
            None => return (bytes, false),
            Some(Ok(frame)) => bytes.extend_from_slice(frame.data_ref().unwrap()),
            Some(Err(_)) => return (bytes, true),
        }
    }
}

async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
}

#[tokio::test]
async fn serves_both_protocols_and_keeps_connections() {
    for http2 in [false, true] {
        let server = serving(Reply::text("Hello")).await;
        assert_eq!(server.base_url(), format!("http://{}/v1", server.address()));
        let client = client(http2);
        for stream in [true, false, true] {
            let response = ask(&client, &server, json!({"stream": stream}))
                .await
                .unwrap();
            assert_eq!(response.status(), 200);
            let length = response.headers().contains_key("content-length");
            assert_eq!(length, !stream);
            let (bytes, failed) = read(response).await;
            assert!(!failed);
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(text.ends_with("data: [DONE]\n\n"), stream);
        }
        assert_eq!((server.connections(), server.open_connections()), (1, 1));
        assert_eq!(server.simulator().requests().len(), 3);
        assert_eq!(server.simulator().disconnects(), 0);
        drop(client);
        until(|| server.open_connections() == 0).await;
    }
}

#[tokio::test]
async fn events_leave_one_by_one() {
    let server = serving(Reply::text("a b c").stall_after(2)).await;
    let response = ask(&client(false), &server, json!({"stream": true})).await;
    let mut body = response.unwrap().into_body();
    let mut seen = Vec::new();
    while seen.windows(2).filter(|it| it == b"\n\n").count() < 2 {
        let frame = timeout(PATIENCE, body.frame()).await.unwrap();
        seen.extend_from_slice(frame.unwrap().unwrap().data_ref().unwrap());
    }
    assert_eq!(server.simulator().in_flight(), 1);
}

#[tokio::test]
async fn a_cut_resets_the_connection_after_what_was_said() {
    for http2 in [false, true] {
        for events in [0, 1, 3] {
            let server = serving(Reply::text("a b c d").cut_after(events)).await;
            let response = ask(&client(http2), &server, json!({"stream": true})).await;
            // A client may learn of the reset before it has looked at the head.
            let Ok(response) = response else {
                assert_eq!(events, 0);
                continue;
            };
            let (bytes, failed) = read(response).await;
            assert!(failed, "http2: {http2}, events: {events}");
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(text.matches("\n\n").count(), events, "http2: {http2}");
            until(|| server.open_connections() == 0).await;
            assert_eq!(server.simulator().disconnects(), 0);
        }
    }
}

/// Sends one chat request and reads to the end of the connection.
async fn raw_exchange(server: &SimulatorServer, extra: Value) -> (String, std::io::Result<()>) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let body = chat(extra).to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        match timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap() {
            Ok(0) => break Ok(()),
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) => break Err(error),
        }
    };
    (String::from_utf8(bytes).unwrap(), end)
}

#[tokio::test]
async fn a_cut_is_a_tcp_reset() {
    for events in 0..=6 {
        let server = serving(Reply::text("a b c d").cut_after(events)).await;
        let (text, end) = raw_exchange(&server, json!({"stream": true})).await;
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(text.matches("data: ").count(), events);
        assert!(!text.contains("\r\n0\r\n"), "an orderly end: {text}");
        let kind = end.unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionReset);
    }

    let server = serving(Reply::new().reset()).await;
    let (text, end) = raw_exchange(&server, json!({})).await;
    assert_eq!(text, "");
    let kind = end.unwrap_err().kind();
    assert_eq!(kind, std::io::ErrorKind::ConnectionReset);

    let plain = Reply::text("abc").frame_bytes(20).cut_after(2);
    let server = serving(plain).await;
    let (text, end) = raw_exchange(&server, json!({})).await;
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), 40);
    assert!(end.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn much_is_said_before_a_cut() {
    for http2 in [false, true] {
        for _ in 0..5 {
            let long = "word ".repeat(1000);
            let server = serving(Reply::text(long).cut_after(1000)).await;
            let response = ask(&client(http2), &server, json!({"stream": true})).await;
            let (bytes, failed) = read(response.unwrap()).await;
            assert!(failed);
            let events = bytes.windows(2).filter(|it| it == b"\n\n").count();
            assert_eq!(events, 1000, "http2: {http2}");
        }
    }
}

#[tokio::test]
async fn a_reset_comes_in_place_of_an_answer() {
    for http2 in [false, true] {
        let server = serving(Reply::new().reset()).await;
        assert!(ask(&client(http2), &server, json!({})).await.is_err());
        until(|| server.open_connections() == 0).await;
    }
}

#[tokio::test]
async fn notices_clients_that_leave() {
    for http2 in [false, true] {
        let server = serving(Reply::text("a b c").stall_after(1)).await;
        let client = client(http2);
        let response = ask(&client, &server, json!({"stream": true}))
            .await
            .unwrap();
        assert_eq!(server.simulator().in_flight(), 1);
        drop(response);
        let left = server.simulator().disconnected();
        timeout(PATIENCE, left).await.unwrap();
        assert_eq!(server.simulator().in_flight(), 0);
        // Over HTTP/2 only the stream ends.
        let open = usize::from(http2);
        until(|| server.open_connections() == open).await;
    }
}

#[tokio::test]
async fn notices_clients_that_leave_before_the_head() {
    let server = serving(Reply::new().delay(Duration::from_secs(3600))).await;
    let client = client(false);
    {
        let asking = ask(&client, &server, json!({}));
        let simulator = server.simulator();
        let received = until(|| simulator.request_count() == 1);
        tokio::select! {
            _ = asking => panic!("answered"),
            () = received => {}
        }
    }
    timeout(PATIENCE, server.simulator().disconnected())
        .await
        .unwrap();
}

#[tokio::test]
async fn many_streams_share_a_connection() {
    let server = serving(Reply::text("a b c").between(Duration::from_millis(1))).await;
    let client = client(true);
    // The first opens the connection the others share.
    read(ask(&client, &server, json!({})).await.unwrap()).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        let uri = format!("{}/chat/completions", server.base_url());
        let body = chat(json!({"stream": true})).to_string();
        asking.spawn(async move {
            let response = client.request(request(Method::POST, &uri, body)).await;
            read(response.unwrap()).await
        });
    }
    while let Some(answered) = asking.join_next().await {
        let (bytes, failed) = answered.unwrap();
        assert!(!failed && bytes.ends_with(b"data: [DONE]\n\n"));
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(server.simulator().request_count(), 51);
}

#[tokio::test]
async fn shutdown_lets_answers_finish() {
    let server = serving(Reply::text("a b c").between(Duration::from_millis(50))).await;
    let address = server.address();
    for http2 in [false, true] {
        let idle = ask(&client(http2), &server, json!({})).await.unwrap();
        read(idle).await;
    }
    let client = client(false);
    let response = ask(&client, &server, json!({"stream": true}))
        .await
        .unwrap();
    let simulator = server.simulator().clone();
    let shutdown = tokio::spawn(server.shutdown());
    let (bytes, failed) = read(response).await;
    assert!(!failed && bytes.ends_with(b"data: [DONE]\n\n"));
    timeout(PATIENCE, shutdown).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(simulator.disconnects(), 0);
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    for http2 in [false, true] {
        let server = serving(Reply::text("a").stall_after(1)).await;
        let response = ask(&client(http2), &server, json!({"stream": true})).await;
        let simulator = server.simulator().clone();
        timeout(PATIENCE, server.shutdown()).await.unwrap();
        let (_, failed) = read(response.unwrap()).await;
        assert!(failed);
        // Every task had ended by then.
        assert_eq!((simulator.in_flight(), simulator.disconnects()), (0, 1));
    }
}

#[tokio::test]
async fn a_dropped_server_leaves_no_task() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    for http2 in [false, true] {
        let server = serving(Reply::text("a").stall_after(1)).await;
        let client = client(http2);
        let response = ask(&client, &server, json!({"stream": true}))
            .await
            .unwrap();
        let address = server.address();
        assert!(tasks() > before);
        drop(server);
        let (_, failed) = read(response).await;
        assert!(failed);
        drop(client);
        until(|| tasks() == before).await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn a_taken_address_is_an_error() {
    let server = Simulator::new().bind("127.0.0.1:0").await.unwrap();
    let again = Simulator::new().bind(server.address()).await;
    assert!(again.is_err());
}
