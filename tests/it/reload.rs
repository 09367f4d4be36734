//! A gateway that takes on another configuration while it serves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use portcullis::call::Outcome;
use portcullis::config::Policies;
use portcullis::upstream::simulator::{Reply, Simulator};

use crate::command::{Scratch, command};
use crate::support::{House, chat, client, post, read, send, streamed_text, within};

#[tokio::test]
async fn calls_in_flight_finish_on_the_old_stack() {
    let reply = Reply::text("one jane@example.com two jane@example.com three four five")
        .piece_len(6)
        .between(Duration::from_millis(40));
    let house = House::open(Simulator::new().reply(reply)).await;
    let other = Simulator::new().always(Reply::text("from elsewhere, joe@example.com"));
    let other = other.bind("127.0.0.1:0").await.unwrap();

    let client = client();
    let request = Request::post(format!("http://{}/v1/chat/completions", house.address))
        .header("content-type", "application/json")
        .body(Full::from(chat("hello", true).to_string()))
        .unwrap();
    let mut flying = send(&client, request).await;
    flying.frame().await.unwrap().unwrap();

    let mut config = house.config.clone();
    let mut none = Policies::default();
    none.chain.truncate(1);
    config.policies = none;
    config.providers.targets[0].base_url = Some(other.base_url());
    house.gateway().reload(&config).unwrap();

    let answer = house.chat("hello", false).await;
    assert!(answer.text().contains("from elsewhere, joe@example.com"));
    assert_eq!(other.simulator().requests().len(), 1);
    let finished = read(flying).await;
    assert!(!finished.broken);
    let text = streamed_text(&finished.body);
    assert!(text.ends_with("[EMAIL_ADDRESS] three four five"), "{text}");
    assert!(finished.text().ends_with("data: [DONE]\n\n"));
    let records = house.records.wait(2).await;
    assert!(records.iter().all(|r| r.outcome == Outcome::Finished));
}

#[tokio::test]
async fn what_cannot_be_built_changes_nothing() {
    let house = House::open(Simulator::new()).await;
    let mut config = house.config.clone();
    config.policies.chain.clear();
    config.providers.targets[0].secret_key_ref = Some(portcullis::config::SecretRef::env(
        "NO_SUCH_VARIABLE_ANYWHERE",
    ));
    let error = house.gateway().reload(&config).unwrap_err().to_string();
    assert!(error.contains("NO_SUCH_VARIABLE_ANYWHERE"), "{error}");
    let answer = house.chat("I am jane@example.com", false).await;
    assert!(answer.text().contains("[EMAIL_ADDRESS]"));
}

/// Connections and the like are the target's, and outlive the stack.
#[tokio::test]
async fn what_has_stayed_keeps_its_state() {
    let house = House::open(Simulator::new()).await;
    house.chat("one", false).await;
    let mut config = house.config.clone();
    config.policies.chain.truncate(1);
    house.gateway().reload(&config).unwrap();
    house.chat("two", false).await;
    assert_eq!(house.upstream.connections(), 1);
    config.providers.targets[0].timeout_seconds = 7;
    house.gateway().reload(&config).unwrap();
    house.chat("three", false).await;
    assert_eq!(house.upstream.connections(), 2);
}

