//! Lists, refusals, deletions.

use strongroom_plugin::{Failure, Snapshots};

use super::fake::{error, snapshot};
use super::{Fake, RUN, VOLUME, call, create, to_the_end};
use crate::EbsSnapshot;

/// Snapshots of acme, in this order of ids and begun in these minutes, and one of globex.
fn shelf(minutes: &[u32]) -> std::rc::Rc<std::cell::RefCell<Fake>> {
    let fake = Fake::start();
    for (at, minute) in minutes.iter().enumerate() {
        let id = format!("snap-0a{at}");
        let mut one = snapshot(&id, VOLUME, *minute);
        one.tags.insert("strongroom:tenant".into(), "acme".into());
        fake.borrow_mut().snapshots.insert(id, one);
    }
    let mut other = snapshot("snap-0ff", VOLUME, 0);
    other
        .tags
        .insert("strongroom:tenant".into(), "globex".into());
    fake.borrow_mut().snapshots.insert("snap-0ff".into(), other);
    fake
}

fn list(cursor: Option<&str>, limit: u32) -> Result<(Vec<String>, Option<String>), Failure> {
    let page = EbsSnapshot::list(call(RUN), cursor, limit)?;
    Ok((
        page.snapshots
            .into_iter()
            .map(|one| one.reference.replace("eu-west-1/", ""))
            .collect(),
        page.next,
    ))
}

#[test]
fn snapshots_are_listed_oldest_first_over_all_of_ec2s_pages() {
    let fake = shelf(&[5, 1, 3, 3, 2]);
    fake.borrow_mut().page_size = Some(2);
    let (ids, next) = list(None, 3).unwrap();
    assert_eq!(ids, ["snap-0a1", "snap-0a4", "snap-0a2"]);
    let (ids, next) = list(next.as_deref(), 3).unwrap();
    assert_eq!(
        (ids, next),
        (vec!["snap-0a3".to_owned(), "snap-0a0".to_owned()], None)
    );
    assert!(matches!(
        list(Some("nonsense"), 3),
        Err(Failure::Invalid(_))
    ));
}

#[test]
fn a_list_that_lies_is_never_believed() {
    let fake = shelf(&[1, 2]);
    fake.borrow_mut().ignores_filters = true;
    assert!(
        matches!(list(None, 10), Err(Failure::Other(_))),
        "it holds another tenant's"
    );
    let fake = shelf(&[1, 2]);
    fake.borrow_mut().circles = true;
    assert!(
        matches!(list(None, 10), Err(Failure::Other(_))),
        "it has no end"
    );
}

#[test]
fn another_tenants_snapshot_is_neither_read_nor_deleted() {
    let fake = shelf(&[1]);
    assert!(matches!(
        EbsSnapshot::get(call(RUN), "eu-west-1/snap-0ff"),
        Err(Failure::NotFound(_))
    ));
    let deleted = EbsSnapshot::start_delete(call(RUN), "eu-west-1/snap-0ff").unwrap_err();
    assert!(matches!(deleted, Failure::NotFound(_)), "{deleted}");
    for reference in [
        "",
        "snap-0a0",
        "eu-west-1/vol-0a1",
        "eu-west-1/snap-",
        "us-east-1/snap-0a0",
        "eu-west-1/snap-0a0&Action=x",
    ] {
        assert!(
            matches!(
                EbsSnapshot::get(call(RUN), reference),
                Err(Failure::Invalid(_))
            ),
            "{reference}"
        );
    }
    assert_eq!(fake.borrow().count("DeleteSnapshot"), 0);
}

#[test]
fn a_deletion_ends_when_the_snapshot_is_gone() {
    let fake = Fake::start();
    create(&call(RUN)).unwrap();
    let ended = to_the_end(
        &call(RUN),
        EbsSnapshot::start_delete(call(RUN), "eu-west-1/snap-01"),
    )
    .unwrap();
    assert_eq!(ended.get("deleted"), Some("eu-west-1/snap-01"));
    let again = EbsSnapshot::start_delete(call(RUN), "eu-west-1/snap-01").unwrap_err();
    assert!(matches!(again, Failure::NotFound(_)), "{again}");
    create(&call(RUN)).unwrap();
    fake.borrow_mut().refuses = Some(("DeleteSnapshot", 400, "InvalidSnapshot.InUse"));
    let id = format!(
        "eu-west-1/{}",
        fake.borrow().snapshots.keys().next().unwrap()
    );
    let failure = EbsSnapshot::start_delete(call(RUN), &id).unwrap_err();
    assert!(matches!(failure, Failure::Conflict(_)), "{failure}");
}

#[test]
fn a_code_says_what_the_host_does_next() {
    for (status, code, kind) in [
        (503, "RequestLimitExceeded", "Throttled"),
        (400, "SnapshotCreationPerVolumeRateExceeded", "Throttled"),
        (400, "SnapshotLimitExceeded", "Quota"),
        (400, "ConcurrentSnapshotLimitExceeded", "Quota"),
        (401, "AuthFailure", "Denied"),
        (403, "UnauthorizedOperation", "Denied"),
        (400, "IncorrectState", "Conflict"),
        (400, "InvalidSnapshot.InUse", "Conflict"),
        (400, "InvalidVolume.NotFound", "NotFound"),
        (400, "InvalidParameterValue", "Invalid"),
        (500, "InternalError", "Unavailable"),
        (503, "Unheard", "Unavailable"),
        (400, "Unheard", "Other"),
    ] {
        let fake = Fake::start();
        fake.borrow_mut().refuses = Some(("CreateSnapshot", status, code));
        let failure = create(&call(RUN)).unwrap_err();
        let shown = format!("{failure:?}");
        assert!(
            shown.starts_with(kind) && failure.detail().contains("because"),
            "{code}: {shown}"
        );
    }
    // The code of a success is no error, whatever it says.
    let fake = Fake::start();
    fake.borrow_mut().page = Some(error(200, "InvalidSnapshot.NotFound"));
    assert!(matches!(
        EbsSnapshot::get(call(RUN), "eu-west-1/snap-01"),
        Err(Failure::Other(_))
    ));
}
