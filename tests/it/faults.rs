//! Faults at every stage of a call, through sockets, under many clients: each
//! gets one whole answer or one well-formed error, and nothing is left behind.

use std::time::{Duration, Instant};

use http::StatusCode;
use portcullis::config::{Config, Provider, Target};
use portcullis::upstream::simulator::{Reply, Simulator, SimulatorServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::support::{Answer, House, chat, client, post, streamed_text, within};

const TEXT: &str = "one two three four five six seven eight";
const CLIENTS: usize = 200;

fn reply() -> Reply {
    Reply::text(TEXT)
}

/// What is wrong with the first of two targets.
enum Fault {
    /// It answers so.
    Says(Box<Reply>),
    /// It is somewhere else.
    At(String),
}

struct Town {
    house: House,
    second: SimulatorServer,
    /// Tasks that were there before.
    tasks: usize,
}

impl Town {
    /// A gateway before two targets, the first of which is at fault.
    async fn open(fault: Fault, change: impl FnOnce(&mut Config)) -> Self {
        let tasks = Handle::current().metrics().num_alive_tasks();
        let (first, url) = match fault {
            Fault::Says(reply) => (Simulator::new().always(*reply), None),
            Fault::At(url) => (Simulator::new(), Some(url)),
        };
        let second = Simulator::new().always(reply());
        let second = second.bind("127.0.0.1:0").await.unwrap();
        let other = second.base_url();
        let house = House::with(first, |config| {
            let targets = &mut config.providers.targets;
            if url.is_some() {
                targets[0].base_url = url;
            }
            targets[0].timeout_seconds = 1;
            targets[0].stream_timeout_seconds = Some(20);
            let mut target = Target::new(Provider::OpenAiCompatible);
            target.id = "second".to_owned();
            target.base_url = Some(other);
            targets.push(target);
            let providers = &mut config.providers;
            providers.retry.initial_backoff_ms = 5;
            providers.timeouts.first_byte_seconds = 1;
            providers.timeouts.idle_seconds = 1;
            providers.fallback.first_token_timeout_seconds = 1;
            change(config);
        })
        .await;
        Self {
            house,
            second,
            tasks,
        }
    }

    /// What each of many clients gets that ask at once, every other one for a
    /// stream.
    async fn storm(&self) -> Vec<(bool, Answer)> {
        let client = client();
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let (client, address) = (client.clone(), self.house.address);
            let stream = number % 2 == 0;
            clients.spawn(async move {
                let body = chat("hello", stream).to_string();
                let answer = post(&client, address, "/v1/chat/completions", body).await;
                (stream, answer)
            });
        }
        clients.join_all().await
    }

    /// Nothing is left: no call, no connection, no task.
    async fn close(mut self) {
        let upstreams = [&self.house.upstream, &self.second];
        within(Duration::from_secs(5), async {
            for upstream in upstreams {
                upstream.simulator().idle().await;
            }
        })
        .await;
        self.house.stop();
        within(Duration::from_secs(5), self.house.stopped()).await;
        let upstreams = [&self.house.upstream, &self.second];
        within(Duration::from_secs(5), async {
            while upstreams.iter().any(|server| server.open_connections() > 0) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let tasks = self.tasks;
        drop(self);
        within(Duration::from_secs(5), async {
            while Handle::current().metrics().num_alive_tasks() > tasks {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

/// Whether it is the whole answer; if not, it is a well-formed error.
fn whole(stream: bool, answer: &Answer) -> bool {
    assert!(!answer.broken, "{answer:?}");
    if answer.status != StatusCode::OK {
        assert!(answer.status.is_server_error(), "{answer:?}");
        assert!(!answer.code().is_empty());
        return false;
    }
    if !stream {
        let said = answer.json()["choices"][0]["message"]["content"].clone();
        assert_eq!(said, TEXT);
        return true;
    }
    let said = streamed_text(&answer.body);
    let errors = answer.text().matches("\"error\":").count();
    if errors == 0 {
        assert_eq!(said, TEXT, "{answer:?}");
        assert_eq!(answer.text().matches("[DONE]").count(), 1, "{answer:?}");
        return true;
    }
    assert_eq!(errors, 1, "{answer:?}");
    assert!(TEXT.starts_with(&said), "{answer:?}");
    false
}

/// Where the first target fails before its answer has begun, every call is
/// answered by the second, with breakers and without.
async fn all_are_answered(what: &str, fault: impl Fn() -> Fault) {
    for breaker in [true, false] {
        let town = Town::open(fault(), |config| {
            config.providers.circuit_breaker.enabled = breaker;
        })
        .await;
        let start = Instant::now();
        let answers = town.storm().await;
        let took = start.elapsed();
        assert_eq!(answers.len(), CLIENTS);
        for (stream, answer) in &answers {
            assert!(whole(*stream, answer), "{what}, {breaker}: {answer:?}");
        }
        // Each has paid for the fault at most with the limit of the first.
        assert!(took < Duration::from_secs(15), "{what}: {took:?}");
        town.close().await;
    }
}

fn says(reply: Reply) -> impl Fn() -> Fault {
    move || Fault::Says(Box::new(reply.clone()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_connecting() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    all_are_answered("refused", || Fault::At(format!("http://{nobody}/v1"))).await;
    // One that does not speak TLS.
    let garbage = raw(Raw::Says(b"not TLS at all, to be sure\r\n\r\n")).await;
    all_are_answered("TLS", || Fault::At(format!("https://{garbage}/v1"))).await;
    // One that accepts, and says nothing: to plain text, and to TLS.
    let mute = raw(Raw::Mute).await;
    all_are_answered("mute", || Fault::At(format!("http://{mute}/v1"))).await;
    all_are_answered("TLS, mute", || Fault::At(format!("https://{mute}/v1"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_head() {
    let closes = raw(Raw::Says(b"")).await;
    all_are_answered("closed", || Fault::At(format!("http://{closes}/v1"))).await;
    let half = raw(Raw::Says(b"HTTP/1.1 200 OK\r\ncontent-ty")).await;
    all_are_answered("half a head", || Fault::At(format!("http://{half}/v1"))).await;
    all_are_answered("reset", says(Reply::new().reset())).await;
    all_are_answered("stall", says(reply().delay(Duration::from_secs(60)))).await;
    for status in [429, 500, 502, 503, 504, 529] {
        let status = StatusCode::from_u16(status).unwrap();
        let what = status.as_str().to_owned();
        all_are_answered(&what, says(Reply::error(status, "no"))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_event() {
    all_are_answered("cut", says(reply().cut_after(0))).await;
    all_are_answered("stall", says(reply().stall_after(0))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_is_not_a_fault() {
    let slow = reply().delay(Duration::from_millis(300));
    all_are_answered("head", says(slow)).await;
    let slow = reply().between(Duration::from_millis(40));
    all_are_answered("events", says(slow)).await;
    let drips = reply().drip(40, Duration::from_millis(2));
    all_are_answered("bytes", says(drips)).await;
}

/// Where the first target fails after text has left, a stream ends with one
/// well-formed error and says nothing twice. Plain answers are whole: nothing
/// of the broken ones has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_and_at_the_last_event() {
    for (what, broken) in [
        ("cut in the middle", reply().cut_after(4)),
        ("stall in the middle", reply().stall_after(4)),
        ("cut before the last word", reply().cut_after(7)),
        ("stall before the last word", reply().stall_after(7)),
    ] {
        // Plain answers have one event, which these let pass.
        for breaker in [true, false] {
            let town = Town::open(Fault::Says(Box::new(broken.clone())), |config| {
                config.providers.circuit_breaker.enabled = breaker;
            })
            .await;
            let answers = town.storm().await;
            let (mut failed, mut done) = (0, 0);
            for (stream, answer) in &answers {
                match whole(*stream, answer) {
                    true => done += 1,
                    false => failed += 1,
                }
                assert_eq!(answer.status, 200, "{what}: {answer:?}");
            }
            assert_eq!(done + failed, CLIENTS);
            assert!(failed <= CLIENTS / 2, "{what}: {failed} failed");
            assert!(failed > 0, "{what}: nothing was broken");
            town.close().await;
        }
    }
}

/// Clients that leave at every stage cost nothing and count as nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_leave() {
    for slow in [
        reply().delay(Duration::from_secs(60)),
        reply().stall_after(0),
        reply().stall_after(3),
        reply().between(Duration::from_millis(500)),
    ] {
        let town = Town::open(Fault::Says(Box::new(slow)), |config| {
            let providers = &mut config.providers;
            providers.targets[0].timeout_seconds = 60;
            providers.targets[0].stream_timeout_seconds = None;
            providers.timeouts.first_byte_seconds = 60;
            providers.timeouts.idle_seconds = 60;
            providers.fallback.first_token_timeout_seconds = 60;
        })
        .await;
        let simulator = town.house.simulator();
        // However slow the machine is, most of them are under way before they leave.
        let under_way = async {
            while simulator.request_count() <= CLIENTS as u64 / 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            _ = town.storm() => panic!("nobody is to get a whole answer"),
            () = within(Duration::from_secs(30), under_way) => {}
        }
        within(Duration::from_secs(5), simulator.idle()).await;
        assert_eq!(town.second.simulator().request_count(), 0);
        town.close().await;
    }
}

/// The first target is killed and comes back, again and again, while clients
/// keep asking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_dies_and_comes_back() {
    let simulator = Simulator::new().always(reply().between(Duration::from_millis(3)));
    let mut server = Some(simulator.bind("127.0.0.1:0").await.unwrap());
    let address = server.as_ref().unwrap().address();
    let url = format!("http://{address}/v1");
    let town = Town::open(Fault::At(url), |config| {
        config.providers.circuit_breaker.recovery_timeout_seconds = 1;
    })
    .await;
    let mut clients = JoinSet::new();
    let client = client();
    let until = Instant::now() + Duration::from_secs(4);
    for number in 0..50 {
        let (client, address) = (client.clone(), town.house.address);
        clients.spawn(async move {
            let (mut done, mut failed) = (0, 0);
            let mut stream = number % 2 == 0;
            while Instant::now() < until {
                stream = !stream;
                let body = chat("hello", stream).to_string();
                let answer = post(&client, address, "/v1/chat/completions", body).await;
                match whole(stream, &answer) {
                    true => done += 1,
                    false => failed += 1,
                }
                // What had not begun goes to the second target.
                assert_eq!(answer.status, 200, "{answer:?}");
            }
            (done, failed)
        });
    }
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        drop(server.take());
        tokio::time::sleep(Duration::from_millis(600)).await;
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        server = Some(simulator.serve(listener).unwrap());
    }
    let (mut done, mut failed) = (0, 0);
    for (whole, broken) in clients.join_all().await {
        done += whole;
        failed += broken;
    }
    // At most the streams that were under way when it was killed.
    assert!(failed <= 3 * 50, "{failed} of {done}");
    assert!(done > 500, "{done}");
    drop(server);
    town.close().await;
}

enum Raw {
    Says(&'static [u8]),
    Mute,
}

/// Answers every connection with these bytes and closes it, or keeps it and
/// says nothing. Until the test ends.
async fn raw(answer: Raw) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            while kept.try_join_next().is_some() {}
            match answer {
                Raw::Says(bytes) => {
                    kept.spawn(async move {
                        let mut buffer = [0; 4096];
                        let _ = stream.read(&mut buffer).await;
                        let _ = stream.write_all(bytes).await;
                    });
                }
                Raw::Mute => {
                    kept.spawn(async move {
                        let mut buffer = [0; 4096];
                        // Until the other side has gone.
                        while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
                    });
                }
            }
        }
    });
    address.to_string()
}
