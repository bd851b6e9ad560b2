//! Verifies a snapshot by a whole restore: a scratch volume is made of it, read back and removed again.
//!
//! Owns: that nothing but the scratch volume of this very verification is removed. Never: takes an old scratch volume as
//! proof; one that was left behind is removed first.

use strongroom_plugin::{Call, Evidence, Failure, Step};

use crate::cloud::{Cloud, NewVolume, Purpose, Volume};
use crate::config::Config;
use crate::ongoing::Ongoing;
use crate::restore::{ready, whole};

const MAKING: &str = "a scratch volume is being made";
const REMOVING: &str = "the scratch volume is being removed";

/// Begins a verification.
pub(crate) fn start(call: &Call<Config>, reference: &str) -> Result<Step, Failure> {
    let cloud = Cloud::of(call);
    let snapshot = ready(&cloud, reference)?;
    let name = scratch_name(call);
    let mut left = cloud.named(&name)?;
    let volume = left.pop();
    if !left.is_empty() {
        return Err(Failure::conflict(format!(
            "{} volumes are called {name}; look at them and delete them at the provider",
            left.len() + 1
        )));
    }
    if call.dry_run {
        return Ok(Evidence::new()
            .fact("would-make", format!("scratch volume {name}"))
            .bytes(snapshot.bytes()?)
            .into());
    }
    match volume {
        Some(volume) => {
            remove(&cloud, &volume, reference)?;
            Ongoing::Clear {
                volume: volume.id,
                snapshot: reference.to_owned(),
            }
            .begun(REMOVING)
        }
        None => make(call, &cloud, reference),
    }
}

/// What an earlier verification left is on its way out.
pub(crate) fn cleared(
    call: &Call<Config>,
    cloud: &Cloud<'_>,
    id: String,
    reference: String,
    looked: u32,
) -> Result<Step, Failure> {
    if going(cloud, &id, &reference)? {
        return Ongoing::Clear {
            volume: id,
            snapshot: reference,
        }
        .after(looked, None, REMOVING);
    }
    make(call, cloud, &reference)
}

fn make(call: &Call<Config>, cloud: &Cloud<'_>, reference: &str) -> Result<Step, Failure> {
    let volume = cloud.make_volume(&NewVolume {
        name: &scratch_name(call),
        snapshot: &ready(cloud, reference)?,
        purpose: Purpose::Verification,
    })?;
    Ongoing::Scratch {
        volume: volume.id,
        snapshot: reference.to_owned(),
    }
    .begun(MAKING)
}

/// How far the scratch volume is; when it is whole, or never will be, it is removed.
pub(crate) fn look(
    cloud: &Cloud<'_>,
    id: String,
    reference: String,
    looked: u32,
) -> Result<Step, Failure> {
    let volume = cloud.volume(&id)?.ok_or_else(|| {
        Failure::not_found(format!(
            "scratch volume {id} was begun and is not there any more: somebody deleted it"
        ))
    })?;
    let verdict = match volume.status.as_str() {
        "creating" | "downloading" => {
            return Ongoing::Scratch {
                volume: id,
                snapshot: reference,
            }
            .after(looked, None, MAKING);
        }
        "available" => whole(&volume, &ready(cloud, &reference)?).err(),
        status => Some(Failure::other(format!(
            "the provider could not make a volume of snapshot {reference}: {id} was `{status}`{}",
            cloud.reason(&id)
        ))),
    };
    remove(cloud, &volume, &reference)?;
    Ongoing::Remove {
        volume: id,
        snapshot: reference,
        verdict,
    }
    .begun(REMOVING)
}

/// When the scratch volume is gone, the verdict is given.
pub(crate) fn removed(
    cloud: &Cloud<'_>,
    id: String,
    reference: String,
    verdict: Option<Failure>,
    looked: u32,
) -> Result<Step, Failure> {
    if going(cloud, &id, &reference)? {
        return Ongoing::Remove {
            volume: id,
            snapshot: reference,
            verdict,
        }
        .after(looked, None, REMOVING);
    }
    if let Some(failure) = verdict {
        return Err(failure);
    }
    let snapshot = ready(cloud, &reference)?;
    Ok(Evidence::new()
        .fact("verified", &reference)
        .fact("checked", "restored")
        .fact("source", &snapshot.volume_id)
        .bytes(snapshot.bytes()?)
        .into())
}

/// Begins to remove a scratch volume, if it is one: made by this run, of this snapshot, to be removed.
fn remove(cloud: &Cloud<'_>, volume: &Volume, reference: &str) -> Result<(), Failure> {
    ours(cloud, volume, reference)?;
    cloud.drop_volume(&volume.id).map(drop)
}

/// Whether a scratch volume is still being removed.
fn going(cloud: &Cloud<'_>, id: &str, reference: &str) -> Result<bool, Failure> {
    let Some(volume) = cloud.volume(id)? else {
        return Ok(false);
    };
    ours(cloud, &volume, reference)?;
    match volume.status.as_str() {
        "deleting" | "deleted" => Ok(true),
        status => Err(Failure::other(format!(
            "the provider could not remove scratch volume {id}, which is `{status}`{}; delete it there",
            cloud.reason(id)
        ))),
    }
}

fn ours(cloud: &Cloud<'_>, volume: &Volume, reference: &str) -> Result<(), Failure> {
    if cloud.is_of(volume, reference, Purpose::Verification) {
        return Ok(());
    }
    Err(Failure::conflict(format!(
        "volume {} is called like the scratch volume of this verification and does not carry its marks; it is left alone",
        volume.id
    )))
}

fn scratch_name(call: &Call<Config>) -> String {
    format!("strongroom-verify-{}", call.run_id)
}
