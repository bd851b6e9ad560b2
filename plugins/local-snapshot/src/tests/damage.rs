//! A damaged snapshot is found out, named path by path, and restores nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use strongroom_plugin::Failure;

use crate::tests::{Room, restore, sha256sum_accepts, snapshot, verify};

/// A shelf of one snapshot with three files, the last of them beyond the first batch.
fn shelf() -> Room {
    let room = Room::new();
    for file in ["data/a", "data/b/c", "data/z"] {
        room.write(file, format!("content of {file}"));
    }
    std::os::unix::fs::symlink("a", room.path("data/link")).unwrap();
    for file in 0..1100 {
        room.write(&format!("data/m/{file}"), "many");
    }
    snapshot(0);
    unlock(&room.shelf(0));
    room
}

/// Lets the test break what the plugin made read-only.
fn unlock(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = fs::symlink_metadata(&path).unwrap();
        if found.is_dir() {
            unlock(&path);
        } else if found.is_file() {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}

fn corrupt(failure: Result<strongroom_plugin::Step, Failure>) -> Vec<String> {
    match failure {
        Err(Failure::Corrupt(detail)) => detail.lines().map(str::to_owned).collect(),
        other => panic!("expected damage, found {other:?}"),
    }
}

#[test]
fn every_damaged_path_is_named_and_the_target_is_left_empty() {
    let room = shelf();
    fs::write(room.shelf(0).join("data/a"), "content of dataXa").unwrap();
    fs::write(room.shelf(0).join("data/z"), "Xontent of data/z").unwrap();
    fs::remove_file(room.shelf(0).join("data/b/c")).unwrap();
    assert!(!sha256sum_accepts(&room.shelf(0)));
    let named = corrupt(restore(0, &[]));
    assert_eq!(
        named,
        [
            "data/a: the content differs",
            "data/b/c: missing",
            "data/z: the content differs"
        ]
    );
    assert_eq!(fs::read_dir(room.path("restore")).unwrap().count(), 0);
    let mut named = corrupt(verify(0));
    named.sort();
    assert_eq!(
        named,
        [
            "data/a: the content differs",
            "data/b/c: missing",
            "data/z: the content differs"
        ]
    );
}

#[test]
fn an_undamaged_path_of_a_damaged_snapshot_can_be_restored() {
    let room = shelf();
    fs::write(room.shelf(0).join("data/a"), "broken").unwrap();
    restore(0, &["data/z"]).unwrap();
    assert_eq!(
        fs::read(room.path("restore/data/z")).unwrap(),
        b"content of data/z"
    );
}

#[test]
fn what_is_extra_or_of_another_kind_is_found() {
    let room = shelf();
    let shelf = room.shelf(0);
    fs::write(shelf.join("data/b/extra"), "extra").unwrap();
    fs::write(shelf.join("zz"), "extra").unwrap();
    fs::remove_file(shelf.join("data/link")).unwrap();
    std::os::unix::fs::symlink("z", shelf.join("data/link")).unwrap();
    fs::remove_file(shelf.join("data/z")).unwrap();
    fs::create_dir(shelf.join("data/z")).unwrap();
    let mut named = corrupt(verify(0));
    named.sort();
    assert_eq!(
        named,
        [
            "data/b/extra: not part of the snapshot",
            "data/link: the link points elsewhere",
            "data/z: is of another kind",
            "zz: not part of the snapshot"
        ]
    );
}

#[test]
fn a_changed_record_is_found_by_the_manifest() {
    let room = shelf();
    let path = room.shelf(0).join("METADATA.jsonl");
    let changed = fs::read_to_string(&path)
        .unwrap()
        .replacen("0644", "4755", 1);
    fs::write(&path, changed).unwrap();
    for named in [corrupt(verify(0)), corrupt(restore(0, &[]))] {
        assert_eq!(named.len(), 1);
        assert!(named[0].contains("METADATA.jsonl"), "{named:?}");
    }
    assert_eq!(fs::read_dir(room.path("restore")).unwrap().count(), 0);
}

#[test]
fn a_changed_manifest_is_found_by_the_records() {
    let room = shelf();
    let path = room.shelf(0).join("SHA256SUMS");
    let text = fs::read_to_string(&path).unwrap();
    for changed in [
        text.replacen("data/b/c", "data/b/d", 1),
        text.lines()
            .skip(1)
            .map(|line| format!("{line}\n"))
            .collect(),
        "nonsense\n".to_owned(),
        String::new(),
    ] {
        fs::write(&path, changed).unwrap();
        assert!(corrupt(verify(0))[0].contains("SHA256SUMS"));
    }
    fs::remove_file(&path).unwrap();
    assert!(corrupt(verify(0))[0].contains("SHA256SUMS"));
}

#[test]
fn a_damaged_snapshot_does_not_stop_the_next_one() {
    let room = shelf();
    let path = room.shelf(0).join("METADATA.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    snapshot(1);
    assert!(sha256sum_accepts(&room.shelf(1)));
    let listed = <crate::LocalSnapshot as strongroom_plugin::Snapshots>::list(
        crate::tests::call(1),
        None,
        10,
    )
    .unwrap()
    .snapshots;
    let states: Vec<_> = listed.into_iter().map(|snapshot| snapshot.state).collect();
    assert_eq!(
        states,
        [
            strongroom_plugin::SnapshotState::Failed,
            strongroom_plugin::SnapshotState::Ready
        ]
    );
}

#[test]
fn damage_of_one_snapshot_is_not_passed_on_to_the_next() {
    let room = shelf();
    room.settle();
    fs::write(room.shelf(0).join("data/a"), "content of dataXa").unwrap();
    fs::write(room.shelf(0).join("data/z"), "short").unwrap();
    fs::remove_file(room.shelf(0).join("data/b/c")).unwrap();
    let evidence = snapshot(1);
    let named = crate::tests::warnings(&evidence);
    let altered = |path: &str| format!("altered in the snapshot before, so copied anew: {path}");
    assert_eq!(
        named,
        [altered("data/a"), altered("data/b/c"), altered("data/z")]
    );
    assert_eq!(crate::tests::fact(&evidence, "linked"), "1100");
    verify(1).unwrap();
    assert_eq!(
        fs::read(room.shelf(1).join("data/a")).unwrap(),
        b"content of data/a"
    );
    assert!(verify(0).is_err());
}
