//! One run makes one snapshot, although EC2 knows no key of idempotency.

use strongroom_plugin::{Failure, SnapshotState, Snapshots, Step};

use super::fake::{response, snapshot};
use super::{Fake, RUN, VOLUME, call, create, to_the_end};
use crate::EbsSnapshot;

#[test]
fn a_snapshot_is_made_with_its_tags_and_proven() {
    let fake = Fake::start();
    fake.borrow_mut().slow = 3;
    let evidence = create(&call(RUN)).unwrap();
    assert_eq!(evidence.get("snapshot"), Some("eu-west-1/snap-01"));
    assert_eq!(
        (evidence.get("bytes"), evidence.get("source")),
        (Some("8589934592"), Some(VOLUME))
    );
    let tags = fake.borrow().snapshots["snap-01"].tags.clone();
    assert_eq!(
        (
            tags["strongroom:tenant"].as_str(),
            tags["strongroom:run"].as_str()
        ),
        ("acme", RUN)
    );
    assert_eq!(tags["Name"], "Strongroom acme 2026-11-20T06:00:00Z");
    let read = EbsSnapshot::get(call(RUN), "eu-west-1/snap-01").unwrap();
    assert_eq!(
        (read.state, read.place.as_deref()),
        (SnapshotState::Ready, Some("eu-west-1"))
    );
    assert_eq!(
        (read.run_id.as_deref(), read.source.as_deref()),
        (Some(RUN), Some(VOLUME))
    );
}

#[test]
fn a_repeated_call_finds_what_the_first_one_began() {
    let fake = Fake::start();
    fake.borrow_mut().loses_reply = true;
    let failure = create(&call(RUN)).unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
    let mut again = call(RUN);
    again.attempt = 2;
    assert_eq!(
        create(&again).unwrap().get("snapshot"),
        Some("eu-west-1/snap-01")
    );
    assert_eq!(fake.borrow().count("CreateSnapshot"), 1);
}

#[test]
fn a_snapshot_that_shows_late_is_looked_for_more_than_once() {
    let fake = Fake::start();
    fake.borrow_mut().loses_reply = true;
    fake.borrow_mut().hides = 2;
    create(&call(RUN)).unwrap_err();
    let mut again = call(RUN);
    again.attempt = 2;
    assert_eq!(
        create(&again).unwrap().get("snapshot"),
        Some("eu-west-1/snap-01")
    );
    assert_eq!(fake.borrow().count("CreateSnapshot"), 1);
}

#[test]
fn two_snapshots_of_one_run_are_told() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    let mut second = snapshot("snap-09", VOLUME, 9);
    second.tags = fake.borrow().snapshots["snap-01"].tags.clone();
    fake.borrow_mut()
        .snapshots
        .insert("snap-09".to_owned(), second);
    let evidence = create(&call(RUN)).unwrap();
    assert_eq!(
        evidence.get("snapshot"),
        Some("eu-west-1/snap-01"),
        "the older one"
    );
    assert!(evidence.get("warning").unwrap().contains("snap-09"));
}

#[test]
fn a_snapshot_that_failed_is_a_failure() {
    for (state, message, kind) in [
        ("error", "Given key ID is not accessible: KMS", "Denied"),
        ("error", "Internal error", "Other"),
        ("recoverable", "", "Conflict"),
        ("melting", "", "Other"),
    ] {
        let fake = Fake::start();
        create(&call(RUN)).unwrap();
        let mut there = fake.borrow_mut();
        let fields = &mut there.snapshots.get_mut("snap-01").unwrap().fields;
        fields.insert("status", state.to_owned());
        fields.insert("statusMessage", message.to_owned());
        drop(there);
        let failure = create(&call(RUN)).unwrap_err();
        assert!(format!("{failure:?}").starts_with(kind), "{failure:?}");
        let read = EbsSnapshot::get(call(RUN), "eu-west-1/snap-01").unwrap();
        assert_ne!(read.state, SnapshotState::Ready);
    }
}

