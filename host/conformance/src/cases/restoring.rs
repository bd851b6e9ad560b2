//! Restores: into an empty place, never into a taken one, and nothing that only looks restored.

use std::collections::BTreeMap;
use std::path::Path;
use strongroom_domain::retry::FailureKind;

use strongroom_domain::Evidence;
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::{Action, SnapshotState};

use crate::context::call::{Told, ensure, failed, skipped};
use crate::context::{Made, Place, TestContext};
use crate::{Case, Need, messages};
use strongroom_orchestrator::RESTORE_TREE;

const NEEDS: &[Need] = &[Need::Provider, Need::Feature("restore"), Need::Place];

pub(super) const CASES: &[Case] = &[
    Case {
        name: "restore",
        says: "`start-restore` brings a snapshot back into an empty place; what was written is verified before it is done",
        needs: NEEDS,
        run: |context| Box::pin(restore(context)),
    },
    Case {
        name: "restore-into-taken",
        says: "A place that is taken is refused as `conflict` or `invalid`, and stays as it is",
        needs: NEEDS,
        run: |context| Box::pin(restore_into_taken(context)),
    },
    Case {
        name: "restore-missing-path",
        says: "With the feature `restore-paths`, a path that is not in the snapshot is `not-found` or `invalid`, and nothing is written",
        needs: &[
            Need::Provider,
            Need::Feature("restore"),
            Need::Feature("restore-paths"),
            Need::Place,
        ],
        run: |context| Box::pin(restore_missing_path(context)),
    },
    Case {
        name: "delete-with-dependants",
        says: "A snapshot that something restored from it still depends on is a `conflict` to delete and stays, and `keeps-dependants` tells of it; else it is deleted",
        needs: NEEDS,
        run: |context| Box::pin(delete_with_dependants(context)),
    },
];

/// The request, and the folder if it goes to files.
struct Goal {
    request: Action,
    folder: Option<std::path::PathBuf>,
}

fn goal(context: &TestContext, made: &Made, paths: Vec<Vec<u8>>) -> Told<Goal> {
    let (place, folder) = match context.place() {
        Some(Place::Name(name)) => (name, None),
        Some(Place::Folders) => (RESTORE_TREE.to_owned(), Some(context.folder()?)),
        None => return skipped("there is no place to restore to"),
    };
    let reference = made.info.reference.clone();
    let request = Action::Restore {
        reference,
        place,
        paths,
    };
    Ok(Goal { request, folder })
}

/// Restores once; at a provider only the first time, as the name is taken then.
async fn once(context: &TestContext) -> Told<Made> {
    if let Some(made) = context.restored() {
        return Ok(made);
    }
    let made = context.first().await?;
    let goal = goal(context, &made, Vec::new())?;
    let call = context.fresh().await?;
    context.set_restored(&made);
    let evidence = call.done(goal.request).await?;
    if let Some(folder) = &goal.folder {
        filled(&made, &evidence, folder)?;
    }
    Ok(made)
}

fn filled(made: &Made, evidence: &Evidence, folder: &Path) -> Told<()> {
    let found = Found::beneath(folder);
    let written = made.info.size == Some(0) || found.bytes > 0;
    ensure(written, || {
        format!(
            "a snapshot of {:?} bytes was restored, and {} files with {} bytes are there",
            made.info.size,
            found.entries.len(),
            found.bytes
        )
    })?;
    let reported = evidence
        .get("bytes")
        .and_then(|text| text.parse::<u64>().ok());
    ensure(reported.is_none_or(|bytes| bytes == found.bytes), || {
        format!(
            "{reported:?} bytes were reported, and {} are there",
            found.bytes
        )
    })
}

async fn restore(context: &TestContext) -> Told<()> {
    once(context).await.map(drop)
}

