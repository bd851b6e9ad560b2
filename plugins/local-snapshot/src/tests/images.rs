//! An image is complete, is checked by public tools, and comes back as it was.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::XattrFlags;
use strongroom_plugin::Snapshots;

use crate::LocalSnapshot;
use crate::tests::{
    Room, call, done, fact, image_of, restore, sha256sum_accepts, snapshot, verify, warnings,
};

/// Everything odd that a folder can hold.
pub(super) fn odd_tree(room: &Room) {
    let data = room.path("data");
    room.write("data/plain.txt", "plain");
    room.write("data/empty", "");
    room.write("data/docs/letter.txt", "Dear customer");
    room.write(
        "data/a-b/before",
        "a-b sorts before a/b as text, after it in a walk",
    );
    room.write("data/a/b", "x");
    fs::create_dir_all(data.join("empty folder/inside")).unwrap();
    for name in [
        &b"new\nline"[..],
        b"carriage\rreturn",
        b"back\\slash",
        b" leading and trailing ",
        b"\xff\xfe not text",
        "ümläut €".as_bytes(),
        b"-rf",
        b"*",
        b"tab\there",
        b"\x1b[31m",
    ] {
        fs::write(data.join(OsStr::from_bytes(name)), name).unwrap();
    }
    fs::hard_link(data.join("plain.txt"), data.join("docs/the same.txt")).unwrap();
    fs::hard_link(data.join("plain.txt"), data.join("zz same again")).unwrap();
    symlink("plain.txt", data.join("link")).unwrap();
    symlink("/nowhere/at all", data.join("dangling")).unwrap();
    symlink(OsStr::from_bytes(b"\xff"), data.join("odd link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        data.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    rustix::fs::setxattr(
        data.join("plain.txt"),
        "user.colour",
        b"blue\0\xff",
        XattrFlags::empty(),
    )
    .unwrap();
    fs::set_permissions(
        data.join("docs/letter.txt"),
        fs::Permissions::from_mode(0o6751),
    )
    .unwrap();
    fs::set_permissions(data.join("a/b"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(
        data.join("empty folder"),
        fs::Permissions::from_mode(0o1777),
    )
    .unwrap();
    fs::set_permissions(data.join("docs"), fs::Permissions::from_mode(0o500)).unwrap();
    set_time(&data.join("docs"), 1_000_000_000, 123_456_789);
    set_time(&data.join("docs/letter.txt"), -5, 1);
    set_time(&data.join("link"), 5, 6);
}

fn set_time(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = rustix::fs::Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(
        rustix::fs::CWD,
        path,
        &times,
        rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
    )
    .unwrap();
}

#[test]
fn a_folder_with_everything_odd_comes_back_as_it_was() {
    let room = Room::new();
    odd_tree(&room);
    let evidence = snapshot(0);
    assert_eq!(fact(&evidence, "snapshot"), "acme/2026-11-20T06-00-00Z");
    assert_eq!(fact(&evidence, "files"), "17");
    assert_eq!(
        warnings(&evidence),
        ["recorded but not copied, a device, socket or FIFO: data/pipe"]
    );
    assert!(sha256sum_accepts(&room.shelf(0)));
    done(verify(0));
    let restored = done(restore(0, &[]));
    assert_eq!(
        warnings(&restored),
        ["a device, socket or FIFO is not restored: data/pipe"]
    );
    let mut expected = image_of(&room.path("data"));
    expected.remove(&b"pipe"[..]);
    assert_eq!(image_of(&room.path("restore/data")), expected);
}

#[test]
fn an_unchanged_file_is_linked_and_a_changed_one_copied() {
    let room = Room::new();
    odd_tree(&room);
    room.settle();
    snapshot(0);
    room.write("data/a-b/before", "something else");
    fs::remove_file(room.path("data/empty")).unwrap();
    room.write("data/new", "new");
    let second = snapshot(1);
    // Three names of one file are linked once; `before` and `new` are copied.
    assert_eq!(
        (fact(&second, "linked"), fact(&second, "new-bytes")),
        ("13", "17")
    );
    let same = |path: &str| {
        fs::symlink_metadata(room.shelf(0).join(path))
            .unwrap()
            .ino()
            == fs::symlink_metadata(room.shelf(1).join(path))
                .unwrap()
                .ino()
    };
    assert!(
        same("data/plain.txt") && same("data/docs/the same.txt") && same("data/docs/letter.txt")
    );
    assert!(!same("data/a-b/before"));
    assert!(
        !room.shelf(1).join("data/empty").exists() && room.shelf(0).join("data/empty").exists()
    );
    for day in [0, 1] {
        assert!(sha256sum_accepts(&room.shelf(day)));
        done(verify(day));
    }
    done(restore(1, &[]));
    let mut expected = image_of(&room.path("data"));
    expected.remove(&b"pipe"[..]);
    assert_eq!(image_of(&room.path("restore/data")), expected);
}

#[test]
fn a_file_whose_rights_changed_is_not_linked() {
    let room = Room::new();
    let file = room.write("data/secret", "secret");
    room.settle();
    snapshot(0);
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(fact(&snapshot(1), "linked"), "0");
    assert_eq!(
        fs::metadata(room.shelf(1).join("data/secret"))
            .unwrap()
            .mode()
            & 0o7777,
        0o400
    );
}

#[test]
fn the_shelf_is_read_only_and_keeps_no_set_id_bits() {
    let room = Room::new();
    odd_tree(&room);
    snapshot(0);
    let mut folders = vec![room.shelf(0)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let found = entry.metadata().unwrap();
            assert!(
                found.is_symlink() || found.mode() & 0o7222 == 0,
                "{:?} {:o}",
                entry.path(),
                found.mode()
            );
            folders.extend(found.is_dir().then(|| entry.path()));
        }
    }
    assert_eq!(fs::metadata(room.shelf(0)).unwrap().mtime(), 1_795_154_400);
}

#[test]
fn more_files_than_one_batch_holds_come_back() {
    let room = Room::new();
    for file in 0..2500 {
        room.write(
            &format!("data/{}/{file}", file % 7),
            format!("content {file}"),
        );
    }
    assert_eq!(fact(&snapshot(0), "files"), "2500");
    assert_eq!(fact(&snapshot(1), "linked"), "2500");
    assert!(sha256sum_accepts(&room.shelf(1)));
    assert_eq!(fact(&done(verify(1)), "files"), "2500");
    done(restore(1, &[]));
    assert_eq!(
        image_of(&room.path("restore/data")),
        image_of(&room.path("data"))
    );
}

#[test]
fn several_sources_lie_beside_each_other() {
    let room = Room::new();
    fs::create_dir(room.path("mail")).unwrap();
    strongroom_plugin::testing::grant("mail", room.path("mail"), false);
    room.write("data/one", "1");
    room.write("mail/cur/1.host:2,S", "Subject: hello");
    let mut both = call(0);
    both.config.sources = vec!["mail".to_owned(), "data".to_owned()];
    assert_eq!(fact(&done(LocalSnapshot::start_create(both)), "files"), "2");
    assert!(
        sha256sum_accepts(&room.shelf(0)) && room.shelf(0).join("mail/cur/1.host:2,S").exists()
    );
    done(restore(0, &["mail/cur"]));
    assert!(
        room.path("restore/mail/cur/1.host:2,S").exists() && !room.path("restore/data").exists()
    );
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    let room = Room::new();
    room.write("data/file", "12345");
    let mut dry = call(0);
    dry.dry_run = true;
    let evidence = done(LocalSnapshot::start_create(dry));
    assert_eq!(
        (
            fact(&evidence, "files"),
            fact(&evidence, "would-copy-bytes")
        ),
        ("1", "5")
    );
    assert_eq!(fs::read_dir(room.path("place")).unwrap().count(), 0);
}
