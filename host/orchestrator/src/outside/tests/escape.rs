//! Nothing outside a granted folder is ever read or changed.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mkfifoat, mknodat, renameat_with};
use strongroom_sandbox::outside::{Change, CopyItem, CopyMethod, FileError, FileKind, Outside};

use super::{Room, bytes, is_root, meanwhile, refused, skipped};

/// Tries every call on a path in the writable tree and says which were not refused.
async fn not_refused(room: &Room, path: &[u8]) -> Vec<&'static str> {
    let outside = &room.outside;
    let tree = || "place".to_owned();
    let change = |mode, owner| Change { path: path.into(), mode, owner, modified: None, attributes: Vec::new() };
    let item = |source: &[u8], destination: &[u8]| CopyItem {
        source: source.into(),
        destination: destination.into(),
        method: CopyMethod::Bytes,
    };
    let mut tried = vec![
        ("describe", outside.describe(tree(), path.into()).await.map(drop)),
        ("walk", outside.walk(tree(), path.into()).await.map(drop)),
        ("read", outside.read(tree(), path.into(), 0).await.map(drop)),
        ("write", outside.write(tree(), path.into()).await.map(drop)),
        ("make_directory", outside.make_directory(tree(), path.into()).await),
        ("symlink", outside.symlink(tree(), path.into(), b"x".into()).await),
        ("rename to", outside.rename(tree(), b"ours".into(), path.into()).await),
        ("rename from", outside.rename(tree(), path.into(), b"taken".into()).await),
        ("remove", outside.remove(tree(), path.into()).await),
        ("remove_all", outside.remove_all(tree(), path.into()).await.map(drop)),
    ];
    let lists = [
        ("link to", outside.link(tree(), vec![(b"ours".into(), path.into())]).await),
        ("link from", outside.link(tree(), vec![(path.into(), b"taken".into())]).await),
        ("set mode", outside.set(tree(), vec![change(Some(0o777), None)]).await),
        ("set owner", outside.set(tree(), vec![change(None, Some((1, 1)))]).await),
    ];
    tried.extend(lists.into_iter().map(|(name, mut answers)| (name, answers.remove(0))));
    let copies = [
        ("copy from", outside.copy(tree(), tree(), vec![item(path, b"taken")]).await.remove(0).map(drop)),
        ("copy to", outside.copy(tree(), tree(), vec![item(b"ours", path)]).await.remove(0).map(drop)),
        ("digest", outside.digest(tree(), vec![path.into()]).await.remove(0).map(drop)),
    ];
    tried.extend(copies);
    tried.into_iter().filter(|(_, result)| !refused(result)).map(|(name, _)| name).collect()
}

