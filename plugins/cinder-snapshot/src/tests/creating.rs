//! Snapshots are taken once, whatever happens on the way.

use serde_json::json;
use std::time::Duration;
use strongroom_plugin::http::{Error, Response};
use strongroom_plugin::testing::http;
use strongroom_plugin::{Failure, Snapshots, Step};

use super::world::{VOLUME, fault, world};
use super::{RUN, call, finish};
use crate::CinderSnapshot;

#[test]
fn a_snapshot_is_taken_and_said_to_be_done_when_it_is_complete() {
    let world = world();
    let step = CinderSnapshot::start_create(call()).unwrap();
    let Step::Running(operation) = &step else {
        panic!("{step:?}");
    };
    let again = CinderSnapshot::poll(call(), operation.handle.clone()).unwrap();
    let Step::Running(later) = again else {
        panic!("{again:?}");
    };
    assert!(later.poll_after > operation.poll_after);
    let evidence = finish(&world, Ok(step)).unwrap();
    let made = world.borrow().snapshots[0].clone();
    assert_eq!(evidence.get("snapshot"), made["id"].as_str());
    assert_eq!(evidence.get("bytes"), Some("3221225472"));
    assert_eq!(evidence.get("source"), Some(VOLUME));
    assert_eq!(made["name"], format!("strongroom-{RUN}"));
    assert_eq!(
        made["metadata"],
        json!({"strongroom-tenant": "acme", "strongroom-run": RUN})
    );
    assert!(
        made["description"]
            .as_str()
            .unwrap()
            .contains("due 2026-11-20T06:00:00Z")
    );
}

#[test]
fn a_lost_reply_leads_to_one_snapshot() {
    let world = world();
    let served = std::rc::Rc::clone(&world);
    world.borrow_mut().instead = Some(Box::new(move |request| {
        if request.method != "POST" {
            return None;
        }
        let id = served.borrow_mut().snapshot("acme", RUN);
        served.borrow_mut().set(&id, "status", "creating");
        Some(Err(Error::Unreachable("the server hung up".to_owned())))
    }));
    let failure = CinderSnapshot::start_create(call()).unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
    let evidence = finish(&world, CinderSnapshot::start_create(call())).unwrap();
    assert_eq!(world.borrow().snapshots.len(), 1);
    assert_eq!(
        evidence.get("snapshot"),
        world.borrow().snapshots[0]["id"].as_str()
    );
}

#[test]
fn two_snapshots_of_one_run_are_said_whenever_they_are_seen() {
    let world = world();
    let step = CinderSnapshot::start_create(call());
    // The first attempt's request was slow: it is carried out after the second attempt has looked.
    let late = world.borrow_mut().snapshot("acme", RUN);
    for failure in [
        finish(&world, step).unwrap_err(),
        CinderSnapshot::start_create(call()).unwrap_err(),
    ] {
        assert!(
            matches!(&failure, Failure::Conflict(text) if text.contains(&late)),
            "{failure}"
        );
    }
    assert_eq!(world.borrow().snapshots.len(), 2);
}

#[test]
fn a_dry_run_looks_at_the_volume_and_changes_nothing() {
    let world = world();
    let mut call = call();
    call.dry_run = true;
    let evidence = finish(&world, CinderSnapshot::start_create(call)).unwrap();
    assert!(evidence.get("would-create").unwrap().contains(VOLUME));
    assert_eq!(world.borrow().changes(), [""; 0]);
    assert!(
        world
            .borrow()
            .asked
            .contains(&format!("GET /volumes/{VOLUME}"))
    );
}

#[test]
fn a_volume_that_cannot_be_taken_is_named() {
    let world = world();
    world.borrow_mut().set(VOLUME, "status", "error");
    let failure = CinderSnapshot::start_create(call()).unwrap_err();
    assert!(
        matches!(&failure, Failure::Conflict(text) if text.contains("`error`")),
        "{failure}"
    );
    world.borrow_mut().volumes.clear();
    let failure = CinderSnapshot::start_create(call()).unwrap_err();
    assert!(
        matches!(&failure, Failure::NotFound(text) if text.contains(VOLUME)),
        "{failure}"
    );
    let mut other = call();
    other.tenant = "globex".to_owned();
    let failure = CinderSnapshot::start_create(other).unwrap_err();
    assert!(
        matches!(&failure, Failure::Invalid(text) if text.contains("globex")),
        "{failure}"
    );
}

