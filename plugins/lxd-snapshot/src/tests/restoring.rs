//! Restores into new volumes, and verifications by them.

use serde_json::json;
use strongroom_plugin::{Evidence, Failure, Snapshots, Target};

use super::{Fake, REFERENCE, RUN, WITHIN, call, create, to_the_end};
use crate::LxdSnapshot;
use crate::tests::fake::volume;

fn restore(place: &str) -> Result<Evidence, Failure> {
    let target = Target {
        place: place.to_owned(),
        paths: Vec::new(),
    };
    to_the_end(
        &call(RUN),
        LxdSnapshot::start_restore(call(RUN), REFERENCE, &target),
    )
}

fn verify() -> Result<Evidence, Failure> {
    to_the_end(&call(RUN), LxdSnapshot::start_verify(call(RUN), REFERENCE))
}

#[test]
fn a_restore_makes_a_new_volume_and_marks_it_when_it_is_whole() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().slow = 2;
    let evidence = restore("acme-back").unwrap();
    assert_eq!(
        (evidence.get("restored"), evidence.get("bytes")),
        (Some("acme-back"), Some("67108864"))
    );
    let mark = format!("strongroom/restored/acme/{RUN}");
    assert_eq!(
        fake.borrow().volumes["acme-back"]["description"],
        json!(mark)
    );
    let again = restore("acme-back").unwrap_err();
    assert!(
        matches!(&again, Failure::Conflict(text) if text.contains("exists already")),
        "{again}"
    );
}

#[test]
fn a_restore_of_which_nobody_knows_the_end_does_not_look_restored() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().forgets = true;
    let failure = restore("acme-back").unwrap_err();
    assert!(
        matches!(&failure, Failure::Conflict(text) if text.contains("may be partial")),
        "{failure}"
    );
    let mark = format!("strongroom/restoring/acme/{RUN}");
    assert_eq!(
        fake.borrow().volumes["acme-back"]["description"],
        json!(mark)
    );
    let again = restore("acme-back").unwrap_err();
    assert!(
        matches!(&again, Failure::Conflict(text) if text.contains("delete it")),
        "{again}"
    );
}

#[test]
fn nothing_but_a_new_volume_is_restored_into() {
    let _fake = Fake::start();
    create(&call(RUN)).unwrap();
    for place in ["acme-vault", "strongroom-verify-1"] {
        assert!(
            matches!(restore(place), Err(Failure::Invalid(_))),
            "{place}"
        );
    }
    let paths = Target {
        place: "acme-back".to_owned(),
        paths: vec![b"blob".to_vec()],
    };
    let failure = LxdSnapshot::start_restore(call(RUN), REFERENCE, &paths).unwrap_err();
    assert!(matches!(failure, Failure::Invalid(_)), "{failure}");
}

#[test]
fn what_may_be_partial_is_not_restored() {
    let fake = Fake::start();
    let name = WITHIN.split_once('/').unwrap().1;
    fake.borrow_mut()
        .snapshots
        .insert(WITHIN.into(), volume(name, "the vault"));
    assert!(matches!(restore("acme-back"), Err(Failure::Conflict(_))));
    assert!(matches!(verify(), Err(Failure::Conflict(_))));
    assert_eq!(fake.borrow().count("POST", ""), 0);
}

#[test]
fn a_verification_restores_reads_back_and_removes() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().slow = 2;
    let evidence = verify().unwrap();
    assert_eq!(evidence.get("checked"), Some("restored"));
    assert_eq!(
        (evidence.get("bytes"), evidence.get("source")),
        (Some("67108864"), Some("default/fast/acme-vault"))
    );
    assert_eq!(
        fake.borrow().volumes.keys().collect::<Vec<_>>(),
        ["acme-vault"]
    );
    // What an earlier attempt left behind is removed; what somebody else has made is not.
    let scratch = format!("strongroom-verify-{RUN}");
    let left = volume(&scratch, &format!("strongroom/verifying/acme/{RUN}"));
    fake.borrow_mut().volumes.insert(scratch.clone(), left);
    verify().unwrap();
    fake.borrow_mut()
        .volumes
        .insert(scratch.clone(), volume(&scratch, "mine"));
    assert!(matches!(verify(), Err(Failure::Conflict(_))));
    assert!(fake.borrow().volumes.contains_key(&scratch));
}

#[test]
fn a_copy_that_differs_is_damage_and_is_removed() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().lie = Some(|answer| {
        let name = answer["metadata"]["name"].as_str().unwrap_or_default();
        if name.starts_with("strongroom-verify-") {
            answer["metadata"]["config"]["size"] = json!("32MiB");
        }
    });
    assert!(matches!(verify(), Err(Failure::Corrupt(_))));
    assert_eq!(fake.borrow().volumes.len(), 1);
}

#[test]
fn a_snapshot_that_lxd_cannot_restore_is_not_verified() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    fake.borrow_mut().fails = Some("Failed to receive snapshot: checksum".to_owned());
    assert!(matches!(verify(), Err(Failure::Other(_))));
}
