//! Verifying a snapshot: LXD restores it into a scratch volume, which is read back and removed.
//!
//! Owns: the scratch volume. LXD's interface shows no bytes of a volume, so the answer is `restored`, not `bytes`.

use strongroom_plugin::provider::found;
use strongroom_plugin::{Call, Evidence, Failure, Step};

use crate::api::{Accepted, Lxd};
use crate::catalog::size_of;
use crate::config::Config;
use crate::name::{Name, SCRATCH, mark};
use crate::operation::{Ended, Handle, Id};
use crate::restore::{agree, whole};

const HOW_FAR: &str = "verifying";

/// Begins a verification.
pub(crate) fn start(call: &Call<Config>, reference: &str) -> Result<Step, Failure> {
    let name = Name::of_reference(call, reference)?;
    let lxd = Lxd::of(call);
    whole(call, &lxd, &name)?;
    let scratch = scratch(call);
    if call.dry_run {
        return Ok(Evidence::new().fact("would-restore", scratch).into());
    }
    match found(lxd.volume(&scratch))? {
        None => {}
        // An earlier attempt of this run left it behind.
        Some(there) if there.description == mark(HOW_FAR, &call.tenant, &call.run_id) => {
            remove(&lxd, &scratch)?;
        }
        Some(there) => {
            return Err(Failure::conflict(format!(
                "volume `{scratch}` is in the way, and its description {:?} is not that of this run's scratch volume",
                there.description
            )));
        }
    }
    let begun = lxd.copy(&name, &scratch, &mark(HOW_FAR, &call.tenant, &call.run_id))?;
    follow(call, &lxd, &name, begun)
}

/// Asks after a verification.
pub(crate) fn poll(call: &Call<Config>, name: &str, operation: Id) -> Result<Step, Failure> {
    let name = Name::of_handle(call, name)?;
    follow(call, &Lxd::of(call), &name, Accepted::Begun(operation))
}

fn follow(
    call: &Call<Config>,
    lxd: &Lxd<'_>,
    name: &Name,
    begun: Accepted,
) -> Result<Step, Failure> {
    let scratch = scratch(call);
    match lxd.await_end(&format!("a trial restore into volume `{scratch}`"), begun)? {
        Ended::Not(operation) => Handle::Verify {
            name: name.text.clone(),
            operation,
        }
        .goes_on(format!("LXD is filling scratch volume `{scratch}`")),
        Ended::Forgotten => Err(Failure::unavailable(format!(
            "LXD no longer knows how the trial restore into volume `{scratch}` ended; verify again"
        ))),
        Ended::Well => {
            let (snapshot, _) = lxd.snapshot(name)?;
            let made = lxd.volume(&scratch)?;
            let verdict = agree(call, HOW_FAR, name, &snapshot, &made);
            // Somebody else's volume of this name is left alone.
            if !matches!(verdict, Err(Failure::Conflict(_))) {
                remove(lxd, &scratch)?;
            }
            verdict?;
            Ok(Evidence::new()
                .fact("checked", "restored")
                .fact("source", lxd.source()?.name)
                .maybe("bytes", size_of(&snapshot))
                .into())
        }
    }
}

/// Removes the scratch volume, and does not end before it is gone.
fn remove(lxd: &Lxd<'_>, scratch: &str) -> Result<(), Failure> {
    let begun = lxd.delete_volume(scratch)?;
    match lxd.await_end(&format!("removing scratch volume `{scratch}`"), begun)? {
        Ended::Well | Ended::Forgotten => Ok(()),
        Ended::Not(_) => Err(Failure::unavailable(format!(
            "scratch volume `{scratch}` is still being removed; verify again later"
        ))),
    }
}

fn scratch(call: &Call<Config>) -> String {
    format!("{SCRATCH}{}", call.run_id)
}
