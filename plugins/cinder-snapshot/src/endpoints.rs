//! The requests this plugin makes, as an operator grants them.
//!
//! Owns: the narrowest template of each request. What the host cannot bind (a snapshot's id, which the provider chooses) is
//! free here and compared in `cloud`.

use strongroom_plugin::http::Endpoint;

/// The name of the service; the operator binds it to the endpoint that the catalog lists for it, without the project.
pub(crate) const SERVICE: &str = "block-storage";
/// The header by which a request says which version of the interface it means.
pub(crate) const VERSION_HEADER: &str = "openstack-api-version";
/// From 3.66 on, a volume in use needs no `force`; 3.70 is the last version of 2023.
pub(crate) const VERSION: &str = "volume 3.70";

const VERSION_RULE: &[&str] = &["openstack-api-version=volume 3.70"];

fn read(name: &str, request: &str) -> Endpoint {
    Endpoint::read(name, SERVICE, request).headers(VERSION_RULE)
}

fn write(name: &str, request: &str) -> Endpoint {
    Endpoint::write(name, SERVICE, request).headers(VERSION_RULE)
}

/// Every endpoint, those of snapshots first.
pub(crate) fn all() -> Vec<Endpoint> {
    [of_snapshots(), of_volumes()].concat()
}

fn of_snapshots() -> Vec<Endpoint> {
    vec![
        read("look-at-volume", "GET /{project}/volumes/{volume}")
            .because("to see that the volume is there before a snapshot is taken"),
        read("list-snapshots", "GET /{project}/snapshots/detail")
            .query(&[
                "metadata={having?}",
                "sort=created_at:asc",
                "limit={limit?}",
                "marker?={snapshot?}",
            ])
            .because("to find the tenant's snapshots by what was written on them"),
        read("get-snapshot", "GET /{project}/snapshots/{snapshot?}")
            .because("to read a snapshot back"),
        write("create-snapshot", "POST /{project}/snapshots")
            .json(&[
                "snapshot.volume_id={volume}",
                "snapshot.name=strongroom-{run?}",
                "snapshot.description",
                "snapshot.metadata.strongroom-tenant={tenant}",
                "snapshot.metadata.strongroom-run={run?}",
            ])
            .because("to take a snapshot of the volume"),
        write("delete-snapshot", "DELETE /{project}/snapshots/{snapshot?}")
            .because("to delete a snapshot that no rule of retention keeps"),
        read("read-messages", "GET /{project}/messages")
            .query(&["resource_uuid={resource?}"])
            .because("to tell why a snapshot or a volume could not be made"),
    ]
}

fn of_volumes() -> Vec<Endpoint> {
    vec![
        read("find-volumes", "GET /{project}/volumes/detail")
            .query(&[
                "name={new-volume?}",
                "sort=created_at:asc",
                "marker?={made?}",
            ])
            .because("to see that the name of a new volume is free; for restores and verification"),
        write("create-volume", "POST /{project}/volumes")
            .json(&[
                "volume.name={new-volume?}",
                "volume.description",
                "volume.snapshot_id={snapshot?}",
                "volume.size={gib?}",
                "volume.metadata.strongroom-tenant={tenant}",
                "volume.metadata.strongroom-run={run?}",
                "volume.metadata.strongroom-purpose={purpose?}",
            ])
            .because("to make a volume of a snapshot; for restores and verification"),
        read("get-volume", "GET /{project}/volumes/{made?}")
            .because("to see how far a new volume is; for restores and verification"),
        write("delete-volume", "DELETE /{project}/volumes/{made?}")
            .because("to remove the scratch volume of a verification; only for verification"),
    ]
}
