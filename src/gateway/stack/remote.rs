//! The policy `remote-judge`.

use super::{GatewayError, judge};
use crate::body::Role;
use crate::config::{self, RemoteJudgeConfig, Speaker};
use crate::policy::remote::{RemoteAction, RemoteJudgeLayer};

pub(super) fn remote(settings: &RemoteJudgeConfig) -> Result<RemoteJudgeLayer, GatewayError> {
    const PATH: &str = "policy.remote-judge";
    let Some(judge) = settings.judge() else {
        let missing = format!("{PATH}.url: is missing; say where the judge is");
        return Err(GatewayError::Policy(missing));
    };
    let judge = judge::judge(PATH, &judge)?;
    let action = match settings.action {
        config::RemoteAction::Block => RemoteAction::Block,
        config::RemoteAction::Flag => RemoteAction::Flag,
        config::RemoteAction::Log => RemoteAction::Log,
    };
    let roles = settings.roles.iter().map(|role| match role {
        Speaker::System => Role::System,
        Speaker::Developer => Role::Developer,
        Speaker::User => Role::User,
        Speaker::Assistant => Role::Assistant,
        Speaker::Tool => Role::Tool,
    });
    Ok(RemoteJudgeLayer::asking(judge)
        .enforce(settings.enforce)
        .on_failure(judge::on_failure(settings.on_failure))
        .threshold(settings.threshold as f32)
        .action(action)
        .message(settings.response.message.clone())
        .roles(roles))
}
