//! Where a new snapshot is, as the provider says: in one of the places that are allowed, and not where the first shelf is.
//!
//! Never: looks anywhere itself; what was read back decides.

use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_domain::schedule::OffSite;
use strongroom_ledger::{LedgerError, SnapshotRow};
use strongroom_sandbox::role::snapshots::SnapshotInfo;

use super::copy;
use super::read_back::COPIED_AT;
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::call::result::{AttemptResult, Trace};
use crate::setup::Setup;

/// The fact under which the place of a snapshot is kept with it.
const PLACE: &str = "place";

/// Looks at a snapshot that was read back and agrees; with what is recorded of it.
pub(super) async fn check(
    context: &CallContext,
    setup: &Setup,
    call: &PluginCall<'_>,
    mut evidence: Evidence,
    mut info: SnapshotInfo,
) -> Result<(Evidence, SnapshotInfo), AttemptResult> {
    let schedule = &call.prepared.schedule;
    if let Some(detail) = elsewhere(schedule.places(), &info) {
        return Err(known(Failure::invalid(detail)));
    }
    if let Some(off_site) = schedule.off_site() {
        let first = setup.schedules.get(&off_site.of).map(AsRef::as_ref);
        match beside(context, call, off_site, first, &info).await {
            Err(error) => {
                let detail = format!("where the first shelf is is not known: {error}");
                return Err(known(Failure::unavailable(detail)));
            }
            Ok(Beside::SamePlace(reason)) => return Err(AttemptResult::Refused(reason)),
            Ok(Beside::Apart(original)) => {
                if let Some(original) = original.filter(|_| off_site.copy) {
                    // A copy is as old as what was copied, whenever the provider says that it was made.
                    evidence.push(COPIED_AT, info.taken_at.to_string());
                    info.taken_at = original.taken_at;
                    evidence.push("copy-of", original.id.to_string());
                }
            }
        }
    }
    // What the provider says counts, not what the plugin said before.
    evidence.0.retain(|(kind, _)| kind != PLACE);
    if let Some(place) = &info.place {
        evidence.push(PLACE, place.clone());
    }
    Ok((evidence, info))
}

/// The plugin has made something, which does not count.
fn known(failure: Failure) -> AttemptResult {
    AttemptResult::Failed(failure, Trace::Known)
}

/// Why a snapshot is not where it may be.
fn elsewhere(places: &[String], info: &SnapshotInfo) -> Option<String> {
    if places.is_empty() {
        return None;
    }
    let allowed = format!("`{}`", places.join("`, `"));
    match &info.place {
        Some(place) if places.contains(place) => None,
        Some(place) => Some(format!(
            "snapshot `{}` is kept in `{place}`, and only {allowed} is allowed (`place`)",
            info.reference
        )),
        None => Some(format!(
            "the provider does not say where snapshot `{}` is kept, and only {allowed} is allowed (`place`)",
            info.reference
        )),
    }
}

enum Beside {
    /// In the same place; why.
    SamePlace(String),
    /// In another, as far as is known; with the snapshot of the first shelf.
    Apart(Option<Box<SnapshotRow>>),
}

async fn beside(
    context: &CallContext,
    call: &PluginCall<'_>,
    off_site: &OffSite,
    first: Option<&Prepared>,
    info: &SnapshotInfo,
) -> Result<Beside, LedgerError> {
    let original = copy::original(context, call, off_site).await?;
    let Some(row) = &original else {
        return Ok(Beside::Apart(None));
    };
    // A copy is made by one provider. Else two providers may have places of one name.
    let comparable = off_site.copy
        || first.is_some_and(|first| {
            let (one, other) = (&call.prepared.schedule, &first.schedule);
            one.plugin == other.plugin && one.grants.same_services(&other.grants)
        });
    match (&info.place, row.evidence.get(PLACE)) {
        (Some(place), Some(theirs)) if comparable && place == theirs => {
            Ok(Beside::SamePlace(format!(
                "snapshot `{}` is kept in `{place}`, the same place as `{}` of `{}`: it is no off-site copy",
                info.reference, row.reference, off_site.of
            )))
        }
        _ => Ok(Beside::Apart(original.map(Box::new))),
    }
}
