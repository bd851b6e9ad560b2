//! The requests this plugin makes, as an operator grants them.

use strongroom_plugin::http::Endpoint;

use crate::api::{NEVER, SERVICE};
use crate::name::SCRATCH;

const VOLUMES: &str = "/1.0/storage-pools/{pool}/volumes/custom";
const PROJECT: &str = "project={project}";

/// Every endpoint. Volumes other than the bound one and scratch volumes cannot be reached; snapshots by their bound names.
pub(crate) fn all() -> Vec<Endpoint> {
    let expires = format!("expires_at={NEVER}");
    let mut all = vec![
        read("get-volume", &format!("{VOLUMES}/{{volume}}"))
            .query(&[PROJECT])
            .because("to see the volume before a snapshot, and that it is still there"),
        read("list-snapshots", &format!("{VOLUMES}/{{volume}}/snapshots"))
            .query(&[PROJECT, "recursion=1"])
            .because("to list the snapshots of the volume"),
        read("get-snapshot", &snapshot())
            .query(&[PROJECT])
            .because("to read a snapshot back"),
        read("wait-operation", "/1.0/operations/{operation?}/wait")
            .query(&[PROJECT, "timeout"])
            .because("to see how what was begun ends"),
        read("list-operations", "/1.0/operations")
            .query(&[PROJECT, "recursion=1"])
            .because("to see whether an earlier attempt still goes on"),
        Endpoint::write(
            "create-snapshot",
            SERVICE,
            &format!("POST {VOLUMES}/{{volume}}/snapshots"),
        )
        .query(&[PROJECT])
        .json(&["name={snapshot}", &expires])
        .because("to take snapshots"),
        Endpoint::write("mark-snapshot", SERVICE, &format!("PATCH {}", snapshot()))
            .query(&[PROJECT])
            .json(&["description=strongroom/complete/{tenant}/{run?}"])
            .because("to mark a snapshot as whole when it is"),
        Endpoint::write(
            "delete-snapshot",
            SERVICE,
            &format!("DELETE {}", snapshot()),
        )
        .query(&[PROJECT])
        .because("to delete snapshots that retention drops, and the remains of failed attempts"),
    ];
    all.extend(restoring());
    all.extend(verifying());
    all
}

fn restoring() -> [Endpoint; 3] {
    let target = format!("{VOLUMES}/{{target}}");
    [
        read("get-target", &target)
            .query(&[PROJECT])
            .because("to see that the volume to restore into does not exist; for restores"),
        copy("restore", "{target}", "restoring")
            .because("to make a new volume of a snapshot; for restores"),
        Endpoint::write("mark-target", SERVICE, &format!("PATCH {target}"))
            .query(&[PROJECT])
            .json(&["description=strongroom/restored/{tenant}/{run?}"])
            .because("to mark a restored volume as whole; for restores"),
    ]
}

fn verifying() -> [Endpoint; 3] {
    let scratch = format!("{VOLUMES}/{SCRATCH}{{scratch?}}");
    [
        read("get-scratch", &scratch)
            .query(&[PROJECT])
            .because("to read a trial restore back; for verifications"),
        copy(
            "restore-scratch",
            &format!("{SCRATCH}{{scratch?}}"),
            "verifying",
        )
        .because("to restore a snapshot for trial; for verifications"),
        Endpoint::write("delete-scratch", SERVICE, &format!("DELETE {scratch}"))
            .query(&[PROJECT])
            .because("to remove the trial restore; for verifications"),
    ]
}

fn read(name: &str, path: &str) -> Endpoint {
    Endpoint::read(name, SERVICE, &format!("GET {path}"))
}

fn snapshot() -> String {
    format!("{VOLUMES}/{{volume}}/snapshots/{{snapshot}}")
}

/// A copy of a snapshot of the bound volume, within its pool and project.
fn copy(name: &str, to: &str, how_far: &str) -> Endpoint {
    Endpoint::write(name, SERVICE, &format!("POST {VOLUMES}"))
        .query(&[PROJECT])
        .json(&[
            &format!("name={to}"),
            &format!("description=strongroom/{how_far}/{{tenant}}/{{run?}}"),
            "source.type=copy",
            "source.pool={pool}",
            "source.name={volume}/{snapshot}",
        ])
}
