//! Lists, refusals, deletions.

use serde_json::json;
use strongroom_plugin::http::Response;
use strongroom_plugin::{Failure, Instant, SnapshotState, Snapshots, Step};

use super::{DUE, Fake, REFERENCE, RUN, WITHIN, call, create, to_the_end};
use crate::LxdSnapshot;
use crate::tests::fake::{error, volume};

fn run(number: u32) -> String {
    format!("0192a3b4-0000-7000-8000-{number:012}")
}

#[test]
fn snapshots_are_listed_oldest_first_in_pages() {
    let fake = Fake::start();
    for number in [3, 1, 4, 2] {
        let mut call = call(&run(number));
        call.due = Instant(DUE + i64::from(number) * 86_400_000);
        create(&call).unwrap();
    }
    let mut others = fake.borrow_mut();
    for name in ["by-hand", "globex.20261120T060000Z.1", "acme.yesterday.1"] {
        others
            .snapshots
            .insert(format!("acme-vault/{name}"), volume(name, ""));
    }
    others.snapshots.insert(
        "acme-vault/acme.20261119T060000Z.9".into(),
        volume("acme.20261119T060000Z.9", ""),
    );
    drop(others);
    let first = LxdSnapshot::list(call(RUN), None, 3).unwrap();
    let runs = |page: &strongroom_plugin::Page| -> Vec<String> {
        page.snapshots
            .iter()
            .filter_map(|one| one.run_id.clone())
            .collect()
    };
    assert_eq!(runs(&first), ["9".to_owned(), run(1), run(2)]);
    assert_eq!(
        first.snapshots[0].state,
        SnapshotState::Creating,
        "nothing says that it is whole"
    );
    assert_eq!(first.snapshots[1].state, SnapshotState::Ready);
    let second = LxdSnapshot::list(call(RUN), first.next.as_deref(), 3).unwrap();
    assert_eq!((runs(&second), second.next), (vec![run(3), run(4)], None));
}

#[test]
fn a_cursor_that_is_none_is_refused() {
    let _fake = Fake::start();
    for cursor in ["no-cursor", "globex.20261120T060000Z.1"] {
        let failure = LxdSnapshot::list(call(RUN), Some(cursor), 3).unwrap_err();
        assert!(matches!(failure, Failure::Invalid(_)), "{failure}");
    }
}

#[test]
fn a_volume_that_is_not_there_is_not_one_without_snapshots() {
    let fake = Fake::start();
    fake.borrow_mut().volumes.clear();
    let failure = LxdSnapshot::list(call(RUN), None, 10).unwrap_err();
    assert!(matches!(failure, Failure::NotFound(_)), "{failure}");
}

#[test]
fn an_expiry_that_somebody_set_is_shown() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().snapshots.get_mut(WITHIN).unwrap()["expires_at"] =
        json!("2027-01-01T00:00:00Z");
    let read = LxdSnapshot::get(call(RUN), REFERENCE).unwrap();
    assert_eq!(
        read.labels,
        [("expires-at".to_owned(), "2027-01-01T00:00:00Z".to_owned())]
    );
}

#[test]
fn only_own_names_are_read_or_deleted() {
    let fake = Fake::start();
    for reference in [
        "acme-vault",
        "default/fast/acme-vault",
        "default/slow/acme-vault/acme.20261120T060000Z.1",
        "other/fast/acme-vault/acme.20261120T060000Z.1",
        "default/fast/globex-vault/acme.20261120T060000Z.1",
        "default/fast/acme-vault/globex.20261120T060000Z.1",
        "default/fast/acme-vault/by-hand",
        "default/fast/acme-vault/acme.20261120T060000Z.../..",
        "default/fast/acme-vault/acme.20261320T060000Z.1",
    ] {
        let read = LxdSnapshot::get(call(RUN), reference).unwrap_err();
        let deleted = LxdSnapshot::start_delete(call(RUN), reference).unwrap_err();
        assert!(matches!(read, Failure::Invalid(_)), "{reference}: {read}");
        assert!(
            matches!(deleted, Failure::Invalid(_)),
            "{reference}: {deleted}"
        );
    }
    assert_eq!(fake.borrow().asked, [""; 0]);
}

#[test]
fn a_deletion_ends_when_the_snapshot_is_gone() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().slow = 2;
    let ended = to_the_end(&call(RUN), LxdSnapshot::start_delete(call(RUN), REFERENCE)).unwrap();
    assert_eq!(ended.get("deleted"), Some(REFERENCE));
    let again = LxdSnapshot::start_delete(call(RUN), REFERENCE).unwrap_err();
    assert!(matches!(again, Failure::NotFound(_)), "{again}");
}

#[test]
fn of_two_deletions_the_second_may_fail_and_both_are_done() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    // The first one goes on, and LXD still shows the snapshot; the second one's operation fails.
    fake.borrow_mut().lingers = true;
    fake.borrow_mut().slow = 3;
    let Step::Running(_) = LxdSnapshot::start_delete(call(RUN), REFERENCE).unwrap() else {
        panic!("it goes on");
    };
    fake.borrow_mut().slow = 0;
    fake.borrow_mut().fails = Some("lstat: no such file or directory".to_owned());
    let Step::Running(operation) = LxdSnapshot::start_delete(call(RUN), REFERENCE).unwrap() else {
        panic!("another one goes on");
    };
    fake.borrow_mut().snapshots.clear();
    let ended = to_the_end(&call(RUN), LxdSnapshot::poll(call(RUN), operation.handle));
    assert_eq!(ended.unwrap().get("deleted"), Some(REFERENCE));
}

#[test]
fn a_refusal_says_what_the_host_does_next() {
    for (status, words, kind) in [
        (403, "not authorized", "Denied"),
        (404, "Storage volume not found", "NotFound"),
        (404, "Storage pool not found", "Invalid"),
        (
            404,
            "Failed to load project \"x\": Project not found",
            "Invalid",
        ),
        (409, "Snapshot \"x\" already in use", "Conflict"),
        (412, "ETag doesn't match", "Conflict"),
        (400, "Invalid volume name", "Invalid"),
        (500, "Create subvolume: no space left on device", "Quota"),
        (500, "something broke", "Other"),
        (503, "LXD is shutting down", "Unavailable"),
    ] {
        let fake = Fake::start();
        let (status, body) = error(status, words);
        fake.borrow_mut().page = Some(Response {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        });
        let failure = LxdSnapshot::get(call(RUN), REFERENCE).unwrap_err();
        let shown = format!("{failure:?}");
        assert!(
            shown.starts_with(kind) && failure.detail().contains("LXD says"),
            "{shown}"
        );
    }
}
