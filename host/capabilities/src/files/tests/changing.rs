//! Making, linking, moving, setting and removing.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use strongroom_domain::grants::Access;
use strongroom_sandbox::capability::files::{Change, FileError, FileTime, Files};

use super::{Room, as_nobody, is_root, refused, skipped};
use crate::dry_run::DryRun;
use crate::files::GrantedTree;
use crate::files::set::set;
use crate::files::stop::Stop;
use crate::files::trees::{Tree, Writable};
use crate::files::{remove, walk};

fn change(path: &str) -> Change {
    Change {
        path: path.into(),
        mode: None,
        owner: None,
        modified: None,
        attributes: Vec::new(),
    }
}

fn writable(room: &Room) -> Writable {
    let granted = GrantedTree {
        name: "place".into(),
        folder: room.place(""),
        access: Access::Write,
    };
    Writable::new(Arc::new(Tree::open(&granted, Arc::default()).unwrap())).unwrap()
}

#[tokio::test]
async fn a_written_file_has_its_bytes_and_is_private() {
    let room = Room::new();
    let writer = room
        .files
        .write("place".into(), b"file".into())
        .await
        .unwrap();
    room.files.write_next(writer, b"one ".into()).await.unwrap();
    room.files.write_next(writer, b"two".into()).await.unwrap();
    room.files.write_finish(writer).await.unwrap();
    assert!(refused(
        &room.files.write_next(writer, b"late".into()).await
    ));
    assert_eq!(fs::read(room.place("file")).unwrap(), b"one two");
    assert_eq!(
        fs::metadata(room.place("file")).unwrap().mode() & 0o7777,
        0o600
    );
    assert_eq!(
        room.files.write("place".into(), b"file".into()).await,
        Err(FileError::Exists)
    );
    let reader = room
        .files
        .read("place".into(), b"file".into(), 4)
        .await
        .unwrap();
    assert_eq!(room.files.read_next(reader, 2).await.unwrap(), b"tw");
    room.files
        .make_directory("place".into(), b"folder".into())
        .await
        .unwrap();
    assert_eq!(
        fs::metadata(room.place("folder")).unwrap().mode() & 0o7777,
        0o700
    );
    assert_eq!(room.files.sync("place".into()).await, Ok(()));
    let (free, all) = room.files.space("place".into()).await.unwrap();
    assert!(0 < free && free <= all);
}

#[tokio::test]
async fn links_are_names_of_one_file() {
    let room = Room::new();
    fs::write(room.place("file"), "content").unwrap();
    fs::create_dir(room.place("folder")).unwrap();
    symlink("nowhere", room.place("text")).unwrap();
    let pair = |from: &str, to: &str| (from.into(), to.into());
    let items = vec![
        pair("file", "folder/twin"),
        pair("text", "folder/text"),
        pair("folder", "copy"),
        pair("file", "folder/twin"),
        pair("missing", "folder/other"),
    ];
    let answers = room.files.link("place".into(), items).await;
    use FileError::{Exists, IsADirectory, NotFound};
    assert_eq!(
        answers,
        [
            Ok(()),
            Ok(()),
            Err(IsADirectory),
            Err(Exists),
            Err(NotFound)
        ]
    );
    let inode = |name| fs::symlink_metadata(room.place(name)).unwrap().ino();
    assert_eq!(inode("file"), inode("folder/twin"));
    assert_eq!(inode("text"), inode("folder/text"));
}

#[tokio::test]
async fn a_move_replaces_files_and_links_and_never_folders() {
    let room = Room::new();
    for folder in ["folder", "empty"] {
        fs::create_dir(room.place(folder)).unwrap();
    }
    fs::write(room.place("file"), "file").unwrap();
    symlink("old", room.place("latest")).unwrap();
    symlink("new", room.place("latest.next")).unwrap();
    let rename = async |old: &str, new: &str| {
        room.files
            .rename("place".into(), old.into(), new.into())
            .await
    };
    assert_eq!(rename("latest.next", "latest").await, Ok(()));
    assert_eq!(
        fs::read_link(room.place("latest")).unwrap().to_str(),
        Some("new")
    );
    assert_eq!(rename("folder", "empty").await, Err(FileError::Exists));
    assert_eq!(rename("folder", "file").await, Err(FileError::Exists));
    assert_eq!(rename("file", "empty").await, Err(FileError::IsADirectory));
    assert!(refused(&rename("folder", "folder/inside").await));
    assert_eq!(rename("missing", "other").await, Err(FileError::NotFound));
    assert_eq!(rename("folder", "moved").await, Ok(()));
    fs::hard_link(room.place("file"), room.place("twin")).unwrap();
    assert_eq!(rename("file", "twin").await, Ok(()));
    assert!(!room.place("file").exists());
    assert_eq!(rename("twin", "twin").await, Ok(()));
    assert_eq!(fs::read_to_string(room.place("twin")).unwrap(), "file");
}

