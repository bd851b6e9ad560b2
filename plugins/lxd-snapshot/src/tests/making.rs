//! One run makes one snapshot, and only one that was seen to end well is whole.

use serde_json::json;
use strongroom_plugin::http::Response;
use strongroom_plugin::{Failure, SnapshotState, Snapshots, Step};

use super::{Fake, NAME, REFERENCE, RUN, WITHIN, call, create, to_the_end};
use crate::LxdSnapshot;
use crate::tests::fake::volume;

#[test]
fn a_snapshot_is_made_marked_and_proven() {
    let fake = Fake::start();
    let evidence = create(&call(RUN)).unwrap();
    assert_eq!(evidence.get("snapshot"), Some(REFERENCE));
    assert_eq!(evidence.get("bytes"), Some("67108864"));
    assert_eq!(evidence.get("source"), Some("default/fast/acme-vault"));
    let mark = format!("strongroom/complete/acme/{RUN}");
    assert_eq!(fake.borrow().snapshots[WITHIN]["description"], json!(mark));
    let read = LxdSnapshot::get(call(RUN), REFERENCE).unwrap();
    assert_eq!(read.state, SnapshotState::Ready);
    assert_eq!(
        (read.run_id.as_deref(), read.size),
        (Some(RUN), Some(67_108_864))
    );
    assert_eq!(read.place.as_deref(), Some("fast"));
    assert_eq!(read.taken_at.0, super::DUE);
}

#[test]
fn a_source_made_anew_has_another_name_where_lxd_tells() {
    let fake = Fake::start();
    let mut anew = volume("acme-vault", "");
    anew["config"]["volatile.uuid"] = json!("11-22");
    fake.borrow_mut().volumes.insert("acme-vault".into(), anew);
    let evidence = create(&call(RUN)).unwrap();
    assert_eq!(
        evidence.get("source"),
        Some("default/fast/acme-vault#11-22")
    );
}

#[test]
fn what_takes_longer_is_asked_after() {
    let fake = Fake::start();
    fake.borrow_mut().slow = 3;
    let Step::Running(operation) = LxdSnapshot::start_create(call(RUN)).unwrap() else {
        panic!("it is not done yet");
    };
    let read = LxdSnapshot::get(call(RUN), REFERENCE).unwrap();
    assert_eq!(read.state, SnapshotState::Creating, "it is not whole yet");
    let evidence = to_the_end(&call(RUN), LxdSnapshot::poll(call(RUN), operation.handle)).unwrap();
    assert_eq!(evidence.get("snapshot"), Some(REFERENCE));
    assert_eq!(fake.borrow().count("POST", "/snapshots"), 1);
}

#[test]
fn an_operation_may_be_asked_after_when_it_is_long_over() {
    let fake = Fake::start();
    fake.borrow_mut().slow = 2;
    let Step::Running(operation) = LxdSnapshot::start_create(call(RUN)).unwrap() else {
        panic!("it is not done yet");
    };
    let poll = || LxdSnapshot::poll(call(RUN), operation.handle.clone());
    let evidence = to_the_end(&call(RUN), poll()).unwrap();
    fake.borrow_mut().forgets = true;
    assert_eq!(to_the_end(&call(RUN), poll()).unwrap(), evidence);
}

#[test]
fn a_repeated_call_finds_its_own_snapshot() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    let again = create(&call(RUN)).unwrap();
    assert_eq!(again.get("snapshot"), Some(REFERENCE));
    assert_eq!(fake.borrow().count("POST", "/snapshots"), 1);
}

#[test]
fn after_a_lost_reply_one_snapshot_is_there_and_nothing_is_guessed() {
    let fake = Fake::start();
    fake.borrow_mut().loses_reply = true;
    let failure = create(&call(RUN)).unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
    // It is there, but nobody saw it end well: it is made anew.
    let evidence = create(&call(RUN)).unwrap();
    assert_eq!(evidence.get("snapshot"), Some(REFERENCE));
    let fake = fake.borrow();
    assert_eq!(fake.snapshots.len(), 1);
    assert_eq!(
        (fake.count("DELETE", NAME), fake.count("POST", "/snapshots")),
        (1, 2)
    );
}

#[test]
fn what_another_attempt_is_making_is_waited_for() {
    let fake = Fake::start();
    fake.borrow_mut().slow = 2;
    fake.borrow_mut().loses_reply = true;
    create(&call(RUN)).unwrap_err();
    let Step::Running(operation) = LxdSnapshot::start_create(call(RUN)).unwrap() else {
        panic!("it goes on");
    };
    assert!(operation.note.contains("acme-vault"), "{}", operation.note);
    assert_eq!(fake.borrow().count("DELETE", ""), 0);
}

#[test]
fn an_operation_that_lxd_forgot_proves_nothing() {
    let fake = Fake::start();
    fake.borrow_mut().forgets = true;
    let failure = create(&call(RUN)).unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
    let read = LxdSnapshot::get(call(RUN), REFERENCE).unwrap();
    assert_eq!(read.state, SnapshotState::Creating);
    fake.borrow_mut().forgets = false;
    create(&call(RUN)).unwrap();
}

#[test]
fn a_failure_inside_the_operation_is_a_failure() {
    for (words, kind) in [
        ("write: no space left on device", "quota"),
        ("Volume is busy", "conflict"),
        ("Storage volume not found", "not-found"),
        ("exit status 1", "other"),
    ] {
        let fake = Fake::start();
        fake.borrow_mut().fails = Some(words.to_owned());
        let failure = create(&call(RUN)).unwrap_err();
        let right = match kind {
            "quota" => matches!(failure, Failure::Quota(_)),
            "conflict" => matches!(failure, Failure::Conflict(_)),
            "not-found" => matches!(failure, Failure::NotFound(_)),
            _ => matches!(failure, Failure::Other(_)),
        };
        assert!(right && failure.detail().contains(words), "{failure:?}");
    }
}

#[test]
fn a_page_of_something_else_is_never_believed() {
    let fake = Fake::start();
    for (status, unavailable) in [(200, false), (404, false), (502, true)] {
        fake.borrow_mut().page = Some(Response {
            status,
            headers: Vec::new(),
            body: b"<html>welcome</html>".to_vec(),
        });
        let failure = create(&call(RUN)).unwrap_err();
        match failure {
            Failure::Unavailable(_) => assert!(unavailable),
            Failure::Other(_) => assert!(!unavailable),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_answer_about_another_volume_is_never_believed() {
    let fake = Fake::start();
    fake.borrow_mut().lie = Some(|answer| {
        if answer["metadata"]["name"] == "acme-vault" {
            answer["metadata"]["name"] = json!("globex-vault");
        }
    });
    let failure = create(&call(RUN)).unwrap_err();
    assert!(
        matches!(&failure, Failure::Other(text) if text.contains("globex-vault")),
        "{failure}"
    );
}

#[test]
fn a_dry_run_only_looks() {
    let fake = Fake::start();
    let mut dry = call(RUN);
    dry.dry_run = true;
    let Step::Done(evidence) = LxdSnapshot::start_create(dry).unwrap() else {
        panic!("it begins nothing");
    };
    assert_eq!(evidence.get("would-create"), Some(REFERENCE));
    assert!(
        fake.borrow()
            .asked
            .iter()
            .all(|asked| asked.starts_with("GET"))
    );
    fake.borrow_mut().volumes.clear();
    let mut dry = call(RUN);
    dry.dry_run = true;
    assert!(matches!(
        LxdSnapshot::start_create(dry),
        Err(Failure::NotFound(_))
    ));
}
