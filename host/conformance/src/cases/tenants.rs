//! One tenant's snapshots are nobody else's.

use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::snapshots::{Action, Get, List};

use crate::context::TestContext;
use crate::context::call::{Told, ensure};
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
    let list = List {
        cursor: None,
        limit: 1_000,
    };
    // A tenant without anything may be refused: that shows nothing.
    if let CallResult::Answered(page) = call.call(list).await {
        let foreign = page
            .snapshots
            .iter()
            .find(|info| info.reference == made.info.reference || info.tenant != stranger.as_str());
        ensure(foreign.is_none(), || {
            let shown = foreign.map(messages::snapshot).unwrap_or_default();
            format!("tenant `{stranger}` is shown {shown}")
        })?;
    }
    let get = Get {
        reference: made.info.reference.clone(),
    };
    match call.call(get).await {
        CallResult::Answered(info) => ensure(info.tenant != stranger.as_str(), || {
            format!(
                "it was made for `{}`, and asked for `{stranger}`, `get` answered with {}",
                made.info.tenant,
                messages::snapshot(&info)
            )
        }),
        CallResult::Failed(_) => Ok(()),
        other => ensure(false, || format!("`get` {}", messages::result(&other))),
    }
}

async fn not_deleted_by_others(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let stranger = context.stranger()?;
    let call = context.call()?;
    let delete = Action::Delete {
        reference: made.info.reference.clone(),
    };
    let ending = call.of(&stranger).call(delete).await;
    if let CallResult::Answered(step) = &ending {
        // Whatever comes of it: what counts is that nothing is deleted.
        let _what = call.of(&stranger).follow(step.clone()).await;
    }
    let get = Get {
        reference: made.info.reference.clone(),
    };
    let after = call.call(get).await;
    let there = matches!(&after, CallResult::Answered(info) if info.state == made.info.state);
    if !there {
        context.gone(&made.info.reference);
    }
    ensure(there, || {
        format!(
            "asked for tenant `{stranger}`, `start-delete` of a snapshot of `{}` {}, and then `get` {}",
            made.info.tenant,
            messages::result(&ending),
            messages::result(&after)
        )
    })
}
