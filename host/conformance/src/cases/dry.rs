//! Dry runs: what would be done is said, and nothing is changed, not even tried.

use std::path::Path;

use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::Action;

use super::is_unchanged;
use crate::context::call::{TestCall, Told, ensure, failed};
use crate::context::{Place, TestContext};
use crate::{Case, Need, messages};
use strongroom_orchestrator::RESTORE_TREE;

/// Those that need nothing to be there.
pub(super) const FIRST: &[Case] = &[
    Case {
        name: "lists",
        says: "The tenant's snapshots can be listed",
        needs: &[Need::Provider],
        run: |context| Box::pin(lists(context)),
    },
    Case {
        name: "dry-create",
        says: "With `dry-run`, `start-create` checks that it could, is done at once, and changes nothing anywhere",
        needs: &[Need::Provider],
        run: |context| Box::pin(dry_create(context)),
    },
];

pub(super) const CASES: &[Case] = &[
    Case {
        name: "dry-delete",
        says: "With `dry-run`, `start-delete` says what it would do, is done at once, and changes nothing anywhere",
        needs: &[Need::Provider],
        run: |context| Box::pin(dry_delete(context)),
    },
    Case {
        name: "dry-restore",
        says: "With `dry-run`, `start-restore` says what it would do, is done at once, and changes nothing anywhere",
        needs: &[Need::Provider, Need::Feature("restore"), Need::Place],
        run: |context| Box::pin(dry_restore(context)),
    },
];

async fn lists(context: &TestContext) -> Told<()> {
    context.before().await.map(drop)
}

/// Asks in a dry run; the answer is `done`, and nothing was tried.
async fn says_only(call: &TestCall<'_>, action: Action) -> Told<()> {
    let function = messages::function(&action.clone().into());
    let (result, held_back) = call.dry().send_observed(action).await;
    ensure(held_back.is_empty(), || {
        format!(
            "`{function}` tried what a dry run does not: {}",
            held_back.join("; ")
        )
    })?;
    match result {
        CallResult::Answered(Step::Done(_)) => Ok(()),
        CallResult::Answered(Step::Running(operation)) => failed(format!(
            "`{function}` began something: {}",
            messages::short(&operation.note)
        )),
        other => failed(format!("`{function}` {}", messages::result(&other))),
    }
}

async fn dry_create(context: &TestContext) -> Told<()> {
    let call = context.call()?;
    let before = call.references().await?;
    says_only(&call, Action::Create).await?;
    is_unchanged(&call, &before, "a dry run of `start-create`").await
}

async fn dry_delete(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let call = context.call()?;
    let before = call.references().await?;
    let reference = made.info.reference.clone();
    says_only(&call, Action::Delete { reference }).await?;
    is_unchanged(&call, &before, "a dry run of `start-delete`").await?;
    let after = call.get(&made.info.reference).await?;
    ensure(after.state == made.info.state, || {
        format!(
            "a dry run of `start-delete` changed {} to {}",
            messages::snapshot(&made.info),
            messages::snapshot(&after)
        )
    })
}

async fn dry_restore(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let call = context.call()?;
    let before = call.references().await?;
    let (place, folder) = match context.place() {
        Some(Place::Name(name)) => (name, None),
        _ => (RESTORE_TREE.to_owned(), Some(context.folder()?)),
    };
    let restore = Action::Restore {
        reference: made.info.reference,
        place,
        paths: Vec::new(),
    };
    says_only(&call, restore).await?;
    let empty = folder.as_deref().is_none_or(is_empty);
    ensure(empty, || {
        "a dry run of `start-restore` wrote files".to_owned()
    })?;
    is_unchanged(&call, &before, "a dry run of `start-restore`").await
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
