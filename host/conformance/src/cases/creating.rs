//! Making snapshots: one for each run, whatever is repeated.

use strongroom_sandbox::role::snapshots::{Action, SnapshotInfo, SnapshotState};

use super::is_the_only_new_one;
use crate::context::TestContext;
use crate::context::call::{Told, ensure, failed};
use crate::{Case, Need, messages};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "create",
        says: "A snapshot is made, reads back as ready and as this run's, and is listed",
        needs: &[Need::Provider],
        run: |context| Box::pin(create(context)),
    },
    Case {
        name: "reads-back-the-same",
        says: "`get` says the same of a snapshot whenever it is asked, `list` says the same (perhaps with fewer labels), and both what was reported",
        needs: &[Need::Provider],
        run: |context| Box::pin(reads_back_the_same(context)),
    },
    Case {
        name: "same-run-twice",
        says: "`start-create` is idempotent by `run-id`: called twice with one, while the first goes on and after its end, it makes one",
        needs: &[Need::Provider, Need::Feature("idempotent-create")],
        run: |context| Box::pin(same_run_twice(context)),
    },
];

async fn create(context: &TestContext) -> Told<()> {
    let before = context.call()?.references().await?;
    let made = context.make().await?;
    let call = context.call()?;
    is_the_only_new_one(&call, &before, &made.info.reference).await?;
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
    ensure(made.info.tenant == call.tenant().as_str(), || {
        format!(
            "it was made for tenant `{}`, and reads back as {}",
            call.tenant(),
            messages::snapshot(&made.info)
        )
    })
}

async fn reads_back_the_same(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let call = context.call()?;
    let reference = &made.info.reference;
    for _ in 0..2 {
        let again = call.get(reference).await?;
        if let Some(difference) = messages::difference(&made.info, &again) {
            return failed(format!(
                "`get` said one thing, and later another: {difference}"
            ));
        }
    }
    let listed = call.everything().await?;
    let Some(listed) = listed.into_iter().find(|info| info.reference == *reference) else {
        return failed(format!(
            "`list` does not have {}",
            messages::snapshot(&made.info)
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
    if let Some(difference) = messages::difference(&made.info, &listed) {
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
        messages::snapshot(&made.info)
    })
}

async fn same_run_twice(context: &TestContext) -> Told<()> {
    let before = context.call()?.references().await?;
    let call = context.fresh().await?;
    let begun = call.step(Action::Create).await?;
    let meanwhile = call.again().step(Action::Create).await?;
    let (evidence, handle) = call.follow(begun).await?;
    let (second, _) = call.follow(meanwhile).await?;
    let made = context.take(&call, evidence, handle).await?;
    let afterwards = call.again().again().done(Action::Create).await?;
    for (which, evidence) in [("second", second), ("third", afterwards)] {
        let reference = evidence.get("snapshot").unwrap_or_default();
        ensure(reference == made.info.reference, || {
            format!(
                "the first call made `{}`, the {which} one `{}`",
                messages::short(&made.info.reference),
                messages::short(reference)
            )
        })?;
    }
    is_the_only_new_one(&call, &before, &made.info.reference).await
}
