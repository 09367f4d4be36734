//! The gateway with several targets, through sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis::config::{Config, MidStream, Provider, Strategy, Target};
use portcullis::gateway::Gateway;
use portcullis::upstream::simulator::{Reply, Simulator, SimulatorServer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::{Answer, Records, chat, client, post, streamed_text, within};

const CLIENTS: usize = 40;
const TEXT: [&str; 6] = ["One", " two", " three", " four", " five", " six."];
const WHOLE: &str = "One two three four five six.";

/// A gateway in front of two simulators.
struct Estate {
    a: Option<SimulatorServer>,
    b: SimulatorServer,
    address: SocketAddr,
    records: Records,
    _stop: oneshot::Sender<()>,
    _served: JoinHandle<std::io::Result<()>>,
}

async fn estate(a: Simulator, b: Simulator, change: impl FnOnce(&mut Config)) -> Estate {
    let a = a.bind("127.0.0.1:0").await.unwrap();
    let b = b.bind("127.0.0.1:0").await.unwrap();
    let target = |id: &str, server: &SimulatorServer| {
        let mut target = Target::new(Provider::OpenAiCompatible);
        target.id = id.to_owned();
        target.base_url = Some(server.base_url());
        target
    };
    let mut config = Config::default();
    config.providers.targets = vec![target("a", &a), target("b", &b)];
    change(&mut config);
    let records = Records::default();
    let gateway = Gateway::with_audit(&config, Some(Arc::new(records.clone()))).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(gateway.serve(listener, async {
        let _ = stopped.await;
    }));
    Estate {
        a: Some(a),
        b,
        address,
        records,
        _stop: stop,
        _served: served,
    }
}

fn good() -> Reply {
    Reply::new().pieces(TEXT)
}

/// A whole answer with this text, or one error in OpenAI's shape.
fn outcome(answer: &Answer) -> Result<String, String> {
    assert!(!answer.broken, "{answer:?}");
    let body = answer.text();
    if answer.status != 200 {
        return Err(answer.code());
    }
    if !body.starts_with("data:") {
        let json = answer.json();
        let text = json["choices"][0]["message"]["content"].as_str();
        return Ok(text.unwrap().to_owned());
    }
    let errors = body.matches("data: {\"error\"").count();
    let dones = body.matches("data: [DONE]").count();
    assert_eq!(errors + dones, 1, "{body}");
    match errors {
        0 => Ok(streamed_text(body.as_bytes())),
        _ => Err(streamed_text(body.as_bytes())),
    }
}

async fn ask(to: SocketAddr, stream: bool) -> Answer {
    let body = chat("Hello", stream).to_string();
    post(&client(), to, "/v1/chat/completions", body).await
}

async fn all(to: SocketAddr, clients: usize) -> Vec<Answer> {
    let mut calls = JoinSet::new();
    for number in 0..clients {
        calls.spawn(async move { ask(to, number % 2 == 0).await });
    }
    calls.join_all().await
}

/// Whatever one target does wrong before its first token, no client of many
/// notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_notices_what_one_target_does_wrong_early() {
    for (what, fault) in [
        ("reset", good().reset()),
        ("busy", Reply::error(http::StatusCode::TOO_MANY_REQUESTS, "busy")),
        ("cut before anything", good().cut_after(0)),
        (
            "error event",
            Reply::new().raw(
                http::StatusCode::OK,
                "text/event-stream",
                "data: {\"error\":{\"message\":\"no\",\"type\":\"server_error\",\"code\":null}}\n\n",
            ),
        ),
    ] {
        for strategy in [Strategy::Fallback, Strategy::RoundRobin] {
            let a = Simulator::new().any_model().always(fault.clone());
            let b = Simulator::new().any_model().always(good());
            let estate = estate(a, b, |config| {
                config.providers.strategy = Some(strategy);
                // A plain client gets what is no JSON as it is.
                config.policies.chain = Vec::new();
            })
            .await;
            let streams_only = what == "error event";
            let clients = if streams_only { 1 } else { CLIENTS };
            for answer in all(estate.address, clients).await {
                assert_eq!(outcome(&answer).as_deref(), Ok(WHOLE), "{what}, {strategy}");
            }
            estate.b.simulator().idle().await;
        }
    }
}

