//! The requests this plugin makes, as an operator grants them: actions, with the form fields that may be in them.

use strongroom_plugin::http::Endpoint;

use crate::api::{SERVICE, VERSION};

/// Every endpoint.
pub(crate) fn all() -> Vec<Endpoint> {
    vec![
        read(
            "list-snapshots",
            "DescribeSnapshots",
            &[
                "Filter.1.Name=tag:strongroom:tenant",
                "Filter.1.Value.1={tenant}",
                "Filter.2.Name?=tag:strongroom:run",
                "Filter.2.Value.1",
                "SnapshotId.1",
                "MaxResults",
                "NextToken",
            ],
        )
        .because("to find, list and read back the tenant's snapshots"),
        read("get-volume", "DescribeVolumes", &["VolumeId.1={volume}"])
            .because("to see the volume before a snapshot of it is taken"),
        write(
            "create-snapshot",
            "CreateSnapshot",
            &[&["VolumeId={volume}", "Description"], &SNAPSHOT_TAGS[..]].concat(),
        )
        .because("to take snapshots"),
        write(
            "delete-snapshot",
            "DeleteSnapshot",
            &["SnapshotId={snapshot?}"],
        )
        .because("to delete snapshots that retention drops"),
        write(
            "copy-snapshot",
            "CopySnapshot",
            &[
                &[
                    "SourceRegion={source-region}",
                    "SourceSnapshotId={snapshot?}",
                    "Description",
                ],
                &SNAPSHOT_TAGS[..],
            ]
            .concat(),
        )
        .because("to copy snapshots from another region"),
        read(
            "list-made-volumes",
            "DescribeVolumes",
            &[
                "Filter.1.Name=tag:strongroom:tenant",
                "Filter.1.Value.1={tenant}",
                "MaxResults",
                "NextToken",
            ],
        )
        .because("to see the volumes made of snapshots; for restores and verifications"),
        made("restore", "restore").because("to make a new volume of a snapshot; for restores"),
        made("restore-scratch", "verify")
            .because("to make a scratch volume of a snapshot; for verifications"),
        write("delete-scratch", "DeleteVolume", &["VolumeId={scratch?}"])
            .because("to delete scratch volumes; for verifications"),
    ]
}

/// Whose a snapshot is and which run made it, and what people read.
const SNAPSHOT_TAGS: [&str; 7] = [
    "TagSpecification.1.ResourceType=snapshot",
    "TagSpecification.1.Tag.1.Key=strongroom:tenant",
    "TagSpecification.1.Tag.1.Value={tenant}",
    "TagSpecification.1.Tag.2.Key=strongroom:run",
    "TagSpecification.1.Tag.2.Value={run?}",
    "TagSpecification.1.Tag.#.Key",
    "TagSpecification.1.Tag.#.Value",
];

/// A volume made of a snapshot, in the bound zone, tagged with its purpose.
fn made(name: &str, purpose: &str) -> Endpoint {
    write(
        name,
        "CreateVolume",
        &[
            "SnapshotId={snapshot?}",
            "AvailabilityZone={zone}",
            "VolumeType",
            "ClientToken",
            "TagSpecification.1.ResourceType=volume",
            "TagSpecification.1.Tag.1.Key=strongroom:tenant",
            "TagSpecification.1.Tag.1.Value={tenant}",
            "TagSpecification.1.Tag.2.Key=strongroom:run",
            "TagSpecification.1.Tag.2.Value={run?}",
            "TagSpecification.1.Tag.3.Key=strongroom:purpose",
            &format!("TagSpecification.1.Tag.3.Value={purpose}"),
            "TagSpecification.1.Tag.4.Key=Name",
            "TagSpecification.1.Tag.4.Value",
        ],
    )
}

fn read(name: &str, action: &str, fields: &[&str]) -> Endpoint {
    acting(Endpoint::read(name, SERVICE, "POST /"), action, fields)
}

fn write(name: &str, action: &str, fields: &[&str]) -> Endpoint {
    acting(Endpoint::write(name, SERVICE, "POST /"), action, fields)
}

/// The action is a field as well: one endpoint is one action.
fn acting(endpoint: Endpoint, action: &str, fields: &[&str]) -> Endpoint {
    let (action, version) = (format!("Action={action}"), format!("Version={VERSION}"));
    let mut all = vec![action.as_str(), version.as_str()];
    all.extend(fields);
    endpoint.form(&all)
}
