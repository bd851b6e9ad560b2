//! What a snapshot must be, held against what Google says it is.
//!
//! Owns: every comparison that a lie would have to pass. Never: a request.

use strongroom_plugin::{Call, Evidence, Failure, Instant, Snapshot as Info, SnapshotState};

use crate::compute::Compute;
use crate::config::Config;
use crate::names::{Labels, RUN, Reference, TENANT};
use crate::resources::{Snapshot, path, source};

/// What a snapshot that a run made must be.
pub(crate) struct Expected<'a> {
    pub(crate) labels: Labels,
    /// The disk's path.
    pub(crate) disk: String,
    pub(crate) disk_id: Option<&'a str>,
    pub(crate) size_gb: u64,
    /// The snapshot's own id, if its operation named it.
    pub(crate) id: Option<&'a str>,
    pub(crate) location: Option<&'a str>,
}

impl Expected<'_> {
    /// What does not agree, as a failure: the name is another's, or the answer is not believed.
    pub(crate) fn judge(&self, snapshot: &Snapshot) -> Option<Failure> {
        let name = &snapshot.name;
        for (key, value) in &self.labels {
            let said = snapshot.labels.get(key).map_or("nothing", String::as_str);
            if said != value {
                let detail =
                    format!("the snapshot {name} has {said} as its label {key}, and not {value}");
                // Without an id we found it under our name and may have never made it.
                let taken = self.id.is_none() && matches!(key.as_str(), TENANT | RUN);
                return Some(if taken {
                    Failure::conflict(detail)
                } else {
                    Failure::corrupt(detail)
                });
            }
        }
        let wrong = |what: &str, said: &str, expected: &str| {
            Some(Failure::corrupt(format!(
                "the snapshot {name} is one of {what} {said}, and not {expected}"
            )))
        };
        let disk = path(&snapshot.source_disk);
        if disk != self.disk {
            return wrong("the disk", disk, &self.disk);
        }
        if let Some(id) = self.disk_id.filter(|id| *id != snapshot.source_disk_id) {
            return wrong("the disk with the id", &snapshot.source_disk_id, id);
        }
        if snapshot.disk_size_gb != self.size_gb {
            let (said, expected) = (snapshot.disk_size_gb.to_string(), self.size_gb.to_string());
            return wrong("a disk of GB", &said, &expected);
        }
        if let Some(id) = self.id.filter(|id| *id != snapshot.id) {
            return Some(Failure::corrupt(format!(
                "the snapshot {name} has the id {}, and not {id}",
                snapshot.id
            )));
        }
        let kept = snapshot.place();
        let location = self.location.filter(|_| snapshot.status == "READY");
        if let Some(location) = location.filter(|location| kept.as_deref() != Some(*location)) {
            return Some(Failure::corrupt(format!(
                "the snapshot {name} is kept in {}, and not in {location}",
                kept.as_deref().unwrap_or("no place")
            )));
        }
        None
    }
}

/// The reference of a snapshot.
pub(crate) fn reference(config: &Config, snapshot: &Snapshot) -> String {
    let reference = Reference {
        name: snapshot.name.clone(),
        id: snapshot.id.clone(),
    };
    reference.text(config)
}

/// What a finished snapshot is proven by.
pub(crate) fn evidence(config: &Config, snapshot: &Snapshot) -> Evidence {
    Evidence::new()
        .snapshot(&reference(config, snapshot))
        .bytes(snapshot.bytes())
        .fact("source", snapshot.source())
        .maybe("place", snapshot.place())
}

/// The snapshot of a reference, if it is this tenant's.
pub(crate) fn referred(compute: &Compute<'_>, reference: &Reference) -> Result<Snapshot, Failure> {
    let name = &reference.name;
    let Some(snapshot) = compute.snapshot(name)? else {
        return Err(Failure::not_found(format!(
            "there is no snapshot {name} in the project {}",
            compute.call.config.project
        )));
    };
    if snapshot.id != reference.id {
        return Err(Failure::corrupt(format!(
            "the snapshot {name} has the id {}, and not {}: it is another one",
            snapshot.id, reference.id
        )));
    }
    is_tenants(compute.call, &snapshot)?;
    Ok(snapshot)
}

/// Whether a snapshot is labelled as this tenant's.
pub(crate) fn is_tenants(call: &Call<Config>, snapshot: &Snapshot) -> Result<(), Failure> {
    let (name, tenant) = (&snapshot.name, &call.tenant);
    match snapshot.labels.get(TENANT) {
        Some(said) if said == tenant => Ok(()),
        Some(said) => Err(Failure::denied(format!(
            "the snapshot {name} belongs to the tenant {said}, and not to {tenant}"
        ))),
        None => Err(Failure::corrupt(format!(
            "the snapshot {name} has no label {TENANT}: nothing says that it is one of {tenant}"
        ))),
    }
}

/// The state in the contract's words.
fn state(snapshot: &Snapshot) -> Result<SnapshotState, Failure> {
    Ok(match snapshot.status.as_str() {
        "CREATING" | "UPLOADING" => SnapshotState::Creating,
        "READY" => SnapshotState::Ready,
        "FAILED" => SnapshotState::Failed,
        "DELETING" => SnapshotState::Deleting,
        other => {
            return Err(Failure::other(format!(
                "the snapshot {} is {other:?}, which this plugin does not know",
                snapshot.name
            )));
        }
    })
}

/// A snapshot in the contract's words.
pub(crate) fn info(call: &Call<Config>, snapshot: &Snapshot) -> Result<Info, Failure> {
    is_tenants(call, snapshot)?;
    let mut labels: Vec<_> = snapshot
        .labels
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), TENANT | RUN))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(bytes) = &snapshot.storage_bytes {
        labels.push(("storage-bytes".to_owned(), bytes.clone()));
    }
    Ok(Info {
        reference: reference(&call.config, snapshot),
        tenant: call.tenant.clone(),
        run_id: snapshot.labels.get(RUN).cloned(),
        taken_at: Instant(snapshot.creation_timestamp.as_millisecond()),
        state: state(snapshot)?,
        size: Some(snapshot.bytes()),
        source: Some(source(
            path(&snapshot.source_disk),
            &snapshot.source_disk_id,
        )),
        place: snapshot.place(),
        labels,
    })
}
