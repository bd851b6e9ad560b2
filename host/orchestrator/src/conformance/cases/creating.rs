//! Making snapshots: one for each run, whatever is repeated.

use strongroom_sandbox::call::{Request, SnapshotInfo, SnapshotState};

use super::is_the_only_new_one;
use crate::conformance::bench::Bench;
use crate::conformance::visit::{Told, ensure, failed};
use crate::conformance::{Case, Need, said};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "create",
        says: "A snapshot is made, reads back as ready and as this run's, and is listed",
        needs: &[Need::Provider],
        run: |bench| Box::pin(create(bench)),
    },
    Case {
        name: "reads-back-the-same",
        says: "`get` says the same of a snapshot whenever it is asked, `list` says the same (perhaps with fewer labels), and both what was reported",
        needs: &[Need::Provider],
        run: |bench| Box::pin(reads_back_the_same(bench)),
    },
    Case {
        name: "same-run-twice",
        says: "`start-create` is idempotent by `run-id`: called twice with one, while the first goes on and after its end, it makes one",
        needs: &[Need::Provider, Need::Feature("idempotent-create")],
        run: |bench| Box::pin(same_run_twice(bench)),
    },
];

async fn create(bench: &Bench) -> Told<()> {
    let before = bench.visit()?.references().await?;
    let made = bench.make().await?;
    let visit = bench.visit()?;
    is_the_only_new_one(&visit, &before, &made.info.reference).await?;
    let run = made.run.id.to_string();
    ensure(
        made.info.run_id.as_ref().is_none_or(|told| *told == run),
        || {
            format!(
                "it says that run {:?} made it, which was {run}",
                made.info.run_id
            )
        },
    )?;
    ensure(made.info.tenant == visit.tenant().as_str(), || {
        format!(
            "it was made for tenant `{}`, and reads back as {}",
            visit.tenant(),
            said::snapshot(&made.info)
        )
    })
}

async fn reads_back_the_same(bench: &Bench) -> Told<()> {
    let made = bench.first().await?;
    let visit = bench.visit()?;
    let reference = &made.info.reference;
    for _ in 0..2 {
        let again = visit.get(reference).await?;
        if let Some(difference) = said::difference(&made.info, &again) {
            return failed(format!(
                "`get` said one thing, and later another: {difference}"
            ));
        }
    }
    let listed = visit.everything().await?;
    let Some(listed) = listed.into_iter().find(|info| info.reference == *reference) else {
        return failed(format!(
            "`list` does not have {}",
            said::snapshot(&made.info)
        ));
    };
    // A list may know fewer labels, but no others.
    let foreign = listed
        .labels
        .iter()
        .find(|label| !made.info.labels.contains(label));
    if let Some((key, value)) = foreign {
        return failed(format!(
            "`list` has the label `{key}` = `{value}`, and `get` has not"
        ));
    }
    let listed = SnapshotInfo {
        labels: made.info.labels.clone(),
        ..listed
    };
    if let Some(difference) = said::difference(&made.info, &listed) {
        return failed(format!(
            "`get` and `list` say different things: {difference}"
        ));
    }
    let reported = made
        .evidence
        .get("bytes")
        .and_then(|text| text.parse::<u64>().ok());
    if let (Some(reported), Some(read)) = (reported, made.info.size) {
        ensure(reported == read, || {
            format!("`bytes` {reported} were reported, and it reads back with {read}")
        })?;
    }
    if let (Some(reported), Some(read)) = (made.evidence.get("source"), &made.info.source) {
        ensure(reported == read, || {
            format!("`source` `{reported}` was reported, and it reads back as one of `{read}`")
        })?;
    }
    ensure(made.info.state == SnapshotState::Ready, || {
        said::snapshot(&made.info)
    })
}

async fn same_run_twice(bench: &Bench) -> Told<()> {
    let before = bench.visit()?.references().await?;
    let visit = bench.fresh().await?;
    let begun = visit.step(Request::StartCreate).await?;
    let meanwhile = visit.again().step(Request::StartCreate).await?;
    let (evidence, handle) = visit.follow(begun).await?;
    let (second, _) = visit.follow(meanwhile).await?;
    let made = bench.take(&visit, evidence, handle).await?;
    let afterwards = visit.again().again().done(Request::StartCreate).await?;
    for (which, evidence) in [("second", second), ("third", afterwards)] {
        let reference = evidence.get("snapshot").unwrap_or_default();
        ensure(reference == made.info.reference, || {
            format!(
                "the first call made `{}`, the {which} one `{}`",
                said::short(&made.info.reference),
                said::short(reference)
            )
        })?;
    }
    is_the_only_new_one(&visit, &before, &made.info.reference).await
}
