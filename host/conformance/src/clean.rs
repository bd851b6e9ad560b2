//! Afterwards: everything that the suite made is removed again, and nothing else.
//!
//! Owns: what counts as made by the suite: a snapshot that one of its runs reported or that bears the id of one. What is
//! new and bears no id may be somebody else's: it is told, not removed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use strongroom_domain::retry::FailureKind;

use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::snapshots::{Action, Get, SnapshotInfo};

use super::context::call::{Stop, Told};
use super::context::{Place, TestContext};
use super::messages;

/// So often it is tried to delete what is not ready for it yet.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// Removes what was made; what is left, each in a sentence.
pub(super) async fn clean(context: &TestContext) -> Vec<String> {
    context.gates.open();
    if let Some(against) = &context.against {
        open_up(&against.scratch);
    }
    if context.runs().is_empty() {
        return Vec::new();
    }
    sweep(context).await.unwrap_or_else(|stop| {
        let (Stop::Failed(what) | Stop::Skipped(what)) = stop;
        let ids: Vec<String> = context
            .runs()
            .iter()
            .map(|run| run.id.to_string())
            .collect();
        vec![format!(
            "it is not known what is left, because {what}; look for snapshots of the runs {}",
            ids.join(", ")
        )]
    })
}

/// What was restored at the provider.
pub(super) fn restored(context: &TestContext) -> Option<String> {
    let (made, Place::Name(name)) = (context.restored()?, context.place()?) else {
        return None;
    };
    Some(format!(
        "`{name}`, restored from `{}`",
        messages::short(&made.info.reference)
    ))
}

async fn sweep(context: &TestContext) -> Told<Vec<String>> {
    let call = context.call()?;
    let before = context.before().await?;
    let runs: BTreeSet<String> = context
        .runs()
        .iter()
        .map(|run| run.id.to_string())
        .collect();
    let known = context.known();
    let ours = |info: &SnapshotInfo| match &info.run_id {
        _ if before.contains(&info.reference) => false,
        Some(run) => runs.contains(run),
        None => known.contains(&info.reference),
    };
    let mut found = call.everything().await?;
    // What a run reported may be there and not be listed, if the plugin is wrong.
    for reference in &known {
        if !found.iter().any(|info| info.reference == *reference) {
            let get = Get {
                reference: reference.clone(),
            };
            if let CallResult::Answered(info) = call.call(get).await {
                found.push(info);
            }
        }
    }
    let mut why = BTreeMap::new();
    for info in found.into_iter().filter(ours) {
        if let Err(sentence) = remove(context, &info.reference).await {
            why.insert(
                info.reference.clone(),
                (messages::snapshot(&info), sentence),
            );
        }
    }
    let mut left = Vec::new();
    for info in call.everything().await? {
        let shown = messages::snapshot(&info);
        if ours(&info) {
            let told = why.remove(&info.reference);
            let reason = told.map_or("it is still listed".to_owned(), |(_, sentence)| sentence);
            left.push(format!("{shown}: {reason}"));
        } else if !before.contains(&info.reference) && info.run_id.is_none() {
            left.push(format!(
                "{shown}, which came meanwhile and bears no run's id: is it yours?"
            ));
        }
    }
    let unlisted = why.into_values();
    left.extend(unlisted.map(|(shown, sentence)| format!("{shown}: {sentence}")));
    Ok(left)
}

async fn remove(context: &TestContext, reference: &str) -> Result<(), String> {
    let told = |stop: Stop| match stop {
        Stop::Failed(what) | Stop::Skipped(what) => what,
    };
    let call = context.call().map_err(told)?;
    let mut last = String::new();
    for _ in 0..TRIES {
        let delete = Action::Delete {
            reference: reference.to_owned(),
        };
        let ending = call.call(delete).await;
        match &ending {
            CallResult::Answered(step) => match call.follow(step.clone()).await {
                Ok(_) => return Ok(()),
                Err(stop) => last = told(stop),
            },
            CallResult::Failed(failure) if failure.kind == FailureKind::NotFound => return Ok(()),
            // It may be still in the making, or the provider busy.
            CallResult::Failed(failure)
                if [
                    FailureKind::Conflict,
                    FailureKind::Throttled,
                    FailureKind::Unavailable,
                ]
                .contains(&failure.kind) =>
            {
                last = messages::result(&ending);
            }
            other => return Err(format!("`start-delete` {}", messages::result(other))),
        }
        context.wait(PAUSE).await;
    }
    Err(format!("`start-delete` {last}"))
}

/// Restored folders may be read-only, also for whoever removes them.
fn open_up(folder: &Path) {
    let open = std::fs::Permissions::from_mode(0o700);
    if std::fs::set_permissions(folder, open).is_err() {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
