//! Exactly one snapshot is deleted, and seen to be gone.

use strongroom_plugin::Snapshots;

use super::*;
use crate::GcpSnapshot;

fn begun() -> Script {
    Script::new()
        .then("GET /global/snapshots/", 200, &snapshot("READY"))
        .then("DELETE /global/snapshots/", 200, &operation("PENDING"))
}

fn gone(script: Script) -> Script {
    script
        .then("GET /global/snapshots/", 404, &refused(404, "notFound"))
        .then("GET /global/snapshots?filter=name", 200, &list(&[]))
}

#[test]
fn a_deletion_is_done_when_the_snapshot_is_gone() {
    let script = begun()
        .then(
            "GET /global/operations/operation-8",
            200,
            &operation("DONE"),
        )
        .then("GET /global/snapshots/", 200, &snapshot("DELETING"));
    let script = gone(script);
    let first = running(GcpSnapshot::start_delete(call(), REFERENCE));
    let second = running(GcpSnapshot::poll(call(), first.handle));
    assert_eq!(
        done(GcpSnapshot::poll(call(), second.handle)),
        [pair("deleted", REFERENCE)]
    );
    script.ended();
    assert!(
        !script.seen(1).target.contains(RUN),
        "the run's own id began the snapshot"
    );
}

#[test]
fn what_is_not_there_is_not_found_and_nothing_is_sent() {
    let script = gone(Script::new());
    assert!(matches!(
        GcpSnapshot::start_delete(call(), REFERENCE),
        Err(Failure::NotFound(_))
    ));
    script.ended();
}

#[test]
fn what_is_not_ours_is_left_alone() {
    for changes in [
        json!({"id": "5"}),
        json!({"labels": {}}),
        json!({"labels": {"strongroom_tenant": "globex"}}),
    ] {
        let script = Script::new().then(
            "GET /global/snapshots/",
            200,
            &with(&snapshot("READY"), &changes),
        );
        assert!(GcpSnapshot::start_delete(call(), REFERENCE).is_err());
        script.ended();
    }
}

#[test]
fn a_snapshot_that_stays_is_not_deleted() {
    let mut script = begun().then(
        "GET /global/operations/operation-8",
        200,
        &operation("DONE"),
    );
    for _ in 0..5 {
        script = script.then("GET /global/snapshots/", 200, &snapshot("READY"));
    }
    let mut handle = running(GcpSnapshot::start_delete(call(), REFERENCE)).handle;
    for _ in 0..4 {
        handle = running(GcpSnapshot::poll(call(), handle)).handle;
    }
    assert!(matches!(
        GcpSnapshot::poll(call(), handle),
        Err(Failure::Other(_))
    ));
    script.ended();
}

#[test]
fn a_dry_deletion_only_looks() {
    let script = Script::new().then("GET /global/snapshots/", 200, &snapshot("READY"));
    let mut dry = call();
    dry.dry_run = true;
    assert_eq!(
        done(GcpSnapshot::start_delete(dry, REFERENCE)),
        [pair("would-delete", REFERENCE)]
    );
    script.ended();
}
