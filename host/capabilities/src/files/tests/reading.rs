//! What a walk and a description tell.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use strongroom_domain::grants::Access;
use strongroom_sandbox::capability::files::{FileError, FileKind, Files};

use super::{NoDatabases, Room, as_nobody, is_root, paths, refused};
use crate::files::stop::Stop;
use crate::files::trees::Tree;
use crate::files::walk::Walker;
use crate::files::{CallFiles, GrantedTree, TreeError};

#[tokio::test]
async fn a_walk_goes_through_folders_before_their_content_in_byte_order() {
    let room = Room::new();
    for folder in ["b", "b/z", "b/a", "b-", "empty"] {
        fs::create_dir(room.source(folder)).unwrap();
    }
    for file in ["b/z/1", "b/a/2", "b-/3", "B", "a", "b/y"] {
        fs::write(room.source(file), file).unwrap();
    }
    symlink("b/../nowhere", room.source("link")).unwrap();
    let entries = room.walk("source", "").await;
    let expected = "B a b b/a b/a/2 b/y b/z b/z/1 b- b-/3 empty link";
    assert_eq!(paths(&entries).join(" "), expected);
    let link = entries.last().unwrap();
    assert_eq!(
        (link.metadata.kind, link.target.as_deref()),
        (FileKind::Symlink, Some(&b"b/../nowhere"[..]))
    );
    assert_eq!(
        paths(&room.walk("source", "b").await).join(" "),
        "b/a b/a/2 b/y b/z b/z/1"
    );
    assert_eq!(room.walk("source", "empty").await, []);
    assert_eq!(
        room.files.walk("source".into(), b"a".into()).await,
        Err(FileError::NotADirectory)
    );
    assert_eq!(
        room.files.walk("source".into(), b"none".into()).await,
        Err(FileError::NotFound)
    );
}

#[tokio::test]
async fn odd_names_are_told_and_taken_as_they_are() {
    let room = Room::new();
    let long = "n".repeat(255);
    let names: [&[u8]; 6] = [
        b"\x01bell",
        b" ",
        b"line\nbreak",
        b"\xff\xfe",
        long.as_bytes(),
        b"caf\xc3\xa9",
    ];
    for name in names {
        fs::write(room.source("").join(OsStr::from_bytes(name)), name).unwrap();
    }
    let mut expected = names.map(<[u8]>::to_vec);
    expected.sort();
    let walked: Vec<_> = room
        .walk("source", "")
        .await
        .into_iter()
        .map(|entry| entry.path)
        .collect();
    assert_eq!(walked, expected);
    for name in names {
        let reader = room
            .files
            .read("source".into(), name.into(), 0)
            .await
            .unwrap();
        assert_eq!(room.files.read_next(reader, 1_000).await.unwrap(), name);
        assert_eq!(room.files.read_next(reader, 1_000).await.unwrap(), b"");
        room.files.close(reader);
    }
}

#[tokio::test]
async fn metadata_is_what_the_system_says_to_the_nanosecond() {
    let room = Room::new();
    fs::write(room.source("file"), vec![7; 10_000]).unwrap();
    fs::hard_link(room.source("file"), room.source("twin")).unwrap();
    fs::set_permissions(room.source("file"), fs::Permissions::from_mode(0o4751)).unwrap();
    let told = room
        .files
        .describe("source".into(), b"file".into())
        .await
        .unwrap();
    let real = fs::metadata(room.source("file")).unwrap();
    let found = told.metadata;
    assert_eq!(
        (found.kind, found.mode, found.links),
        (FileKind::File, 0o4751, 2)
    );
    assert_eq!((found.size, found.allocated), (10_000, real.blocks() * 512));
    assert_eq!((found.uid, found.gid), (real.uid(), real.gid()));
    assert_eq!((found.device, found.inode), (real.dev(), real.ino()));
    assert_eq!(
        (
            found.modified.seconds,
            i64::from(found.modified.nanoseconds)
        ),
        (real.mtime(), real.mtime_nsec())
    );
    assert_eq!(
        (found.changed.seconds, i64::from(found.changed.nanoseconds)),
        (real.ctime(), real.ctime_nsec())
    );
    let walked = room.walk("source", "").await;
    assert_eq!(walked[0], told);
    assert_eq!(
        (walked[1].metadata.inode, walked[1].metadata.links),
        (found.inode, 2)
    );
    let root = room
        .files
        .describe("source".into(), Vec::new())
        .await
        .unwrap();
    assert_eq!(
        (root.metadata.kind, root.path),
        (FileKind::Directory, Vec::new())
    );
}

#[tokio::test]
async fn reading_leaves_the_access_time_alone() {
    let room = Room::new();
    fs::write(room.source("file"), "content").unwrap();
    let old = fs::FileTimes::new().set_accessed(std::time::UNIX_EPOCH);
    fs::File::options()
        .write(true)
        .open(room.source("file"))
        .unwrap()
        .set_times(old)
        .unwrap();
    let answers = room
        .files
        .digest("source".into(), vec![b"file".into()])
        .await;
    assert_eq!(answers[0].as_ref().unwrap().0, 7);
    assert_eq!(fs::metadata(room.source("file")).unwrap().atime(), 0);
}

