//! Disks that are made of snapshots: to keep (a restore), to prove (a verification), or to copy.
//!
//! Owns: the steps make → copy → remove, and that a scratch disk goes whatever the verdict is.
//! Never: removes a disk that this run did not make, or overwrites one.
//! Read next: `restored.rs`.

use serde::{Deserialize, Serialize};
use strongroom_plugin::Failure;

use crate::begin::{Beginning, Begun, Change, Looked};
use crate::compute::{Compute, NewDisk, Scope};
use crate::handle::{Going, Outcome};
use crate::names::{self, Reference, USE};
use crate::resources::Snapshot;
use crate::restored;

/// Characters of a failure that are kept until the disk is gone.
const VERDICT: usize = 1000;

/// What a disk is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    Restore,
    Verify,
    Copy,
}

impl Purpose {
    /// As the disk's label says it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Verify => "verify",
            Self::Copy => "copy",
        }
    }
}

/// Which step is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    Make,
    Copy,
    Remove,
}

/// A disk on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) purpose: Purpose,
    pub(crate) stage: Stage,
    pub(crate) operation: Option<Begun>,
    pub(crate) disk: String,
    /// The disk's id, if an operation of ours named it.
    pub(crate) disk_id: Option<String>,
    /// The snapshot that it is made of.
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) size_gb: u64,
    pub(crate) source: String,
    /// The copy's id, if an operation of ours named it.
    pub(crate) copy_id: Option<String>,
    /// What will be answered once the disk is gone.
    pub(crate) verdict: Option<Failure>,
}

impl Made {
    pub(crate) fn new(purpose: Purpose, disk: String, of: &Snapshot) -> Self {
        Self {
            purpose,
            stage: Stage::Make,
            operation: None,
            disk,
            disk_id: None,
            name: of.name.clone(),
            id: of.id.clone(),
            size_gb: of.disk_size_gb,
            source: of.source(),
            copy_id: None,
            verdict: None,
        }
    }

    pub(crate) fn reference(&self) -> Reference {
        Reference {
            name: self.name.clone(),
            id: self.id.clone(),
        }
    }

    pub(crate) fn going(self, note: String, percent: Option<u8>) -> Outcome {
        Outcome::Going(Going::Disk(self), note, percent)
    }
}

/// Begins the disk.
pub(crate) fn make(compute: &Compute<'_>, mut made: Made) -> Result<Outcome, Failure> {
    let run = names::run(compute.call)?;
    let body = NewDisk {
        name: made.disk.clone(),
        source_snapshot: compute.snapshot_path(&made.name),
        labels: names::labels(compute.call, &[(USE, made.purpose.word())]),
        disk_type: None,
    };
    let change = Change {
        scope: Scope::Zone,
        id: names::request_id(&run, &[made.purpose.word(), &made.disk, &made.id]),
        target: compute.disk_path(&made.disk),
        ask: &|id| compute.insert_disk(id, body.clone()),
        stands: &|| Ok(compute.disk(&made.disk)?.is_some()),
    };
    match change.begin()? {
        Beginning::Going(begun) => {
            made.disk_id = begun.target_id.clone();
            made.operation = Some(begun);
            let note = format!("the disk {} was asked for", made.disk);
            Ok(made.going(note, None))
        }
        Beginning::Exists => watch(compute, made),
        Beginning::Absent(detail) => Err(Failure::not_found(detail)),
    }
}

/// Looks at the operation of the step, then takes the next step.
pub(crate) fn watch(compute: &Compute<'_>, mut made: Made) -> Result<Outcome, Failure> {
    let target = match made.stage {
        Stage::Make | Stage::Remove => compute.disk_path(&made.disk),
        Stage::Copy => compute.snapshot_path(&names::snapshot(compute.call)?),
    };
    if let Some(begun) = &made.operation {
        match begun.look(compute, &target)? {
            Looked::Going(percent) => {
                let note = match made.stage {
                    Stage::Make => {
                        format!("{} is being restored to the disk {}", made.name, made.disk)
                    }
                    Stage::Copy => format!("{} is being copied", made.name),
                    Stage::Remove => format!("the disk {} is being removed", made.disk),
                };
                return Ok(made.going(note, percent));
            }
            Looked::Failed(failure) if made.stage == Stage::Remove => {
                return Ok(left(compute, made, &failure));
            }
            Looked::Failed(failure) => return undo(compute, made, failure),
            Looked::Done => made.operation = None,
        }
    }
    match made.stage {
        Stage::Make => restored::look(compute, made),
        Stage::Copy => crate::copy::look(compute, made),
        Stage::Remove => match compute.disk(&made.disk)? {
            None => finish(compute, made),
            Some(_) => {
                let note = format!(
                    "the provider says that {} is removed, and shows it",
                    made.disk
                );
                Ok(Outcome::Odd(Going::Disk(made), note))
            }
        },
    }
}

/// Takes the disk away and fails.
pub(crate) fn undo(
    compute: &Compute<'_>,
    mut made: Made,
    failure: Failure,
) -> Result<Outcome, Failure> {
    // A handle has 4 KiB.
    let shown: String = failure.detail().chars().take(VERDICT).collect();
    made.verdict = Some(failure.instead(shown));
    remove(compute, made)
}

/// Begins to remove the disk.
pub(crate) fn remove(compute: &Compute<'_>, mut made: Made) -> Result<Outcome, Failure> {
    let run = names::run(compute.call)?;
    let id = made.disk_id.as_deref().unwrap_or_default();
    let change = Change {
        scope: Scope::Zone,
        id: names::request_id(&run, &["remove", &made.disk, id]),
        target: compute.disk_path(&made.disk),
        ask: &|id| compute.delete_disk(id, &made.disk),
        stands: &|| {
            Ok(compute
                .disk(&made.disk)?
                .is_none_or(|disk| disk.status == "DELETING"))
        },
    };
    let begun = match change.begin() {
        Ok(Beginning::Going(begun)) => Some(begun),
        Ok(Beginning::Absent(_) | Beginning::Exists) => None,
        Err(failure @ (Failure::Unavailable(_) | Failure::Throttled(..))) => return Err(failure),
        Err(failure) => return Ok(left(compute, made, &failure)),
    };
    made.stage = Stage::Remove;
    made.operation = begun;
    if made.operation.is_none() {
        return watch(compute, made);
    }
    let note = format!("the removal of the disk {} was asked for", made.disk);
    Ok(made.going(note, None))
}

/// The disk could not be removed: that is said beside the verdict.
fn left(compute: &Compute<'_>, made: Made, failure: &Failure) -> Outcome {
    let Compute { call } = compute;
    let left = format!(
        "the disk {} in {} could not be removed and is left behind: {failure}",
        made.disk, call.config.zone
    );
    Outcome::Failed(match made.verdict {
        Some(verdict) => {
            let both = format!("{}; {left}", verdict.detail());
            verdict.instead(both)
        }
        None => failure.clone().instead(left),
    })
}

fn finish(compute: &Compute<'_>, made: Made) -> Result<Outcome, Failure> {
    if let Some(verdict) = made.verdict {
        return Ok(Outcome::Failed(verdict));
    }
    match made.purpose {
        Purpose::Restore => Err(Failure::other("a good restore was removed")),
        Purpose::Verify => Ok(Outcome::Done(restored::proof(compute, &made))),
        Purpose::Copy => crate::copy::finish(compute, &made),
    }
}
