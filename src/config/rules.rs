//! What a schema cannot say: rules of single values, and rules between values.

use std::collections::HashMap;

use http::{HeaderName, Uri};

use super::error::Problems;
use super::provider::{Provider, Target};
use super::routing::Strategy;
use super::suggest::{nearest, quoted, step};
use super::tree::{Entry, Node, Value};

/// A rule of a single text. Its message must not repeat the text, which may hold a secret.
type Rule = fn(&str) -> Result<(), &'static str>;

const RULES: [(&str, Rule); 8] = [
    ("base-url", base_url),
    ("canary-notice", canary_notice),
    ("env-name", env_name),
    ("header-name", header_name),
    ("identifier", identifier),
    ("label", label),
    ("model", model),
    ("printable", printable),
];

/// Holds a text against the rule of this name; without a name it may be anything.
pub(super) fn text(rule: &str, text: &str) -> Result<(), &'static str> {
    match RULES.iter().find(|(name, _)| *name == rule) {
        Some((_, rule)) => rule(text),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(super) fn is_rule(rule: &str) -> bool {
    RULES.iter().any(|(name, _)| *name == rule)
}

fn base_url(text: &str) -> Result<(), &'static str> {
    const SHAPE: &str =
        "not a URL; write one with a scheme and a host, such as https://api.together.xyz/v1";
    // `Uri` drops a fragment without a word, so it is looked for first.
    if text.contains('#') {
        return Err("must not have a fragment; remove \"#\" and what follows");
    }
    let uri: Uri = text.parse().map_err(|_| SHAPE)?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(_) => return Err("the scheme must be http or https"),
        None => return Err(SHAPE),
    }
    let authority = uri.authority().ok_or(SHAPE)?.as_str();
    if authority.contains('@') {
        return Err(
            "must not hold a user name or password; name the key's environment variable \
             in secret_key_ref",
        );
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(SHAPE);
    }
    // Empty, or out of the range of a port: both pass as an authority.
    if authority.rsplit_once(':').is_some_and(|(_, port)| {
        !port.ends_with(']') && !port.parse::<u16>().is_ok_and(|port| port > 0)
    }) {
        return Err("the port must be a number from 1 to 65535");
    }
    if uri.query().is_some() {
        return Err("must not have a query; remove \"?\" and what follows");
    }
    Ok(())
}

/// Lower case is refused although the system would take it: keys of providers are written in it,
/// and a key pasted here must not pass for a name.
fn env_name(text: &str) -> Result<(), &'static str> {
    let known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(known) {
        return Err(
            "must be the name of an environment variable in A-Z, 0-9 and _, such as \
             TOGETHER_API_KEY; never write the key itself",
        );
    }
    Ok(())
}

fn canary_notice(text: &str) -> Result<(), &'static str> {
    match text.contains("{canary}") {
        true => Ok(()),
        false => Err("the token has no place in it; write {canary} where it is to stand"),
    }
}

fn identifier(text: &str) -> Result<(), &'static str> {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match text.chars().all(known) {
        true => Ok(()),
        false => Err("may hold only letters, digits, \"-\", \"_\" and \".\""),
    }
}

fn header_name(text: &str) -> Result<(), &'static str> {
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(_) => Ok(()),
        Err(_) => Err("must be the name of a header, such as x-conversation-id"),
    }
}

fn label(text: &str) -> Result<(), &'static str> {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match text.chars().all(known) {
        true => Ok(()),
        false => Err("may hold only letters, digits, \"-\" and \"_\""),
    }
}

fn model(text: &str) -> Result<(), &'static str> {
    match text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        true => Err("must be the name of a model, without spaces"),
        false => Ok(()),
    }
}

fn printable(text: &str) -> Result<(), &'static str> {
    match text.chars().any(char::is_control) {
        true => Err("must not hold control characters"),
        false => Ok(()),
    }
}

/// Replaces `provider: together:chat:<model>` by the provider and the model it stands for.
pub(super) fn expand_shorthands(root: &mut Node, problems: &mut Problems) {
    let Some(providers) = root.get_mut("providers") else {
        return;
    };
    let Some(Value::List(targets)) = providers.get_mut("targets").map(|node| &mut node.value)
    else {
        return;
    };
    for (index, target) in targets.iter_mut().enumerate() {
        expand(target, index, problems);
    }
}

fn expand(target: &mut Node, index: usize, problems: &mut Problems) {
    let given = target.get("model").cloned();
    let Some(provider) = target.get_mut("provider") else {
        return;
    };
    let at = provider.at;
    let Some((name, rest)) = provider.text().and_then(|text| text.split_once(':')) else {
        return;
    };
    let path = format!("providers.targets[{index}]");
    let name = name.to_owned();
    let model = match rest.split_once(':') {
        Some(("chat", model)) if !model.trim().is_empty() => model.to_owned(),
        _ => {
            let what = format!(
                "{path}.provider: a shorthand has the form <provider>:chat:<model>; \
                 write that, or the provider's name alone"
            );
            problems.push(at, &format!("{path}.provider"), what);
            provider.value = Value::Refused;
            return;
        }
    };
    provider.value = Value::Text(name);
    match given {
        None => {
            if let Value::Map(entries) = &mut target.value {
                entries.push(Entry {
                    key: "model".to_owned(),
                    key_at: at,
                    node: Node {
                        value: Value::Text(model),
                        at,
                    },
                });
            }
        }
        Some(given) if given.text().is_some_and(|text| text != model) => {
            let what = format!(
                "{path}.model: differs from the model in the shorthand at line {}; \
                 keep one of the two",
                at.line
            );
            problems.push(given.at, &format!("{path}.model"), what);
        }
        Some(_) => {}
    }
}

