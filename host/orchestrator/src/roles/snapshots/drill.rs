//! Restore drills: at each due time the newest snapshot of another schedule is proved to be whole.
//!
//! Owns: which snapshot is drilled, and what the occurrence of a drill comes to.
//! Never: what counts as proof (`verify`), what the shelf is compared with (`reconcile`).

use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, TenantName};
use strongroom_ledger::{
    Claim, LedgerError, Next, SnapshotFilter, SnapshotOrder, SnapshotRow, SnapshotState, Transition,
};
use strongroom_sandbox::role::snapshots::Action;
use uuid::Uuid;

use super::{reconcile, verify};
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::call::result::AttemptResult;
use crate::roles::attempt::Attempt;

/// How a handle of a drill begins: with the id of the snapshot, so that a restart knows it.
const ID_BYTES: usize = 16;

/// Runs one attempt of a drill to its transition.
pub(in crate::roles) async fn attempt(
    context: &CallContext,
    prepared: &Prepared,
    claim: &Claim,
) -> Transition {
    let started_at = context.clock.now();
    let came_to = |result| Attempt::new(context, prepared, claim, started_at).transition(result);
    let handle = claim.operation.as_ref().map(|one| one.handle.as_slice());
    let (row, handle) = match subject(context, prepared, &claim.tenant, handle).await {
        Ok(found) => found,
        Err(failure) => return came_to(AttemptResult::failed(failure)),
    };
    let call = PluginCall {
        // Of the occurrence and of the snapshot: a later attempt may take another one.
        run: Uuid::new_v5(&claim.id, row.id.as_bytes()),
        ..PluginCall::of_claim(prepared, claim, claim.effective_due())
    };
    let result = match handle {
        Some(handle) => {
            let answer = call.send(context, Action::Poll { handle }).await;
            verify::judge(context, &call, &row, answer).await
        }
        None => match verify::intend(context, &call, &row).await {
            Ok(()) => verify::begin(context, &call, &row).await,
            Err(error) => AttemptResult::failed(unreadable(&error)),
        },
    };
    let (changes, audit) = verify::verdict(&row, &result, context.clock.now());
    let result = told(context, prepared, &row, result).await;
    let mut transition = came_to(result);
    match transition.next {
        Next::Poll { .. } => {}
        Next::Retry { .. } | Next::HandBack => transition.catalog.extend(changes),
        Next::End { .. } => {
            transition.catalog.extend(changes);
            transition.audit.push(audit);
        }
    }
    transition
}

/// The same with what a person wants to know: which snapshot, and how the shelf stands.
async fn told(
    context: &CallContext,
    prepared: &Prepared,
    row: &SnapshotRow,
    result: AttemptResult,
) -> AttemptResult {
    match result {
        AttemptResult::Running(mut operation) => {
            let mut handle = row.id.as_bytes().to_vec();
            handle.append(&mut operation.handle);
            operation.handle = handle;
            AttemptResult::Running(operation)
        }
        AttemptResult::Done(proof, catalog) => {
            let mut evidence = Evidence::default();
            evidence.push("drilled", row.id.to_string());
            evidence.push("taken-at", row.taken_at.to_string());
            evidence.0.extend(proof.0);
            match reconcile::reconcile(context, prepared, &row.tenant).await {
                Ok(comparison) => comparison.tell(&mut evidence),
                Err(error) => {
                    let text = format!("the shelf could not be compared with the catalog: {error}");
                    evidence.push("warning", text);
                }
            }
            AttemptResult::Done(evidence, catalog)
        }
        AttemptResult::Failed(failure, trace) => {
            let which = format!("in the drill of snapshot {} of {}", row.id, row.taken_at);
            AttemptResult::Failed(failure.and(&which), trace)
        }
        other @ (AttemptResult::TimedOut { .. }
        | AttemptResult::Refused(_)
        | AttemptResult::Unknown(..)) => other,
    }
}

/// The snapshot that is drilled, and the plugin's handle if that goes on already.
async fn subject(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
    handle: Option<&[u8]>,
) -> Result<(SnapshotRow, Option<Vec<u8>>), Failure> {
    let Some(handle) = handle else {
        let row = choose_or_look(context, prepared, tenant).await?;
        return Ok((row, None));
    };
    let (id, rest) = handle.split_at_checked(ID_BYTES).unwrap_or_default();
    let row = match Uuid::from_slice(id) {
        Ok(id) => context.ledger.snapshot(id).await,
        Err(_) => Ok(None),
    };
    let row = row.map_err(|error| unreadable(&error))?;
    let lost = || Failure::other("the snapshot that was being drilled is not in the catalog");
    Ok((row.ok_or_else(lost)?, Some(rest.to_vec())))
}

/// The snapshot to drill. If none is good, the shelf is looked at once: one that was missing may be there again.
async fn choose_or_look(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<SnapshotRow, Failure> {
    let unreadable = |error| unreadable(&error);
    if let Some(row) = choose(context, prepared, tenant)
        .await
        .map_err(unreadable)?
    {
        return Ok(row);
    }
    // Why it could not be compared is not why there is nothing to drill.
    let _looked = reconcile::reconcile(context, prepared, tenant)
        .await
        .is_ok();
    let row = choose(context, prepared, tenant)
        .await
        .map_err(unreadable)?;
    row.ok_or_else(|| nothing(prepared, tenant))
}

/// The newest good snapshot that was never verified; when all were, the one of which that is the longest ago.
async fn choose(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<Option<SnapshotRow>, LedgerError> {
    let filter = SnapshotFilter {
        schedule: Some(prepared.shelf().clone()),
        tenant: Some(tenant.clone()),
        plugin: Some(prepared.schedule.plugin.clone()),
        states: vec![SnapshotState::Assumed, SnapshotState::Verified],
        order: SnapshotOrder::ToVerify,
        limit: Some(1),
        ..SnapshotFilter::default()
    };
    Ok(context.ledger.snapshots(filter).await?.pop())
}

fn nothing(prepared: &Prepared, tenant: &TenantName) -> Failure {
    let detail = format!(
        "`{}` has no good snapshot of {tenant} to drill",
        prepared.shelf()
    );
    Failure::not_found(detail)
}

fn unreadable(error: &LedgerError) -> Failure {
    Failure::unavailable(format!("the catalog could not be read or written: {error}"))
}

/// Says which snapshot a drill would take. Nothing is begun anywhere.
pub(super) async fn would_drill(
    context: &CallContext,
    call: &PluginCall<'_>,
) -> Result<Evidence, Failure> {
    let (row, _) = subject(context, call.prepared, call.tenant, None).await?;
    verify::as_recorded(context, call, &row).await?;
    let mut evidence = Evidence::default();
    evidence.push("would-drill", row.id.to_string());
    evidence.push("taken-at", row.taken_at.to_string());
    Ok(evidence)
}
