//! Answers of the right shape that are not true: none is believed.

use strongroom_plugin::{SnapshotState, Snapshots};

use super::*;
use crate::GcpSnapshot;

/// What a created snapshot is read back as.
fn read_back(changes: &Value) -> Failure {
    let script = Script::new()
        .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
        .then("POST /global/snapshots", 200, &operation("PENDING"))
        .then(
            "GET /global/operations/operation-8",
            200,
            &operation("DONE"),
        )
        .then(
            "GET /global/snapshots/",
            200,
            &with(&snapshot("READY"), changes),
        );
    let first = running(GcpSnapshot::start_create(call()));
    let failure = GcpSnapshot::poll(call(), first.handle).unwrap_err();
    script.ended();
    failure
}

#[test]
fn a_snapshot_that_is_not_what_was_asked_for_is_not_believed() {
    let other = format!("{LINKS}/zones/us-central1-a/disks/another");
    let elsewhere = LINKS.replace("strongroom-test", "other-tenant");
    for changes in [
        json!({"sourceDisk": other}),
        json!({"sourceDiskId": "4"}),
        json!({"diskSizeGb": "11"}),
        json!({"labels": {"somebody": "else"}}),
        json!({"labels": {"strongroom_tenant": "globex", "strongroom_run": RUN}}),
        json!({"id": "5"}),
        json!({"name": "another"}),
        json!({"selfLink": format!("{elsewhere}/global/snapshots/{NAME}")}),
        json!({"status": "EXCELLENT"}),
        json!({"status": "DELETING"}),
        json!({"status": "FAILED"}),
        json!({"diskSizeGb": 10}),
        json!({"id": "-1"}),
    ] {
        let failure = read_back(&changes);
        assert!(
            matches!(
                failure,
                Failure::Corrupt(_) | Failure::Other(_) | Failure::Conflict(_)
            ),
            "{changes}: {failure:?}"
        );
    }
}

#[test]
fn an_operation_that_is_not_the_one_asked_about_is_not_believed() {
    for changes in [
        json!({"name": "operation-9"}),
        json!({"id": "5"}),
        json!({"targetId": "6"}),
        json!({"targetLink": format!("{LINKS}/global/snapshots/{NAME}-x")}),
        json!({"selfLink": format!("{LINKS}/zones/us-central1-a/operations/operation-8")}),
        json!({"status": "FINISHED"}),
    ] {
        let script = Script::new()
            .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
            .then("POST /global/snapshots", 200, &operation("PENDING"))
            .then(
                "GET /global/operations/operation-8",
                200,
                &with(&operation("DONE"), &changes),
            );
        let first = running(GcpSnapshot::start_create(call()));
        let failure = GcpSnapshot::poll(call(), first.handle).unwrap_err();
        script.ended();
        assert!(
            matches!(failure, Failure::Other(_)),
            "{changes}: {failure:?}"
        );
    }
    for changes in [
        json!({"clientOperationId": "0192f7a0-1111-7222-8333-000000000000"}),
        json!({"targetLink": format!("{LINKS}/global/snapshots/another")}),
        json!({"selfLink": format!("{LINKS}/zones/us-central1-a/operations/operation-8")}),
    ] {
        let _script = Script::new()
            .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
            .then(
                "POST /global/snapshots",
                200,
                &with(&operation("PENDING"), &changes),
            );
        let failure = GcpSnapshot::start_create(call()).unwrap_err();
        assert!(
            matches!(failure, Failure::Other(_)),
            "{changes}: {failure:?}"
        );
    }
}

#[test]
fn done_without_a_snapshot_is_looked_at_again_but_not_for_ever() {
    let mut script = Script::new()
        .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
        .then("POST /global/snapshots", 200, &operation("PENDING"))
        .then(
            "GET /global/operations/operation-8",
            200,
            &operation("DONE"),
        );
    for _ in 0..5 {
        script = script
            .then("GET /global/snapshots/", 404, &refused(404, "notFound"))
            .then("GET /global/snapshots?filter=name", 200, &list(&[]));
    }
    let mut handle = running(GcpSnapshot::start_create(call())).handle;
    for _ in 0..4 {
        handle = running(GcpSnapshot::poll(call(), handle)).handle;
    }
    let failure = GcpSnapshot::poll(call(), handle).unwrap_err();
    assert!(
        matches!(&failure, Failure::Other(detail) if detail.contains("there is none")),
        "{failure:?}"
    );
    script.ended();
}

