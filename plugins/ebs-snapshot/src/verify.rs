//! Verifying a snapshot: EC2 makes a scratch volume of it, which is read back and deleted.
//!
//! Owns: the scratch volume, which is deleted only with its tags seen. EC2's query interface shows no bytes, so the answer is
//! `restored`, not `bytes`.

use strongroom_plugin::{Call, Evidence, Failure, Step};

use crate::api::Ec2;
use crate::config::Config;
use crate::operation::{Handle, UNSEEN};
use crate::restore::{LOOK_AFTER, token, whole};
use crate::tags::{self, PURPOSE, RUN, VERIFY};
use crate::volume::Volume;

/// Begins a verification.
pub(crate) fn start(call: &Call<Config>, reference: &str) -> Result<Step, Failure> {
    let snapshot = whole(call, reference)?;
    let zone = call.config.zone()?;
    if call.dry_run {
        return Ok(Evidence::new().fact("would-restore-in", zone).into());
    }
    let ec2 = Ec2::of(call);
    // A scratch volume that an earlier attempt left behind does as well as a new one.
    let left = ec2
        .made()?
        .into_iter()
        .find(|one| is_scratch(call, one) && one.snapshot.as_deref() == Some(snapshot.id.as_str()));
    let volume = match left {
        Some(left) => left.id,
        None => {
            let name = format!("strongroom-verify-{}", call.run_id);
            let token = token(call, &[reference, VERIFY]);
            ec2.create_volume(&snapshot.id, VERIFY, &name, &token)?
        }
    };
    poll(call, reference, &volume, 0)
}

fn is_scratch(call: &Call<Config>, volume: &Volume) -> bool {
    tags::all(&volume.tags, &[(PURPOSE, VERIFY), (RUN, &call.run_id)])
}

/// Asks after a verification.
pub(crate) fn poll(
    call: &Call<Config>,
    reference: &str,
    volume: &str,
    unseen: u8,
) -> Result<Step, Failure> {
    let ec2 = Ec2::of(call);
    let made = ec2.made()?;
    let made = made.iter().find(|made| made.id == volume);
    if made.is_none() && unseen >= UNSEEN {
        return Err(Failure::unavailable(format!(
            "EC2 does not show scratch volume {volume}, made of snapshot {reference}; verify again"
        )));
    }
    let unseen = if made.is_some() { 0 } else { unseen + 1 };
    let state = made.map_or("not shown yet", |made| made.state.as_str());
    let Some(made) = made.filter(|_| state != "creating") else {
        return Handle::Verify {
            snapshot: reference.to_owned(),
            volume: volume.to_owned(),
            unseen,
        }
        .goes_on(
            LOOK_AFTER,
            None,
            format!("scratch volume {volume} is {state}"),
        );
    };
    if !is_scratch(call, made) {
        return Err(Failure::conflict(format!(
            "volume {volume} is not this run's scratch volume: it is left alone"
        )));
    }
    let snapshot = whole(call, reference)?;
    let verdict = if state == "available" {
        made.agrees(&snapshot, &call.config)
    } else {
        Err(Failure::other(format!(
            "scratch volume {volume}, made of snapshot {reference}, is {state:?}"
        )))
    };
    ec2.delete_volume(volume)?;
    verdict?;
    let evidence = Evidence::new().fact("checked", "restored").bytes(made.size);
    Ok(evidence.maybe("source", snapshot.volume).into())
}
