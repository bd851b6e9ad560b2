//! Takes a snapshot: looks for what this run has made already, then makes it, then looks until it is complete.
//!
//! Owns: one snapshot per run, at a provider that knows neither keys of idempotency nor unique names.

use jiff::Timestamp;
use strongroom_plugin::{Call, Evidence, Failure, Instant, SnapshotState, Step};

use crate::cloud::{Cloud, Snapshot, Volume};
use crate::config::{Config, volume_of};
use crate::ongoing::Ongoing;

/// Begins a snapshot, or takes up the one that this run has begun already.
pub(crate) fn start(call: &Call<Config>) -> Result<Step, Failure> {
    let cloud = Cloud::of(call);
    let volume = source(call, &cloud)?;
    let made = only(call, cloud.of_run()?)?;
    if call.dry_run {
        return Ok(Evidence::new()
            .fact(
                "would-create",
                format!("a snapshot of volume {}", volume.id),
            )
            .fact("source", &volume.id)
            .bytes(volume.bytes()?)
            .into());
    }
    match made {
        Some(snapshot) => judge(call, &cloud, &snapshot, 0),
        None if !matches!(volume.status.as_str(), "available" | "in-use") => {
            Err(Failure::conflict(format!(
                "volume {} is `{}`: a snapshot is taken of one that is `available` or `in-use`",
                volume.id, volume.status
            )))
        }
        None => {
            let description = format!(
                "Strongroom: {}, due {}, taken by the host, which also deletes it",
                call.tenant,
                written(call.due)
            );
            let snapshot = cloud.make_snapshot(&volume.id, &description)?;
            Ongoing::Create {
                snapshot: snapshot.id,
            }
            .begun("the snapshot is being taken")
        }
    }
}

/// How far it is.
pub(crate) fn look(
    call: &Call<Config>,
    cloud: &Cloud<'_>,
    id: &str,
    looked: u32,
) -> Result<Step, Failure> {
    let Some(snapshot) = cloud.own_snapshot(id)? else {
        return Err(Failure::not_found(format!(
            "snapshot {id} was begun and is not there any more: somebody deleted it"
        )));
    };
    judge(call, cloud, &snapshot, looked)
}

/// The tenant's volume.
fn source(call: &Call<Config>, cloud: &Cloud<'_>) -> Result<Volume, Failure> {
    let id = volume_of(call)?;
    cloud.volume(id)?.ok_or_else(|| {
        Failure::not_found(format!(
            "project {} has no volume {id}, which the configuration names for tenant {}",
            call.config.project, call.tenant
        ))
    })
}

/// At most one snapshot carries the marks of one run; two are for a person to look at.
fn only(call: &Call<Config>, mut made: Vec<Snapshot>) -> Result<Option<Snapshot>, Failure> {
    if made.len() > 1 {
        let ids: Vec<&str> = made.iter().map(|snapshot| snapshot.id.as_str()).collect();
        return Err(Failure::conflict(format!(
            "{} snapshots carry the mark of run {}: {}; look which one is right and delete the others at the provider",
            ids.len(),
            call.run_id,
            ids.join(", ")
        )));
    }
    Ok(made.pop())
}

fn judge(
    call: &Call<Config>,
    cloud: &Cloud<'_>,
    snapshot: &Snapshot,
    looked: u32,
) -> Result<Step, Failure> {
    let (id, volume) = (&snapshot.id, volume_of(call)?);
    if snapshot.marks().run() != Some(&call.run_id) {
        return Err(Failure::conflict(format!(
            "snapshot {id} is marked as another run's and is left alone"
        )));
    }
    if snapshot.volume_id != volume {
        return Err(Failure::conflict(format!(
            "snapshot {id} of this run is of volume {}, and the configuration names volume {volume}",
            snapshot.volume_id
        )));
    }
    match snapshot.state() {
        SnapshotState::Creating => Ongoing::Create {
            snapshot: id.clone(),
        }
        .after(looked, snapshot.percent(), "the snapshot is being taken"),
        SnapshotState::Ready => {
            // A request whose reply was lost may have been carried out after the search that did not see it.
            only(call, cloud.of_run()?)?;
            let volume = cloud.volume(volume)?;
            Ok(Evidence::new()
                .snapshot(id)
                .bytes(snapshot.bytes()?)
                .fact("source", &snapshot.volume_id)
                .maybe("place", volume.and_then(|volume| volume.availability_zone))
                .into())
        }
        SnapshotState::Deleting => Err(Failure::conflict(format!(
            "snapshot {id} of this run is `{}`: somebody deletes it",
            snapshot.status
        ))),
        SnapshotState::Failed | SnapshotState::Other(_) => Err(Failure::other(format!(
            "the provider could not take snapshot {id}, which is `{}`{}; delete it there",
            snapshot.status,
            cloud.reason(id)
        ))),
    }
}

/// A time as people write it.
fn written(time: Instant) -> String {
    Timestamp::from_millisecond(time.0)
        .map_or_else(|_| format!("{} ms", time.0), |time| time.to_string())
}