/// Many calls while the stack changes under them: none is lost.
#[tokio::test]
async fn no_call_is_lost_between_two_stacks() {
    let house = House::open(Simulator::new()).await;
    let client = client();
    let calls = (0..20).map(|_| {
        let (client, address) = (client.clone(), house.address);
        tokio::spawn(async move {
            for _ in 0..10 {
                let body = chat("I am jane@example.com", true).to_string();
                let answer = post(&client, address, "/v1/chat/completions", body).await;
                assert_eq!(answer.status, StatusCode::OK);
                assert!(answer.text().ends_with("data: [DONE]\n\n"));
                assert!(answer.text().contains("[EMAIL_ADDRESS]"));
            }
        })
    });
    let calls: Vec<_> = calls.collect();
    for seconds in 1..30 {
        let mut config = house.config.clone();
        config.providers.targets[0].timeout_seconds = 10 + seconds;
        house.gateway().reload(&config).unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for call in calls {
        call.await.unwrap();
    }
}

/// A gateway that is stopped at the end of the test, and its log.
struct Process {
    child: Child,
    log: std::sync::mpsc::Receiver<serde_json::Value>,
}

impl Process {
    fn start(config: &str) -> (Self, std::net::SocketAddr) {
        let mut child = command(&["run", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(["--policy-config", config])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line: serde_json::Value = serde_json::from_str(&line).unwrap();
                if tell.send(line["fields"].clone()).is_err() {
                    break;
                }
            }
        });
        let process = Self { child, log };
        let address = process.wait("listening")["address"].clone();
        (process, address.as_str().unwrap().parse().unwrap())
    }

    /// The next line of the log that begins so.
    fn wait(&self, message: &str) -> serde_json::Value {
        loop {
            let line = self.log.recv_timeout(Duration::from_secs(20));
            let line = line.unwrap_or_else(|_| panic!("never said: {message}"));
            if line["message"].as_str().unwrap().starts_with(message) {
                return line;
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_changed_file_and_a_signal_are_followed_and_a_bad_file_is_not() {
    let upstream = Simulator::new().bind("127.0.0.1:0").await.unwrap();
    let file = |chain: &str| {
        let target = format!(
            "{{provider: openai-compatible, base_url: '{}'}}",
            upstream.base_url()
        );
        format!("policies: {{chain: [{chain}]}}\nproviders: {{targets: [{target}]}}\n")
    };
    let scratch = Scratch::new("followed.yaml", &file(""));
    let path = scratch.path().to_owned();
    let write = |content: &str| {
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
    };
    let (process, address) = Process::start(scratch.path());
    let client = client();
    let ask = || async {
        let body = chat("I am jane@example.com", false).to_string();
        let answer = post(&client, address, "/v1/chat/completions", body);
        let answer = within(Duration::from_secs(10), answer).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.text().contains("[EMAIL_ADDRESS]")
    };
    assert!(!ask().await);

    write(&file("pii-detector"));
    process.wait("configuration reloaded");
    assert!(ask().await);

    write("polices: {}\n");
    let line = process.wait("configuration not reloaded");
    let why = line["error"].as_str().unwrap();
    assert!(
        why.ends_with("followed.yaml:1:1: unknown key \"polices\"; did you mean \"policies\"?"),
        "{why}"
    );
    assert!(ask().await);

    std::fs::remove_file(&path).unwrap();
    process.wait("configuration not reloaded");
    assert!(ask().await);

    write(&file(""));
    process.wait("configuration reloaded");
    assert!(!ask().await);

    let pid = process.child.id().to_string();
    let signalled = Command::new("kill").args(["-HUP", &pid]).status();
    assert!(signalled.unwrap().success());
    process.wait("configuration reloaded");
    assert!(!ask().await);
}

/// A file put in the place of another, of the same length and time, as a
/// ConfigMap may be; and one that was changed before anybody looked.
#[cfg(unix)]
#[tokio::test]
async fn a_file_in_the_place_of_another_is_seen() {
    let upstream = Simulator::new().bind("127.0.0.1:0").await.unwrap();
    let file = |version: u8| {
        let target = format!(
            "{{provider: openai-compatible, base_url: '{}'}}",
            upstream.base_url()
        );
        format!("pack: {{version: 1.0.{version}}}\nproviders: {{targets: [{target}]}}\n")
    };
    let time = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let folder = std::env::temp_dir().join(format!("portcullis-{}-links", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let put = |version: u8| {
        let path = folder.join(format!("{version}.yaml"));
        std::fs::write(&path, file(version)).unwrap();
        let opened = std::fs::File::options().write(true).open(&path).unwrap();
        opened.set_modified(time).unwrap();
        let link = folder.join(format!("link-{version}"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::fs::rename(&link, folder.join("config.yaml")).unwrap();
    };
    put(1);
    let config = folder.join("config.yaml");
    let (process, _) = Process::start(config.to_str().unwrap());
    tokio::time::sleep(Duration::from_millis(700)).await;
    put(2);
    assert_eq!(process.wait("configuration reloaded")["version"], "1.0.2");
    std::fs::remove_dir_all(&folder).unwrap();

    let read = portcullis::config::Config::parse("x.yaml", &file(3)).unwrap();
    let gateway = portcullis::gateway::Gateway::new(&read).unwrap();
    let changed = Scratch::new("changed.yaml", &file(4).replace("primary", "x"));
    let path = std::path::Path::new(changed.path());
    let ids = || gateway.targets().into_iter().map(|t| t.id().to_owned());
    assert!(ids().eq(["primary"]));
    std::fs::write(path, file(4).replace("{provider", "{id: other, provider")).unwrap();
    let follow = gateway.follow(path, |_| std::task::Poll::Pending);
    let _ = tokio::time::timeout(Duration::from_millis(300), follow).await;
    assert!(ids().eq(["other"]));
}
