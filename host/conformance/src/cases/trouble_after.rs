//! The provider did it, and the plugin was not told: a repeated call finds what the first one began.

use std::time::Duration;
use strongroom_domain::retry::FailureKind;

use strongroom_egress::Fault;
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::snapshots::Action;

use super::trouble::may_be_repeated;
use super::{is_the_only_new_one, is_unchanged};
use crate::context::call::{Told, ensure, failed};
use crate::context::{TestContext, Undisturbed};
use crate::gates::Which;
use crate::{Case, Need, messages};

const NEEDS: &[Need] = &[
    Need::Provider,
    Need::Requests,
    Need::Feature("idempotent-create"),
];

pub(super) const CASES: &[Case] = &[
    Case {
        name: "lost-reply",
        says: "A provider did what `start-create` asked and the reply was lost: the failure is one that is tried again, and the same run called again finds the one snapshot",
        needs: NEEDS,
        run: |context| Box::pin(lost_reply(context)),
    },
    Case {
        name: "cut-off-create",
        says: "Only half of the reply to `start-create` came: the same run called again finds the one snapshot",
        needs: NEEDS,
        run: |context| Box::pin(cut_off_create(context)),
    },
    Case {
        name: "deadline",
        says: "`start-create` that the host stopped at its deadline, the provider having acted: the same run called again finds the one snapshot",
        needs: NEEDS,
        run: |context| Box::pin(deadline(context)),
    },
];

/// What deletes, and so comes last.
pub(super) const LAST: &[Case] = &[Case {
    name: "lost-reply-to-delete",
    says: "A provider deleted and the reply was lost: the failure is one that is tried again, and called again it is done or `not-found`",
    needs: &[Need::Provider, Need::Requests],
    run: |context| Box::pin(lost_reply_to_delete(context)),
}];

/// So many replies of one creation are lost in turn.
const LOST: usize = 3;
/// A deadline that leaves time to ask, and to wait in vain.
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(30);
const SLACK: Duration = Duration::from_secs(2);

async fn lost_reply(context: &TestContext) -> Told<()> {
    let Undisturbed { writes, .. } = undisturbed(context).await?;
    for nth in 1..=writes.min(LOST) {
        let kinds = [FailureKind::Unavailable, FailureKind::Throttled];
        disturbed(context, Which::Write(nth), Fault::Lost, None, &kinds).await?;
    }
    Ok(())
}

async fn cut_off_create(context: &TestContext) -> Told<()> {
    undisturbed(context).await?;
    let kinds = [
        FailureKind::Other,
        FailureKind::Unavailable,
        FailureKind::Throttled,
    ];
    disturbed(context, Which::Write(1), Fault::Cut, None, &kinds).await
}

async fn deadline(context: &TestContext) -> Told<()> {
    let Undisturbed { took, .. } = undisturbed(context).await?;
    let time = (took * 4).clamp(LEAST, MOST);
    let kinds = [FailureKind::Unavailable, FailureKind::Throttled];
    disturbed(context, Which::Write(1), Fault::Hanging, Some(time), &kinds).await
}

async fn lost_reply_to_delete(context: &TestContext) -> Told<()> {
    let shelf = context.shelf(2).await?;
    let Some(made) = shelf.last() else {
        return failed("there is no snapshot to delete");
    };
    let call = context.call()?;
    let mut expected = call.references().await?;
    let reference = made.info.reference.clone();
    expected.remove(&reference);
    let delete = Action::Delete {
        reference: reference.clone(),
    };
    let shut = context.gates.shut(Which::Write(1), Fault::Lost);
    let ending = call.call(delete.clone()).await;
    let changes = shut.sent().iter().any(|sent| sent.changes);
    drop(shut);
    context.gone(&reference);
    ensure(changes, || {
        format!(
            "none of the requests that `start-delete` sent is an operation of access `write`, and it {}",
            messages::result(&ending)
        )
    })?;
    may_be_repeated(
        &ending,
        &[
            FailureKind::Unavailable,
            FailureKind::Throttled,
            FailureKind::NotFound,
        ],
    )?;
    let again = call.again();
    match again.call(delete).await {
        CallResult::Answered(step) => drop(again.follow(step).await?),
        CallResult::Failed(failure) if failure.kind == FailureKind::NotFound => {}
        other => {
            return failed(format!(
                "called again, `start-delete` {}",
                messages::result(&other)
            ));
        }
    }
    is_unchanged(&call, &expected, "deleting with a lost reply").await
}

async fn undisturbed(context: &TestContext) -> Told<Undisturbed> {
    let undisturbed = context.undisturbed().await?;
    ensure(undisturbed.writes > 0, || {
        "`start-create` made a snapshot, and none of the requests it sent is an operation of access `write`".to_owned()
    })?;
    Ok(undisturbed)
}

/// Makes a snapshot while something goes wrong, and makes it again.
async fn disturbed(
    context: &TestContext,
    which: Which,
    fault: Fault,
    time: Option<Duration>,
    kinds: &[FailureKind],
) -> Told<()> {
    let call = context.fresh().await?;
    let before = call.references().await?;
    let began = context.now();
    let shut = context.gates.shut(which, fault);
    let ending = match time {
        Some(time) => call.within(time).call(Action::Create).await,
        None => call.call(Action::Create).await,
    };
    let sent = shut.sent();
    drop(shut);
    if let Some(time) = time {
        let took = context.since(began);
        ensure(took <= time + SLACK, || {
            format!("a call with {time:?} to its deadline took {took:?}")
        })?;
    }
    may_be_repeated(&ending, kinds)?;
    ensure(
        sent.iter().filter(|sent| sent.changes).count() <= LOST + 1,
        || {
            format!(
                "`start-create` asked again and again without a pause: {}",
                messages::requests(&sent)
            )
        },
    )?;
    let again = call.again();
    let step = again.step(Action::Create).await?;
    let (evidence, handle) = again.follow(step).await?;
    let Some(reference) = evidence.get("snapshot").map(str::to_owned) else {
        return failed("the evidence of a finished snapshot has no `snapshot`, its reference");
    };
    is_the_only_new_one(&call, &before, &reference).await?;
    context.take(&call, evidence, handle).await.map(drop)
}
