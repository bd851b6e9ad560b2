//! Deletes exactly one snapshot and sees that it is gone.

use serde::{Deserialize, Serialize};
use strongroom_plugin::{Evidence, Failure};

use crate::begin::{Beginning, Begun, Change, Looked};
use crate::compute::{Compute, Scope};
use crate::facts::referred;
use crate::handle::{Going, Outcome};
use crate::names::{self, Reference};

/// A snapshot that is being deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delete {
    name: String,
    id: String,
    operation: Option<Begun>,
}

/// Begins.
pub(crate) fn start(compute: &Compute<'_>, text: &str) -> Result<Outcome, Failure> {
    let call = compute.call;
    let reference = Reference::read(call, text)?;
    let snapshot = referred(compute, &reference)?;
    let Reference { name, id } = reference;
    if call.dry_run {
        return Ok(Outcome::Done(Evidence::new().fact("would-delete", text)));
    }
    let mut delete = Delete {
        name: name.clone(),
        id: id.clone(),
        operation: None,
    };
    let note = format!("the deletion of {name} was asked for");
    if snapshot.status == "DELETING" {
        return Ok(Outcome::Going(Going::Delete(delete), note, None));
    }
    let change = Change {
        scope: Scope::Global,
        id: names::request_id(&names::run(call)?, &["delete", &name, &id]),
        target: compute.snapshot_path(&name),
        ask: &|id| compute.delete_snapshot(id, &name),
        stands: &|| {
            let found = compute.snapshot(&name)?;
            Ok(found.is_none_or(|found| found.status == "DELETING"))
        },
    };
    match change.begin()? {
        Beginning::Going(begun) if begun.target_id.as_ref() == Some(&id) => {
            delete.operation = Some(begun);
            Ok(Outcome::Going(Going::Delete(delete), note, None))
        }
        Beginning::Going(_) => Err(Failure::other(format!(
            "asked to delete {name} with the id {id}, the provider answered about another id"
        ))),
        Beginning::Absent(_) => watch(compute, delete),
        Beginning::Exists => Err(Failure::other(
            "asked to delete, the provider says `exists`",
        )),
    }
}

/// Looks at the operation, and once that is done whether the snapshot is still there.
pub(crate) fn watch(compute: &Compute<'_>, mut delete: Delete) -> Result<Outcome, Failure> {
    let name = delete.name.clone();
    if let Some(begun) = &delete.operation {
        match begun.look(compute, &compute.snapshot_path(&name))? {
            Looked::Going(percent) => {
                let note = format!("{name} is being deleted");
                return Ok(Outcome::Going(Going::Delete(delete), note, percent));
            }
            Looked::Failed(failure) => {
                return match compute.snapshot(&name)? {
                    Some(_) => Ok(Outcome::Failed(failure)),
                    None => Ok(deleted(compute, delete)),
                };
            }
            Looked::Done => delete.operation = None,
        }
    }
    Ok(match compute.snapshot(&name)? {
        None => deleted(compute, delete),
        Some(found) if found.status == "DELETING" => {
            let note = format!("{name} is being deleted");
            Outcome::Going(Going::Delete(delete), note, None)
        }
        Some(_) => {
            let note = format!("the provider says that {name} is deleted, and shows it");
            Outcome::Odd(Going::Delete(delete), note)
        }
    })
}

fn deleted(compute: &Compute<'_>, delete: Delete) -> Outcome {
    let Delete { name, id, .. } = delete;
    let text = Reference { name, id }.text(&compute.call.config);
    Outcome::Done(Evidence::new().fact("deleted", text))
}
