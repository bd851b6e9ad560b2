//! Copies to another storage location. Compute Engine copies no snapshot: it is restored to a scratch disk, of which a
//! snapshot is taken that is kept elsewhere.

use strongroom_plugin::Failure;

use crate::begin::{Beginning, Change};
use crate::compute::{Compute, NewSnapshot, Scope};
use crate::create::{ended, labels};
use crate::disks::{Made, Purpose, Stage, make, remove, undo};
use crate::facts::{Expected, evidence};
use crate::handle::{Going, Outcome};
use crate::names::{self, COPY_OF, Labels, RUN, Reference};
use crate::resources::Disk;
use crate::restored::{ready, would};

/// Begins a copy.
pub(crate) fn start(compute: &Compute<'_>, text: &str) -> Result<Outcome, Failure> {
    let call = compute.call;
    let Some(location) = &call.config.storage_location else {
        return Err(Failure::invalid(
            "a copy needs `storage-location`: without it nothing says that it is kept elsewhere",
        ));
    };
    let of = ready(compute, text)?;
    if of.place().as_ref() == Some(location) {
        return Err(Failure::conflict(format!(
            "the snapshot {} is kept in {location} already",
            of.name
        )));
    }
    let disk = names::scratch(call, &Reference::read(call, text)?)?;
    if call.dry_run {
        return Ok(would("would-copy-by", compute, &disk, &of));
    }
    let mut made = Made::new(Purpose::Copy, disk, &of);
    let name = names::snapshot(call)?;
    match compute.snapshot(&name)? {
        None => make(compute, made),
        // An earlier call of this run made it; the scratch disk may be gone by now.
        Some(found) if found.labels.get(RUN) == Some(&call.run_id) => {
            made.stage = Stage::Copy;
            look(compute, made)
        }
        Some(_) => Err(Failure::conflict(format!(
            "there is a snapshot {name} of another run"
        ))),
    }
}

fn copy_labels(compute: &Compute<'_>, made: &Made) -> Result<Labels, Failure> {
    let mut labels = labels(compute.call)?;
    labels.insert(COPY_OF.to_owned(), made.id.clone());
    Ok(labels)
}

/// Begins the snapshot of the scratch disk.
pub(crate) fn begin(
    compute: &Compute<'_>,
    mut made: Made,
    disk: &Disk,
) -> Result<Outcome, Failure> {
    let call = compute.call;
    made.disk_id = Some(disk.id.clone());
    let name = names::snapshot(call)?;
    let body = NewSnapshot {
        name: name.clone(),
        source_disk: compute.disk_path(&made.disk),
        labels: copy_labels(compute, &made)?,
        storage_locations: call.config.storage_location.iter().cloned().collect(),
        guest_flush: false,
    };
    let change = Change {
        scope: Scope::Global,
        id: names::run(call)?,
        target: compute.snapshot_path(&name),
        ask: &|id| compute.insert_snapshot(id, &body),
        stands: &|| Ok(compute.snapshot(&name)?.is_some()),
    };
    let begun = match change.begin() {
        Ok(Beginning::Going(begun)) => Some(begun),
        Ok(Beginning::Exists) => None,
        Ok(Beginning::Absent(detail)) => return undo(compute, made, Failure::conflict(detail)),
        Err(failure @ (Failure::Unavailable(_) | Failure::Throttled(..))) => return Err(failure),
        Err(failure) => return undo(compute, made, failure),
    };
    made.stage = Stage::Copy;
    made.copy_id = begun.as_ref().and_then(|begun| begun.target_id.clone());
    made.operation = begun;
    let note = format!("the copy {name} was asked for");
    Ok(made.going(note, None))
}

/// Looks at the copy.
pub(crate) fn look(compute: &Compute<'_>, made: Made) -> Result<Outcome, Failure> {
    let name = names::snapshot(compute.call)?;
    let Some(snapshot) = compute.snapshot(&name)? else {
        let note = format!("the provider says that {name} is made, and that there is none");
        return Ok(Outcome::Odd(Going::Disk(made), note));
    };
    if let Some(failure) = expected(compute, &made)?.judge(&snapshot) {
        return undo(compute, made, failure);
    }
    match ended(&name, &snapshot.status) {
        Some(Ok(())) => remove(compute, made),
        Some(Err(failure)) => undo(compute, made, failure),
        None => {
            let note = format!("the copy {name} is {}", snapshot.status);
            Ok(made.going(note, None))
        }
    }
}

fn expected<'a>(compute: &'a Compute<'_>, made: &'a Made) -> Result<Expected<'a>, Failure> {
    Ok(Expected {
        labels: copy_labels(compute, made)?,
        disk: compute.disk_path(&made.disk),
        disk_id: made.disk_id.as_deref(),
        size_gb: made.size_gb,
        id: made.copy_id.as_deref(),
        location: compute.call.config.storage_location.as_deref(),
    })
}

/// Reads the copy back once the scratch disk is gone.
pub(crate) fn finish(compute: &Compute<'_>, made: &Made) -> Result<Outcome, Failure> {
    let name = names::snapshot(compute.call)?;
    let Some(snapshot) = compute.snapshot(&name)? else {
        return Ok(Outcome::Failed(Failure::not_found(format!(
            "the copy {name} is not there any more"
        ))));
    };
    if let Some(failure) = expected(compute, made)?.judge(&snapshot) {
        return Ok(Outcome::Failed(failure));
    }
    Ok(match ended(&name, &snapshot.status) {
        Some(Ok(())) => Outcome::Done(
            evidence(&compute.call.config, &snapshot)
                .fact("copy-of", made.reference().text(&compute.call.config)),
        ),
        Some(Err(failure)) => Outcome::Failed(failure),
        None => Outcome::Failed(Failure::corrupt(format!(
            "the copy {name} was READY and is {}",
            snapshot.status
        ))),
    })
}