#[tokio::test]
async fn a_folder_too_deep_is_reported_and_the_rest_is_walked() {
    let room = Room::new();
    let deep = room.source(&"d/".repeat(300));
    fs::create_dir_all(&deep).unwrap();
    fs::write(room.source("last"), "").unwrap();
    let entries = room.walk("source", "").await;
    assert_eq!(entries.len(), 257);
    assert!(
        matches!(entries[255].error, Some(FileError::Refused(_))),
        "{:?}",
        entries[255].error
    );
    assert!(entries[..255].iter().all(|entry| entry.error.is_none()));
    assert_eq!(entries[256].path, b"last");
    assert!(refused(
        &room
            .files
            .describe("source".into(), [&b"d/".repeat(256)[..], b"d"].concat())
            .await
    ));
}

#[tokio::test]
async fn a_walk_finds_its_way_back_up_from_deep_folders() {
    let room = Room::new();
    let mut folder = String::new();
    let mut expected = Vec::new();
    for _ in 0..40 {
        expected.push(format!("{folder}m"));
        folder.push_str("m/");
    }
    fs::create_dir_all(room.source(&folder)).unwrap();
    for level in (0..=40).rev() {
        let file = format!("{}z", "m/".repeat(level));
        fs::write(room.source(&file), "").unwrap();
        expected.push(file);
    }
    assert_eq!(paths(&room.walk("source", "").await), expected);
}

#[tokio::test]
async fn what_vanishes_during_a_walk_is_left_out() {
    let room = Room::new();
    for file in ["a", "b", "c"] {
        fs::write(room.source(file), "").unwrap();
    }
    let walker = room.files.walk("source".into(), Vec::new()).await.unwrap();
    assert_eq!(
        paths(&room.files.walk_next(walker, 1).await.unwrap()),
        ["a"]
    );
    fs::remove_file(room.source("b")).unwrap();
    assert_eq!(
        paths(&room.files.walk_next(walker, 10).await.unwrap()),
        ["c"]
    );
    assert_eq!(room.files.walk_next(walker, 10).await.unwrap(), []);
    assert!(refused(&room.files.walk_next(walker, 0).await));
}

#[test]
fn a_folder_that_cannot_be_read_is_an_entry_with_its_error() {
    let room = Room::new();
    fs::create_dir(room.source("closed")).unwrap();
    fs::create_dir(room.source("listed")).unwrap();
    fs::write(room.source("listed/name"), "").unwrap();
    fs::write(room.source("open"), "").unwrap();
    for (folder, mode) in [("closed", 0), ("listed", 0o444)] {
        fs::set_permissions(room.source(folder), fs::Permissions::from_mode(mode)).unwrap();
    }
    let granted = GrantedTree {
        name: "source".into(),
        folder: room.source(""),
        access: Access::Read,
    };
    let entries = as_nobody(room.folder.path(), || {
        let tree = Arc::new(Tree::open(&granted, Arc::default()).unwrap());
        Walker::new(tree, b"")
            .unwrap()
            .next(100, &Stop::default())
            .unwrap()
    });
    assert_eq!(paths(&entries), ["closed", "listed", "listed/name", "open"]);
    let errors: Vec<_> = entries.iter().map(|entry| entry.error.clone()).collect();
    assert_eq!(
        errors,
        [
            Some(FileError::Permission),
            None,
            Some(FileError::Permission),
            None
        ]
    );
    for folder in ["closed", "listed"] {
        fs::set_permissions(room.source(folder), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_grant_that_names_no_folder_is_an_error_with_its_path() {
    let room = Room::new();
    fs::write(room.source("file"), "").unwrap();
    std::os::unix::fs::symlink(room.source(""), room.elsewhere("link")).unwrap();
    let open = |folder| {
        let tree = GrantedTree {
            name: "data".into(),
            folder,
            access: Access::Read,
        };
        CallFiles::open(&[tree], &[], Arc::new(NoDatabases), Arc::default()).map(drop)
    };
    let missing = open(room.source("none")).unwrap_err();
    assert!(matches!(missing, TreeError::Missing { .. }));
    assert!(
        missing
            .to_string()
            .contains(room.source("none").to_str().unwrap()),
        "{missing}"
    );
    assert!(matches!(
        open(room.source("file")),
        Err(TreeError::NotAFolder { .. })
    ));
    assert!(
        open(room.elsewhere("link")).is_ok(),
        "the operator may reach a folder through a link"
    );
    if !is_root() {
        assert!(matches!(
            open("/proc/1/fd".into()),
            Err(TreeError::Unreachable { .. })
        ));
    }
}
