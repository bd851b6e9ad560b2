//! Limits, full disks and calls that are given up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use strongroom_sandbox::capability::files::{CopyItem, CopyMethod, FileError, Files};

use super::{NoDatabases, Room, is_root, open, refused, skipped};

/// A small disk, gone at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(on: &Path) -> Option<Self> {
        let mounted = is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
                .arg(on)
                .status()
                .ok()?
                .success();
        if !mounted {
            skipped("a small disk is mounted by root only");
        }
        mounted.then(|| Self(on.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        assert!(
            Command::new("umount")
                .arg("-l")
                .arg(&self.0)
                .status()
                .unwrap()
                .success()
        );
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_no_part_behind() {
    let room = Room::new();
    let Some(_disk) = SmallDisk::mount(&room.place("")) else {
        return;
    };
    let files = open(room.folder.path(), &[], Arc::new(NoDatabases));
    fs::write(room.source("large"), vec![1; 3 << 20]).unwrap();
    fs::write(room.source("small"), "small").unwrap();
    let copy = async |name: &str| {
        let item = CopyItem {
            source: name.into(),
            destination: name.into(),
            method: CopyMethod::Bytes,
        };
        let answers = files.copy("source".into(), "place".into(), vec![item]);
        answers.await.remove(0)
    };
    assert_eq!(copy("large").await, Err(FileError::Full));
    assert!(!room.place("large").exists());
    assert_eq!(copy("small").await.unwrap().bytes, 5);
    let writer = files.write("place".into(), b"stream".into()).await.unwrap();
    let mut result = Ok(());
    for _ in 0..3 {
        result = result.and(files.write_next(writer, vec![1; 1 << 20]).await);
    }
    assert_eq!(result, Err(FileError::Full));
    let (free, all) = files.space("place".into()).await.unwrap();
    assert_eq!((free, all), (0, 1 << 20));
}

#[tokio::test]
async fn changes_do_not_cross_into_a_disk_mounted_inside_and_reading_does() {
    let room = Room::new();
    fs::create_dir(room.place("mounted")).unwrap();
    let Some(_disk) = SmallDisk::mount(&room.place("mounted")) else {
        return;
    };
    fs::write(room.place("mounted/file"), "seen").unwrap();
    fs::write(room.place("file"), "").unwrap();
    let walked = room.walk("place", "").await;
    assert_eq!(super::paths(&walked), ["file", "mounted", "mounted/file"]);
    let files = &room.files;
    assert!(refused(
        &files.write("place".into(), b"mounted/new".into()).await
    ));
    assert!(refused(
        &files.remove("place".into(), b"mounted/file".into()).await
    ));
    assert!(refused(
        &files.remove_all("place".into(), b"mounted".into()).await
    ));
    let pair = (b"file".to_vec(), b"mounted/twin".to_vec());
    assert!(refused(&files.link("place".into(), vec![pair]).await[0]));
    assert!(room.place("mounted/file").exists());
}

#[test]
fn a_call_given_up_stops_its_file_work_at_once() {
    let room = Room::new();
    // Hashing all of it would take a quarter of an hour.
    fs::File::create(room.source("huge"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let begun = async |name: &str| {
        while !room.place(name).exists() {
            tokio::task::yield_now().await;
        }
    };
    runtime.block_on(async {
        tokio::select! {
            copied = room.copy("huge", "future dropped") => panic!("it ended: {copied:?}"),
            () = begun("future dropped") => {}
        }
    });
    let Room { folder, files } = room;
    let files = Arc::new(files);
    let (place, shared) = (folder.path().join("place/call dropped"), Arc::clone(&files));
    runtime.spawn(async move {
        let item = CopyItem {
            source: b"huge".into(),
            destination: b"call dropped".into(),
            method: CopyMethod::Bytes,
        };
        drop(
            shared
                .copy("source".into(), "place".into(), vec![item])
                .await,
        );
    });
    runtime.block_on(async {
        while !place.exists() {
            tokio::task::yield_now().await;
        }
    });
    drop(files);
    // Waits for the threads; they would go on for long if nothing told them.
    drop(runtime);
    assert_eq!(
        fs::read_dir(folder.path().join("place")).unwrap().count(),
        0,
        "incomplete copies are gone"
    );
}

#[tokio::test]
async fn streams_and_lists_have_their_limits() {
    let room = Room::new();
    fs::write(room.source("file"), "content").unwrap();
    let files = &room.files;
    let mut readers = Vec::new();
    for _ in 0..128 {
        readers.push(
            files
                .read("source".into(), b"file".into(), 0)
                .await
                .unwrap(),
        );
    }
    assert!(refused(
        &files.read("source".into(), b"file".into(), 0).await
    ));
    assert!(refused(&files.write("place".into(), b"file".into()).await));
    assert!(!room.place("file").exists());
    files.close(readers[0]);
    let reader = files
        .read("source".into(), b"file".into(), u64::MAX)
        .await
        .unwrap();
    assert_eq!(files.read_next(reader, 10).await.unwrap(), b"");
    assert!(refused(&files.read_next(reader, 0).await));
    assert!(
        refused(&files.walk_next(reader, 1).await),
        "a reader is no walker"
    );
    for _ in 0..4 {
        files.walk("source".into(), Vec::new()).await.unwrap();
    }
    assert!(refused(&files.walk("source".into(), Vec::new()).await));
    let answers = files
        .digest("source".into(), vec![b"file".to_vec(); 1_025])
        .await;
    assert!(answers.len() == 1_025 && answers.iter().all(refused));
    files.close(readers[1]);
    let writer = files.write("place".into(), b"file".into()).await.unwrap();
    assert!(refused(
        &files.write_next(writer, vec![0; (1 << 20) + 1]).await
    ));
    for target in [vec![], vec![b'x'; 4_096], b"a\0b".to_vec()] {
        assert!(refused(
            &files.symlink("place".into(), b"link".into(), target).await
        ));
    }
}
