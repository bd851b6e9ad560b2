//! Nothing files a granted folder is ever read or changed.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mkfifoat, mknodat, renameat_with};
use strongroom_sandbox::capability::files::{
    Change, CopyItem, CopyMethod, FileError, FileKind, Files,
};

use super::{CallFiles, Room, bytes, is_root, meanwhile, refused, skipped};

type Tried = Vec<(&'static str, Result<(), FileError>)>;

fn place() -> String {
    "place".to_owned()
}

fn item(source: &[u8], destination: &[u8]) -> CopyItem {
    CopyItem {
        source: source.into(),
        destination: destination.into(),
        method: CopyMethod::Bytes,
    }
}

/// Tries every call for one path.
async fn try_single(o: &CallFiles, path: &[u8]) -> Tried {
    let p = || path.to_vec();
    vec![
        ("describe", o.describe(place(), p()).await.map(drop)),
        ("walk", o.walk(place(), p()).await.map(drop)),
        ("read", o.read(place(), p(), 0).await.map(drop)),
        ("write", o.write(place(), p()).await.map(drop)),
        ("make_directory", o.make_directory(place(), p()).await),
        ("symlink", o.symlink(place(), p(), b"x".into()).await),
        ("rename to", o.rename(place(), b"ours".into(), p()).await),
        ("rename from", o.rename(place(), p(), b"taken".into()).await),
        ("remove", o.remove(place(), p()).await),
        ("remove_all", o.remove_all(place(), p()).await.map(drop)),
    ]
}

/// Tries every call for a list of paths.
async fn try_lists(o: &CallFiles, path: &[u8]) -> Tried {
    let p = || path.to_vec();
    let mode = Change {
        path: p(),
        mode: Some(0o777),
        ..nothing()
    };
    let owner = Change {
        path: p(),
        owner: Some((1, 1)),
        ..nothing()
    };
    let (copy_from, copy_to) = (vec![item(path, b"taken")], vec![item(b"ours", path)]);
    vec![
        (
            "link to",
            o.link(place(), vec![(b"ours".into(), p())]).await.remove(0),
        ),
        (
            "link from",
            o.link(place(), vec![(p(), b"taken".into())])
                .await
                .remove(0),
        ),
        ("set mode", o.set(place(), vec![mode]).await.remove(0)),
        ("set owner", o.set(place(), vec![owner]).await.remove(0)),
        (
            "copy from",
            o.copy(place(), place(), copy_from)
                .await
                .remove(0)
                .map(drop),
        ),
        (
            "copy to",
            o.copy(place(), place(), copy_to).await.remove(0).map(drop),
        ),
        (
            "digest",
            o.digest(place(), vec![p()]).await.remove(0).map(drop),
        ),
    ]
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
        let mut tried = try_single(&room.files, path).await;
        tried.extend(try_lists(&room.files, path).await);
        tried.retain(|(_, result)| !refused(result));
        assert!(
            tried.is_empty(),
            "{}: {tried:?}",
            String::from_utf8_lossy(path)
        );
    }
    assert_eq!(fs::read_dir(room.elsewhere("")).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(room.elsewhere("secret")).unwrap(),
        "secret"
    );
    assert_eq!(fs::read_dir(room.place("")).unwrap().count(), 6);
}

#[tokio::test]
async fn a_link_at_the_end_is_acted_on_itself() {
    let room = Room::new();
    let target = room.elsewhere("secret");
    let mode = fs::metadata(&target).unwrap().mode();
    symlink(&target, room.place("door")).unwrap();
    let entry = room
        .files
        .describe("place".into(), b"door".into())
        .await
        .unwrap();
    assert_eq!(
        (entry.metadata.kind, entry.target),
        (FileKind::Symlink, Some(bytes(&target)))
    );
    let change = |mode| Change {
        path: b"door".into(),
        mode,
        owner: None,
        modified: None,
        attributes: Vec::new(),
    };
    assert!(refused(
        &room
            .files
            .set("place".into(), vec![change(Some(0o777))])
            .await[0]
    ));
    assert_eq!(fs::metadata(&target).unwrap().mode(), mode);
    assert!(refused(
        &room.files.read("place".into(), b"door".into(), 0).await
    ));
    assert_eq!(
        room.files.write("place".into(), b"door".into()).await,
        Err(FileError::Exists)
    );
    assert!(
        room.files
            .walk("place".into(), b"door".into())
            .await
            .is_err()
    );
    assert_eq!(
        room.files.remove_all("place".into(), b"door".into()).await,
        Err(FileError::NotADirectory)
    );
    assert_eq!(
        room.files.remove("place".into(), b"door".into()).await,
        Ok(())
    );
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
            match room.files.read(tree(), b"folder/secret".into(), 0).await {
                Ok(reader) => {
                    assert_eq!(
                        room.files.read_next(reader, 100).await.unwrap(),
                        b"harmless"
                    );
                    room.files.close(reader);
                    in_folder += 1;
                }
                Err(error) => {
                    assert!(refused::<()>(&Err(error)));
                    refusals += 1;
                }
            }
            // Whether this is the folder or the link at that moment, the other folder stays as it is.
            let name = format!("folder/{number}").into_bytes();
            let change = Change {
                path: b"folder/secret".into(),
                mode: Some(0o777),
                ..nothing()
            };
            drop(room.files.make_directory(tree(), name.clone()).await);
            drop(room.files.set(tree(), vec![change]).await);
            drop(room.files.remove_all(tree(), name).await);
        }
    });
    assert_eq!(fs::read_dir(room.elsewhere("")).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(room.elsewhere("secret")).unwrap(),
        "secret"
    );
    assert_ne!(
        fs::metadata(room.elsewhere("secret")).unwrap().mode() & 0o777,
        0o777
    );
}

