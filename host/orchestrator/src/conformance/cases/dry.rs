//! Dry runs: what would be done is said, and nothing is changed, not even tried.

use std::path::Path;

use strongroom_sandbox::call::{Answer, Ending, Request, Step};

use super::is_unchanged;
use crate::access::RESTORE_TREE;
use crate::conformance::bench::{Bench, Place};
use crate::conformance::visit::{Told, Visit, ensure, failed};
use crate::conformance::{Case, Need, said};

/// Those that need nothing to be there.
pub(super) const FIRST: &[Case] = &[
    Case {
        name: "lists",
        says: "The tenant's snapshots can be listed",
        needs: &[Need::Provider],
        run: |bench| Box::pin(lists(bench)),
    },
    Case {
        name: "dry-create",
        says: "With `dry-run`, `start-create` checks that it could, is done at once, and changes nothing anywhere",
        needs: &[Need::Provider],
        run: |bench| Box::pin(dry_create(bench)),
    },
];

pub(super) const CASES: &[Case] = &[
    Case {
        name: "dry-delete",
        says: "With `dry-run`, `start-delete` says what it would do, is done at once, and changes nothing anywhere",
        needs: &[Need::Provider],
        run: |bench| Box::pin(dry_delete(bench)),
    },
    Case {
        name: "dry-restore",
        says: "With `dry-run`, `start-restore` says what it would do, is done at once, and changes nothing anywhere",
        needs: &[Need::Provider, Need::Feature("restore"), Need::Place],
        run: |bench| Box::pin(dry_restore(bench)),
    },
];

async fn lists(bench: &Bench) -> Told<()> {
    bench.before().await.map(drop)
}

/// Asks in a dry run; the answer is `done`, and nothing was tried.
async fn says_only(visit: &Visit<'_>, request: Request) -> Told<()> {
    let function = said::function(&request);
    let heard = visit.dry().hear(request).await;
    ensure(heard.held_back.is_empty(), || {
        format!(
            "`{function}` tried what a dry run does not: {}",
            heard.held_back.join("; ")
        )
    })?;
    match heard.ending {
        Ending::Answered(Answer::Step(Step::Done(_))) => Ok(()),
        Ending::Answered(Answer::Step(Step::Running(operation))) => failed(format!(
            "`{function}` began something: {}",
            said::short(&operation.note)
        )),
        other => failed(format!("`{function}` {}", said::ending(&other))),
    }
}

async fn dry_create(bench: &Bench) -> Told<()> {
    let visit = bench.visit()?;
    let before = visit.references().await?;
    says_only(&visit, Request::StartCreate).await?;
    is_unchanged(&visit, &before, "a dry run of `start-create`").await
}

async fn dry_delete(bench: &Bench) -> Told<()> {
    let made = bench.first().await?;
    let visit = bench.visit()?;
    let before = visit.references().await?;
    let reference = made.info.reference.clone();
    says_only(&visit, Request::StartDelete { reference }).await?;
    is_unchanged(&visit, &before, "a dry run of `start-delete`").await?;
    let after = visit.get(&made.info.reference).await?;
    ensure(after.state == made.info.state, || {
        format!(
            "a dry run of `start-delete` changed {} to {}",
            said::snapshot(&made.info),
            said::snapshot(&after)
        )
    })
}

async fn dry_restore(bench: &Bench) -> Told<()> {
    let made = bench.first().await?;
    let visit = bench.visit()?;
    let before = visit.references().await?;
    let (place, folder) = match bench.place() {
        Some(Place::Name(name)) => (name, None),
        _ => (RESTORE_TREE.to_owned(), Some(bench.folder()?)),
    };
    let restore = Request::StartRestore {
        reference: made.info.reference,
        place,
        paths: Vec::new(),
    };
    says_only(&visit, restore).await?;
    let empty = folder.as_deref().is_none_or(is_empty);
    ensure(empty, || {
        "a dry run of `start-restore` wrote files".to_owned()
    })?;
    is_unchanged(&visit, &before, "a dry run of `start-restore`").await
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
