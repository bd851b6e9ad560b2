//! Restores and verifications: the new disk is read back, and a scratch disk always goes.

use strongroom_plugin::{Snapshots, Target};

use super::*;
use crate::GcpSnapshot;

fn target(place: &str) -> Target {
    Target {
        place: place.to_owned(),
        paths: Vec::new(),
    }
}

fn scratch() -> String {
    let reference = crate::names::Reference::read(&call(), REFERENCE).unwrap();
    crate::names::scratch(&call(), &reference).unwrap()
}

#[test]
fn a_restore_makes_a_new_disk_and_reads_it_back() {
    let script = Script::new()
        .then("GET /global/snapshots/", 200, &snapshot("READY"))
        .then(
            "GET /zones/us-central1-a/disks/fresh",
            404,
            &refused(404, "notFound"),
        )
        .then(
            "POST /zones/us-central1-a/disks?requestId=",
            200,
            &disk_operation("PENDING", "fresh"),
        )
        .then(
            "GET /zones/us-central1-a/operations/operation-18",
            200,
            &disk_operation("DONE", "fresh"),
        )
        .then(
            "GET /zones/us-central1-a/disks/fresh",
            200,
            &with(
                &restored("fresh", "restore"),
                &json!({"status": "RESTORING"}),
            ),
        )
        .then(
            "GET /zones/us-central1-a/disks/fresh",
            200,
            &restored("fresh", "restore"),
        );
    let first = running(GcpSnapshot::start_restore(
        call(),
        REFERENCE,
        &target("fresh"),
    ));
    let second = running(GcpSnapshot::poll(call(), first.handle));
    let evidence = done(GcpSnapshot::poll(call(), second.handle));
    script.ended();
    assert!(evidence.contains(&pair(
        "restored-to",
        "projects/strongroom-test/zones/us-central1-a/disks/fresh"
    )));
    let body: Value = serde_json::from_slice(&script.seen(2).body).unwrap();
    assert_eq!(
        body["sourceSnapshot"],
        format!("projects/strongroom-test/global/snapshots/{NAME}")
    );
    assert!(body.get("type").is_none());
}

#[test]
fn a_restore_overwrites_nothing() {
    let script = Script::new()
        .then("GET /global/snapshots/", 200, &snapshot("READY"))
        .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk());
    let failure = GcpSnapshot::start_restore(call(), REFERENCE, &target("data-acme")).unwrap_err();
    assert!(matches!(failure, Failure::Conflict(_)), "{failure:?}");
    script.ended();
    let _script = Script::new();
    for place in ["", "A", "a/b", "-a", &scratch()] {
        assert!(matches!(
            GcpSnapshot::start_restore(call(), REFERENCE, &target(place)),
            Err(Failure::Invalid(_))
        ));
    }
    let paths = Target {
        place: "fresh".to_owned(),
        paths: vec![b"etc".to_vec()],
    };
    assert!(matches!(
        GcpSnapshot::start_restore(call(), REFERENCE, &paths),
        Err(Failure::Invalid(_))
    ));
}

#[test]
fn a_snapshot_that_is_not_ready_is_not_restored() {
    let _script = Script::new().then("GET /global/snapshots/", 200, &snapshot("UPLOADING"));
    assert!(matches!(
        GcpSnapshot::start_restore(call(), REFERENCE, &target("fresh")),
        Err(Failure::Conflict(_))
    ));
}

fn verifying(disk: &str) -> Script {
    Script::new()
        .then("GET /global/snapshots/", 200, &snapshot("READY"))
        .then(
            "POST /zones/us-central1-a/disks?requestId=",
            200,
            &disk_operation("PENDING", disk),
        )
        .then(
            "GET /zones/us-central1-a/operations/operation-18",
            200,
            &disk_operation("DONE", disk),
        )
}

fn removing(script: Script, disk: &str) -> Script {
    script
        .then(
            &format!("DELETE /zones/us-central1-a/disks/{disk}"),
            200,
            &disk_operation("PENDING", disk),
        )
        .then(
            "GET /zones/us-central1-a/operations/operation-18",
            200,
            &disk_operation("DONE", disk),
        )
        .then(
            &format!("GET /zones/us-central1-a/disks/{disk}"),
            404,
            &refused(404, "notFound"),
        )
}

#[test]
fn a_verification_restores_reads_back_and_removes() {
    let disk = scratch();
    let script = verifying(&disk).then(
        &format!("GET /zones/us-central1-a/disks/{disk}"),
        200,
        &restored(&disk, "verify"),
    );
    let script = removing(script, &disk);
    let first = running(GcpSnapshot::start_verify(call(), REFERENCE));
    let second = running(GcpSnapshot::poll(call(), first.handle));
    let evidence = done(GcpSnapshot::poll(call(), second.handle));
    script.ended();
    for expected in [
        pair("checked", "restored"),
        pair("bytes", "10737418240"),
        pair(
            "source",
            "projects/strongroom-test/zones/us-central1-a/disks/data-acme@9000000000000000001",
        ),
    ] {
        assert!(evidence.contains(&expected), "{evidence:?}");
    }
}

#[test]
fn a_wrong_restore_is_damage_and_leaves_no_disk() {
    let disk = scratch();
    for changes in [
        json!({"sourceSnapshotId": "5"}),
        json!({"sourceSnapshot": format!("{LINKS}/global/snapshots/another")}),
        json!({"sizeGb": "9"}),
        json!({"id": "5"}),
        json!({"labels": {}}),
    ] {
        let wrong = with(&restored(&disk, "verify"), &changes);
        let script = verifying(&disk).then("GET /zones/us-central1-a/disks/", 200, &wrong);
        let script = removing(script, &disk);
        let first = running(GcpSnapshot::start_verify(call(), REFERENCE));
        let second = running(GcpSnapshot::poll(call(), first.handle));
        let failure = GcpSnapshot::poll(call(), second.handle).unwrap_err();
        script.ended();
        assert!(
            matches!(failure, Failure::Corrupt(_)),
            "{changes}: {failure:?}"
        );
    }
}

#[test]
fn a_scratch_disk_that_stays_is_named() {
    let disk = scratch();
    let script = verifying(&disk)
        .then(
            "GET /zones/us-central1-a/disks/",
            200,
            &restored(&disk, "verify"),
        )
        .then(
            "DELETE /zones/us-central1-a/disks/",
            403,
            &refused(403, "forbidden"),
        );
    let first = running(GcpSnapshot::start_verify(call(), REFERENCE));
    let failure = GcpSnapshot::poll(call(), first.handle).unwrap_err();
    script.ended();
    assert!(
        matches!(&failure, Failure::Denied(detail) if detail.contains(&disk) && detail.contains("left behind")),
        "{failure:?}"
    );
}

#[test]
fn a_disk_of_another_run_is_not_taken_nor_removed() {
    let disk = scratch();
    let others = with(
        &restored(&disk, "verify"),
        &json!({"labels": {"strongroom_run": "another"}}),
    );
    let script = Script::new()
        .then("GET /global/snapshots/", 200, &snapshot("READY"))
        .then(
            "POST /zones/us-central1-a/disks?requestId=",
            409,
            &refused(409, "alreadyExists"),
        )
        .then("GET /zones/us-central1-a/disks/", 200, &others);
    assert!(matches!(
        GcpSnapshot::start_verify(call(), REFERENCE),
        Err(Failure::Conflict(_))
    ));
    script.ended();
}