fn nothing() -> Change {
    Change {
        path: Vec::new(),
        mode: None,
        owner: None,
        modified: None,
        attributes: Vec::new(),
    }
}

#[tokio::test]
async fn a_fifo_and_a_device_are_described_and_never_opened() {
    let room = Room::new();
    mkfifoat(CWD, room.source("fifo"), Mode::RWXU).unwrap();
    mkfifoat(CWD, room.place("fifo"), Mode::RWXU).unwrap();
    let mut names = vec!["fifo"];
    if is_root() {
        mknodat(
            CWD,
            room.source("device"),
            FileType::CharacterDevice,
            Mode::RWXU,
            rustix::fs::makedev(1, 5),
        )
        .unwrap();
        names.push("device");
    } else {
        skipped("devices are made by root only");
    }
    for name in names {
        let path = name.as_bytes().to_vec();
        let entry = room
            .files
            .describe("source".into(), path.clone())
            .await
            .unwrap();
        assert_eq!(
            (entry.metadata.kind, entry.error),
            (FileKind::Special, None)
        );
        assert!(refused(
            &room.files.read("source".into(), path.clone(), 0).await
        ));
        assert!(refused(
            &room.files.digest("source".into(), vec![path]).await[0]
        ));
        assert!(refused(&room.copy(name, "copy").await));
        assert!(!room.place("copy").exists());
    }
    assert_eq!(
        room.walk("source", "").await.last().unwrap().metadata.kind,
        FileKind::Special
    );
    assert!(refused(
        &room
            .files
            .link("place".into(), vec![(b"fifo".into(), b"more".into())])
            .await[0]
    ));
    let change = Change {
        path: b"fifo".into(),
        mode: Some(0o777),
        owner: None,
        modified: None,
        attributes: Vec::new(),
    };
    assert!(refused(
        &room.files.set("place".into(), vec![change]).await[0]
    ));
    assert_eq!(
        room.files.remove("place".into(), b"fifo".into()).await,
        Ok(())
    );
}

#[tokio::test]
async fn a_tree_granted_for_reading_refuses_every_change() {
    let room = Room::new();
    fs::create_dir(room.source("folder")).unwrap();
    fs::write(room.source("file"), "file").unwrap();
    fs::write(room.place("file"), "file").unwrap();
    let files = &room.files;
    let tree = || "source".to_owned();
    let change = Change {
        path: b"file".into(),
        mode: Some(0),
        owner: None,
        modified: None,
        attributes: Vec::new(),
    };
    let item = CopyItem {
        source: b"file".into(),
        destination: b"new".into(),
        method: CopyMethod::Bytes,
    };
    let database = CopyItem {
        method: CopyMethod::Sqlite,
        ..item.clone()
    };
    let answers = [
        files.write(tree(), b"new".into()).await.map(drop),
        files.make_directory(tree(), b"new".into()).await,
        files.symlink(tree(), b"new".into(), b"file".into()).await,
        files.rename(tree(), b"file".into(), b"new".into()).await,
        files.remove(tree(), b"file".into()).await,
        files.remove_all(tree(), b"folder".into()).await.map(drop),
        files
            .link(tree(), vec![(b"file".into(), b"new".into())])
            .await
            .remove(0),
        files.set(tree(), vec![change]).await.remove(0),
        files
            .copy("place".into(), tree(), vec![item])
            .await
            .remove(0)
            .map(drop),
        files
            .copy("place".into(), tree(), vec![database])
            .await
            .remove(0)
            .map(drop),
    ];
    assert_eq!(answers, std::array::from_fn(|_| Err(FileError::ReadOnly)));
    assert_eq!(files.writable("source"), Ok(false));
    assert_eq!(files.writable("place"), Ok(true));
    assert_eq!(files.sync(tree()).await, Ok(()));
    assert_eq!(fs::read_dir(room.source("")).unwrap().count(), 2);
}

#[tokio::test]
async fn what_was_not_granted_is_not_there() {
    let room = Room::new();
    assert_eq!(room.files.writable("elsewhere"), Err(FileError::NotFound));
    assert_eq!(
        room.files.walk("elsewhere".into(), Vec::new()).await,
        Err(FileError::NotFound)
    );
    let answers = room
        .files
        .digest("elsewhere".into(), vec![b"secret".into(), b"x".into()])
        .await;
    assert_eq!(
        answers,
        [Err(FileError::NotFound), Err(FileError::NotFound)]
    );
}
