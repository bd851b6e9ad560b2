//! Which snapshots there are: repeated runs, cut-off runs, listing, deleting, `latest`.

use std::fs;

use strongroom_plugin::{Failure, SnapshotState, Snapshots};

use crate::LocalSnapshot;
use crate::tests::{DAY, DUE, Room, call, done, fact, reference, restore, snapshot, verify};

fn latest(room: &Room) -> String {
    fs::read_link(room.path("place/acme/latest"))
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

fn listed() -> Vec<String> {
    LocalSnapshot::list(call(0), None, 100)
        .unwrap()
        .snapshots
        .into_iter()
        .map(|snapshot| snapshot.reference)
        .collect()
}

#[test]
fn a_repeated_run_finds_its_snapshot() {
    let room = Room::new();
    room.write("data/file", "content");
    let first = snapshot(0);
    room.write("data/file", "changed since");
    assert_eq!(snapshot(0), first);
    assert_eq!(listed(), [reference(0)]);
    assert_eq!(
        fs::read(room.shelf(0).join("data/file")).unwrap(),
        b"content"
    );
}

#[test]
fn a_run_that_was_cut_off_is_begun_anew_and_an_older_one_is_swept() {
    let room = Room::new();
    room.write("data/file", "content");
    for day in [0, 1] {
        let run = call(day).run_id;
        room.write(
            &format!("place/acme/.index/2026-11-{}T06-00-00Z.{run}", 20 + day),
            "",
        );
        room.write(&format!("place/acme/.partial-{run}/data/half"), "half");
    }
    assert!(listed().is_empty());
    snapshot(1);
    assert_eq!(listed(), [reference(1)]);
    assert!(!room.shelf(1).join("data/half").exists());
    done(verify(1));
    let mut left: Vec<String> = fs::read_dir(room.path("place/acme"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, [".index", "2026-11-21T06-00-00Z", "latest"]);
}

#[test]
fn a_run_cut_off_between_its_name_and_latest_is_finished() {
    let room = Room::new();
    room.write("data/file", "content");
    snapshot(0);
    fs::remove_file(room.path("place/acme/latest")).unwrap();
    snapshot(0);
    assert_eq!(latest(&room), "2026-11-20T06-00-00Z");
}

#[test]
fn two_runs_of_one_second_get_two_folders() {
    let room = Room::new();
    snapshot(0);
    let mut other = call(0);
    other.run_id = "11111111-0000-7000-8000-0123456789ab".to_owned();
    assert_eq!(
        fact(&done(LocalSnapshot::start_create(other)), "snapshot"),
        "acme/2026-11-20T06-00-00Z-456789ab"
    );
    assert_eq!(
        listed(),
        [reference(0), format!("{}-456789ab", reference(0))]
    );
    assert_eq!(latest(&room), "2026-11-20T06-00-00Z-456789ab");
}

#[test]
fn latest_is_the_newest_however_late_an_older_run_comes() {
    let room = Room::new();
    snapshot(3);
    snapshot(1);
    assert_eq!(latest(&room), "2026-11-23T06-00-00Z");
    done(LocalSnapshot::start_delete(call(3), &reference(3)));
    assert_eq!(latest(&room), "2026-11-21T06-00-00Z");
    done(LocalSnapshot::start_delete(call(1), &reference(1)));
    assert!(fs::symlink_metadata(room.path("place/acme/latest")).is_err());
}

#[test]
fn a_run_links_from_the_snapshot_before_it_however_many_are_later() {
    let room = Room::new();
    let file = room.write("data/file", "of the first day");
    room.settle();
    snapshot(1);
    let first = fs::read(&file).unwrap();
    fs::rename(&file, room.path("data/aside")).unwrap();
    room.write("data/file", "of the last day");
    snapshot(5);
    fs::rename(room.path("data/aside"), &file).unwrap();
    // The rename changed its time of change, so it is copied once, and linked from then on.
    assert_eq!(fact(&snapshot(2), "linked"), "0");
    room.settle();
    assert_eq!(fact(&snapshot(3), "linked"), "1");
    assert_eq!(fs::read(room.shelf(3).join("data/file")).unwrap(), first);
}

#[test]
fn the_list_comes_in_pages_oldest_first() {
    let _room = Room::new();
    for day in [2, 0, 1] {
        snapshot(day);
    }
    let first = LocalSnapshot::list(call(0), None, 2).unwrap();
    let names: Vec<&str> = first
        .snapshots
        .iter()
        .map(|snapshot| snapshot.reference.as_str())
        .collect();
    assert_eq!(names, [reference(0), reference(1)]);
    assert_eq!(first.snapshots[1].taken_at.0, DUE + DAY);
    assert_eq!(
        first.snapshots[1].run_id.as_deref(),
        Some(call(1).run_id.as_str())
    );
    let second = LocalSnapshot::list(call(0), first.next.as_deref(), 2).unwrap();
    assert_eq!((second.snapshots.len(), second.next), (1, None));
    assert!(LocalSnapshot::list(call(0), Some("../x"), 2).is_err());
    let mut stranger = call(0);
    stranger.tenant = "other".to_owned();
    assert!(
        LocalSnapshot::list(stranger, None, 2)
            .unwrap()
            .snapshots
            .is_empty()
    );
}

#[test]
fn a_snapshot_read_back_tells_its_manifest() {
    let room = Room::new();
    room.write("data/file", "content");
    let evidence = snapshot(0);
    let found = LocalSnapshot::get(call(0), &reference(0)).unwrap();
    assert_eq!((found.state, found.size), (SnapshotState::Ready, Some(7)));
    assert!(found.labels.contains(&(
        "manifest".to_owned(),
        fact(&evidence, "manifest").to_owned()
    )));
    assert!(matches!(
        LocalSnapshot::get(call(0), &reference(5)),
        Err(Failure::NotFound(_))
    ));
}

#[test]
fn a_deletion_touches_nothing_else_and_may_be_repeated() {
    let room = Room::new();
    room.write("data/file", "content");
    for day in 0..3 {
        snapshot(day);
    }
    let mut dry = call(1);
    dry.dry_run = true;
    assert_eq!(
        fact(
            &done(LocalSnapshot::start_delete(dry, &reference(1))),
            "would-delete"
        ),
        reference(1)
    );
    assert_eq!(listed().len(), 3);
    done(LocalSnapshot::start_delete(call(1), &reference(1)));
    assert_eq!(
        fact(
            &done(LocalSnapshot::start_delete(call(1), &reference(1))),
            "absent"
        ),
        reference(1)
    );
    assert_eq!(listed(), [reference(0), reference(2)]);
    done(verify(0));
    done(verify(2));
    for wrong in [
        "acme",
        "acme/latest",
        "acme/../acme/2026-11-20T06-00-00Z",
        "other/2026-11-20T06-00-00Z",
        "acme/.index",
    ] {
        assert!(
            matches!(
                LocalSnapshot::start_delete(call(1), wrong),
                Err(Failure::Invalid(_))
            ),
            "{wrong}"
        );
    }
    assert_eq!(listed().len(), 2);
}

#[test]
fn a_half_deleted_snapshot_is_not_listed_and_is_finished() {
    let room = Room::new();
    room.write("data/file", "content");
    snapshot(0);
    fs::rename(
        room.shelf(0),
        room.path("place/acme/.deleting-2026-11-20T06-00-00Z"),
    )
    .unwrap();
    assert!(listed().is_empty());
    done(LocalSnapshot::start_delete(call(0), &reference(0)));
    assert!(
        !room
            .path("place/acme/.deleting-2026-11-20T06-00-00Z")
            .exists()
    );
    assert_eq!(
        fs::read_dir(room.path("place/acme/.index"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_shelf_that_lost_its_index_is_found_again() {
    let room = Room::new();
    room.write("data/file", "content");
    snapshot(0);
    snapshot(1);
    fs::remove_dir_all(room.path("place/acme/.index")).unwrap();
    assert_eq!(listed(), [reference(0), reference(1)]);
    room.settle();
    assert_eq!(fact(&snapshot(2), "linked"), "1");
    assert_eq!(listed().len(), 3);
    assert_eq!(
        fs::read_dir(room.path("place/acme/.index"))
            .unwrap()
            .count(),
        3
    );
}

#[test]
fn a_restore_takes_single_paths_and_only_into_an_empty_tree() {
    let room = Room::new();
    room.write("data/docs/letter", "Dear customer");
    room.write("data/docs/other", "other");
    room.write("data/top", "top");
    snapshot(0);
    assert!(matches!(
        restore(0, &["data/docs/none"]),
        Err(Failure::NotFound(_))
    ));
    let evidence = done(restore(0, &["data/docs/letter"]));
    assert_eq!(fact(&evidence, "files"), "1");
    assert_eq!(
        fs::read(room.path("restore/data/docs/letter")).unwrap(),
        b"Dear customer"
    );
    assert!(
        !room.path("restore/data/docs/other").exists() && !room.path("restore/data/top").exists()
    );
    assert!(
        matches!(restore(0, &[]), Err(Failure::Conflict(detail)) if detail.contains("not empty"))
    );
}