#[test]
fn a_snapshot_is_read_in_the_words_of_the_contract() {
    for (status, expected) in [
        ("CREATING", SnapshotState::Creating),
        ("UPLOADING", SnapshotState::Creating),
        ("READY", SnapshotState::Ready),
        ("FAILED", SnapshotState::Failed),
        ("DELETING", SnapshotState::Deleting),
    ] {
        let _script = Script::new().then("GET /global/snapshots/", 200, &snapshot(status));
        let read = GcpSnapshot::get(call(), REFERENCE).unwrap();
        assert_eq!((read.state, read.reference.as_str()), (expected, REFERENCE));
        assert_eq!(read.run_id.as_deref(), Some(RUN));
        assert_eq!(
            (read.size, read.place.as_deref()),
            (Some(10 << 30), Some("us"))
        );
        assert_eq!(read.taken_at.0, 1_795_834_801_000);
        assert_eq!(read.labels, [("storage-bytes".to_owned(), "16".to_owned())]);
    }
}

#[test]
fn a_snapshot_of_another_tenant_id_or_project_is_not_given_out() {
    let get = |changes: &Value| {
        let _script = Script::new().then(
            "GET /global/snapshots/",
            200,
            &with(&snapshot("READY"), changes),
        );
        GcpSnapshot::get(call(), REFERENCE).unwrap_err()
    };
    assert!(matches!(
        get(&json!({"labels": {"strongroom_tenant": "globex"}})),
        Failure::Denied(_)
    ));
    assert!(matches!(get(&json!({"labels": {}})), Failure::Corrupt(_)));
    assert!(matches!(get(&json!({"id": "5"})), Failure::Corrupt(_)));
    let _script = Script::new();
    let elsewhere = REFERENCE.replace("strongroom-test", "other-tenant");
    // Not `not-found`, which would count as deleted.
    assert!(matches!(
        GcpSnapshot::get(call(), &elsewhere),
        Err(Failure::Invalid(_))
    ));
    for text in [
        "",
        "x",
        "strongroom-test/../1",
        "strongroom-test/a/b",
        "strongroom-test/a b/1",
    ] {
        assert!(
            matches!(GcpSnapshot::get(call(), text), Err(Failure::Invalid(_))),
            "{text}"
        );
    }
}

#[test]
fn a_missing_snapshot_is_missing_only_if_the_list_says_so_too() {
    let get = |listed: &Value| {
        let _script = Script::new()
            .then("GET /global/snapshots/", 404, &refused(404, "notFound"))
            .then("GET /global/snapshots?filter=name", 200, listed);
        GcpSnapshot::get(call(), REFERENCE).unwrap_err()
    };
    assert!(matches!(get(&list(&[])), Failure::NotFound(_)));
    assert!(matches!(
        get(&list(&[snapshot("READY")])),
        Failure::Other(_)
    ));
    assert!(matches!(
        get(&json!({"kind": "compute#snapshotList", "nextPageToken": "x"})),
        Failure::Other(_)
    ));
    assert!(matches!(
        get(&json!({"kind": "compute#diskList"})),
        Failure::Other(_)
    ));
}

#[test]
fn a_list_is_the_tenants_and_goes_on_where_google_says() {
    let page = with(
        &list(&[snapshot("READY")]),
        &json!({"nextPageToken": "abc"}),
    );
    let script = Script::new()
        .then("GET /global/snapshots?filter=labels.strongroom_tenant%3D%22acme%22&maxResults=3", 200, &page)
        .then("GET /global/snapshots?filter=labels.strongroom_tenant%3D%22acme%22&maxResults=500&pageToken=abc", 200, &page)
        .then("GET /global/snapshots", 200, &list(&[with(&snapshot("READY"), &json!({"labels": {"strongroom_tenant": "globex"}}))]));
    let first = GcpSnapshot::list(call(), None, 3).unwrap();
    assert_eq!(
        (first.snapshots.len(), first.next.as_deref()),
        (1, Some("abc"))
    );
    assert!(matches!(
        GcpSnapshot::list(call(), Some("abc"), 1000),
        Err(Failure::Other(_))
    ));
    assert!(matches!(
        GcpSnapshot::list(call(), None, 10),
        Err(Failure::Denied(_))
    ));
    script.ended();
}