#[test]
fn a_snapshot_that_fails_is_a_failure_however_often_it_is_asked_after() {
    let world = world();
    let step = CinderSnapshot::start_create(call()).unwrap();
    let id = world.borrow().snapshots[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.borrow_mut().set(&id, "status", "error");
    for failure in [
        finish(&world, Ok(step)).unwrap_err(),
        CinderSnapshot::start_create(call()).unwrap_err(),
    ] {
        assert!(
            matches!(&failure, Failure::Other(text) if text.contains(&id)),
            "{failure}"
        );
    }
}

/// Answers to a request, and the kind of failure each is.
fn refusals() -> Vec<(Response, Failure)> {
    let html = |status| Response {
        status,
        headers: Vec::new(),
        body: b"<html><h1>404 Not Found</h1></html>".to_vec(),
    };
    let limit = |after: &str| {
        let message = "SnapshotLimitExceeded: Maximum number of snapshots allowed (1) exceeded";
        let words = json!({"code": 413, "message": message, "retryAfter": after});
        http::json(413, &json!({ "overLimit": words }))
    };
    let bad = |message| fault(400, "badRequest", message);
    let mut busy = fault(429, "overLimit", "slowly");
    busy.headers
        .push(("retry-after".to_owned(), "7".to_owned()));
    let later = |seconds| Failure::throttled("", Duration::from_secs(seconds));
    vec![
        (limit("0"), Failure::quota("")),
        (limit("9"), later(9)),
        (busy, later(7)),
        (
            fault(503, "serviceUnavailable", "later"),
            Failure::unavailable(""),
        ),
        (
            fault(500, "computeFault", "database is locked"),
            Failure::unavailable(""),
        ),
        (
            fault(403, "forbidden", "Policy doesn't allow it"),
            Failure::denied(""),
        ),
        (
            fault(401, "error", "requires authentication"),
            Failure::denied(""),
        ),
        (
            bad("Additional properties are not allowed"),
            Failure::invalid(""),
        ),
        (bad("Malformed request url"), Failure::invalid("")),
        (
            bad("Invalid volume: Volume is migrating"),
            Failure::conflict(""),
        ),
        (
            fault(406, "computeFault", "Version 3.70 is not supported"),
            Failure::invalid(""),
        ),
        (html(404), Failure::invalid("")),
        (html(200), Failure::other("")),
    ]
}

#[test]
fn what_the_service_refuses_has_the_right_failure() {
    for (answer, expected) in refusals() {
        let world = world();
        let given = answer.clone();
        world.borrow_mut().instead = Some(Box::new(move |request| {
            (request.method == "POST").then(|| Ok(given.clone()))
        }));
        let failure = CinderSnapshot::start_create(call()).unwrap_err();
        assert_eq!(
            std::mem::discriminant(&failure),
            std::mem::discriminant(&expected),
            "{answer:?} became {failure:?}"
        );
        if let (Failure::Throttled(_, wait), Failure::Throttled(_, least)) = (&failure, &expected) {
            assert_eq!(wait, least);
        }
    }
}

#[test]
fn a_token_that_is_not_taken_is_tried_anew_once() {
    let world = world();
    let mut times = 0;
    world.borrow_mut().instead = Some(Box::new(move |_| {
        times += 1;
        (times == 1).then(|| Ok(fault(401, "error", "requires authentication")))
    }));
    finish(&world, CinderSnapshot::start_create(call())).unwrap();
}

#[test]
fn an_answer_about_something_else_is_not_believed() {
    let other = "11111111-1111-4111-8111-111111111111";
    let lies: [(&str, &str, serde_json::Value); 5] = [
        ("POST", "volume_id", other.into()),
        ("POST", "id", "detail".into()),
        (
            "POST",
            "metadata",
            json!({"strongroom-tenant": "acme", "strongroom-run": "x"}),
        ),
        (
            "POST",
            "metadata",
            json!({"strongroom-tenant": "globex", "strongroom-run": RUN}),
        ),
        ("GET", "id", other.into()),
    ];
    for (method, key, value) in lies {
        let world = world();
        let shown = format!("{method} {key} {value}");
        world.borrow_mut().instead = Some(Box::new(move |request| {
            if request.method != method || request.target.contains("detail") {
                return None;
            }
            let mut one = json!({
                "id": VOLUME, "name": "vault", "status": "available", "size": 3, "volume_id": VOLUME,
                "created_at": "2026-11-28T10:11:00", "snapshot_id": null,
                "metadata": {"strongroom-tenant": "acme", "strongroom-run": RUN},
            });
            one[key] = value.clone();
            Some(Ok(http::json(
                202,
                &json!({"snapshot": one, "volume": one}),
            )))
        }));
        let failure = CinderSnapshot::start_create(call()).unwrap_err();
        assert!(matches!(failure, Failure::Other(_)), "{shown}: {failure}");
    }
}
