//! What a judge beside a policy's own must be, to be of use to it.

use serde_json::Value as Json;

use super::error::Problems;
use super::judge::JudgeConfig;
use super::tree::{Node, Value};

/// Reports what is wrong with the judges of the policies.
pub(super) fn check(root: &Node, problems: &mut Problems) {
    for policy in ["prompt-injection", "safety-filter", "quality-scorer"] {
        let settings = root.get("policy").and_then(|node| node.get(policy));
        let Some(judge) = settings.and_then(|node| node.get("judge")) else {
            continue;
        };
        let mut checker = Checker {
            path: format!("policy.{policy}.judge"),
            judge,
            problems: &mut *problems,
        };
        checker.place(policy);
        match policy {
            "safety-filter" => checker.answers(settings),
            _ => checker.directions(policy),
        }
        checker.band();
    }
}

struct Checker<'a> {
    path: String,
    judge: &'a Node,
    problems: &'a mut Problems,
}

impl<'a> Checker<'a> {
    fn text(&self, key: &str) -> Option<&'a str> {
        let judge: &'a Node = self.judge;
        judge.get(key)?.text()
    }

    /// Reports a problem at a key, or where it would stand.
    fn report(&mut self, key: &str, what: &str) {
        let (at, path) = match self.judge.get(key) {
            Some(node) => (node.at, format!("{}.{key}", self.path)),
            None => (self.judge.at, self.path.clone()),
        };
        self.problems.push(at, &path, format!("{path}: {what}"));
    }

    /// It stands behind a URL, or runs in this process.
    fn place(&mut self, policy: &str) {
        match (self.judge.get("url"), self.judge.get("encoder")) {
            (_, None) if !matches!(self.judge.value, Value::Map(_)) => {}
            (None, None) => {
                let what = "the key \"url\" is missing; add it, or have the judge run in this \
                    process: \"encoder\"";
                self.report("url", what);
                self.kind(policy);
            }
            (Some(_), None) => self.kind(policy),
            (_, Some(_)) => self.encoder(policy),
        }
    }

    fn encoder(&mut self, policy: &str) {
        // A configuration that was written out names its defaults.
        let kind = self.text("kind").filter(|kind| *kind != "moderation");
        let kind = kind.map(|_| "kind");
        let keys = ["url", "model", "rubric", "secret_key_ref"];
        for key in keys.into_iter().chain(kind) {
            if self.judge.get(key).is_some() {
                self.report(
                    key,
                    "is for a judge behind a URL; remove it, or \"encoder\"",
                );
            }
        }
        self.of_remote_judges();
        if policy == "quality-scorer" {
            let what = "an encoder knows attacks and harm, and not quality; use a judge behind a \
                \"url\"";
            self.report("encoder", what);
        } else if !cfg!(feature = "encoder") {
            let what = "this program was built without encoders; build it with `cargo build \
                --release --features gateway,encoder`, or use a judge behind a \"url\"";
            self.report("encoder", what);
        }
    }

    /// Settings that an encoder has no use for. A configuration that was written out names their
    /// defaults.
    fn of_remote_judges(&mut self) {
        let Ok(usual) = serde_json::to_value(JudgeConfig::at("")) else {
            return;
        };
        for (key, what) in [
            (
                "max_concurrent",
                "is for a judge behind a URL; set it within \"encoder\"",
            ),
            (
                "max_text_bytes",
                "is for a judge behind a URL; set \"max_tokens\" and \"max_windows\" within \
                    \"encoder\"",
            ),
            (
                "circuit_breaker",
                "is for a judge behind a URL; remove it, or \"encoder\"",
            ),
        ] {
            let given = self.judge.get(key).map(Node::to_json);
            let usual = &usual[key];
            let same = |given: &Json| match (given, usual) {
                (Json::Object(given), Json::Object(usual)) => given
                    .iter()
                    .all(|(key, value)| usual.get(key) == Some(value)),
                _ => given == usual,
            };
            if given.is_some_and(|given| !same(&given)) {
                self.report(key, what);
            }
        }
    }

    fn kind(&mut self, policy: &str) {
        let kind = self.text("kind").unwrap_or("moderation");
        let grades = kind == "grader";
        if policy == "quality-scorer" && !grades && kind != "contract" {
            let what = format!(
                "a \"{kind}\" knows harm, and not quality; write \"kind: grader\" or \"kind: contract\""
            );
            self.report("kind", &what);
        } else if grades && policy != "quality-scorer" {
            let what = "a \"grader\" scores answers for quality-scorer; use \"moderation\", \
                \"llama-guard\" or \"contract\"";
            self.report("kind", what);
        }
        if (grades || kind == "llama-guard") && self.judge.get("model").is_none() {
            self.report(
                "model",
                "the key \"model\" is missing; name the model that judges",
            );
        }
        if !grades && self.judge.get("rubric").is_some() {
            self.report("rubric", "only a \"grader\" reads it; remove it");
        }
    }

    /// Where answers are judged, it must be said what becomes of streams.
    fn answers(&mut self, settings: Option<&Node>) {
        let has = |node: Option<&Node>, all: bool| match node.and_then(|n| n.get("directions")) {
            Some(list) => list.elements().iter().any(|n| n.text() == Some("response")),
            None => all,
        };
        let judged = has(Some(self.judge), false);
        if judged && !has(settings, true) {
            let what = "the policy does not inspect answers; add \"response\" to its directions, or \
                remove it here";
            self.report("directions", what);
        } else if judged && self.judge.get("streamed_answers").is_none() {
            let what = "no judge can read a streamed answer as a whole before the client does; say \
                in \"streamed_answers\" what becomes of one: \"embedded\" (the policy judges it \
                alone), \"record\" (and the judge at its end, for the record) or \"refuse\" (a \
                request for a stream); or have requests judged only: directions: [request]";
            self.report("streamed_answers", what);
        } else if !judged && self.judge.get("streamed_answers").is_some() {
            let what =
                "answers are not judged; add \"directions: [request, response]\", or remove it";
            self.report("streamed_answers", what);
        }
    }

    fn directions(&mut self, policy: &str) {
        let (only, other) = match policy {
            "quality-scorer" => ("answers", "request"),
            _ => ("requests", "response"),
        };
        let listed = self.judge.get("directions");
        let listed = listed.map_or(&[][..], Node::elements);
        if listed.iter().any(|node| node.text() == Some(other)) {
            let what = format!("{policy} judges {only} only; remove \"{other}\", or the key");
            self.report("directions", &what);
        }
        if policy == "prompt-injection" && self.judge.get("streamed_answers").is_some() {
            self.report(
                "streamed_answers",
                "prompt-injection judges requests only; remove it",
            );
        }
    }

    fn band(&mut self) {
        if self.text("when") == Some("always") && self.judge.get("band").is_some() {
            let what = "every text is judged; remove it, or write \"when: uncertain\"";
            self.report("band", what);
        }
    }
}
