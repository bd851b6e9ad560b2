//! Restores into new volumes, and verifications by them.

use strongroom_plugin::{Evidence, Failure, Snapshots, Step, Target};

use super::fake::thing;
use super::{Fake, RUN, call, create, to_the_end};
use crate::EbsSnapshot;

fn restore(place: &str) -> Result<Evidence, Failure> {
    let target = Target {
        place: place.to_owned(),
        paths: Vec::new(),
    };
    to_the_end(
        &call(RUN),
        EbsSnapshot::start_restore(call(RUN), "eu-west-1/snap-01", &target),
    )
}

fn verify() -> Result<Evidence, Failure> {
    to_the_end(
        &call(RUN),
        EbsSnapshot::start_verify(call(RUN), "eu-west-1/snap-01"),
    )
}

#[test]
fn a_restore_makes_one_new_volume() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().slow = 2;
    let evidence = restore("back").unwrap();
    let id = evidence.get("restored").unwrap();
    assert_eq!(
        (evidence.get("zone"), evidence.get("bytes")),
        (Some("eu-west-1a"), Some("8589934592"))
    );
    let there = fake.borrow();
    assert_eq!(there.volumes[id].tags["Name"], "back");
    assert_eq!(there.volumes[id].tags["strongroom:purpose"], "restore");
    let token = &there
        .asked
        .iter()
        .find(|form| form["Action"] == "CreateVolume")
        .unwrap()["ClientToken"];
    assert!(token.starts_with(RUN) && token.len() <= 64, "{token}");
    drop(there);
    assert!(matches!(restore("back"), Err(Failure::Conflict(_))));
    assert_eq!(fake.borrow().count("CreateVolume"), 1);
}

#[test]
fn a_restore_needs_a_zone_of_the_region() {
    let _fake = Fake::start();
    create(&call(RUN)).unwrap();
    let target = Target {
        place: "back".to_owned(),
        paths: Vec::new(),
    };
    for zone in [
        None,
        Some("us-east-1a".to_owned()),
        Some("eu-west-1".to_owned()),
    ] {
        let mut call = call(RUN);
        call.config.zone = zone;
        let failure = EbsSnapshot::start_restore(call, "eu-west-1/snap-01", &target).unwrap_err();
        assert!(matches!(failure, Failure::Invalid(_)), "{failure}");
    }
}

#[test]
fn a_verification_makes_a_volume_reads_it_back_and_deletes_it() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().slow = 2;
    let evidence = verify().unwrap();
    assert_eq!(
        (evidence.get("checked"), evidence.get("source")),
        (Some("restored"), Some("vol-0a1"))
    );
    assert_eq!(fake.borrow().volumes.len(), 1);
    // What an earlier attempt left behind is used, and deleted.
    let tags = [
        ("strongroom:tenant", "acme"),
        ("strongroom:run", RUN),
        ("strongroom:purpose", "verify"),
    ];
    let fields = [
        ("volumeId", "vol-0c"),
        ("snapshotId", "snap-01"),
        ("size", "8"),
        ("status", "available"),
        ("availabilityZone", "eu-west-1a"),
    ];
    fake.borrow_mut()
        .volumes
        .insert("vol-0c".to_owned(), thing(&fields, &tags));
    verify().unwrap();
    assert_eq!(
        (
            fake.borrow().volumes.len(),
            fake.borrow().count("CreateVolume")
        ),
        (1, 1)
    );
}

#[test]
fn a_volume_that_differs_is_damage_and_is_deleted() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    let tags = [
        ("strongroom:tenant", "acme"),
        ("strongroom:run", RUN),
        ("strongroom:purpose", "verify"),
    ];
    let fields = [
        ("volumeId", "vol-0c"),
        ("snapshotId", "snap-01"),
        ("size", "4"),
        ("status", "available"),
        ("availabilityZone", "eu-west-1a"),
    ];
    fake.borrow_mut()
        .volumes
        .insert("vol-0c".to_owned(), thing(&fields, &tags));
    assert!(matches!(verify(), Err(Failure::Corrupt(_))));
    assert_eq!(fake.borrow().volumes.len(), 1);
}

#[test]
fn what_is_not_complete_is_not_restored() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut()
        .snapshots
        .get_mut("snap-01")
        .unwrap()
        .fields
        .insert("status", "error".to_owned());
    assert!(matches!(restore("back"), Err(Failure::Conflict(_))));
    assert!(matches!(verify(), Err(Failure::Conflict(_))));
}

#[test]
fn a_volume_that_is_never_shown_is_not_waited_for_for_ever() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().slow = 2;
    let Step::Running(operation) =
        EbsSnapshot::start_verify(call(RUN), "eu-west-1/snap-01").unwrap()
    else {
        panic!("it is being made");
    };
    fake.borrow_mut().volumes.retain(|id, _| id == "vol-0a1");
    let ended = to_the_end(&call(RUN), EbsSnapshot::poll(call(RUN), operation.handle));
    assert!(matches!(ended, Err(Failure::Unavailable(_))), "{ended:?}");
}
