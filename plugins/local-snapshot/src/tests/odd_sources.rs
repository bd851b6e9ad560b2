//! Sources that move, vanish, hold databases, or hold the shelf itself.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;

use strongroom_plugin::{Failure, Snapshots, testing};

use crate::tests::{
    Room, call, done, fact, restore, sha256sum_accepts, snapshot, verify, warnings,
};
use crate::{LocalSnapshot, Sqlite};

fn append(path: &std::path::Path) {
    fs::OpenOptions::new()
        .append(true)
        .open(path)
        .unwrap()
        .write_all(b" and more")
        .unwrap();
}

#[test]
fn a_file_that_changes_once_while_it_is_read_is_read_again() {
    let room = Room::new();
    room.write("data/busy", "busy");
    let times = Cell::new(0);
    testing::while_copying(move |path| {
        times.set(times.get() + 1);
        if times.get() == 1 {
            append(path);
        }
    });
    assert!(warnings(&snapshot(0)).is_empty());
    assert_eq!(
        fs::read(room.shelf(0).join("data/busy")).unwrap(),
        b"busy and more"
    );
    assert!(sha256sum_accepts(&room.shelf(0)));
}

#[test]
fn a_file_that_never_holds_still_is_reported_and_copied_again_next_time() {
    let room = Room::new();
    let busy = room.write("data/busy", "busy");
    room.settle();
    testing::while_copying(append);
    let evidence = snapshot(0);
    assert!(
        warnings(&evidence)[0].contains("no single moment")
            && warnings(&evidence)[0].contains("data/busy")
    );
    let metadata = fs::read_to_string(room.shelf(0).join("METADATA.jsonl")).unwrap();
    assert!(metadata.contains("\"disturbed\":true"));
    done(verify(0));
    testing::while_copying(|_| {});
    assert_eq!(fact(&snapshot(1), "linked"), "0");
    assert_eq!(
        fs::read(room.shelf(1).join("data/busy")).unwrap(),
        fs::read(busy).unwrap()
    );
}

#[test]
fn a_file_that_goes_away_is_told_and_left_out() {
    let room = Room::new();
    room.write("data/stays", "stays");
    room.write("data/goes", "goes");
    testing::while_copying(|path| {
        if path.ends_with("goes") {
            fs::remove_file(path).unwrap();
        }
    });
    let evidence = snapshot(0);
    assert_eq!(
        warnings(&evidence),
        ["went away while the snapshot was made: data/goes"]
    );
    assert_eq!(fact(&evidence, "files"), "1");
    done(verify(0));
}

/// The first page of a database as SQLite lays it out, as far as recognising it needs.
fn database(pages: u8) -> Vec<u8> {
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.resize(512 * usize::from(pages), pages);
    bytes
}

#[test]
fn a_database_takes_its_log_with_it_and_is_never_linked_beside_one() {
    let room = Room::new();
    room.write("data/app.db", database(2));
    room.write("data/app.db-wal", "commits");
    room.write("data/app.db-shm", "index");
    room.write("data/other-wal", "an ordinary file");
    room.settle();
    let evidence = snapshot(0);
    assert_eq!(fact(&evidence, "files"), "2");
    assert!(
        !room.shelf(0).join("data/app.db-wal").exists()
            && room.shelf(0).join("data/other-wal").exists()
    );
    done(verify(0));
    // The main file is as it was, but a commit may lie in the log.
    assert_eq!(fact(&snapshot(1), "linked"), "1");
    // SQLite was closed: the log is gone, the copy of the day before held its content.
    fs::remove_file(room.path("data/app.db-wal")).unwrap();
    fs::remove_file(room.path("data/app.db-shm")).unwrap();
    assert_eq!(fact(&snapshot(2), "linked"), "1");
    assert_eq!(fact(&snapshot(3), "linked"), "2");
    // Opened again.
    room.write("data/app.db-wal", "a commit");
    assert_eq!(fact(&snapshot(4), "linked"), "1");
    done(restore(4, &[]));
    assert!(
        room.path("restore/data/app.db").exists() && !room.path("restore/data/app.db-wal").exists()
    );
}

#[test]
fn databases_are_plain_files_where_the_operator_says_so() {
    let room = Room::new();
    room.write("data/app.db", database(1));
    room.write("data/app.db-wal", "commits");
    let mut bytes = call(0);
    bytes.config.sqlite = Sqlite::Bytes;
    assert_eq!(
        fact(&done(LocalSnapshot::start_create(bytes)), "files"),
        "2"
    );
}

#[test]
fn a_shelf_inside_its_own_source_is_refused() {
    let room = Room::new();
    testing::grant("data", room.folder.path(), false);
    let failure = LocalSnapshot::start_create(call(0)).unwrap_err();
    assert!(
        matches!(&failure, Failure::Invalid(detail) if detail.contains("data/place")),
        "{failure:?}"
    );
    assert!(!room.path("place/acme/latest").exists());
    assert!(
        LocalSnapshot::list(call(0), None, 10)
            .unwrap()
            .snapshots
            .is_empty()
    );
}

#[test]
fn a_source_that_is_not_granted_is_named() {
    let _room = Room::new();
    let mut wrong = call(0);
    wrong.config.sources = vec!["daat".to_owned()];
    assert!(
        matches!(LocalSnapshot::start_create(wrong).unwrap_err(), Failure::Denied(detail) if detail.contains("daat"))
    );
    for name in ["", "..", "a/b", "SHA256SUMS", "place"] {
        let mut wrong = call(0);
        wrong.config.sources = vec![name.to_owned()];
        assert!(
            matches!(
                LocalSnapshot::start_create(wrong).unwrap_err(),
                Failure::Invalid(_)
            ),
            "{name}"
        );
    }
}

#[test]
fn a_file_changed_right_before_the_snapshot_is_compared_by_content() {
    let room = Room::new();
    let file = room.write("data/file", "one");
    snapshot(0);
    assert!(
        fs::read_to_string(room.shelf(0).join("METADATA.jsonl"))
            .unwrap()
            .contains("\"recent\":true")
    );
    let inode = |day: u32| {
        fs::metadata(room.shelf(day).join("data/file"))
            .unwrap()
            .ino()
    };
    room.settle();
    assert_eq!(fact(&snapshot(1), "linked"), "1");
    assert_eq!(inode(0), inode(1));
    // By now its times are old enough to be believed.
    assert!(
        !fs::read_to_string(room.shelf(1).join("METADATA.jsonl"))
            .unwrap()
            .contains("\"recent\":true")
    );
    fs::write(file, "two").unwrap();
    assert_eq!(fact(&snapshot(2), "linked"), "0");
}

#[test]
fn a_recent_file_with_another_content_is_copied() {
    let room = Room::new();
    room.write("data/file", "one");
    snapshot(0);
    // As if the file had changed within the tick: the same times, another digest.
    let metadata = room.shelf(0).join("METADATA.jsonl");
    let text = fs::read_to_string(&metadata).unwrap();
    let (before, digest) = text.split_once("\"sha256\":\"").unwrap();
    let changed = format!("{before}\"sha256\":\"{}{}", "0".repeat(64), &digest[64..]);
    fs::write(&metadata, changed).unwrap();
    assert_eq!(fact(&snapshot(1), "linked"), "0");
    assert!(sha256sum_accepts(&room.shelf(1)));
}