/// An access list as the kernel keeps it: owner rw, user 1234 r, group r, mask r, others nothing.
fn access_list() -> Vec<u8> {
    let entries = [
        (1, 6, !0),
        (2, 4, 1_234),
        (4, 4, !0),
        (16, 4, !0),
        (32, 0, !0),
    ];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, allowed, id) in entries {
        list.extend([u16::to_le_bytes(tag), u16::to_le_bytes(allowed)].concat());
        list.extend(u32::to_le_bytes(id));
    }
    list
}

#[tokio::test]
async fn attributes_and_access_lists_are_set_and_read_back() {
    let room = Room::new();
    fs::write(room.place("file"), "content").unwrap();
    let name = "system.posix_acl_access";
    let flags = rustix::fs::XattrFlags::empty();
    let mut attributes = vec![
        ("user.long".to_owned(), vec![b'x'; 1_500]),
        ("user.note".to_owned(), b"\x00\xff".to_vec()),
    ];
    match rustix::fs::setxattr(room.place("file"), name, &access_list(), flags) {
        Ok(()) => attributes.insert(0, (name.to_owned(), access_list())),
        Err(error) => skipped(&format!("no access lists here: {error}")),
    }
    let mut set = change("file");
    (set.mode, set.attributes) = (Some(0o640), attributes.clone());
    assert_eq!(room.files.set("place".into(), vec![set]).await, [Ok(())]);
    let file = room.files.describe("place".into(), b"file".into()).await;
    assert_eq!(file.unwrap().attributes, attributes);
    assert_eq!(room.walk("place", "").await[0].attributes, attributes);
}

#[tokio::test]
async fn modes_and_times_are_set_and_read_back_to_the_nanosecond() {
    let room = Room::new();
    fs::write(room.place("file"), "content").unwrap();
    fs::create_dir(room.place("folder")).unwrap();
    symlink("nowhere", room.place("link")).unwrap();
    let new = FileTime {
        seconds: 1_000_000_007,
        nanoseconds: 123_456_789,
    };
    let old = FileTime {
        seconds: -5,
        nanoseconds: 1,
    };
    let set = |path, mode, modified| Change {
        mode,
        modified: Some(modified),
        ..change(path)
    };
    let items = vec![
        set("file", Some(0o2640), new),
        set("folder", Some(0o1555), old),
        set("link", None, new),
        set("missing", None, new),
    ];
    let answers = room.files.set("place".into(), items).await;
    assert_eq!(answers, [Ok(()), Ok(()), Ok(()), Err(FileError::NotFound)]);
    let walked = room.walk("place", "").await;
    let found = |at: usize| (walked[at].metadata.mode, walked[at].metadata.modified);
    assert_eq!(found(0), (0o2640, new));
    assert_eq!(found(1), (0o1555, old));
    assert_eq!(found(2).1, new);
}

#[tokio::test]
async fn what_no_image_holds_cannot_be_set() {
    let room = Room::new();
    fs::write(room.place("file"), "content").unwrap();
    let attribute = |name: &str| vec![(name.to_owned(), vec![1])];
    let late = FileTime {
        seconds: 0,
        nanoseconds: 1_000_000_000,
    };
    let bad = vec![
        Change {
            mode: Some(0o10000),
            ..change("file")
        },
        Change {
            attributes: attribute("security.capability"),
            ..change("file")
        },
        Change {
            attributes: attribute("trusted.x"),
            ..change("file")
        },
        Change {
            modified: Some(late),
            ..change("file")
        },
        Change {
            owner: Some((u32::MAX, 0)),
            ..change("file")
        },
    ];
    let answers = room.files.set("place".into(), bad).await;
    assert!(answers.iter().all(refused), "{answers:?}");
}

#[tokio::test]
async fn owners_are_set_also_on_links_and_set_id_bits_survive() {
    let room = Room::new();
    fs::write(room.place("file"), "content").unwrap();
    symlink("file", room.place("link")).unwrap();
    let own = |path: &str, owner| Change {
        owner: Some(owner),
        ..change(path)
    };
    if !is_root() {
        skipped("owners are given by root only; that it is refused is tried below");
        return;
    }
    let items = vec![
        Change {
            mode: Some(0o4755),
            ..own("file", (1_000, 1_001))
        },
        own("link", (2_000, 2_001)),
    ];
    assert_eq!(
        room.files.set("place".into(), items).await,
        [Ok(()), Ok(())]
    );
    let owner = |name| {
        fs::symlink_metadata(room.place(name))
            .map(|data| (data.uid(), data.gid(), data.mode()))
            .unwrap()
    };
    assert_eq!(owner("file"), (1_000, 1_001, 0o104_755));
    assert_eq!(owner("link"), (2_000, 2_001, 0o120_777));
}

