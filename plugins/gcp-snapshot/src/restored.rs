//! Restores and verifications: which disk is made of which snapshot, and whether it is what was asked for.

use strongroom_plugin::{Evidence, Failure, Target};

use crate::compute::Compute;
use crate::disks::{Made, Purpose, make, remove, undo, watch};
use crate::facts::referred;
use crate::handle::Outcome;
use crate::names::{self, RUN, Reference, SCRATCH, TENANT, USE};
use crate::resources::{Disk, Snapshot, path};

/// Begins a restore to a new disk.
pub(crate) fn start_restore(
    compute: &Compute<'_>,
    text: &str,
    target: &Target,
) -> Result<Outcome, Failure> {
    let disk = target.whole("a snapshot of a disk is restored whole, not by paths")?;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(disk.starts_with(|c: char| c.is_ascii_lowercase())
        && disk.chars().all(good)
        && disk.len() <= 63
        && !disk.ends_with('-'))
        || disk.starts_with(SCRATCH)
    {
        return Err(Failure::invalid(format!(
            "{disk:?} cannot be the name of the new disk"
        )));
    }
    let of = ready(compute, text)?;
    let made = Made::new(Purpose::Restore, disk.to_owned(), &of);
    match compute.disk(disk)? {
        // An earlier call of this run may have made it.
        Some(found) if is_of_this_run(compute, &made, &found) => watch(compute, made),
        Some(_) => Err(Failure::conflict(format!(
            "there is a disk {disk} already; a restore makes a new one"
        ))),
        None if compute.call.dry_run => Ok(would("would-restore-to", compute, disk, &of)),
        None => make(compute, made),
    }
}

/// Begins a verification.
pub(crate) fn start_verify(compute: &Compute<'_>, text: &str) -> Result<Outcome, Failure> {
    let of = ready(compute, text)?;
    let disk = names::scratch(compute.call, &Reference::read(compute.call, text)?)?;
    if compute.call.dry_run {
        return Ok(would("would-restore-to", compute, &disk, &of));
    }
    make(compute, Made::new(Purpose::Verify, disk, &of))
}

pub(crate) fn would(what: &str, compute: &Compute<'_>, disk: &str, of: &Snapshot) -> Outcome {
    let evidence = Evidence::new()
        .fact(what, compute.disk_path(disk))
        .fact("source", of.source())
        .bytes(of.bytes());
    Outcome::Done(evidence)
}

/// The snapshot of a reference, complete.
pub(crate) fn ready(compute: &Compute<'_>, text: &str) -> Result<Snapshot, Failure> {
    let snapshot = referred(compute, &Reference::read(compute.call, text)?)?;
    if snapshot.status != "READY" {
        return Err(Failure::conflict(format!(
            "the snapshot {} is {}, and not READY",
            snapshot.name, snapshot.status
        )));
    }
    Ok(snapshot)
}

/// Whether the disk's labels are those of this run and purpose.
fn is_of_this_run(compute: &Compute<'_>, made: &Made, disk: &Disk) -> bool {
    let has = |key: &str, value: &str| disk.labels.get(key).is_some_and(|said| said == value);
    has(TENANT, &compute.call.tenant)
        && has(RUN, &compute.call.run_id)
        && has(USE, made.purpose.word())
}

/// Looks at the disk that should be there.
pub(crate) fn look(compute: &Compute<'_>, made: Made) -> Result<Outcome, Failure> {
    let Some(disk) = compute.disk(&made.disk)? else {
        let note = format!(
            "the provider says that the disk {} is made, and that there is none",
            made.disk
        );
        return Ok(Outcome::Odd(crate::handle::Going::Disk(made), note));
    };
    if !is_of_this_run(compute, &made, &disk) {
        let detail = format!("the disk {} is not labelled as one of this run", made.disk);
        return match &made.disk_id {
            Some(_) => undo(compute, made, Failure::corrupt(detail)),
            None => Ok(Outcome::Failed(Failure::conflict(detail))),
        };
    }
    if let Some(wrong) = wrong(compute, &made, &disk) {
        return undo(compute, made, Failure::corrupt(wrong));
    }
    match disk.status.as_str() {
        "READY" => match made.purpose {
            Purpose::Restore => Ok(Outcome::Done(proof(compute, &made))),
            Purpose::Verify => remove(compute, made),
            Purpose::Copy => crate::copy::begin(compute, made, &disk),
        },
        "CREATING" | "RESTORING" => {
            let note = format!("the disk {} is {}", made.disk, disk.status);
            Ok(made.going(note, None))
        }
        other => {
            let detail = format!("the disk {} of {} is {other}", made.disk, made.name);
            undo(compute, made, Failure::other(detail))
        }
    }
}

/// What of the disk is not what the snapshot makes it.
fn wrong(compute: &Compute<'_>, made: &Made, disk: &Disk) -> Option<String> {
    let of = disk.source_snapshot.as_deref().map(path);
    let expected = compute.snapshot_path(&made.name);
    let name = &made.disk;
    if let Some(id) = made.disk_id.as_ref().filter(|id| **id != disk.id) {
        return Some(format!(
            "the disk {name} has the id {}, and not {id}",
            disk.id
        ));
    }
    if of != Some(expected.as_str()) {
        let of = of.unwrap_or("nothing");
        return Some(format!(
            "the disk {name} was made of {of}, and not of {expected}"
        ));
    }
    if disk.source_snapshot_id.as_ref() != Some(&made.id) {
        let of = disk.source_snapshot_id.as_deref().unwrap_or("nothing");
        return Some(format!(
            "the disk {name} was made of the snapshot with the id {of}, and not {}",
            made.id
        ));
    }
    (disk.size_gb != made.size_gb).then(|| {
        format!(
            "the disk {name} has {} GB, its snapshot {}",
            disk.size_gb, made.size_gb
        )
    })
}

/// What a good restore is proven by.
pub(crate) fn proof(compute: &Compute<'_>, made: &Made) -> Evidence {
    let evidence = Evidence::new()
        .fact("source", &made.source)
        .bytes(made.size_gb.saturating_mul(1 << 30));
    match made.purpose {
        Purpose::Restore => evidence.fact("restored-to", compute.disk_path(&made.disk)),
        _ => evidence
            .fact("verified", made.reference().text(&compute.call.config))
            .fact("checked", "restored"),
    }
}