#[test]
fn the_volume_must_be_the_tenants_and_in_the_region() {
    let fake = Fake::start();
    let mut globex = call(RUN);
    globex.tenant = "globex".to_owned();
    assert!(matches!(create(&globex), Err(Failure::Invalid(_))));
    assert!(fake.borrow().asked.is_empty());
    let mut elsewhere = call(RUN);
    elsewhere.config.region = "eu-west-2".to_owned();
    let failure = create(&elsewhere).unwrap_err();
    assert!(
        matches!(&failure, Failure::Invalid(text) if text.contains("eu-west-1a")),
        "{failure}"
    );
    fake.borrow_mut().volumes.clear();
    assert!(matches!(create(&call(RUN)), Err(Failure::NotFound(_))));
    assert_eq!(fake.borrow().count("CreateSnapshot"), 0);
}

#[test]
fn a_snapshot_of_another_volume_with_this_runs_tag_is_not_taken() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut()
        .snapshots
        .get_mut("snap-01")
        .unwrap()
        .fields
        .insert("volumeId", "vol-0ff".to_owned());
    assert!(matches!(create(&call(RUN)), Err(Failure::Conflict(_))));
}

#[test]
fn a_page_of_something_else_is_never_believed() {
    let fake = Fake::start();
    let html = "<!DOCTYPE html><html><body>welcome</body></html>";
    let other = "<DescribeVolumesResponse><snapshotSet/></DescribeVolumesResponse>";
    for (status, text, kind) in [
        (200, html, "Other"),
        (500, html, "Unavailable"),
        (404, html, "Other"),
        (200, other, "Other"),
        (
            200,
            "<DescribeSnapshotsResponse><snapshotSet><item/></snapshotSet></DescribeSnapshotsResponse>",
            "Other",
        ),
        (200, "", "Other"),
    ] {
        fake.borrow_mut().page = Some(response(status, text));
        let failure = create(&call(RUN)).unwrap_err();
        assert!(
            format!("{failure:?}").starts_with(kind),
            "{status} {text}: {failure:?}"
        );
    }
}

#[test]
fn a_copy_is_made_once_and_tells_where_it_comes_from() {
    let fake = Fake::start();
    let copy = |call: &strongroom_plugin::Call<crate::Config>| {
        to_the_end(
            call,
            EbsSnapshot::start_copy(call.clone(), "us-east-1/snap-0c0"),
        )
    };
    let mut call = call(RUN);
    call.config.volumes.clear();
    let evidence = copy(&call).unwrap();
    assert_eq!(
        (evidence.get("snapshot"), evidence.get("copied-from")),
        (Some("eu-west-1/snap-01"), Some("us-east-1/snap-0c0"))
    );
    assert_eq!(
        evidence.get("source"),
        None,
        "EC2 does not tell of what a copy is"
    );
    copy(&call).unwrap();
    assert_eq!(fake.borrow().count("CopySnapshot"), 1);
    let read = EbsSnapshot::get(call.clone(), "eu-west-1/snap-01").unwrap();
    assert_eq!((read.source, read.state), (None, SnapshotState::Ready));
    assert_eq!(
        read.labels,
        [("copied-from".to_owned(), "us-east-1/snap-0c0".to_owned())]
    );
    call.config.copy_from_region = None;
    assert!(matches!(copy(&call), Err(Failure::Invalid(_))));
}

#[test]
fn a_dry_run_only_looks() {
    let fake = Fake::start();
    let mut dry = call(RUN);
    dry.dry_run = true;
    let Step::Done(evidence) = EbsSnapshot::start_create(dry).unwrap() else {
        panic!("it begins nothing");
    };
    assert!(evidence.get("would-create").is_some());
    assert_eq!(evidence.get("source"), Some(VOLUME));
    assert!(
        fake.borrow()
            .asked
            .iter()
            .all(|form| form["Action"].starts_with("Describe"))
    );
}
