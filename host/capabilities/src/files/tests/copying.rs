//! Copies are the file as it was, or say that it did not hold still.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::atomic::{AtomicU8, Ordering};

use sha2::{Digest, Sha256};
use strongroom_sandbox::capability::files::{Copied, CopyItem, CopyMethod, FileError, Files};

use super::{Room, meanwhile};

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[tokio::test]
async fn a_list_is_copied_and_digested_item_by_item_in_order() {
    let room = Room::new();
    let mut items = Vec::new();
    let mut expected = Vec::new();
    for number in 0..200_usize {
        let name = format!("file-{number}");
        // Around the chunk size too, where loops go wrong.
        let size = if number < 20 {
            (256 << 10) - 10 + number
        } else {
            number
        };
        let content: Vec<u8> = (0..size).map(|at| (at * (number + 3)) as u8).collect();
        fs::write(room.source(&name), &content).unwrap();
        items.push(CopyItem {
            source: name.clone().into(),
            destination: name.into(),
            method: CopyMethod::Bytes,
        });
        expected.push((content.len() as u64, sha256(&content)));
    }
    let wrong = |source: &str, destination: &str| CopyItem {
        source: source.into(),
        destination: destination.into(),
        method: CopyMethod::Bytes,
    };
    items.insert(7, wrong("missing", "missing"));
    items.push(wrong("file-1", "file-0"));
    items.push(wrong("file-1", "no-folder/file"));
    items.push(wrong("", "folder"));
    let mut answers = room
        .files
        .copy("source".into(), "place".into(), items)
        .await;
    assert_eq!(answers.remove(7).unwrap_err(), FileError::NotFound);
    assert_eq!(answers.pop().unwrap().unwrap_err(), FileError::IsADirectory);
    assert_eq!(answers.pop().unwrap().unwrap_err(), FileError::NotFound);
    assert_eq!(answers.pop().unwrap().unwrap_err(), FileError::Exists);
    for (number, (answer, expected)) in answers.iter().zip(&expected).enumerate() {
        let Copied {
            bytes,
            sha256,
            metadata,
            disturbed,
        } = answer.clone().unwrap();
        assert_eq!(
            ((bytes, sha256), disturbed),
            (*expected, false),
            "file-{number}"
        );
        let source = fs::metadata(room.source(&format!("file-{number}"))).unwrap();
        assert_eq!(
            (metadata.inode, metadata.size),
            (source.ino(), source.len())
        );
        let copy = room.place(&format!("file-{number}"));
        assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(self::sha256(&fs::read(&copy).unwrap()), expected.1);
    }
    let paths = (0..200)
        .map(|number| format!("file-{number}").into_bytes())
        .collect();
    let digests = room.files.digest("place".into(), paths).await;
    assert_eq!(digests, expected.into_iter().map(Ok).collect::<Vec<_>>());
}

#[tokio::test]
async fn holes_stay_holes() {
    let room = Room::new();
    let file = fs::File::create(room.source("sparse")).unwrap();
    file.write_all_at(b"begin", 0).unwrap();
    file.write_all_at(b"middle", 8 << 20).unwrap();
    file.set_len(32 << 20).unwrap();
    fs::File::create(room.source("hole"))
        .unwrap()
        .set_len(5 << 20)
        .unwrap();
    for name in ["sparse", "hole"] {
        let copied = room.copy(name, name).await.unwrap();
        let (source, copy) = (
            fs::metadata(room.source(name)).unwrap(),
            fs::metadata(room.place(name)).unwrap(),
        );
        assert_eq!((copied.bytes, copy.len()), (source.len(), source.len()));
        assert!(
            copy.blocks() <= source.blocks(),
            "{name}: {} blocks of {}",
            copy.blocks(),
            source.blocks()
        );
        assert!(copy.blocks() * 512 < 1 << 20);
        let content = fs::read(room.place(name)).unwrap();
        assert!(content == fs::read(room.source(name)).unwrap());
        assert_eq!(copied.sha256, sha256(&content));
    }
}

/// Whether a file could have looked like this at one moment, while each write from its beginning raised every byte by
/// one: a newer part, then an older one.
fn of_one_moment(content: &[u8]) -> bool {
    let (first, last) = (content[0], content[content.len() - 1]);
    let newer = content.iter().take_while(|byte| **byte == first).count();
    let rest_is_older = content[newer..] == vec![last; content.len() - newer];
    rest_is_older && (first == last || first == last.wrapping_add(1))
}

#[test]
fn a_file_written_to_meanwhile_is_copied_as_of_one_moment_or_called_disturbed() {
    let room = Room::new();
    let size = 2 << 20;
    fs::write(room.source("file"), vec![0; size]).unwrap();
    let mut writing = fs::File::options();
    let file = writing.write(true).open(room.source("file")).unwrap();
    let value = AtomicU8::new(1);
    let write = || {
        let value = value.fetch_add(1, Ordering::Relaxed);
        file.write_all_at(&vec![value; size], 0).unwrap();
        // Rests for a while, each time another, so that some copies are left in peace.
        (0..u32::from(value) * 10_000).for_each(|_| std::hint::spin_loop());
    };
    meanwhile(write, async || {
        for number in 0..40 {
            let copied = room.copy("file", "copy").await.unwrap();
            let content = fs::read(room.place("copy")).unwrap();
            assert_eq!(copied.sha256, sha256(&content));
            let fine = copied.disturbed || of_one_moment(&content);
            assert!(fine, "copy {number} mixes moments and nobody noticed");
            fs::remove_file(room.place("copy")).unwrap();
        }
    });
}

#[test]
fn a_file_that_grows_is_called_disturbed() {
    let room = Room::new();
    fs::write(room.source("log"), "line\n").unwrap();
    let mut appending = fs::File::options();
    let file = appending.append(true).open(room.source("log")).unwrap();
    let append = || std::io::Write::write_all(&mut &file, b"another line\n").unwrap();
    meanwhile(append, async || {
        let mut disturbed = false;
        while !disturbed {
            let copied = room.copy("log", "copy").await.unwrap();
            disturbed = copied.disturbed;
            assert!(disturbed || copied.bytes == copied.metadata.size);
            fs::remove_file(room.place("copy")).unwrap();
        }
    });
}
