//! Where a new snapshot is, as the provider says: in one of the places that are allowed, and not where the first shelf is.
//!
//! Never: looks anywhere itself; what was read back decides.

use std::sync::Arc;

use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_domain::schedule::OffSite;
use strongroom_ledger::{LedgerError, SnapshotRow};
use strongroom_sandbox::call::SnapshotInfo;

use super::{Finished, PluginCall, copy};
use crate::context::CallContext;
use crate::setup::Prepared;

/// The fact under which the place of a snapshot is kept with it.
const PLACE: &str = "place";
/// The fact under which the provider's own time of a copy is kept with it.
pub(super) const COPIED_AT: &str = "copied-at";

/// Ends a run whose snapshot was read back and agrees. `first` is the first shelf, if this one is a second one.
pub(super) async fn check(
    context: &CallContext,
    call: &PluginCall<'_>,
    first: Option<Arc<Prepared>>,
    mut evidence: Evidence,
    mut info: Box<SnapshotInfo>,
) -> Finished {
    let schedule = &call.prepared.schedule;
    if let Some(detail) = elsewhere(schedule.places(), &info) {
        return acted(Failure::invalid(detail));
    }
    if let Some(off_site) = schedule.off_site() {
        match beside(context, call, off_site, first, &info).await {
            Err(error) => {
                let detail = format!("where the first shelf is is not known: {error}");
                return acted(Failure::unavailable(detail));
            }
            Ok(Beside::SamePlace(reason)) => return Finished::Refused(reason),
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
    Finished::Done(evidence, Some(info))
}

/// The plugin has made something, which does not count.
fn acted(failure: Failure) -> Finished {
    Finished::Failed {
        failure,
        acted: true,
    }
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
    first: Option<Arc<Prepared>>,
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
