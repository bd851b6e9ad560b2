//! Listing and looking up.

use std::collections::BTreeSet;
use strongroom_domain::retry::FailureKind;

use strongroom_sandbox::role::snapshots::{Action, Get, List, SnapshotInfo};

use super::is_unchanged;
use crate::context::TestContext;
use crate::context::call::{Told, ensure, failed};
use crate::{Case, Need, messages};
use strongroom_orchestrator::RESTORE_TREE;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "pages",
        says: "`list` has the tenant's snapshots, oldest first, each once; pages of one, of two and of a thousand make the same list",
        needs: &[Need::Provider],
        run: |context| Box::pin(pages(context)),
    },
    Case {
        name: "bad-cursor",
        says: "A cursor that is none of this plugin's is refused as `invalid` or `not-found`",
        needs: &[Need::Provider],
        run: |context| Box::pin(bad_cursor(context)),
    },
    Case {
        name: "malformed-reference",
        says: "A reference that cannot be one of this plugin's is `not-found` or `invalid` to `get`, `start-delete` and `start-restore`",
        needs: &[Need::Provider],
        run: |context| Box::pin(malformed_reference(context)),
    },
];

/// So many snapshots make three pages of one.
const SNAPSHOTS: usize = 3;
/// Nobody needs to see more pages than this to know.
const PAGES: usize = 20;

async fn pages(context: &TestContext) -> Told<()> {
    let shelf = context.shelf(SNAPSHOTS).await?;
    let call = context.call()?;
    let all = call.everything().await?;
    let mut seen = BTreeSet::new();
    for info in &all {
        ensure(seen.insert(&info.reference), || {
            format!("`{}` is listed twice", messages::short(&info.reference))
        })?;
        ensure(info.tenant == call.tenant().as_str(), || {
            format!(
                "tenant `{}` is shown {}",
                call.tenant(),
                messages::snapshot(info)
            )
        })?;
    }
    if let Some(missing) = shelf
        .iter()
        .find(|made| !seen.contains(&made.info.reference))
    {
        return failed(format!(
            "{} is not listed",
            messages::snapshot(&missing.info)
        ));
    }
    for pair in all.windows(2) {
        if let [older, newer] = pair {
            ensure(older.taken_at <= newer.taken_at, || {
                format!(
                    "`{}` of {} is listed before `{}` of {}",
                    messages::short(&older.reference),
                    older.taken_at,
                    messages::short(&newer.reference),
                    newer.taken_at
                )
            })?;
        }
    }
    for limit in [1_u32, 2] {
        let most = PAGES * limit as usize;
        let paged = call.pages(limit, most).await?;
        ensure(same(&paged, &all), || {
            format!(
                "pages of {limit} list {}; one page of a thousand lists {}",
                names(&paged),
                names(&all)
            )
        })?;
    }
    Ok(())
}

/// Whether the pages are the list, or where many are, its beginning.
fn same(paged: &[SnapshotInfo], all: &[SnapshotInfo]) -> bool {
    let whole = paged.len() == all.len() || paged.len() >= PAGES;
    let mut pairs = paged.iter().zip(all);
    whole && paged.len() <= all.len() && pairs.all(|(one, other)| one.reference == other.reference)
}

fn names(infos: &[SnapshotInfo]) -> String {
    let first = infos.iter().take(8).map(|info| &info.reference);
    format!("{} ({})", infos.len(), messages::names(first))
}

async fn bad_cursor(context: &TestContext) -> Told<()> {
    let call = context.call()?;
    for cursor in ["no-cursor-of-this-plugin", "\u{fffd}%00../"] {
        let list = List {
            cursor: Some(cursor.to_owned()),
            limit: 10,
        };
        call.refused(list, &[FailureKind::Invalid, FailureKind::NotFound])
            .await?;
    }
    Ok(())
}

async fn malformed_reference(context: &TestContext) -> Told<()> {
    let call = context.call()?;
    let before = call.references().await?;
    let long = "x".repeat(512);
    let kinds = [FailureKind::NotFound, FailureKind::Invalid];
    for reference in [
        "no-such-snapshot",
        "../../etc/passwd",
        "a/b?c=d&e#f",
        "ünknown\n",
        &long,
    ] {
        let reference = reference.to_owned();
        let get = Get {
            reference: reference.clone(),
        };
        call.refused(get, &kinds).await?;
        let delete = Action::Delete {
            reference: reference.clone(),
        };
        call.refused(delete, &kinds).await?;
        let restore = Action::Restore {
            reference,
            place: RESTORE_TREE.to_owned(),
            paths: Vec::new(),
        };
        call.dry().refused(restore, &kinds).await?;
    }
    is_unchanged(&call, &before, "asking for what is not there").await
}
