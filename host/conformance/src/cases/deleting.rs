//! Deleting: exactly what was named, however often.

use strongroom_domain::retry::FailureKind;
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::snapshots::{Action, Get};

use super::is_unchanged;
use crate::context::TestContext;
use crate::context::call::{Told, ensure, failed};
use crate::{Case, Need, messages};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "delete",
        says: "`start-delete` deletes exactly what was named: `get` is then `not-found`, `list` has all the others",
        needs: &[Need::Provider],
        run: |context| Box::pin(delete(context)),
    },
    Case {
        name: "delete-twice",
        says: "What is gone is `not-found` or done when it is deleted once more, and nothing else is touched",
        needs: &[Need::Provider],
        run: |context| Box::pin(delete_twice(context)),
    },
];

/// Deletes the last snapshot of the suite's own; its reference.
async fn one(context: &TestContext) -> Told<String> {
    let shelf = context.shelf(2).await?;
    let Some(made) = shelf.last() else {
        return failed("there is no snapshot to delete");
    };
    let call = context.call()?;
    let reference = made.info.reference.clone();
    let delete = Action::Delete {
        reference: reference.clone(),
    };
    call.done(delete).await?;
    context.gone(&reference);
    Ok(reference)
}

async fn delete(context: &TestContext) -> Told<()> {
    let _two = context.shelf(2).await?;
    let call = context.call()?;
    let mut expected = call.references().await?;
    let reference = one(context).await?;
    expected.remove(&reference);
    let doing = format!("deleting `{}`", messages::short(&reference));
    let listed = call.references().await?;
    ensure(!listed.contains(&reference), || {
        format!("{doing} is done, and it is still listed")
    })?;
    is_unchanged(&call, &expected, &doing).await?;
    call.refused(Get { reference }, &[FailureKind::NotFound])
        .await
        .map(drop)
}

async fn delete_twice(context: &TestContext) -> Told<()> {
    let reference = one(context).await?;
    let call = context.call()?;
    let before = call.references().await?;
    let ending = call.call(Action::Delete { reference }).await;
    match &ending {
        CallResult::Answered(step) => drop(call.follow(step.clone()).await?),
        CallResult::Failed(failure) => ensure(failure.kind == FailureKind::NotFound, || {
            format!(
                "`start-delete` of what is gone {}; expected `done` or `not-found`",
                messages::result(&ending)
            )
        })?,
        other => {
            return failed(format!(
                "`start-delete` of what is gone {}",
                messages::result(other)
            ));
        }
    }
    is_unchanged(&call, &before, "deleting what is gone").await
}
