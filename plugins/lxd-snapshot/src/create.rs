//! Making a snapshot: begun, waited for, marked as whole.
//!
//! Owns: that one run makes one snapshot, and that only one whose operation was seen to succeed is marked. What an attempt
//! left behind and nobody can vouch for is removed and made anew.

use strongroom_plugin::provider::found;
use strongroom_plugin::{Call, Evidence, Failure, Step};

use crate::api::{Accepted, Lxd};
use crate::catalog::{Removal, remove, size_of};
use crate::config::Config;
use crate::name::Name;
use crate::operation::{Ended, Handle, Id};

/// Begins the snapshot of this run, or finds what an earlier attempt began.
pub(crate) fn start(call: &Call<Config>) -> Result<Step, Failure> {
    let name = Name::of_run(call)?;
    if call.dry_run {
        return foresee(call, &name).map(Step::Done);
    }
    settle(call, &name.text)
}

/// What a run would do.
fn foresee(call: &Call<Config>, name: &Name) -> Result<Evidence, Failure> {
    let lxd = Lxd::of(call);
    let source = lxd.source()?;
    let reference = lxd.reference(name);
    let what = match found(lxd.snapshot(name))? {
        Some(_) => "exists",
        None => "would-create",
    };
    Ok(Evidence::new()
        .fact(what, reference)
        .fact("source", source.name)
        .fact("place", source.place))
}

/// Looks at what is there under the run's name, and does what follows.
pub(crate) fn settle(call: &Call<Config>, name: &str) -> Result<Step, Failure> {
    let name = own(call, name)?;
    let lxd = Lxd::of(call);
    let Some((there, _)) = found(lxd.snapshot(&name))? else {
        return begin(call, &lxd, &name);
    };
    if there.description == name.complete(&call.tenant) {
        return done(call, &name);
    }
    if lxd.is_busy()? {
        return Handle::Wait {
            name: name.text.clone(),
        }
        .goes_on(format!("LXD still works on volume `{}`", lxd.volume));
    }
    // Perhaps whole, perhaps cut short when LXD was: nobody knows any more.
    match found(lxd.delete(&name))? {
        None | Some(Accepted::Done) => begin(call, &lxd, &name),
        Some(Accepted::Begun(operation)) => cleared(call, &name.text, Some(operation)),
    }
}

/// Goes on when what an earlier attempt left behind is gone.
pub(crate) fn cleared(
    call: &Call<Config>,
    name: &str,
    operation: Option<Id>,
) -> Result<Step, Failure> {
    let name = own(call, name)?;
    let lxd = Lxd::of(call);
    match remove(&lxd, &name, operation.map(Accepted::Begun))? {
        Removal::Done => begin(call, &lxd, &name),
        Removal::GoesOn(operation) => Handle::Clear {
            name: name.text,
            operation,
        }
        .goes_on("the remains of an earlier attempt are being removed".to_owned()),
    }
}

fn begin(call: &Call<Config>, lxd: &Lxd<'_>, name: &Name) -> Result<Step, Failure> {
    match lxd.create(name) {
        Ok(begun) => follow(call, lxd, name, begun),
        // Another attempt of this run was quicker; what it began is looked at next time.
        Err(Failure::Conflict(_)) if lxd.snapshot(name).is_ok() => Handle::Wait {
            name: name.text.clone(),
        }
        .goes_on("another attempt has begun this snapshot".to_owned()),
        Err(failure) => Err(failure),
    }
}

/// Asks after a snapshot that is being made.
pub(crate) fn poll(call: &Call<Config>, name: &str, operation: Id) -> Result<Step, Failure> {
    let name = own(call, name)?;
    follow(call, &Lxd::of(call), &name, Accepted::Begun(operation))
}

fn follow(
    call: &Call<Config>,
    lxd: &Lxd<'_>,
    name: &Name,
    begun: Accepted,
) -> Result<Step, Failure> {
    let reference = name.within(&lxd.volume);
    match lxd.await_end(&format!("snapshot `{reference}`"), begun)? {
        Ended::Not(operation) => Handle::Create {
            name: name.text.clone(),
            operation,
        }
        .goes_on(format!("LXD is making snapshot `{reference}`")),
        // The mark, if it is there, was set when the operation was seen to succeed.
        Ended::Forgotten => match found(lxd.snapshot(name))? {
            Some((there, _)) if there.description == name.complete(&call.tenant) => {
                done(call, name)
            }
            _ => Err(Failure::unavailable(format!(
                "LXD no longer knows how making snapshot `{reference}` ended; the next attempt makes it anew"
            ))),
        },
        Ended::Well => {
            let (there, seen) = lxd.snapshot(name)?;
            let complete = name.complete(&call.tenant);
            if there.description != complete {
                lxd.describe(name, &complete, seen.as_deref())?;
            }
            done(call, name)
        }
    }
}

/// What proves a whole snapshot, as LXD tells it now.
fn done(call: &Call<Config>, name: &Name) -> Result<Step, Failure> {
    let lxd = Lxd::of(call);
    let (there, _) = lxd.snapshot(name)?;
    if there.description != name.complete(&call.tenant) {
        return Err(Failure::conflict(format!(
            "the description of snapshot `{}` was changed meanwhile, so nothing tells that it is whole",
            name.within(&lxd.volume)
        )));
    }
    let source = lxd.source()?;
    Ok(Evidence::new()
        .snapshot(&lxd.reference(name))
        .fact("source", source.name)
        .fact("place", source.place)
        .maybe("bytes", size_of(&there))
        .into())
}

/// The name in a handle, if it is the name of this run.
fn own(call: &Call<Config>, name: &str) -> Result<Name, Failure> {
    Name::read(&call.tenant, name)
        .filter(|name| name.run_id == call.run_id)
        .ok_or_else(|| Failure::invalid(format!("{name:?} is not the snapshot of this run")))
}
