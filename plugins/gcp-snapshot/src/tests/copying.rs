//! A copy is a snapshot of a whole restore, kept elsewhere.

use strongroom_plugin::Snapshots;

use super::*;
use crate::GcpSnapshot;

/// The copy's run: another one than the original's.
const COPY_RUN: &str = "0192f7a0-1111-7222-9333-444455557777";
const COPY: &str = "sr-acme-20261128t030000000-9333444455557777";

fn copying() -> Call<Config> {
    let mut call = call();
    call.run_id = COPY_RUN.to_owned();
    call.config.storage_location = Some("eu".to_owned());
    call
}

fn disk_name() -> String {
    let reference = crate::names::Reference::read(&copying(), REFERENCE).unwrap();
    crate::names::scratch(&copying(), &reference).unwrap()
}

fn ours(mut body: Value) -> Value {
    body["labels"]["strongroom_run"] = json!(COPY_RUN);
    body
}

fn copy(disk: &str) -> Value {
    let changes = json!({
        "name": COPY, "id": "9000000000000000027", "selfLink": format!("{LINKS}/global/snapshots/{COPY}"),
        "sourceDisk": format!("{LINKS}/zones/us-central1-a/disks/{disk}"), "sourceDiskId": "9000000000000000017",
        "storageLocations": ["eu"],
        "labels": {"strongroom_tenant": "acme", "strongroom_run": COPY_RUN, "strongroom_copy_of": "9000000000000000007"},
    });
    with(&snapshot("READY"), &changes)
}

fn copy_operation(status: &str) -> Value {
    let link = format!("{LINKS}/global/snapshots/{COPY}");
    with(
        &operation(status),
        &json!({"targetLink": link, "targetId": "9000000000000000027"}),
    )
}

#[test]
fn a_copy_goes_through_a_scratch_disk_and_is_read_back() {
    let disk = disk_name();
    let script = Script::new()
        .then("GET /global/snapshots/", 200, &snapshot("READY"))
        .then(
            &format!("GET /global/snapshots/{COPY}"),
            404,
            &refused(404, "notFound"),
        )
        .then("GET /global/snapshots?filter=name", 200, &list(&[]))
        .then(
            "POST /zones/us-central1-a/disks",
            200,
            &disk_operation("PENDING", &disk),
        )
        .then(
            "GET /zones/us-central1-a/operations/operation-18",
            200,
            &disk_operation("DONE", &disk),
        )
        .then(
            "GET /zones/us-central1-a/disks/",
            200,
            &ours(restored(&disk, "copy")),
        )
        .then("POST /global/snapshots", 200, &copy_operation("PENDING"))
        .then(
            "GET /global/operations/operation-8",
            200,
            &copy_operation("DONE"),
        )
        .then("GET /global/snapshots/", 200, &copy(&disk))
        .then(
            "DELETE /zones/us-central1-a/disks/",
            200,
            &disk_operation("PENDING", &disk),
        )
        .then(
            "GET /zones/us-central1-a/operations/operation-18",
            200,
            &disk_operation("DONE", &disk),
        )
        .then(
            "GET /zones/us-central1-a/disks/",
            404,
            &refused(404, "notFound"),
        )
        .then("GET /global/snapshots/", 200, &copy(&disk));
    let mut step = GcpSnapshot::start_copy(copying(), REFERENCE);
    for _ in 0..3 {
        step = GcpSnapshot::poll(copying(), running(step).handle);
    }
    let evidence = done(step);
    script.ended();
    for expected in [
        pair(
            "snapshot",
            &format!("strongroom-test/{COPY}/9000000000000000027"),
        ),
        pair("place", "eu"),
        pair("copy-of", REFERENCE),
    ] {
        assert!(evidence.contains(&expected), "{evidence:?}");
    }
    let body: Value = serde_json::from_slice(&script.seen(6).body).unwrap();
    assert_eq!(body["storageLocations"], json!(["eu"]));
}

#[test]
fn a_repeated_copy_finds_the_first_one() {
    let disk = disk_name();
    let script = Script::new()
        .then("GET /global/snapshots/", 200, &snapshot("READY"))
        .then(&format!("GET /global/snapshots/{COPY}"), 200, &copy(&disk))
        .then("GET /global/snapshots/", 200, &copy(&disk))
        .then(
            "DELETE /zones/us-central1-a/disks/",
            404,
            &refused(404, "notFound"),
        )
        .then(
            "GET /zones/us-central1-a/disks/",
            404,
            &refused(404, "notFound"),
        )
        .then("GET /global/snapshots/", 200, &copy(&disk));
    let _ = done(GcpSnapshot::start_copy(copying(), REFERENCE));
    script.ended();
}

#[test]
fn a_copy_lands_elsewhere_or_not_at_all() {
    let mut nowhere = copying();
    nowhere.config.storage_location = None;
    let _script = Script::new();
    assert!(matches!(
        GcpSnapshot::start_copy(nowhere, REFERENCE),
        Err(Failure::Invalid(_))
    ));
    let mut same = copying();
    same.config.storage_location = Some("us".to_owned());
    let script = Script::new().then("GET /global/snapshots/", 200, &snapshot("READY"));
    assert!(matches!(
        GcpSnapshot::start_copy(same, REFERENCE),
        Err(Failure::Conflict(_))
    ));
    script.ended();
}