async fn restore_into_taken(context: &TestContext) -> Told<()> {
    let made = once(context).await?;
    let goal = goal(context, &made, Vec::new())?;
    let call = context.fresh().await?;
    if let Some(folder) = &goal.folder {
        let taken = std::fs::write(folder.join("taken"), "somebody's");
        if let Err(error) = taken {
            return skipped(format!("{}: {error}", folder.display()));
        }
    }
    let before = goal.folder.as_deref().map(Found::beneath);
    match call.call(goal.request).await {
        CallResult::Failed(failure)
            if [FailureKind::Conflict, FailureKind::Invalid].contains(&failure.kind) => {}
        CallResult::Answered(step) => {
            let end = match call.follow(step).await {
                Ok((evidence, _)) => messages::result(&CallResult::Answered(Step::Done(evidence))),
                Err(crate::context::call::Stop::Failed(what))
                    if what.contains("`conflict`") || what.contains("`invalid`") =>
                {
                    return unchanged(before.as_ref(), goal.folder.as_deref());
                }
                Err(stop) => return Err(stop),
            };
            return failed(format!("`start-restore` into a place that is taken {end}"));
        }
        other => {
            return failed(format!(
                "`start-restore` into a place that is taken {}; expected `conflict`, `invalid`",
                messages::result(&other)
            ));
        }
    }
    unchanged(before.as_ref(), goal.folder.as_deref())
}

fn unchanged(before: Option<&Found>, folder: Option<&Path>) -> Told<()> {
    let after = folder.map(Found::beneath);
    ensure(before == after.as_ref(), || {
        format!("what was there was changed: {before:?} before, {after:?} now")
    })
}

async fn restore_missing_path(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let goal = goal(context, &made, vec![b"no/such/path".to_vec()])?;
    let call = context.fresh().await?;
    call.refused(goal.request, &[FailureKind::NotFound, FailureKind::Invalid])
        .await?;
    let written = goal.folder.as_deref().map(Found::beneath);
    ensure(written.is_none_or(|found| found.entries.is_empty()), || {
        "something was written".to_owned()
    })
}

async fn delete_with_dependants(context: &TestContext) -> Told<()> {
    let made = once(context).await?;
    let told = context.lacks(Need::Feature("keeps-dependants")).is_none();
    let call = context.call()?;
    let reference = made.info.reference.clone();
    let mut ending = call.call(Action::Delete { reference }).await;
    if let CallResult::Answered(step) = &ending {
        match call.follow(step.clone()).await {
            Ok(_) => {
                context.gone(&made.info.reference);
                return Ok(());
            }
            Err(crate::context::call::Stop::Failed(what)) if what.contains("`conflict`") => {
                ending = CallResult::Failed(strongroom_domain::retry::Failure::conflict(what));
            }
            Err(stop) => return Err(stop),
        }
    }
    match ending {
        CallResult::Failed(failure) if failure.kind == FailureKind::Conflict => {
            ensure(told, || {
                format!(
                    "`start-delete` answered `conflict`, and `keeps-dependants` is not told: {}",
                    messages::short(&failure.detail)
                )
            })?;
            let after = call.get(&made.info.reference).await?;
            ensure(after.state == SnapshotState::Ready, || {
                format!(
                    "its deletion was a conflict, and now it reads back as {}",
                    messages::snapshot(&after)
                )
            })
        }
        other => failed(format!(
            "`start-delete` {}; expected `done` or `conflict`",
            messages::result(&other)
        )),
    }
}

/// What lies beneath a folder.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    /// Paths with their sizes.
    entries: BTreeMap<String, u64>,
    bytes: u64,
}

impl Found {
    fn beneath(folder: &Path) -> Self {
        let mut entries = BTreeMap::new();
        let mut bytes = 0;
        let mut open = vec![folder.to_owned()];
        while let Some(next) = open.pop() {
            for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
                let Ok(metadata) = entry.path().symlink_metadata() else {
                    continue;
                };
                if metadata.is_dir() {
                    open.push(entry.path());
                }
                let size = if metadata.is_file() {
                    metadata.len()
                } else {
                    0
                };
                bytes += size;
                entries.insert(entry.path().display().to_string(), size);
            }
        }
        Self { entries, bytes }
    }
}
