//! Restores a snapshot to a new volume. An existing volume is never written to.

use strongroom_plugin::{Call, Evidence, Failure, SnapshotState, Step, Target};

use crate::cloud::{Cloud, NewVolume, Purpose, Snapshot, Volume};
use crate::config::Config;
use crate::ongoing::Ongoing;

const NOTE: &str = "the volume is being made";

/// Begins a restore to a volume of the target's name.
pub(crate) fn start(
    call: &Call<Config>,
    reference: &str,
    target: &Target,
) -> Result<Step, Failure> {
    let name = target.whole("only a whole volume can be restored: nobody looks into it here")?;
    check_name(name)?;
    let cloud = Cloud::of(call);
    let snapshot = ready(&cloud, reference)?;
    if let Some(taken) = cloud.named(name)?.first() {
        let by_us = if cloud.is_of(taken, reference, Purpose::Restore) {
            " It was made of this snapshot by an earlier restore."
        } else {
            ""
        };
        return Err(Failure::conflict(format!(
            "there is a volume {name} already, {}; a restore makes a new one.{by_us}",
            taken.id
        )));
    }
    if call.dry_run {
        return Ok(Evidence::new()
            .fact("would-make", format!("volume {name}"))
            .bytes(snapshot.bytes()?)
            .into());
    }
    let volume = cloud.make_volume(&NewVolume {
        name,
        snapshot: &snapshot,
        purpose: Purpose::Restore,
    })?;
    Ongoing::Restore {
        volume: volume.id,
        snapshot: snapshot.id,
    }
    .begun(NOTE)
}

/// How far it is.
pub(crate) fn look(
    cloud: &Cloud<'_>,
    id: String,
    reference: String,
    looked: u32,
) -> Result<Step, Failure> {
    let snapshot = ready(cloud, &reference)?;
    let volume = cloud.volume(&id)?.ok_or_else(|| {
        Failure::not_found(format!(
            "volume {id} was begun and is not there any more: somebody deleted it"
        ))
    })?;
    if !cloud.is_of(&volume, &reference, Purpose::Restore) {
        return Err(Failure::conflict(format!(
            "volume {id} does not carry the marks of this restore (any more)"
        )));
    }
    match volume.status.as_str() {
        "creating" | "downloading" => Ongoing::Restore {
            volume: id,
            snapshot: reference,
        }
        .after(looked, None, NOTE),
        "available" => {
            whole(&volume, &snapshot)?;
            Ok(Evidence::new()
                .fact("restored", &reference)
                .fact("volume", &id)
                .fact("name", volume.name.as_deref().unwrap_or_default())
                .bytes(volume.bytes()?)
                .into())
        }
        status => Err(Failure::other(format!(
            "the provider could not make volume {id}, which is `{status}`{}; delete it there",
            cloud.reason(&id)
        ))),
    }
}

/// The snapshot, if it is complete.
pub(crate) fn ready(cloud: &Cloud<'_>, reference: &str) -> Result<Snapshot, Failure> {
    let snapshot = cloud.own_snapshot(reference)?.ok_or_else(|| {
        Failure::not_found(format!("there is no snapshot {reference} in the project"))
    })?;
    match snapshot.state() {
        SnapshotState::Ready => Ok(snapshot),
        SnapshotState::Failed | SnapshotState::Other(_) => Err(Failure::corrupt(format!(
            "snapshot {reference} is `{}` at the provider{}",
            snapshot.status,
            cloud.reason(reference)
        ))),
        SnapshotState::Creating | SnapshotState::Deleting => Err(Failure::conflict(format!(
            "snapshot {reference} is `{}`",
            snapshot.status
        ))),
    }
}

/// Whether a volume is as large as the snapshot it was made of; its bytes cannot be read from here.
pub(crate) fn whole(volume: &Volume, snapshot: &Snapshot) -> Result<(), Failure> {
    if volume.size == snapshot.size {
        return Ok(());
    }
    Err(Failure::corrupt(format!(
        "volume {} has {} GiB, and snapshot {} of {} GiB was to be restored",
        volume.id, volume.size, snapshot.id, snapshot.size
    )))
}

/// Names at the provider have 1 to 255 characters; a slash would be another path to the host.
fn check_name(name: &str) -> Result<(), Failure> {
    let plain = (1..=255).contains(&name.chars().count())
        && name.trim() == name
        && !name.contains('/')
        && !name.contains(char::is_control);
    if plain {
        Ok(())
    } else {
        Err(Failure::invalid(format!(
            "{name:?} cannot be the name of a volume: 1 to 255 characters, no slash"
        )))
    }
}