#[tokio::test]
async fn no_call_takes_a_path_that_leads_out() {
    let room = Room::new();
    fs::write(room.place("ours"), "ours").unwrap();
    fs::create_dir(room.place("folder")).unwrap();
    symlink("../elsewhere", room.place("door")).unwrap();
    symlink(room.elsewhere(""), room.place("absolute-door")).unwrap();
    symlink("folder", room.place("inner-door")).unwrap();
    symlink("/proc/self/root", room.place("magic-door")).unwrap();
    let absolute = bytes(&room.elsewhere("secret"));
    let long = [b'n'; 256];
    let outward: [&[u8]; 13] = [
        b"..",
        b"../elsewhere/secret",
        b"folder/../../elsewhere/secret",
        &absolute,
        b"door/secret",
        b"door/new",
        b"absolute-door/secret",
        b"inner-door/new",
        b"magic-door/etc/passwd",
        b"ours/",
        b"./ours",
        b"ou\0rs",
        &long,
    ];
    for path in outward {
        let passed = not_refused(&room, path).await;
        assert!(passed.is_empty(), "{}: {passed:?}", String::from_utf8_lossy(path));
    }
    assert_eq!(fs::read_dir(room.elsewhere("")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(room.elsewhere("secret")).unwrap(), "secret");
    assert_eq!(fs::read_dir(room.place("")).unwrap().count(), 6);
}

#[tokio::test]
async fn a_link_at_the_end_is_acted_on_itself() {
    let room = Room::new();
    let target = room.elsewhere("secret");
    let mode = fs::metadata(&target).unwrap().mode();
    symlink(&target, room.place("door")).unwrap();
    let entry = room.outside.describe("place".into(), b"door".into()).await.unwrap();
    assert_eq!((entry.metadata.kind, entry.target), (FileKind::Symlink, Some(bytes(&target))));
    let change = |mode| Change { path: b"door".into(), mode, owner: None, modified: None, attributes: Vec::new() };
    assert!(refused(&room.outside.set("place".into(), vec![change(Some(0o777))]).await[0]));
    assert_eq!(fs::metadata(&target).unwrap().mode(), mode);
    assert!(refused(&room.outside.read("place".into(), b"door".into(), 0).await));
    assert_eq!(room.outside.write("place".into(), b"door".into()).await, Err(FileError::Exists));
    assert!(room.outside.walk("place".into(), b"door".into()).await.is_err());
    assert_eq!(room.outside.remove_all("place".into(), b"door".into()).await, Err(FileError::NotADirectory));
    assert_eq!(room.outside.remove("place".into(), b"door".into()).await, Ok(()));
    assert_eq!(fs::read_to_string(&target).unwrap(), "secret");
}

#[test]
fn a_folder_exchanged_for_a_link_again_and_again_never_lets_anything_out() {
    let room = Room::new();
    fs::create_dir(room.place("folder")).unwrap();
    fs::write(room.place("folder/secret"), "harmless").unwrap();
    symlink(room.elsewhere(""), room.place("door")).unwrap();
    let (folder, door) = (room.place("folder"), room.place("door"));
    let exchange = || renameat_with(CWD, &folder, CWD, &door, RenameFlags::EXCHANGE).unwrap();
    let tree = || "place".to_owned();
    meanwhile(exchange, async || {
        let (mut in_folder, mut refusals, mut number) = (0, 0, 0);
        while in_folder < 300 || refusals < 300 {
            number += 1;
            match room.outside.read(tree(), b"folder/secret".into(), 0).await {
                Ok(reader) => {
                    assert_eq!(room.outside.read_next(reader, 100).await.unwrap(), b"harmless");
                    room.outside.close(reader);
                    in_folder += 1;
                }
                Err(error) => {
                    assert!(refused::<()>(&Err(error)));
                    refusals += 1;
                }
            }
            // Whether this is the folder or the link at that moment, the other folder stays as it is.
            let name = format!("folder/{number}").into_bytes();
            let change = Change { path: b"folder/secret".into(), mode: Some(0o777), ..nothing() };
            drop(room.outside.make_directory(tree(), name.clone()).await);
            drop(room.outside.set(tree(), vec![change]).await);
            drop(room.outside.remove_all(tree(), name).await);
        }
    });
    assert_eq!(fs::read_dir(room.elsewhere("")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(room.elsewhere("secret")).unwrap(), "secret");
    assert_ne!(fs::metadata(room.elsewhere("secret")).unwrap().mode() & 0o777, 0o777);
}

fn nothing() -> Change {
    Change { path: Vec::new(), mode: None, owner: None, modified: None, attributes: Vec::new() }
}

#[tokio::test]
async fn a_fifo_and_a_device_are_described_and_never_opened() {
    let room = Room::new();
    mkfifoat(CWD, room.source("fifo"), Mode::RWXU).unwrap();
    mkfifoat(CWD, room.place("fifo"), Mode::RWXU).unwrap();
    let mut names = vec!["fifo"];
    if is_root() {
        mknodat(CWD, room.source("device"), FileType::CharacterDevice, Mode::RWXU, rustix::fs::makedev(1, 5)).unwrap();
        names.push("device");
    } else {
        skipped("devices are made by root only");
    }
    for name in names {
        let path = name.as_bytes().to_vec();
        let entry = room.outside.describe("source".into(), path.clone()).await.unwrap();
        assert_eq!((entry.metadata.kind, entry.error), (FileKind::Special, None));
        assert!(refused(&room.outside.read("source".into(), path.clone(), 0).await));
        assert!(refused(&room.outside.digest("source".into(), vec![path]).await[0]));
        assert!(refused(&room.copy(name, "copy").await));
        assert!(!room.place("copy").exists());
    }
    assert_eq!(room.walk("source", "").await.last().unwrap().metadata.kind, FileKind::Special);
    assert!(refused(&room.outside.link("place".into(), vec![(b"fifo".into(), b"more".into())]).await[0]));
    let change = Change { path: b"fifo".into(), mode: Some(0o777), owner: None, modified: None, attributes: Vec::new() };
    assert!(refused(&room.outside.set("place".into(), vec![change]).await[0]));
    assert_eq!(room.outside.remove("place".into(), b"fifo".into()).await, Ok(()));
}

#[tokio::test]
async fn a_tree_granted_for_reading_refuses_every_change() {
    let room = Room::new();
    fs::create_dir(room.source("folder")).unwrap();
    fs::write(room.source("file"), "file").unwrap();
    fs::write(room.place("file"), "file").unwrap();
    let outside = &room.outside;
    let tree = || "source".to_owned();
    let change = Change { path: b"file".into(), mode: Some(0), owner: None, modified: None, attributes: Vec::new() };
    let item = CopyItem { source: b"file".into(), destination: b"new".into(), method: CopyMethod::Bytes };
    let database = CopyItem { method: CopyMethod::Sqlite, ..item.clone() };
    let answers = [
        outside.write(tree(), b"new".into()).await.map(drop),
        outside.make_directory(tree(), b"new".into()).await,
        outside.symlink(tree(), b"new".into(), b"file".into()).await,
        outside.rename(tree(), b"file".into(), b"new".into()).await,
        outside.remove(tree(), b"file".into()).await,
        outside.remove_all(tree(), b"folder".into()).await.map(drop),
        outside.link(tree(), vec![(b"file".into(), b"new".into())]).await.remove(0),
        outside.set(tree(), vec![change]).await.remove(0),
        outside.copy("place".into(), tree(), vec![item]).await.remove(0).map(drop),
        outside.copy("place".into(), tree(), vec![database]).await.remove(0).map(drop),
    ];
    assert_eq!(answers, std::array::from_fn(|_| Err(FileError::ReadOnly)));
    assert_eq!(outside.tree_writable("source"), Ok(false));
    assert_eq!(outside.tree_writable("place"), Ok(true));
    assert_eq!(outside.sync(tree()).await, Ok(()));
    assert_eq!(fs::read_dir(room.source("")).unwrap().count(), 2);
}

#[tokio::test]
async fn what_was_not_granted_is_not_there() {
    let room = Room::new();
    assert_eq!(room.outside.tree_writable("elsewhere"), Err(FileError::NotFound));
    assert_eq!(room.outside.walk("elsewhere".into(), Vec::new()).await, Err(FileError::NotFound));
    let answers = room.outside.digest("elsewhere".into(), vec![b"secret".into(), b"x".into()]).await;
    assert_eq!(answers, [Err(FileError::NotFound), Err(FileError::NotFound)]);
}
