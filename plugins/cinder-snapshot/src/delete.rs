//! Deletes exactly one snapshot, and says when something depends on it.

use strongroom_plugin::{Call, Evidence, Failure, Step};

use crate::cloud::Cloud;
use crate::config::Config;
use crate::ongoing::Ongoing;

const NOTE: &str = "the snapshot is being deleted";

/// Begins to delete a snapshot.
pub(crate) fn start(call: &Call<Config>, reference: &str) -> Result<Step, Failure> {
    let cloud = Cloud::of(call);
    let Some(snapshot) = cloud.own_snapshot(reference)? else {
        return Ok(absent(reference));
    };
    if call.dry_run {
        return Ok(Evidence::new().fact("would-delete", reference).into());
    }
    let begun = snapshot.status == "deleting" || cloud.drop_snapshot(reference)?;
    if !begun {
        return Ok(absent(reference));
    }
    Ongoing::Delete {
        snapshot: snapshot.id,
    }
    .begun(NOTE)
}

/// How far it is. A provider that finds out late that something depends on the snapshot makes it `available` again.
pub(crate) fn look(cloud: &Cloud<'_>, id: &str, looked: u32) -> Result<Step, Failure> {
    let Some(snapshot) = cloud.own_snapshot(id)? else {
        return Ok(Evidence::new().fact("deleted", id).into());
    };
    match snapshot.status.as_str() {
        "deleting" | "deleted" => Ongoing::Delete {
            snapshot: snapshot.id,
        }
        .after(looked, None, NOTE),
        "available" => Err(Failure::conflict(format!(
            "the provider did not delete snapshot {id}{}; a volume that was made from it may still need it",
            cloud.reason(id)
        ))),
        status => Err(Failure::other(format!(
            "the provider could not delete snapshot {id}, which is `{status}`{}",
            cloud.reason(id)
        ))),
    }
}

fn absent(reference: &str) -> Step {
    Evidence::new().fact("absent", reference).into()
}
