//! The requests this plugin makes, as an operator grants them.
//!
//! Owns: their names and templates. Never: a request that is not sent by `compute.rs`.

use strongroom_plugin::http::Endpoint;

/// The service's name in grants.
pub(crate) const SERVICE: &str = "compute";

const PROJECT: &str = "/compute/v1/projects/{project}";
const SNAPSHOT: &str = "projects/{project}/global/snapshots/{snapshot}";

/// Every endpoint.
pub(crate) fn all() -> Vec<Endpoint> {
    [looking(), keeping(), restoring(), scratching()].concat()
}

fn read(name: &str, path: &str) -> Endpoint {
    Endpoint::read(name, SERVICE, &format!("GET {PROJECT}{path}"))
}

fn write(name: &str, method: &str, path: &str) -> Endpoint {
    Endpoint::write(name, SERVICE, &format!("{method} {PROJECT}{path}")).query(&["requestId"])
}

fn looking() -> Vec<Endpoint> {
    vec![
        read("get-disk", "/zones/{zone}/disks/{disk}")
            .because("to know the disk before its snapshot is taken"),
        read("get-snapshot", "/global/snapshots/{snapshot}")
            .because("to read a snapshot back, and to see when it is ready or gone"),
        read("find-snapshot", "/global/snapshots")
            .query(&["filter=name=\"{snapshot}\""])
            .because("to be sure that a snapshot is not there"),
        read("list-snapshots", "/global/snapshots")
            .query(&[
                "filter=labels.strongroom_tenant=\"{tenant}\"",
                "maxResults",
                "pageToken",
            ])
            .because("to list the tenant's snapshots"),
        read("get-global-operation", "/global/operations/{operation?}")
            .because("to see how far a snapshot or its deletion is"),
        read(
            "get-zone-operation",
            "/zones/{zone}/operations/{operation?}",
        )
        .because("to see how far a new disk or its removal is"),
    ]
}

fn keeping() -> Vec<Endpoint> {
    vec![
        write("create-snapshot", "POST", "/global/snapshots")
            .json(&[
                "name={snapshot}",
                "sourceDisk=projects/{project}/zones/{zone}/disks/{disk}",
                "labels.strongroom_tenant={tenant}",
                "labels.strongroom_run={run?}",
                "labels.*",
                "storageLocations.0?={location?}",
                "guestFlush",
            ])
            .because("to take a snapshot of the disk"),
        write("delete-snapshot", "DELETE", "/global/snapshots/{snapshot}")
            .because("to delete what retention no longer keeps"),
    ]
}

/// A disk that is made of a snapshot: its name in the body, and where its type may lie.
fn from_snapshot(name: &str, disk: &str) -> Endpoint {
    write(name, "POST", "/zones/{zone}/disks").json(&[
        &format!("name={disk}"),
        &format!("sourceSnapshot={SNAPSHOT}"),
        "labels.strongroom_tenant={tenant}",
        "labels.*",
        "type?=projects/{project}/zones/{zone}/diskTypes/{disk-type?}",
    ])
}

fn restoring() -> Vec<Endpoint> {
    vec![
        from_snapshot("restore-disk", "{restored}").because("to restore a snapshot to a new disk"),
        read("get-restored-disk", "/zones/{zone}/disks/{restored}")
            .because("to see that the new disk's name is free, and to verify the disk"),
        write(
            "remove-restored-disk",
            "DELETE",
            "/zones/{zone}/disks/{restored}",
        )
        .because("to remove a disk that this restore made and that turned out wrong"),
    ]
}

fn scratching() -> Vec<Endpoint> {
    vec![
        from_snapshot("make-scratch-disk", "sr-scratch-{scratch?}")
            .because("to prove a snapshot by a whole restore, and to copy it to another location"),
        read(
            "get-scratch-disk",
            "/zones/{zone}/disks/sr-scratch-{scratch?}",
        )
        .because("to read back what was restored"),
        write(
            "remove-scratch-disk",
            "DELETE",
            "/zones/{zone}/disks/sr-scratch-{scratch?}",
        )
        .because("to remove the scratch disk again"),
        write("copy-snapshot", "POST", "/global/snapshots")
            .json(&[
                "name={snapshot}",
                "sourceDisk=projects/{project}/zones/{zone}/disks/sr-scratch-{scratch?}",
                "labels.strongroom_tenant={tenant}",
                "labels.strongroom_run={run?}",
                "labels.*",
                "storageLocations.0?={location?}",
            ])
            .because("to keep a copy at another location"),
    ]
}
