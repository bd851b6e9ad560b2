//! Takes a snapshot: asked of the project (Google's advice), watched as a global operation, then as a snapshot until it
//! is READY.
//!
//! Owns: that one run has one snapshot, however often it is asked for. Never: an UPLOADING one called finished.

use serde::{Deserialize, Serialize};
use strongroom_plugin::{Call, Evidence, Failure};

use crate::begin::{Beginning, Begun, Change, Looked};
use crate::compute::{Compute, NewSnapshot, Scope};
use crate::config::Config;
use crate::facts::{Expected, evidence};
use crate::handle::{Going, Outcome};
use crate::names::{self, Labels};
use crate::resources::{Disk, source};

/// A snapshot that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Create {
    operation: Option<Begun>,
    /// The snapshot's id, if an operation of ours named it.
    id: Option<String>,
    disk_id: String,
    size_gb: u64,
}

/// Begins.
pub(crate) fn start(compute: &Compute<'_>) -> Result<Outcome, Failure> {
    let call = compute.call;
    let disk = disk(compute)?;
    let name = names::snapshot(call)?;
    if call.dry_run {
        return Ok(Outcome::Done(would(compute, &disk, &name)));
    }
    let mut create = Create {
        operation: None,
        id: None,
        disk_id: disk.id.clone(),
        size_gb: disk.size_gb,
    };
    let body = NewSnapshot {
        name: name.clone(),
        source_disk: compute.disk_path(&disk.name),
        labels: labels(call)?,
        storage_locations: call.config.storage_location.iter().cloned().collect(),
        guest_flush: call.config.guest_flush,
    };
    let change = Change {
        scope: Scope::Global,
        id: names::run(call)?,
        target: compute.snapshot_path(&name),
        ask: &|id| compute.insert_snapshot(id, &body),
        stands: &|| Ok(compute.snapshot(&name)?.is_some()),
    };
    match change.begin()? {
        Beginning::Going(begun) => {
            create.id = begun.target_id.clone();
            create.operation = Some(begun);
            let note = format!("{name} was asked for");
            Ok(Outcome::Going(Going::Create(create), note, None))
        }
        Beginning::Exists => watch(compute, create),
        Beginning::Absent(detail) => Err(Failure::not_found(detail)),
    }
}

fn disk(compute: &Compute<'_>) -> Result<Disk, Failure> {
    let config = &compute.call.config;
    let name = config.disk_of(&compute.call.tenant);
    let Some(disk) = compute.disk(&name)? else {
        return Err(Failure::not_found(format!(
            "there is no disk {name} in the zone {} of the project {}",
            config.zone, config.project
        )));
    };
    if disk.status != "READY" {
        let detail = format!("the disk {name} is {}, and not READY", disk.status);
        return Err(Failure::conflict(detail));
    }
    Ok(disk)
}

fn would(compute: &Compute<'_>, disk: &Disk, name: &str) -> Evidence {
    let config = &compute.call.config;
    Evidence::new()
        .fact("would-create", compute.snapshot_path(name))
        .bytes(disk.size_gb.saturating_mul(1 << 30))
        .fact("source", source(&compute.disk_path(&disk.name), &disk.id))
        .maybe("place", config.storage_location.as_ref())
}

/// All labels of a snapshot of this run.
pub(crate) fn labels(call: &Call<Config>) -> Result<Labels, Failure> {
    let mut labels = names::labels(call, &[]);
    for (key, value) in &call.config.labels {
        if key.starts_with("strongroom_") {
            let detail = format!("the label {key} is one of the plugin's own");
            return Err(Failure::invalid(detail));
        }
        labels.insert(key.clone(), value.clone());
    }
    Ok(labels)
}

/// Looks at the operation, and once that is done at the snapshot.
pub(crate) fn watch(compute: &Compute<'_>, mut create: Create) -> Result<Outcome, Failure> {
    let call = compute.call;
    let name = names::snapshot(call)?;
    if let Some(begun) = &create.operation {
        match begun.look(compute, &compute.snapshot_path(&name))? {
            Looked::Going(percent) => {
                let note = format!("{name} is being made");
                return Ok(Outcome::Going(Going::Create(create), note, percent));
            }
            Looked::Failed(failure) => return Ok(Outcome::Failed(failure)),
            Looked::Done => create.operation = None,
        }
    }
    let Some(snapshot) = compute.snapshot(&name)? else {
        let note = format!("the provider says that {name} is made, and that there is none");
        return Ok(Outcome::Odd(Going::Create(create), note));
    };
    let expected = Expected {
        labels: labels(call)?,
        disk: compute.disk_path(&call.config.disk_of(&call.tenant)),
        disk_id: Some(&create.disk_id),
        size_gb: create.size_gb,
        id: create.id.as_deref(),
        location: call.config.storage_location.as_deref(),
    };
    if let Some(failure) = expected.judge(&snapshot) {
        return Ok(Outcome::Failed(failure));
    }
    Ok(match ended(&snapshot.name, &snapshot.status) {
        Some(Ok(())) => Outcome::Done(evidence(&call.config, &snapshot)),
        Some(Err(failure)) => Outcome::Failed(failure),
        None => {
            let note = format!("{name} is {}", snapshot.status);
            Outcome::Going(Going::Create(create), note, None)
        }
    })
}

/// Whether a snapshot's state is an end, and which.
pub(crate) fn ended(name: &str, status: &str) -> Option<Result<(), Failure>> {
    match status {
        "READY" => Some(Ok(())),
        "CREATING" | "UPLOADING" => None,
        "FAILED" => Some(Err(Failure::other(format!(
            "the snapshot {name} FAILED at the provider; its name stays taken until it is deleted there"
        )))),
        other => Some(Err(Failure::conflict(format!(
            "the snapshot {name} is {other}"
        )))),
    }
}
