//! Making a snapshot, of a volume or of a snapshot of another region.
//!
//! Owns: that one run makes one snapshot although EC2 knows no key of idempotency: the run's tag is looked for first, and
//! after a failed attempt more than once, because EC2 may show what it has taken only seconds later.

use jiff::Timestamp;
use strongroom_plugin::{Call, Evidence, Failure, Step};

use crate::api::Ec2;
use crate::config::Config;
use crate::operation::{Handle, Made, UNSEEN};
use crate::snapshot::{Found, id_in, reference};
use crate::tags::COPIED_FROM;

/// Looks before a repeated call makes a snapshot.
const LOOKS: u8 = 3;
/// Seconds between these looks.
const LOOK_AFTER: u64 = 2;
/// Seconds until a snapshot is asked after that was just begun, and later.
const SOON: u64 = 1;
const LATER: u64 = 10;

/// Begins the snapshot of this run, or finds what an earlier attempt began.
pub(crate) fn start(call: &Call<Config>) -> Result<Step, Failure> {
    let made = Made::Volume {
        id: Config::volume(call)?.to_owned(),
    };
    begin(call, made)
}

/// Begins the copy of this run, or finds what an earlier attempt began.
pub(crate) fn start_copy(call: &Call<Config>, original: &str) -> Result<Step, Failure> {
    let Some(region) = &call.config.copy_from_region else {
        return Err(Failure::invalid(
            "where copies come from is not known: write `config.copy-from-region`",
        ));
    };
    let id = id_in(region, original)?;
    let region = region.clone();
    begin(call, Made::Copy { region, id })
}

fn begin(call: &Call<Config>, made: Made) -> Result<Step, Failure> {
    if call.dry_run {
        return foresee(call, &made).map(Step::Done);
    }
    look(call, &made, if call.attempt > 1 { LOOKS } else { 0 })
}

/// What a run would do.
fn foresee(call: &Call<Config>, made: &Made) -> Result<Evidence, Failure> {
    let ec2 = Ec2::of(call);
    let evidence = match ec2.of_run()?.first() {
        Some(there) => Evidence::new().fact("exists", reference(&call.config.region, &there.id)),
        None => Evidence::new().fact("would-create", about(call)),
    };
    match made {
        Made::Volume { id } => {
            let size = in_region(call, id)?;
            Ok(evidence.fact("source", id).bytes(size))
        }
        Made::Copy { region, id } => Ok(evidence.fact("would-copy", reference(region, id))),
    }
}

/// The bytes of a volume that is there, in the region that the configuration says.
fn in_region(call: &Call<Config>, id: &str) -> Result<u64, Failure> {
    let volume = Ec2::of(call).source(id)?;
    if call.config.has(&volume.zone) {
        return Ok(volume.size);
    }
    Err(Failure::invalid(format!(
        "volume {id} is in zone `{}`, which is not one of `config.region`, `{}`",
        volume.zone, call.config.region
    )))
}

/// Looks for what the run has made; with no looks left, makes it.
pub(crate) fn look(call: &Call<Config>, made: &Made, left: u8) -> Result<Step, Failure> {
    let ec2 = Ec2::of(call);
    if let Some(oldest) = ec2.of_run()?.first() {
        return follow(call, made, oldest);
    }
    if left > 0 {
        let left = left - 1;
        let made = made.clone();
        return Handle::Look { made, left }.goes_on(
            LOOK_AFTER,
            None,
            "looking for what an earlier attempt may have begun".to_owned(),
        );
    }
    let id = match made {
        Made::Volume { id } => {
            in_region(call, id)?;
            ec2.create(id, &about(call))?
        }
        Made::Copy { region, id } => ec2.copy(region, id, &about(call))?,
    };
    let made = made.clone();
    let note = format!("EC2 is making snapshot {id}");
    Handle::Make {
        made,
        id,
        unseen: 0,
    }
    .goes_on(SOON, None, note)
}

/// Asks after a snapshot that is being made.
pub(crate) fn poll(
    call: &Call<Config>,
    made: &Made,
    id: &str,
    unseen: u8,
) -> Result<Step, Failure> {
    match Ec2::of(call).snapshot(id) {
        Ok(found) => follow(call, made, &found),
        Err(Failure::NotFound(_)) if unseen < UNSEEN => Handle::Make {
            made: made.clone(),
            id: id.to_owned(),
            unseen: unseen + 1,
        }
        .goes_on(
            LOOK_AFTER,
            None,
            format!("EC2 does not show snapshot {id} yet"),
        ),
        Err(failure) => Err(failure),
    }
}

fn follow(call: &Call<Config>, made: &Made, found: &Found) -> Result<Step, Failure> {
    belongs(call, made, found)?;
    let id = &found.id;
    let message = found.message.as_deref().unwrap_or("EC2 does not say why");
    match found.state.as_str() {
        "completed" => done(call, made, found),
        "pending" | "recovering" => Handle::Make {
            made: made.clone(),
            id: id.clone(),
            unseen: 0,
        }
        .goes_on(LATER, found.percent, format!("EC2 is making snapshot {id}")),
        "error" if message.to_lowercase().contains("kms") => Err(Failure::denied(format!(
            "snapshot {id} has failed: {message}"
        ))),
        "error" => Err(Failure::other(format!(
            "snapshot {id} has failed: {message}"
        ))),
        "recoverable" => Err(Failure::conflict(format!(
            "snapshot {id} of this run was deleted and lies in the recycle bin"
        ))),
        other => Err(Failure::other(format!(
            "snapshot {id} is {other:?}, which this plugin does not know"
        ))),
    }
}

/// Whether a snapshot is what this run was to make.
fn belongs(call: &Call<Config>, made: &Made, found: &Found) -> Result<(), Failure> {
    let of_run = found.shown(&call.config.region).run_id.as_deref() == Some(&call.run_id);
    let right = match made {
        Made::Volume { id } => found.volume.as_deref() == Some(id),
        Made::Copy { region, id } => found.tags.get(COPIED_FROM) == Some(&reference(region, id)),
    };
    if of_run && right {
        return Ok(());
    }
    Err(Failure::conflict(format!(
        "snapshot {} bears this run's tag, and is of {}",
        found.id,
        found.volume.as_deref().unwrap_or("something else")
    )))
}

fn done(call: &Call<Config>, made: &Made, found: &Found) -> Result<Step, Failure> {
    let mut evidence = Evidence::new()
        .snapshot(&reference(&call.config.region, &found.id))
        .bytes(found.size)
        .fact("place", &call.config.region);
    match made {
        Made::Volume { id } => evidence = evidence.fact("source", id),
        Made::Copy { region, id } => {
            evidence = evidence.fact("copied-from", reference(region, id));
        }
    }
    for other in Ec2::of(call).of_run()? {
        if other.id != found.id {
            evidence = evidence.warning(format!(
                "run {} has made snapshot {} as well: EC2 took a request whose answer was lost; delete it",
                call.run_id, other.id
            ));
        }
    }
    Ok(evidence.into())
}

/// What people read in EC2's console.
fn about(call: &Call<Config>) -> String {
    let due = Timestamp::from_millisecond(call.due.0)
        .map_or_else(|_| "at an odd time".to_owned(), |due| format!("{due:.0}"));
    format!("Strongroom {} {due}", call.tenant)
}
