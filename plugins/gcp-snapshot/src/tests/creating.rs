//! One run has one snapshot, and it is finished when it is READY.

use strongroom_plugin::Snapshots;
use strongroom_plugin::http::Error;

use super::*;
use crate::GcpSnapshot;

fn begun() -> Script {
    Script::new()
        .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
        .then(
            "POST /global/snapshots?requestId=",
            200,
            &operation("PENDING"),
        )
}

#[test]
fn a_snapshot_is_watched_through_its_operation_until_it_is_ready() {
    let script = begun()
        .then(
            "GET /global/operations/operation-8",
            200,
            &operation("RUNNING"),
        )
        .then(
            "GET /global/operations/operation-8",
            200,
            &operation("DONE"),
        )
        .then(
            &format!("GET /global/snapshots/{NAME}"),
            200,
            &snapshot("UPLOADING"),
        )
        .then(
            &format!("GET /global/snapshots/{NAME}"),
            200,
            &snapshot("READY"),
        );
    let first = running(GcpSnapshot::start_create(call()));
    let second = running(GcpSnapshot::poll(call(), first.handle));
    assert_eq!(second.percent, Some(50));
    let third = running(GcpSnapshot::poll(call(), second.handle));
    assert!(third.note.contains("UPLOADING") && third.poll_after > first.poll_after);
    let evidence = done(GcpSnapshot::poll(call(), third.handle));
    script.ended();
    assert_eq!(
        evidence,
        [
            pair("snapshot", REFERENCE),
            pair("bytes", "10737418240"),
            pair(
                "source",
                "projects/strongroom-test/zones/us-central1-a/disks/data-acme@9000000000000000001"
            ),
            pair("place", "us"),
        ]
    );
    let asked = script.seen(1);
    assert!(
        asked.target.ends_with(&format!("requestId={RUN}")),
        "{}",
        asked.target
    );
    assert_eq!(
        serde_json::from_slice::<Value>(&asked.body).unwrap(),
        json!({
            "name": NAME, "sourceDisk": "projects/strongroom-test/zones/us-central1-a/disks/data-acme",
            "labels": {"strongroom_tenant": "acme", "strongroom_run": RUN},
        })
    );
}

#[test]
fn what_is_configured_is_sent_and_held_against_the_answer() {
    let configured = || {
        let mut call = call();
        call.config.storage_location = Some("eu".to_owned());
        call.config.guest_flush = true;
        call.config
            .labels
            .insert("team".to_owned(), "blue".to_owned());
        call
    };
    let script = begun()
        .then("GET /global/operations/operation-8", 200, &operation("DONE"))
        .then("GET /global/snapshots/", 200, &with(&snapshot("READY"),
            &json!({"labels": {"strongroom_tenant": "acme", "strongroom_run": RUN, "team": "blue"}})));
    let first = running(GcpSnapshot::start_create(configured()));
    let body: Value = serde_json::from_slice(&script.seen(1).body).unwrap();
    assert_eq!(
        (
            &body["storageLocations"],
            &body["guestFlush"],
            &body["labels"]["team"]
        ),
        (&json!(["eu"]), &json!(true), &json!("blue"))
    );
    // It is kept in `us`.
    let failure = GcpSnapshot::poll(configured(), first.handle).unwrap_err();
    assert!(
        matches!(&failure, Failure::Corrupt(detail) if detail.contains("kept in us")),
        "{failure:?}"
    );
}

#[test]
fn a_name_that_the_same_run_took_is_found_again() {
    let taken = |labels: Value| {
        let script = Script::new()
            .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
            .then(
                "POST /global/snapshots",
                409,
                &refused(409, "alreadyExists"),
            )
            .then(
                "GET /global/snapshots/",
                200,
                &with(&snapshot("READY"), &json!({"labels": labels})),
            );
        let step = GcpSnapshot::start_create(call());
        script.ended();
        step
    };
    let ours = done(taken(
        json!({"strongroom_tenant": "acme", "strongroom_run": RUN}),
    ));
    assert_eq!(ours[0], pair("snapshot", REFERENCE));
    for others in [
        json!({"strongroom_tenant": "acme", "strongroom_run": "another"}),
        json!({}),
    ] {
        assert!(matches!(taken(others), Err(Failure::Conflict(_))));
    }
}

