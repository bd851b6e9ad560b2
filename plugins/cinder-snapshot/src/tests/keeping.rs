//! Reading back, listing and deleting.

use serde_json::json;
use strongroom_plugin::http::Response;
use strongroom_plugin::testing::http;
use strongroom_plugin::{Failure, Instant, SnapshotState, Snapshots};

use super::world::{VOLUME, fault, world};
use super::{RUN, call, finish};
use crate::CinderSnapshot;

const ABSENT: &str = "11111111-1111-4111-8111-111111111111";

#[test]
fn a_snapshot_is_read_back_as_it_is() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    world
        .borrow_mut()
        .set(&id, "created_at", "2026-11-28T10:11:30.248435");
    let snapshot = CinderSnapshot::get(call(), &id).unwrap();
    assert_eq!(
        (snapshot.reference, snapshot.tenant, snapshot.run_id),
        (id.clone(), "acme".to_owned(), Some(RUN.to_owned()))
    );
    assert_eq!(snapshot.taken_at, Instant(1_795_860_690_248));
    assert_eq!(snapshot.size, Some(3 << 30));
    assert_eq!(snapshot.source.as_deref(), Some(VOLUME));
    assert_eq!(snapshot.place.as_deref(), Some("nova"));
    for (status, expected) in [
        ("creating", SnapshotState::Creating),
        ("available", SnapshotState::Ready),
        ("backing-up", SnapshotState::Ready),
        ("deleting", SnapshotState::Deleting),
        ("error", SnapshotState::Failed),
        ("error_deleting", SnapshotState::Failed),
        ("something-new", SnapshotState::Failed),
    ] {
        world.borrow_mut().set(&id, "status", status);
        assert_eq!(
            CinderSnapshot::get(call(), &id).unwrap().state,
            expected,
            "{status}"
        );
    }
}

#[test]
fn only_the_service_itself_can_say_that_a_snapshot_is_gone() {
    let world = world();
    let failure = CinderSnapshot::get(call(), ABSENT).unwrap_err();
    assert!(matches!(failure, Failure::NotFound(_)), "{failure}");
    for body in [
        "<html><h1>404 Not Found</h1></html>",
        r#"{"itemNotFound": {"code": 404, "message": "Project x could not be found."}}"#,
        "",
    ] {
        world.borrow_mut().instead = Some(Box::new(move |_| {
            Some(Ok(Response {
                status: 404,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            }))
        }));
        let deleted = CinderSnapshot::start_delete(call(), ABSENT);
        assert!(deleted.is_err(), "{body}: {deleted:?}");
    }
}

#[test]
fn what_is_not_the_tenants_is_left_alone() {
    let world = world();
    let theirs = world.borrow_mut().snapshot("globex", RUN);
    let unmarked = world.borrow_mut().snapshot("acme", RUN);
    world.borrow_mut().set(&unmarked, "metadata", json!({}));
    for (reference, denied) in [
        (theirs.as_str(), true),
        (&unmarked, false),
        ("detail", false),
    ] {
        for failure in [
            CinderSnapshot::get(call(), reference).unwrap_err(),
            CinderSnapshot::start_delete(call(), reference).unwrap_err(),
            CinderSnapshot::start_verify(call(), reference).unwrap_err(),
        ] {
            assert!(!matches!(failure, Failure::NotFound(_)), "{failure}");
            assert_eq!(matches!(failure, Failure::Denied(_)), denied, "{failure}");
        }
    }
    assert_eq!(world.borrow().changes(), [""; 0]);
}

#[test]
fn a_list_goes_on_however_the_service_cuts_it() {
    let world = world();
    let mut expected = Vec::new();
    for number in 0..25 {
        expected.push(
            world
                .borrow_mut()
                .snapshot("acme", &format!("run-{number}")),
        );
        world.borrow_mut().snapshot("globex", "theirs");
    }
    for limit in [1, 7, 10, 1000] {
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = CinderSnapshot::list(call(), cursor.as_deref(), limit).unwrap();
            assert!(page.snapshots.len() <= limit as usize);
            found.extend(
                page.snapshots
                    .into_iter()
                    .map(|snapshot| snapshot.reference),
            );
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{limit}");
    }
}

#[test]
fn a_list_that_cannot_be_trusted_is_not_passed_on() {
    let world = world();
    let mine = world.borrow_mut().snapshot("acme", RUN);
    let theirs = world.borrow_mut().snapshot("globex", RUN);
    let failure = CinderSnapshot::list(call(), Some(ABSENT), 10).unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
    let failure = CinderSnapshot::list(call(), Some("detail"), 10).unwrap_err();
    assert!(matches!(failure, Failure::Invalid(_)), "{failure}");
    // A service that does not know the filter answers everything, and one without markers the same page again.
    let all = world.borrow().snapshots.clone();
    world.borrow_mut().instead = Some(Box::new(move |request| {
        let list = request.target.contains("snapshots/detail");
        list.then(|| {
            Ok(http::json(
                200,
                &json!({"snapshots": all, "snapshots_links": [{"rel": "next"}]}),
            ))
        })
    }));
    let page = CinderSnapshot::list(call(), None, 10).unwrap();
    assert_eq!(page.snapshots.len(), 1);
    assert_eq!(page.snapshots[0].reference, mine);
    assert_eq!(page.next.as_deref(), Some(theirs.as_str()));
    let failure = CinderSnapshot::list(call(), page.next.as_deref(), 10).unwrap_err();
    assert!(matches!(failure, Failure::Other(_)), "{failure}");
}

#[test]
fn exactly_the_named_snapshot_is_deleted_and_twice_is_no_harm() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    let other = world.borrow_mut().snapshot("acme", "other");
    let mut dry = call();
    dry.dry_run = true;
    let evidence = finish(&world, CinderSnapshot::start_delete(dry, &id)).unwrap();
    assert_eq!(evidence.get("would-delete"), Some(id.as_str()));
    let evidence = finish(&world, CinderSnapshot::start_delete(call(), &id)).unwrap();
    assert_eq!(evidence.get("deleted"), Some(id.as_str()));
    assert_eq!(
        world.borrow().changes(),
        [format!("DELETE /snapshots/{id}")]
    );
    assert_eq!(world.borrow().snapshots[0]["id"], *other);
    let evidence = finish(&world, CinderSnapshot::start_delete(call(), &id)).unwrap();
    assert_eq!(evidence.get("absent"), Some(id.as_str()));
}

#[test]
fn a_snapshot_that_something_depends_on_is_a_conflict() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    // The service finds out late: the snapshot is available again.
    let step = CinderSnapshot::start_delete(call(), &id);
    world.borrow_mut().set(&id, "status", "available");
    let failure = finish(&world, step).unwrap_err();
    assert!(matches!(failure, Failure::Conflict(_)), "{failure}");
    // Its storage fails.
    let step = CinderSnapshot::start_delete(call(), &id);
    world.borrow_mut().set(&id, "status", "error_deleting");
    let failure = finish(&world, step).unwrap_err();
    assert!(matches!(failure, Failure::Other(_)), "{failure}");
    // The service says so at once.
    world.borrow_mut().instead = Some(Box::new(|request| {
        let message =
            "Snapshot status must be available or error, and must not be part of a group.";
        (request.method == "DELETE").then(|| Ok(fault(400, "badRequest", message)))
    }));
    let failure = CinderSnapshot::start_delete(call(), &id).unwrap_err();
    assert!(matches!(failure, Failure::Conflict(_)), "{failure}");
}
