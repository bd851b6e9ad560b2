//! Reads snapshots back, lists them, deletes one.
//!
//! Owns: that only what bears the tenant's tag is shown or deleted, oldest first although EC2 lists in no order.

use strongroom_plugin::{Call, Evidence, Failure, Page, Snapshot, Step};

use crate::api::Ec2;
use crate::config::Config;
use crate::operation::Handle;
use crate::snapshot::{Found, id_in, reference};

/// Seconds between looks at a snapshot that is being deleted.
const LOOK_AFTER: u64 = 2;

/// Reads one snapshot back.
pub(crate) fn get(call: &Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
    Ok(found(call, reference)?.shown(&call.config.region))
}

/// A snapshot of the tenant, by its reference.
pub(crate) fn found(call: &Call<Config>, reference: &str) -> Result<Found, Failure> {
    let id = id_in(&call.config.region, reference)?;
    Ec2::of(call).snapshot(&id)
}

/// The tenant's snapshots, oldest first. The cursor is time and id of the last one of the page before: EC2's own pages are in
/// no order, so all of them are read.
pub(crate) fn list(call: &Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
    let after = cursor.map(place_in_list).transpose()?;
    let mut all = Ec2::of(call).every_snapshot()?;
    all.retain(|one| {
        let place = (one.started.as_millisecond(), one.id.as_str());
        after.is_none_or(|after| place > after)
    });
    let region = &call.config.region;
    let place = |one: &Found| format!("{}/{}", one.started.as_millisecond(), one.id);
    Ok(Page::first(all, limit, place, |one| one.shown(region)))
}

fn place_in_list(cursor: &str) -> Result<(i64, &str), Failure> {
    cursor
        .split_once('/')
        .and_then(|(time, id)| Some((time.parse().ok()?, id)))
        .ok_or_else(|| Failure::invalid(format!("{cursor:?} is no cursor of this plugin")))
}

/// Deletes exactly this snapshot.
pub(crate) fn delete(call: &Call<Config>, reference: &str) -> Result<Step, Failure> {
    // Ids say nothing of whose they are: it is looked at first.
    let there = match found(call, reference) {
        Err(Failure::NotFound(_)) if call.dry_run => {
            return Ok(Evidence::new().fact("absent", reference).into());
        }
        there => there?,
    };
    if call.dry_run {
        return Ok(Evidence::new().fact("would-delete", reference).into());
    }
    Ec2::of(call).delete(&there.id)?;
    poll(call, &there.id)
}

/// Done is what can no longer be found, whatever EC2 answered; the recycle bin, where there is one, is its own matter.
pub(crate) fn poll(call: &Call<Config>, id: &str) -> Result<Step, Failure> {
    let region = &call.config.region;
    let deleted = |evidence: Evidence| Ok(evidence.fact("deleted", reference(region, id)).into());
    match Ec2::of(call).snapshot(id) {
        Err(Failure::NotFound(_)) => deleted(Evidence::new()),
        Err(failure) => Err(failure),
        Ok(there) if there.state == "recoverable" => deleted(Evidence::new().warning(format!(
            "snapshot {id} lies in the recycle bin and is paid for until its rule drops it"
        ))),
        Ok(_) => Handle::Delete { id: id.to_owned() }.goes_on(
            LOOK_AFTER,
            None,
            format!("EC2 still shows snapshot {id}"),
        ),
    }
}
