//! Features told truthfully: what is told has a case of its own, what is not told is refused.

use strongroom_domain::retry::FailureKind;
use strongroom_sandbox::role::snapshots::Action;

use super::is_unchanged;
use crate::context::TestContext;
use crate::context::call::{Told, ensure, failed, skipped};
use crate::{Case, Need, messages};
use strongroom_orchestrator::RESTORE_TREE;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "not-offered",
        says: "What the plugin does not tell among its features it refuses as `invalid`",
        needs: &[Need::Provider],
        run: |context| Box::pin(not_offered(context)),
    },
    Case {
        name: "verify",
        says: "With the feature `verify`, `start-verify` reads a good snapshot whole and is done with `checked`, `bytes` or `restored`",
        needs: &[Need::Provider, Need::Feature("verify")],
        run: |context| Box::pin(verify(context)),
    },
    Case {
        name: "verify-unknown",
        says: "`start-verify` of what is not there is `not-found` or `invalid`",
        needs: &[Need::Provider, Need::Feature("verify")],
        run: |context| Box::pin(verify_unknown(context)),
    },
    Case {
        name: "copy-unknown",
        says: "With the feature `copy`, `start-copy` of what is not there is `not-found` or `invalid`, and makes nothing",
        needs: &[Need::Provider, Need::Feature("copy")],
        run: |context| Box::pin(copy_unknown(context)),
    },
];

/// What only shows when all is over.
pub(super) const LAST: &[Case] = &[
    Case {
        name: "within-limits",
        says: "No call crashes, takes more memory than the schedule gives, or answers more than the contract allows",
        needs: &[Need::Provider],
        run: |context| Box::pin(within_limits(context)),
    },
    Case {
        name: "nothing-denied",
        says: "The plugin asks for nothing but the operations that are granted: a denied request is a security event",
        needs: &[Need::Provider, Need::Requests],
        run: |context| Box::pin(nothing_denied(context)),
    },
    Case {
        name: "beyond-proof",
        says: "Features that this suite cannot try: `survives-source` and `native-expiry` would destroy or wait, `restore-in-place` has no call yet",
        needs: &[Need::Provider],
        run: |context| Box::pin(beyond_proof(context)),
    },
];

async fn not_offered(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let call = context.call()?;
    let reference = || made.info.reference.clone();
    let restore = |paths: Vec<Vec<u8>>| Action::Restore {
        reference: reference(),
        place: RESTORE_TREE.to_owned(),
        paths,
    };
    let asked = [
        ("restore", restore(Vec::new())),
        ("restore-paths", restore(vec![b"a".to_vec()])),
        (
            "verify",
            Action::Verify {
                reference: reference(),
            },
        ),
        (
            "copy",
            Action::Copy {
                reference: reference(),
            },
        ),
    ];
    for (feature, request) in asked {
        if context.lacks(Need::Feature(feature)).is_none() {
            continue;
        }
        // A plugin that does what it does not tell could leave something: so it is asked in a dry run.
        let refused = call.dry().refused(request, &[FailureKind::Invalid]).await;
        if let Err(stop) = refused {
            let crate::context::call::Stop::Failed(what) = stop else {
                return Err(stop);
            };
            return failed(format!("`{feature}` is not told, and {what}"));
        }
    }
    Ok(())
}

async fn verify(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let call = context.fresh().await?;
    let before = call.references().await?;
    let reference = made.info.reference.clone();
    let evidence = call.done(Action::Verify { reference }).await?;
    let checked = evidence.get("checked");
    ensure(matches!(checked, Some("bytes" | "restored")), || {
        format!("the evidence has `checked` = {checked:?}")
    })?;
    is_unchanged(&call, &before, "`start-verify`").await
}

async fn verify_unknown(context: &TestContext) -> Told<()> {
    let call = context.call()?;
    let reference = "no-such-snapshot".to_owned();
    let verify = Action::Verify { reference };
    call.refused(verify, &[FailureKind::NotFound, FailureKind::Invalid])
        .await
        .map(drop)
}

async fn copy_unknown(context: &TestContext) -> Told<()> {
    let call = context.fresh().await?;
    let before = call.references().await?;
    let reference = "no-such-snapshot".to_owned();
    let copy = Action::Copy { reference };
    call.refused(copy, &[FailureKind::NotFound, FailureKind::Invalid])
        .await?;
    is_unchanged(&call, &before, "a copy of what is not there").await
}

async fn within_limits(context: &TestContext) -> Told<()> {
    let calls = context.calls();
    ensure(calls.broken.is_empty(), || {
        let first: Vec<String> = calls.broken.iter().take(4).cloned().collect();
        format!(
            "{} of {} calls did: {}",
            calls.broken.len(),
            calls.count,
            first.join("; ")
        )
    })
}

async fn nothing_denied(context: &TestContext) -> Told<()> {
    let denied = context.calls().denied;
    ensure(denied.is_empty(), || {
        let first: Vec<String> = denied
            .iter()
            .take(4)
            .map(|text| messages::short(text))
            .collect();
        first.join("; ")
    })
}

async fn beyond_proof(context: &TestContext) -> Told<()> {
    let told: Vec<&str> = ["survives-source", "native-expiry", "restore-in-place"]
        .into_iter()
        .filter(|feature| context.lacks(Need::Feature(feature)).is_none())
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    skipped(format!("told and not tried: {}", messages::names(told)))
}
