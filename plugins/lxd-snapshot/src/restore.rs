//! Restoring a snapshot into a new volume of the same pool.
//!
//! Owns: that nothing that exists is written over, and that a copy which may be partial does not look restored: until LXD's
//! operation has succeeded its description says `strongroom/restoring/…`.

use strongroom_plugin::provider::found;
use strongroom_plugin::{Call, Evidence, Failure, Step, Target};

use crate::api::{Accepted, Lxd, Thing};
use crate::catalog::size_of;
use crate::config::Config;
use crate::name::{Name, SCRATCH, mark};
use crate::operation::{Ended, Handle, Id};

/// Begins a restore into the volume that `target.place` names.
pub(crate) fn start(
    call: &Call<Config>,
    reference: &str,
    target: &Target,
) -> Result<Step, Failure> {
    let place = target.whole("LXD restores whole volumes: single paths cannot be restored")?;
    let name = Name::of_reference(call, reference)?;
    let lxd = Lxd::of(call);
    if place.starts_with(SCRATCH) || place == lxd.volume {
        return Err(Failure::invalid(format!(
            "{place:?} cannot be restored into: name a new volume"
        )));
    }
    let snapshot = whole(call, &lxd, &name)?;
    if let Some(there) = found(lxd.volume(place))? {
        return Err(taken(call, place, &there));
    }
    if call.dry_run {
        return Ok(facts(place, &snapshot, "would-restore").into());
    }
    let begun = lxd.copy(&name, place, &mark("restoring", &call.tenant, &call.run_id))?;
    follow(call, &lxd, &name, place, begun)
}

/// The snapshot, if it is whole.
pub(crate) fn whole(call: &Call<Config>, lxd: &Lxd<'_>, name: &Name) -> Result<Thing, Failure> {
    let (found, _) = lxd.snapshot(name)?;
    if found.description == name.complete(&call.tenant) {
        return Ok(found);
    }
    Err(Failure::conflict(format!(
        "nothing tells that snapshot `{}` is whole: its description is {:?}",
        name.within(&lxd.volume),
        found.description
    )))
}

fn taken(call: &Call<Config>, place: &str, there: &Thing) -> Failure {
    let begun = mark("restoring", &call.tenant, &call.run_id);
    Failure::conflict(if there.description == begun {
        format!(
            "an earlier restore has begun volume `{place}` and nobody can say whether it is whole: delete it, or name another one"
        )
    } else {
        format!("volume `{place}` exists already: a restore never writes over anything")
    })
}

/// Asks after a restore.
pub(crate) fn poll(
    call: &Call<Config>,
    name: &str,
    target: &str,
    operation: Id,
) -> Result<Step, Failure> {
    let name = Name::of_handle(call, name)?;
    let begun = Accepted::Begun(operation);
    follow(call, &Lxd::of(call), &name, target, begun)
}

fn follow(
    call: &Call<Config>,
    lxd: &Lxd<'_>,
    name: &Name,
    target: &str,
    begun: Accepted,
) -> Result<Step, Failure> {
    match lxd.await_end(&format!("the restore into volume `{target}`"), begun)? {
        Ended::Not(operation) => Handle::Restore {
            name: name.text.clone(),
            target: target.to_owned(),
            operation,
        }
        .goes_on(format!("LXD is filling volume `{target}`")),
        Ended::Forgotten => {
            let restored = mark("restored", &call.tenant, &call.run_id);
            if lxd.volume(target)?.description == restored {
                let (snapshot, _) = lxd.snapshot(name)?;
                return Ok(facts(target, &snapshot, "restored").into());
            }
            Err(Failure::conflict(format!(
                "LXD no longer knows how the restore ended, and volume `{target}` may be partial: delete it and restore again"
            )))
        }
        Ended::Well => {
            let (snapshot, _) = lxd.snapshot(name)?;
            let made = lxd.volume(target)?;
            let restored = mark("restored", &call.tenant, &call.run_id);
            if made.description != restored {
                agree(call, "restoring", name, &snapshot, &made)?;
                lxd.describe_volume(target, &restored)?;
            }
            Ok(facts(target, &snapshot, "restored").into())
        }
    }
}

/// Whether a volume is the copy of a snapshot, as far as LXD tells: made by this run, of the same kind and size.
pub(crate) fn agree(
    call: &Call<Config>,
    how_far: &str,
    name: &Name,
    snapshot: &Thing,
    made: &Thing,
) -> Result<(), Failure> {
    if made.description != mark(how_far, &call.tenant, &call.run_id) {
        return Err(Failure::conflict(format!(
            "volume `{}` was made by somebody else: its description is {:?}",
            made.name, made.description
        )));
    }
    let kinds = (snapshot.content_type.as_str(), made.content_type.as_str());
    if kinds.0 != kinds.1 || size_of(snapshot) != size_of(made) {
        return Err(Failure::corrupt(format!(
            "{}: the volume made of it is of kind {:?} and size {:?}, the snapshot of kind {:?} and size {:?}",
            name.text,
            kinds.1,
            made.config.get("size"),
            kinds.0,
            snapshot.config.get("size")
        )));
    }
    Ok(())
}

fn facts(target: &str, snapshot: &Thing, what: &str) -> Evidence {
    let evidence = Evidence::new().fact(what, target);
    evidence.maybe("bytes", size_of(snapshot))
}