#[test]
fn an_ordinary_user_cannot_give_files_away_but_may_change_read_only_ones() {
    let room = Room::new();
    fs::write(room.place("file"), "content").unwrap();
    fs::set_permissions(room.place("file"), fs::Permissions::from_mode(0o400)).unwrap();
    let attribute = ("user.note".to_owned(), b"kept".to_vec());
    let given = Change {
        owner: Some((0, 0)),
        ..change("file")
    };
    let noted = Change {
        mode: Some(0o440),
        attributes: vec![attribute.clone()],
        ..change("file")
    };
    let (answers, entries) = as_nobody(room.folder.path(), || {
        let place = writable(&room);
        let answers = set(&place, &[given, noted], &Stop::default());
        let granted = GrantedTree {
            name: "place".into(),
            folder: room.place(""),
            access: Access::Read,
        };
        let tree = Arc::new(Tree::open(&granted, Arc::default()).unwrap());
        (
            answers,
            walk::Walker::new(tree, b"")
                .unwrap()
                .next(10, &Stop::default())
                .unwrap(),
        )
    });
    assert_eq!(answers, [Err(FileError::Permission), Ok(())]);
    assert_eq!(
        (entries[0].metadata.mode, &entries[0].attributes),
        (0o440, &vec![attribute])
    );
}

#[tokio::test]
async fn removing_all_counts_and_follows_nothing() {
    let room = Room::new();
    fs::create_dir_all(room.place(&format!("old/{}", "d/".repeat(40)))).unwrap();
    fs::create_dir(room.place("old/e")).unwrap();
    fs::write(room.place("old/d/d/file"), "").unwrap();
    fs::write(room.place("old/e/file"), "").unwrap();
    fs::write(room.place("kept"), "").unwrap();
    symlink(room.elsewhere(""), room.place("old/door")).unwrap();
    symlink("../kept", room.place("old/e/link")).unwrap();
    fs::hard_link(room.elsewhere("secret"), room.place("old/twin")).unwrap();
    let remove_all = async |path: &str| room.files.remove_all("place".into(), path.into()).await;
    assert_eq!(remove_all("old").await, Ok(1 + 40 + 1 + 2 + 2 + 1));
    assert!(!room.place("old").exists() && room.place("kept").exists());
    assert_eq!(
        fs::read_to_string(room.elsewhere("secret")).unwrap(),
        "secret"
    );
    assert_eq!(remove_all("old").await, Err(FileError::NotFound));
    assert_eq!(remove_all("kept").await, Err(FileError::NotADirectory));
    assert!(refused(&remove_all("").await));
    fs::create_dir_all(room.place("full/inside")).unwrap();
    let remove = async |path: &str| room.files.remove("place".into(), path.into()).await;
    assert_eq!(remove("full").await, Err(FileError::NotEmpty));
    assert_eq!(remove("full/inside").await, Ok(()));
    assert_eq!(remove("full").await, Ok(()));
    assert_eq!(remove("kept").await, Ok(()));
}

#[test]
fn removing_all_takes_what_its_owner_made_read_only() {
    let room = Room::new();
    fs::create_dir_all(room.place("old/a/b")).unwrap();
    fs::write(room.place("old/a/b/file"), "").unwrap();
    for (path, mode) in [
        ("old/a/b/file", 0o400),
        ("old/a/b", 0o555),
        ("old/a", 0),
        ("old", 0o555),
    ] {
        fs::set_permissions(room.place(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let removed = as_nobody(room.folder.path(), || {
        remove::remove_all(&writable(&room), b"old", &Stop::default())
    });
    assert_eq!(removed, Ok(4));
    assert!(!room.place("old").exists());
}

#[tokio::test]
async fn what_a_dry_run_tries_to_change_is_held_back_and_told() {
    let Room { folder, mut files } = Room::new();
    files.dry_run = Arc::new(DryRun::new(true));
    let made = files.make_directory("place".into(), b"new".to_vec()).await;
    assert_eq!(made, Err(FileError::ReadOnly));
    // Reading, and bringing nothing to disk, is no attempt.
    assert!(files.describe("place".into(), Vec::new()).await.is_ok());
    assert_eq!(files.sync("place".into()).await, Ok(()));
    assert_eq!(files.dry_run.held_back(), ["a change in the tree `place`"]);
    assert!(!folder.path().join("place/new").exists());
}
