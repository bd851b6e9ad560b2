//! Restoring a snapshot into a new volume.
//!
//! Owns: that a name is restored into once. Never: writes over a volume; EC2 makes new ones only.

use strongroom_plugin::{Call, Evidence, Failure, Step, Target};

use crate::api::Ec2;
use crate::catalog::found;
use crate::config::Config;
use crate::operation::{Handle, UNSEEN};
use crate::snapshot::Found;
use crate::tags::{NAME, RESTORE};
use crate::volume::Volume;

/// Seconds between looks at a volume that is being made.
pub(crate) const LOOK_AFTER: u64 = 2;

/// Begins a restore into a new volume that bears the name `target.place`.
pub(crate) fn start(
    call: &Call<Config>,
    reference: &str,
    target: &Target,
) -> Result<Step, Failure> {
    let name = target.whole("EC2 restores whole volumes: single paths cannot be restored")?;
    let snapshot = whole(call, reference)?;
    let zone = call.config.zone()?;
    let ec2 = Ec2::of(call);
    let named = |volume: &Volume| volume.tags.get(NAME).is_some_and(|there| there == name);
    if let Some(there) = ec2.made()?.into_iter().find(named) {
        return Err(Failure::conflict(format!(
            "volume {} bears the name {name:?} already: a restore makes a new one",
            there.id
        )));
    }
    if call.dry_run {
        let evidence = Evidence::new().fact("would-restore", name);
        return Ok(evidence.fact("zone", zone).bytes(snapshot.size).into());
    }
    let token = token(call, &[reference, RESTORE, name]);
    let volume = ec2.create_volume(&snapshot.id, RESTORE, name, &token)?;
    poll(call, reference, &volume, 0)
}

/// A snapshot that is complete.
pub(crate) fn whole(call: &Call<Config>, reference: &str) -> Result<Found, Failure> {
    let snapshot = found(call, reference)?;
    if snapshot.state == "completed" {
        return Ok(snapshot);
    }
    Err(Failure::conflict(format!(
        "snapshot {reference} is {:?}, not complete",
        snapshot.state
    )))
}

/// Asks after a restore.
pub(crate) fn poll(
    call: &Call<Config>,
    reference: &str,
    volume: &str,
    unseen: u8,
) -> Result<Step, Failure> {
    let made = Ec2::of(call).made()?;
    let made = made.iter().find(|made| made.id == volume);
    let state = made.map_or("not shown yet", |made| made.state.as_str());
    match (made, state) {
        (Some(made), "available") => {
            let snapshot = whole(call, reference)?;
            made.agrees(&snapshot, &call.config)?;
            let evidence = Evidence::new()
                .fact("restored", volume)
                .fact("zone", &made.zone)
                .bytes(made.size);
            Ok(evidence.into())
        }
        (None, _) if unseen >= UNSEEN => Err(Failure::not_found(format!(
            "EC2 does not show volume {volume}, made of snapshot {reference}"
        ))),
        (_, "creating" | "not shown yet") => Handle::Restore {
            snapshot: reference.to_owned(),
            volume: volume.to_owned(),
            unseen: if made.is_some() { 0 } else { unseen + 1 },
        }
        .goes_on(LOOK_AFTER, None, format!("volume {volume} is {state}")),
        _ => Err(Failure::other(format!(
            "volume {volume}, made of snapshot {reference}, is {state:?}"
        ))),
    }
}

/// The key by which EC2 takes a repeated request for the same one: of this call only, because the volume that another call
/// made may be gone by now. (FNV-1a, 64 bits.)
pub(crate) fn token(call: &Call<Config>, about: &[&str]) -> String {
    let deadline = call.deadline.0.to_string();
    let mut texts = about.to_vec();
    texts.push(&deadline);
    let text = texts.join("\n");
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}-{hash:016x}", call.run_id)
}