/// One of two targets is killed while many clients are being served: those
/// whose stream had begun get one error or all of it, all others all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_is_killed_under_its_clients() {
    let slow = || good().between(Duration::from_millis(30));
    for way in [MidStream::Fail, MidStream::Continue] {
        let rest = |request: &portcullis::upstream::simulator::RecordedRequest| {
            // Goes on where it is told to.
            let messages = request.json().ok()?["messages"].as_array()?.clone();
            let begun = messages.last()?;
            let said = match begun["role"].as_str()? {
                "assistant" => begun["content"].as_str()?.len(),
                _ => 0,
            };
            Some(Reply::text(&WHOLE[said..]))
        };
        let a = Simulator::new().any_model().always(slow());
        let b = Simulator::new().any_model().when(rest);
        let mut estate = estate(a, b, |config| {
            config.providers.strategy = Some(Strategy::RoundRobin);
            config.providers.mid_stream = way;
        })
        .await;
        let calls = tokio::spawn(all(estate.address, CLIENTS));
        tokio::time::sleep(Duration::from_millis(90)).await;
        drop(estate.a.take());
        let answers = calls.await.unwrap();
        let mut begun = 0;
        for answer in &answers {
            match (outcome(answer), way) {
                (Ok(text), _) => assert_eq!(text, WHOLE, "{way}"),
                (Err(text), MidStream::Fail) => {
                    begun += 1;
                    assert!(
                        !text.is_empty() && WHOLE.starts_with(&text),
                        "{way}: {answer:?}"
                    );
                }
                (Err(_), _) => {
                    let id = answer.headers["x-request-id"].to_str().unwrap();
                    let records = estate.records.all();
                    let record = records.iter().find(|record| record.id == id);
                    panic!("{way}: {answer:?}, {record:?}");
                }
            }
        }
        assert!(begun <= CLIENTS / 2);
        // From now on there is only one, and nobody notices.
        for answer in all(estate.address, CLIENTS).await {
            assert_eq!(outcome(&answer).as_deref(), Ok(WHOLE), "{way}");
        }
        let records = estate.records.wait(2 * CLIENTS).await;
        assert_eq!(records.len(), 2 * CLIENTS);
        within(Duration::from_secs(5), estate.b.simulator().idle()).await;
    }
}

/// Stalled, cut and slowed at every event: exactly one answer for each client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stage_gives_one_answer_or_one_error() {
    // Six pieces, the end, and its mark.
    for stage in 0..=8 {
        for stall in [false, true] {
            let fault = match stall {
                true => good().stall_after(stage),
                false => good().cut_after(stage),
            };
            let a = Simulator::new().any_model().always(fault);
            let b = Simulator::new().any_model().always(good());
            let estate = estate(a, b, |config| {
                config.providers.fallback.first_token_timeout_seconds = 1;
                config.providers.targets[0].timeout_seconds = 2;
            })
            .await;
            for answer in all(estate.address, 8).await {
                match outcome(&answer) {
                    Ok(text) => assert_eq!(text, WHOLE, "{stage}, {stall}"),
                    Err(text) => {
                        assert!(stage > 0 && stage < 8, "{stage}, {stall}: {answer:?}");
                        assert_eq!(text, TEXT[..stage.min(6)].concat(), "{stage}, {stall}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn no_key_or_header_of_one_provider_reaches_another() {
    let a = Simulator::new().any_model().always(Reply::new().reset());
    let b = Simulator::new().any_model();
    let estate = estate(a, b, |config| {
        config.providers.targets[0].provider = Provider::OpenAi;
        // Set in every environment, and a key of nobody's.
        let key = portcullis::config::SecretRef::env("PATH");
        config.providers.targets[0].secret_key_ref = Some(key);
    })
    .await;
    let request = http::Request::post(format!("http://{}/v1/chat/completions", estate.address))
        .header("content-type", "application/json")
        .header("authorization", "Bearer client-key")
        .header("openai-beta", "x")
        .header("x-portcullis-provider", "openai-compatible")
        .header("together-version", "1")
        .body(http_body_util::Full::from(chat("Hi", false).to_string()))
        .unwrap();
    let answer = crate::support::read(crate::support::send(&client(), request).await).await;
    assert_eq!(answer.status, 200);
    // And once more from the one to the other.
    assert_eq!(ask(estate.address, false).await.status, 200);
    let path = std::env::var("PATH").unwrap();
    let first = estate
        .a
        .as_ref()
        .unwrap()
        .simulator()
        .last_request()
        .unwrap();
    assert_eq!(first.headers["authorization"], format!("Bearer {path}"));
    for request in estate.b.simulator().requests() {
        for (name, value) in &request.headers {
            assert!(name != "authorization", "{value:?}");
            for mark in ["openai-", "together-", "x-portcullis-"] {
                assert!(!name.as_str().starts_with(mark), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn every_strategy_is_built_from_the_file() {
    for strategy in Strategy::ALL {
        let a = Simulator::new().any_model().always(good());
        let b = Simulator::new().any_model().always(good());
        let estate = estate(a, b, |config| {
            config.providers.strategy = Some(*strategy);
            if *strategy == Strategy::Single {
                config.providers.targets.truncate(1);
            }
            config.providers.targets[0].model = Some("m".to_owned());
            let group = ("fast".to_owned(), vec!["a".to_owned()]);
            config.providers.model_groups = [group].into();
            config.validate().unwrap();
        })
        .await;
        let mut body = chat("Hello", true);
        for _ in 0..2 {
            body["model"] = serde_json::json!("fast");
            let client = client();
            let to = estate.address;
            let answer = post(&client, to, "/v1/chat/completions", body.to_string()).await;
            assert_eq!(outcome(&answer).as_deref(), Ok(WHOLE), "{strategy}");
        }
        let first = estate.a.as_ref().unwrap().simulator();
        let asked = first.last_request().unwrap().json().unwrap();
        assert_eq!(asked["model"], "m");
        assert_eq!(first.request_count(), 2);
    }
}
