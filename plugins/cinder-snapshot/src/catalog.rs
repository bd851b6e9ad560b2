//! Reads snapshots back and lists them.
//!
//! Owns: what the contract is told of a snapshot. Never: a snapshot that does not carry the tenant's mark.

use strongroom_plugin::{Call, Failure, Page, Snapshot};

use crate::cloud::{self, Cloud};
use crate::config::{Config, is_id, volume_of};

/// The most the service is asked for at once.
const AT_ONCE: u32 = 1000;

/// Reads one snapshot back.
pub(crate) fn get(call: &Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
    let cloud = Cloud::of(call);
    let found = cloud.own_snapshot(reference)?.ok_or_else(|| {
        Failure::not_found(format!("there is no snapshot {reference} in the project"))
    })?;
    let zone = zone(call, &cloud, std::slice::from_ref(&found))?;
    describe(call, &found, zone.as_deref())
}

/// Some of the tenant's snapshots, oldest first. The cursor is the last id of the page before.
pub(crate) fn list(call: &Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
    if let Some(cursor) = cursor.filter(|cursor| !is_id(cursor)) {
        return Err(Failure::invalid(format!(
            "{cursor:?} is no cursor of this plugin"
        )));
    }
    let cloud = Cloud::of(call);
    let page = cloud.page(None, cursor, limit.clamp(1, AT_ONCE))?;
    let zone = zone(call, &cloud, &page.items)?;
    let snapshots = page.items.iter();
    let snapshots = snapshots.map(|found| describe(call, found, zone.as_deref()));
    Ok(Page {
        snapshots: snapshots.collect::<Result<_, _>>()?,
        next: page.next,
    })
}

/// Where the configured volume is, if any of these is of it; a snapshot lies where its volume does. Another volume may not
/// be asked after.
fn zone(
    call: &Call<Config>,
    cloud: &Cloud<'_>,
    found: &[cloud::Snapshot],
) -> Result<Option<String>, Failure> {
    let volume = volume_of(call)?;
    if !found.iter().any(|snapshot| snapshot.volume_id == volume) {
        return Ok(None);
    }
    let volume = cloud.volume(volume)?;
    Ok(volume.and_then(|volume| volume.availability_zone))
}

fn describe(
    call: &Call<Config>,
    found: &cloud::Snapshot,
    zone: Option<&str>,
) -> Result<Snapshot, Failure> {
    let of_ours = found.volume_id == volume_of(call)?;
    let mut labels = vec![("status".to_owned(), found.status.clone())];
    labels.extend(found.name.clone().map(|name| ("name".to_owned(), name)));
    Ok(Snapshot {
        reference: found.id.clone(),
        tenant: call.tenant.clone(),
        run_id: found.marks().run().map(str::to_owned),
        taken_at: found.taken_at()?,
        state: found.state(),
        size: Some(found.bytes()?),
        source: Some(found.volume_id.clone()),
        place: zone.filter(|_| of_ours).map(str::to_owned),
        labels,
    })
}