/// Reports what is wrong between values that are each right.
pub(super) fn between(root: &Node, problems: &mut Problems) {
    remote_judge(root, problems);
    super::judge_rules::check(root, problems);
    let Some(providers) = root.get("providers") else {
        return;
    };
    let targets = match providers.get("targets") {
        Some(node) => node.elements(),
        None => &[],
    };
    unique_ids(targets, problems);
    one_target(providers.get("strategy"), targets, problems);
    groups(providers.get("model_groups"), targets, problems);
    if let Some(sticky) = providers.get("sticky")
        && matches!(&sticky.value, Value::Map(entries) if entries.is_empty())
    {
        let path = "providers.sticky";
        let what = format!(
            "{path}: names nothing that requests have in common; add \"header\" or \"field\", or \
             remove it"
        );
        problems.push(sticky.at, path, what);
    }
    for (index, target) in targets.iter().enumerate() {
        let compatible = Provider::OpenAiCompatible.as_str();
        let provider = target.get("provider").and_then(Node::text);
        if provider == Some(compatible) && target.get("base_url").is_none() {
            let path = format!("providers.targets[{index}]");
            let what = format!(
                "{path}: the provider \"{compatible}\" has no URL of its own; add \"base_url\""
            );
            problems.push(target.at, &path, what);
        }
        let probe = target.get("health_probe");
        if let Some(one_token) = probe.and_then(|probe| probe.get("one_token"))
            && matches!(one_token.value, Value::Bool(true))
            && target.get("model").is_none()
        {
            let path = format!("providers.targets[{index}].health_probe.one_token");
            let what = format!(
                "{path}: there is no model to ask for a token; add \"model\" to the target"
            );
            problems.push(one_token.at, &path, what);
        }
    }
}

/// A judge in the chain must be somewhere, and one that is a model must have a name.
fn remote_judge(root: &Node, problems: &mut Problems) {
    let chain = root.get("policies").and_then(|node| node.get("chain"));
    let chain = chain.map_or(&[][..], Node::elements);
    let Some(named) = chain.iter().find(|n| n.text() == Some("remote-judge")) else {
        return;
    };
    let path = "policy.remote-judge";
    let settings = root.get("policy").and_then(|node| node.get("remote-judge"));
    let has = |key: &str| settings.is_some_and(|node| node.get(key).is_some());
    let kind = settings.and_then(|node| node.get("kind")?.text());
    if kind == Some("grader") {
        let what = format!(
            "{path}.kind: a \"grader\" scores answers; name it as the \"judge\" of quality-scorer, \
             or use another kind"
        );
        let at = settings
            .and_then(|node| node.get("kind"))
            .unwrap_or(named)
            .at;
        return problems.push(at, &format!("{path}.kind"), what);
    }
    let missing = if !has("url") {
        "url"
    } else if kind == Some("llama-guard") && !has("model") {
        "model"
    } else {
        return;
    };
    let what = format!(
        "{path}: the key \"{missing}\" is missing; add it, or take the policy out of the chain"
    );
    problems.push(settings.unwrap_or(named).at, path, what);
}

fn id(target: &Node) -> &str {
    match target.get("id") {
        Some(id) => id.text().unwrap_or_default(),
        None => Target::DEFAULT_ID,
    }
}

fn unique_ids(targets: &[Node], problems: &mut Problems) {
    let mut seen = HashMap::new();
    for (index, target) in targets.iter().enumerate() {
        // An id of the wrong type, and a target that is no mapping, are reported elsewhere.
        if id(target).is_empty() || !matches!(target.value, Value::Map(_)) {
            continue;
        }
        if let Some(first) = seen.insert(id(target), index) {
            let at = target.get("id").unwrap_or(target).at;
            let path = format!("providers.targets[{index}].id");
            let what = format!(
                "{path}: {} is the id of providers.targets[{first}] already; \
                 give each target its own",
                quoted(id(target))
            );
            problems.push(at, &path, what);
        }
    }
}

fn one_target(strategy: Option<&Node>, targets: &[Node], problems: &mut Problems) {
    let single = Strategy::Single.as_str();
    let strategy = strategy.and_then(Node::text);
    let [first, second, ..] = targets else {
        return;
    };
    if strategy != Some(single) {
        return;
    }
    let path = "providers.targets";
    let what = format!(
        "{path}: strategy \"{single}\" takes exactly one target and {} are listed; \
         keep {path}[0] ({}) and remove the others, or use another strategy, such as \
         \"fallback\"",
        targets.len(),
        quoted(id(first)),
    );
    problems.push(second.at, path, what);
}

/// The members of a group are targets, and each knows what to ask for in place of the group's name.
fn groups(groups: Option<&Node>, targets: &[Node], problems: &mut Problems) {
    let Some(Value::Map(groups)) = groups.map(|node| &node.value) else {
        return;
    };
    for Entry { key, node, .. } in groups {
        for (index, member) in node.elements().iter().enumerate() {
            let Some(name) = member.text() else { continue };
            let path = format!("providers.model_groups.{}[{index}]", step(key));
            let what = match targets.iter().find(|target| id(target) == name) {
                Some(target) if target.get("model").is_some() => continue,
                Some(_) => format!(
                    "{path}: the target {} has no model to ask for; add \"model\" to it",
                    quoted(name)
                ),
                None => {
                    let known = targets.iter().map(id);
                    let way_out = match nearest(name, known) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None => "give the id of one of providers.targets".to_owned(),
                    };
                    format!("{path}: there is no target {}; {way_out}", quoted(name))
                }
            };
            problems.push(member.at, &path, what);
        }
    }
}
