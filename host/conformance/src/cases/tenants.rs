//! One tenant's snapshots are nobody else's.

use strongroom_sandbox::call::{Answer, Ending, Request};

use crate::call::{Told, ensure};
use crate::context::TestContext;
use crate::{Case, Need, messages};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "not-listed-to-others",
        says: "`list` has the snapshots of the tenant it is asked for, and `get` never calls another tenant's snapshot one of theirs",
        needs: &[Need::Provider],
        run: |context| Box::pin(not_listed_to_others(context)),
    },
    Case {
        name: "not-deleted-by-others",
        says: "`start-delete` for one tenant never deletes another's snapshot",
        needs: &[Need::Provider],
        run: |context| Box::pin(not_deleted_by_others(context)),
    },
];

async fn not_listed_to_others(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let stranger = context.stranger()?;
    let call = context.call()?.of(&stranger);
    let list = Request::List {
        cursor: None,
        limit: 1_000,
    };
    // A tenant without anything may be refused: that shows nothing.
    if let Ending::Answered(Answer::Page(page, _)) = call.call(list).await {
        let foreign = page
            .iter()
            .find(|info| info.reference == made.info.reference || info.tenant != stranger.as_str());
        ensure(foreign.is_none(), || {
            let shown = foreign.map(messages::snapshot).unwrap_or_default();
            format!("tenant `{stranger}` is shown {shown}")
        })?;
    }
    let get = Request::Get {
        reference: made.info.reference.clone(),
    };
    match call.call(get).await {
        Ending::Answered(Answer::Snapshot(info)) => {
            ensure(info.tenant != stranger.as_str(), || {
                format!(
                    "it was made for `{}`, and asked for `{stranger}`, `get` answered with {}",
                    made.info.tenant,
                    messages::snapshot(&info)
                )
            })
        }
        Ending::Failed(_) => Ok(()),
        other => ensure(false, || format!("`get` {}", messages::ending(&other))),
    }
}

async fn not_deleted_by_others(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let stranger = context.stranger()?;
    let call = context.call()?;
    let delete = Request::StartDelete {
        reference: made.info.reference.clone(),
    };
    let ending = call.of(&stranger).call(delete).await;
    if let Ending::Answered(Answer::Step(step)) = &ending {
        // Whatever comes of it: what counts is that nothing is deleted.
        let _what = call.of(&stranger).follow(step.clone()).await;
    }
    let get = Request::Get {
        reference: made.info.reference.clone(),
    };
    let after = call.call(get).await;
    let there =
        matches!(&after, Ending::Answered(Answer::Snapshot(info)) if info.state == made.info.state);
    if !there {
        context.gone(&made.info.reference);
    }
    ensure(there, || {
        format!(
            "asked for tenant `{stranger}`, `start-delete` of a snapshot of `{}` {}, and then `get` {}",
            made.info.tenant,
            messages::ending(&ending),
            messages::ending(&after)
        )
    })
}