#[test]
fn a_remembered_failure_is_tried_again_under_another_id() {
    let old = with(
        &operation("DONE"),
        &json!({"error": {"errors": [{"code": "RESOURCE_OPERATION_RATE_EXCEEDED", "message": "slowly"}]}, "httpErrorStatusCode": 403}),
    );
    let script = Script::new()
        .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
        .then("POST /global/snapshots", 200, &old)
        .then("GET /global/snapshots/", 404, &refused(404, "notFound"))
        .then(
            "GET /global/snapshots?filter=name%3D%22sr-acme",
            200,
            &list(&[]),
        )
        .then("POST /global/snapshots", 200, &operation("PENDING"));
    let _ = running(GcpSnapshot::start_create(call()));
    script.ended();
    assert_ne!(script.seen(1).target, script.seen(4).target);
    assert_eq!(script.seen(1).body, script.seen(4).body);
}

#[test]
fn a_look_without_an_answer_does_not_lose_the_operation() {
    let lost = || Err(Error::Unreachable("hung up".to_owned()));
    let mut script = begun();
    for _ in 0..6 {
        script = script.answer("GET /global/operations", lost());
    }
    let mut handle = running(GcpSnapshot::start_create(call())).handle;
    for _ in 0..5 {
        handle = running(GcpSnapshot::poll(call(), handle)).handle;
    }
    assert!(matches!(
        GcpSnapshot::poll(call(), handle),
        Err(Failure::Unavailable(_))
    ));
    script.ended();
}

#[test]
fn an_operation_that_google_forgot_leads_to_the_snapshot() {
    let script = begun()
        .then(
            "GET /global/operations/operation-8",
            404,
            &refused(404, "notFound"),
        )
        .then("GET /global/snapshots/", 200, &snapshot("READY"));
    let first = running(GcpSnapshot::start_create(call()));
    let _ = done(GcpSnapshot::poll(call(), first.handle));
    script.ended();
}

#[test]
fn a_dry_run_only_looks() {
    let script = Script::new().then("GET /zones/us-central1-a/disks/data-acme", 200, &disk());
    let mut dry = call();
    dry.dry_run = true;
    let said = done(GcpSnapshot::start_create(dry));
    script.ended();
    assert_eq!(
        said[0],
        pair(
            "would-create",
            &format!("projects/strongroom-test/global/snapshots/{NAME}")
        )
    );
}

#[test]
fn a_handle_of_another_version_is_refused() {
    let _script = begun();
    let first = running(GcpSnapshot::start_create(call()));
    let text = String::from_utf8(first.handle).unwrap();
    assert!(text.len() < 1000, "{text}");
    let newer = text.replace("\"version\":1", "\"version\":2");
    assert!(matches!(
        GcpSnapshot::poll(call(), newer.into_bytes()),
        Err(Failure::Invalid(detail)) if detail.contains("version 2")
    ));
}

#[test]
fn names_are_names_at_google_and_sort_by_time() {
    let named = |tenant: &str, due: i64, run: &str| {
        let mut call = call();
        call.tenant = tenant.to_owned();
        call.due.0 = due;
        call.run_id = run.to_owned();
        crate::names::snapshot(&call).unwrap()
    };
    let other = "0192f7a0-1111-7222-8333-000000000000";
    for tenant in ["a", "7", &"t".repeat(63), "twenty-six-characters-long-x"] {
        let name = named(tenant, 1_795_834_800_000, RUN);
        assert!(name.len() <= 63 && !name.contains("--"), "{name}");
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        );
        assert_ne!(name, named(tenant, 1_795_834_800_000, other));
        assert!(name < named(tenant, 1_795_834_800_001, other));
    }
    let nil = Call {
        run_id: "00000000-0000-0000-0000-000000000000".to_owned(),
        ..call()
    };
    assert!(matches!(
        crate::names::snapshot(&nil),
        Err(Failure::Invalid(_))
    ));
}
