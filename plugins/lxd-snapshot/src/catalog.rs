//! Reads snapshots back, lists them, deletes one.
//!
//! Owns: that nothing partial is ever called ready, and that only what this plugin made for this tenant is shown or deleted.

use jiff::Timestamp;
use strongroom_plugin::provider::found;
use strongroom_plugin::{Call, Evidence, Failure, Page, Snapshot, SnapshotState, Step};

use crate::api::{Accepted, Lxd, Thing};
use crate::config::Config;
use crate::name::Name;
use crate::operation::{Ended, Handle, Id};
use crate::size::bytes;
use crate::source::Source;

/// Reads one snapshot back.
pub(crate) fn get(call: &Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
    let name = Name::of_reference(call, reference)?;
    let lxd = Lxd::of(call);
    let (found, _) = lxd.snapshot(&name)?;
    Ok(described(call, &lxd, &lxd.source()?, &name, &found))
}

/// The tenant's snapshots of the volume, oldest first. The cursor is the name of the last one of the page before: names
/// order as due times do, and LXD itself has no pages.
pub(crate) fn list(call: &Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
    let other = cursor.filter(|cursor| Name::read(&call.tenant, cursor).is_none());
    if let Some(other) = other {
        return Err(Failure::invalid(format!(
            "{other:?} is no cursor of this plugin"
        )));
    }
    let lxd = Lxd::of(call);
    // LXD lists a volume that is not there as one without snapshots: nothing may look deleted by a mistake in a name.
    let source = lxd.source()?;
    let mut ours = Vec::new();
    for thing in lxd.snapshots()? {
        let Some((volume, name)) = thing.name.split_once('/') else {
            return Err(unasked(&thing.name));
        };
        if volume != lxd.volume {
            return Err(unasked(&thing.name));
        }
        if let Some(name) = Name::read(&call.tenant, name) {
            ours.push((name, thing));
        }
    }
    ours.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    ours.retain(|(name, _)| cursor.is_none_or(|cursor| name.text.as_str() > cursor));
    let cursor = |(name, _): &(Name, Thing)| name.text.clone();
    Ok(Page::first(ours, limit, cursor, |(name, thing)| {
        described(call, &lxd, &source, name, thing)
    }))
}

fn unasked(name: &str) -> Failure {
    Failure::other(format!(
        "the snapshots of one volume were asked for, and LXD tells of {name:?}"
    ))
}

fn described(
    call: &Call<Config>,
    lxd: &Lxd<'_>,
    source: &Source,
    name: &Name,
    thing: &Thing,
) -> Snapshot {
    let complete = thing.description == name.complete(&call.tenant);
    let mut labels = Vec::new();
    if let Some(expires) = expiry(thing) {
        labels.push(("expires-at".to_owned(), expires.to_string()));
    }
    Snapshot {
        reference: lxd.reference(name),
        tenant: call.tenant.clone(),
        run_id: Some(name.run_id.clone()),
        taken_at: name.due,
        state: if complete {
            SnapshotState::Ready
        } else {
            SnapshotState::Creating
        },
        size: size_of(thing),
        source: Some(source.name.clone()),
        place: Some(source.place.clone()),
        labels,
    }
}

/// The size that the volume had when the snapshot was made: LXD keeps the volume's configuration with it.
pub(crate) fn size_of(thing: &Thing) -> Option<u64> {
    thing.config.get("size").and_then(|text| bytes(text))
}

/// When LXD itself will delete the snapshot, if somebody has told it to.
fn expiry(thing: &Thing) -> Option<Timestamp> {
    let time: Timestamp = thing.expires_at.as_deref()?.parse().ok()?;
    (time > Timestamp::UNIX_EPOCH).then_some(time)
}

/// Begins to delete exactly this snapshot.
pub(crate) fn delete(call: &Call<Config>, reference: &str) -> Result<Step, Failure> {
    let name = Name::of_reference(call, reference)?;
    let lxd = Lxd::of(call);
    if call.dry_run {
        let what = match found(lxd.snapshot(&name))? {
            Some(_) => "would-delete",
            None => "absent",
        };
        return Ok(Evidence::new().fact(what, reference).into());
    }
    let begun = lxd.delete(&name)?;
    follow(&lxd, &name, Some(begun))
}

/// Asks after a deletion.
pub(crate) fn poll(
    call: &Call<Config>,
    name: &str,
    operation: Option<Id>,
) -> Result<Step, Failure> {
    let name = Name::of_handle(call, name)?;
    follow(&Lxd::of(call), &name, operation.map(Accepted::Begun))
}

fn follow(lxd: &Lxd<'_>, name: &Name, begun: Option<Accepted>) -> Result<Step, Failure> {
    let reference = lxd.reference(name);
    match remove(lxd, name, begun)? {
        Removal::Done => Ok(Evidence::new().fact("deleted", reference).into()),
        Removal::GoesOn(operation) => Handle::Delete {
            name: name.text.clone(),
            operation,
        }
        .goes_on(format!("LXD is deleting snapshot `{reference}`")),
    }
}

/// How far a deletion came.
pub(crate) enum Removal {
    /// The snapshot can no longer be found.
    Done,
    /// This operation goes on, or another one on the volume, such as an earlier deletion whose reply was lost.
    GoesOn(Option<Id>),
}

/// Done is what can no longer be found, whatever the operation says: of two deletions at once, LXD lets the second one fail.
pub(crate) fn remove(
    lxd: &Lxd<'_>,
    name: &Name,
    begun: Option<Accepted>,
) -> Result<Removal, Failure> {
    let reference = lxd.reference(name);
    let ended = match begun {
        Some(begun) => lxd.await_end(&format!("deleting snapshot `{reference}`"), begun),
        None => Ok(Ended::Forgotten),
    };
    let failure = match ended {
        Ok(Ended::Not(operation)) => return Ok(Removal::GoesOn(Some(operation))),
        Ok(Ended::Well | Ended::Forgotten) => Failure::unavailable(format!(
            "snapshot `{reference}` is still there although LXD was asked to delete it"
        )),
        Err(failure @ (Failure::Other(_) | Failure::Conflict(_) | Failure::NotFound(_))) => failure,
        Err(failure) => return Err(failure),
    };
    match found(lxd.snapshot(name))? {
        None => Ok(Removal::Done),
        Some(_) if lxd.is_busy()? => Ok(Removal::GoesOn(None)),
        Some(_) => Err(failure),
    }
}
